//! The root record of the one-time codes: what all of them depend on, and what a power cut left unfinished.
//!
//! ```text
//! schema (1) ‖ unfinished (1) ‖ secret (32) ‖ identifier (8) ‖ access code: hash (1) ‖ length (1) ‖ key (64)
//!     ‖ locators of a renaming: old (16) ‖ new (16)
//! ```
//!
//! It always has this length, so there is always room to replace it.

use aes_gcm::{Aes256Gcm, KeyInit};
use rand_core::TryRng;
use zeroize::Zeroizing;

use super::account::{AccountKey, PREFIX};
use crate::bytes::{concat, fill};
use crate::crypto::hkdf_sha256;
use crate::crypto::hmac::{HMAC_KEY_MAX, HmacHash, HmacKey};
use crate::limits::{OATH_IDENTIFIER, STORAGE_KEY_MAX, STORAGE_VALUE_MAX};
use crate::platform::{Storage, StorageError};
use crate::store::root::StartError;

const ROOT: &[u8] = b"O";
const SCHEMA: u8 = 1;
const SECRET: usize = 32;
const ROOT_SIZE: usize = 1 + 1 + SECRET + OATH_IDENTIFIER + 1 + 1 + HMAC_KEY_MAX + 2 * AccountKey::LOCATOR;

/// What proves that a host may use the accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessCode {
    /// The hash of the proof's HMACs.
    pub(crate) hash: HmacHash,
    /// Their key.
    pub(crate) key: HmacKey,
}

/// What must be finished before anything else is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfinished {
    Nothing,
    /// Accounts from before a reset, or their remains, may still be there.
    Reset,
    /// An account may be there under both names, or under either.
    Renaming {
        old: AccountKey,
        new: AccountKey,
    },
}

/// The root record, and the key that comes from it.
#[derive(Clone)]
pub(crate) struct Root {
    secret: Zeroizing<[u8; SECRET]>,
    /// Names this set of accounts, and salts the access code. Another one after a reset.
    pub(crate) identifier: [u8; OATH_IDENTIFIER],
    /// Without one, every host may use the accounts.
    pub(crate) access_code: Option<AccessCode>,
    pub(super) unfinished: Unfinished,
    /// Seals the accounts' secrets.
    pub(super) sealing: Aes256Gcm,
}

/// What is at the root's place in the storage.
#[expect(clippy::large_enum_variant, reason = "matched at once, never kept")]
enum Found {
    Nothing,
    Root(Root),
    /// A newer version of this key wrote it.
    Newer(u8),
    /// No version of this key wrote it.
    Damaged,
}

impl Root {
    /// A root with a new secret and no access code. `None` where randomness failed.
    pub(super) fn new(unfinished: Unfinished, rng: &mut impl TryRng) -> Option<Self> {
        let mut secret = Zeroizing::new([0; SECRET]);
        let mut identifier = [0; OATH_IDENTIFIER];
        rng.try_fill_bytes(&mut *secret).ok()?;
        rng.try_fill_bytes(&mut identifier).ok()?;
        Some(Self::with(secret, identifier, None, unfinished))
    }

    fn with(
        secret: Zeroizing<[u8; SECRET]>,
        identifier: [u8; OATH_IDENTIFIER],
        access_code: Option<AccessCode>,
        unfinished: Unfinished,
    ) -> Self {
        let sealing = Aes256Gcm::new((&*hkdf_sha256(&secret, b"brasskey oath secrets")).into());
        Self {
            secret,
            identifier,
            access_code,
            unfinished,
            sealing,
        }
    }

    fn read(storage: &mut impl Storage) -> Result<Found, StorageError> {
        // A newer version's record may be longer than ours.
        let mut record = Zeroizing::new([0; STORAGE_VALUE_MAX]);
        let Some(length) = storage.read(ROOT, &mut *record)? else {
            return Ok(Found::Nothing);
        };
        Ok(match record.get(..length).and_then(<[u8]>::split_first) {
            Some((&SCHEMA, body)) => Self::decode(body).map_or(Found::Damaged, Found::Root),
            Some((&newer, _)) if newer > SCHEMA => Found::Newer(newer),
            _ => Found::Damaged,
        })
    }

    fn decode(body: &[u8]) -> Option<Self> {
        let (&[unfinished], body) = body.split_first_chunk()?;
        let (secret, body) = body.split_first_chunk::<SECRET>()?;
        let (identifier, body) = body.split_first_chunk::<OATH_IDENTIFIER>()?;
        let (&[hash, length], body) = body.split_first_chunk()?;
        let (key, body) = body.split_first_chunk::<HMAC_KEY_MAX>()?;
        let (old, new) = body.split_first_chunk::<{ AccountKey::LOCATOR }>()?;
        let new = new.try_into().ok()?;
        let unfinished = match unfinished {
            0 => Unfinished::Nothing,
            1 => Unfinished::Reset,
            2 => Unfinished::Renaming {
                old: AccountKey::at(old),
                new: AccountKey::at(new),
            },
            _ => return None,
        };
        let access_code = match (hash, length) {
            (0, 0) => None,
            (hash, length) => Some(AccessCode {
                hash: HmacHash::from_code(hash)?,
                key: HmacKey::new(key.get(..length.into())?)?,
            }),
        };
        Some(Self::with(
            Zeroizing::new(*secret),
            *identifier,
            access_code,
            unfinished,
        ))
    }

    /// Keeps the root, in one write.
    pub(super) fn write(&self, storage: &mut impl Storage) -> Result<(), StorageError> {
        let (unfinished, locators) = match &self.unfinished {
            Unfinished::Nothing => (0, [0; 2 * AccountKey::LOCATOR]),
            Unfinished::Reset => (1, [0; 2 * AccountKey::LOCATOR]),
            Unfinished::Renaming { old, new } => (2, concat(&[old.locator(), new.locator()])),
        };
        let mut key = Zeroizing::new([0; HMAC_KEY_MAX]);
        let mut head = [0; 2];
        if let Some(code) = &self.access_code {
            let bytes = code.key.bytes();
            head = [
                code.hash.code(),
                u8::try_from(bytes.len()).map_err(|_| StorageError::Failed)?,
            ];
            key.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        }
        let mut record = Zeroizing::new([0; ROOT_SIZE]);
        fill(
            &mut *record,
            &[
                &[SCHEMA, unfinished],
                &*self.secret,
                &self.identifier,
                &head,
                &*key,
                &locators,
            ],
        );
        storage.write(ROOT, &*record)
    }

    /// Does what a power cut or a failure of the storage left undone. Each step can be repeated.
    pub(super) fn finish(&mut self, storage: &mut impl Storage) -> Result<(), StorageError> {
        match self.unfinished {
            Unfinished::Nothing => return Ok(()),
            Unfinished::Reset => {
                remove_accounts(storage)?;
                // Makes them, the old secret and the old access code unreadable.
                storage.scrub()?;
            }
            // The new name was free when the renaming began. So what has it now is the account.
            Unfinished::Renaming { old, new } => {
                if new.is_there(storage)? {
                    storage.remove(old.bytes())?;
                }
            }
        }
        self.unfinished = Unfinished::Nothing;
        self.write(storage)
    }
}

/// The root of the running key.
#[derive(Clone)]
pub(crate) struct Oath {
    /// `None`: there is none so far, or nobody knows which one the storage has.
    pub(super) root: Option<Root>,
    /// The storage was full when a root was to be made.
    pub(super) is_missing: bool,
}

/// Power-up: reads the root, or makes one for a new key, and finishes what a power cut ended.
///
/// A root that is damaged hinders nobody but those who want codes: what needs it fails until a reset.
pub(crate) fn start(storage: &mut impl Storage, rng: &mut impl TryRng) -> Result<Oath, StartError> {
    let root = match Root::read(storage)? {
        Found::Newer(schema) => return Err(StartError::NewerSchema(schema)),
        Found::Damaged => None,
        Found::Root(mut root) => {
            root.finish(storage)?;
            Some(root)
        }
        Found::Nothing => {
            let root = Root::new(Unfinished::Nothing, rng).ok_or(StartError::Rng)?;
            // It takes its place now. Later, credentials may have filled the storage, and without a root nobody could
            // set an access code. Where the storage is full already, the key goes on without.
            match root.write(storage) {
                Ok(()) => Some(root),
                Err(StorageError::Full) => {
                    return Ok(Oath {
                        root: None,
                        is_missing: true,
                    });
                }
                Err(error) => return Err(error.into()),
            }
        }
    };
    Ok(Oath {
        root,
        is_missing: false,
    })
}

/// Removes all accounts, whatever the records hold. None is of the new secret: until they are gone, none is made.
fn remove_accounts(storage: &mut impl Storage) -> Result<(), StorageError> {
    let mut key = [0; STORAGE_KEY_MAX];
    while let Some(length) = storage.next_key(PREFIX, None, &mut key)? {
        storage.remove(key.get(..length).ok_or(StorageError::Failed)?)?;
    }
    Ok(())
}
