//! The header of a sealed file.
//!
//! | bytes | passphrase | keyring |
//! |---|---|---|
//! | 1 | 1 | 2 |
//! | 12, or none | memory in KiB, passes, lanes: big-endian | |
//! | 16 | salt | the ID of the key in the keyring |
//! | 72 | the data key, sealed together with the bytes before | the same |

use super::cipher::{Cipher, OVERHEAD};
use super::kdf::{Cost, Kdf, SALT};
use super::{Key, StorageOpenProblem, no_random_numbers};

/// Bytes of the ID of a key in the keyring.
pub(super) const ID: usize = 16;

const PASSPHRASE: u8 = 1;
const KEYRING: u8 = 2;

/// Where the key comes from that opens the data key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lock {
    Passphrase(Kdf),
    Keyring([u8; ID]),
}

impl Lock {
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Passphrase(Kdf { cost, salt }) => {
                let numbers = [cost.memory, cost.passes, cost.lanes].map(u32::to_be_bytes);
                [&[PASSPHRASE], numbers.as_flattened(), salt].concat()
            }
            Self::Keyring(id) => [&[KEYRING], &id[..]].concat(),
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [PASSPHRASE, rest @ ..] => {
                let (numbers, salt) = rest.split_first_chunk::<12>()?;
                let (numbers, []) = numbers.as_chunks() else {
                    return None;
                };
                let &[memory, passes, lanes] = numbers else {
                    return None;
                };
                let cost = Cost {
                    memory: u32::from_be_bytes(memory),
                    passes: u32::from_be_bytes(passes),
                    lanes: u32::from_be_bytes(lanes),
                };
                let salt: [u8; SALT] = salt.try_into().ok()?;
                Some(Self::Passphrase(Kdf { cost, salt }))
            }
            [KEYRING, id @ ..] => Some(Self::Keyring(id.try_into().ok()?)),
            _ => None,
        }
    }
}

/// How a file is sealed.
pub(in crate::soft::storage) struct Header {
    pub(super) lock: Lock,
    wrapped: [u8; size_of::<Key>() + OVERHEAD],
}

impl Header {
    /// Wraps `data_key` with `key`.
    pub(super) fn new(lock: Lock, key: &Key, data_key: &Key) -> Result<Self, StorageOpenProblem> {
        let wrapped = Cipher::new(key).seal(&lock.encode(), &**data_key);
        let wrapped = wrapped.ok().and_then(|wrapped| wrapped.try_into().ok());
        match wrapped {
            Some(wrapped) => Ok(Self { lock, wrapped }),
            None => Err(no_random_numbers()),
        }
    }

    /// The cipher of the records, where `key` is right and nobody changed the header.
    pub(super) fn unwrap(&self, key: &Key) -> Option<Cipher> {
        let mut wrapped = zeroize::Zeroizing::new(self.wrapped);
        let data_key = Cipher::new(key).open(&self.lock.encode(), &mut *wrapped)?;
        let mut copy = Key::default();
        copy.copy_from_slice(data_key);
        Some(Cipher::new(&copy))
    }

    pub(in crate::soft::storage) fn encode(&self) -> Vec<u8> {
        [&self.lock.encode(), &self.wrapped[..]].concat()
    }

    /// None where no version of brasskey wrote it.
    pub(in crate::soft::storage) fn decode(bytes: &[u8]) -> Option<Self> {
        let (lock, &wrapped) = bytes.split_last_chunk()?;
        Some(Self {
            lock: Lock::decode(lock)?,
            wrapped,
        })
    }
}
