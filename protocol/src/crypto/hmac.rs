//! HMAC (RFC 2104) by the hashes that one-time codes are made with (RFC 6238 §1.2), under keys of any length that
//! needs no hash.

use core::fmt;

use ::hmac::digest::Key;
use ::hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The longest key, in bytes: a block of SHA-1 and of SHA-256. Hosts hash what is longer than a block.
pub const HMAC_KEY_MAX: usize = 64;
/// The longest HMAC, in bytes: that by SHA-512.
const TAG_MAX: usize = 64;

/// A hash that an HMAC is made with, by its number in YKOATH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HmacHash {
    /// SHA-1, as RFC 4226 has it.
    Sha1 = 1,
    /// SHA-256.
    Sha256 = 2,
    /// SHA-512.
    Sha512 = 3,
}

impl HmacHash {
    /// The hash with this number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Sha1,
            2 => Self::Sha256,
            3 => Self::Sha512,
            _ => return None,
        })
    }

    /// Its number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// How many bytes its HMACs have.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The HMAC of a message.
    #[must_use]
    pub fn authenticate(self, key: &HmacKey, message: &[u8]) -> HmacTag {
        match self {
            Self::Sha1 => authenticate::<Hmac<Sha1>>(key, message),
            Self::Sha256 => authenticate::<Hmac<Sha256>>(key, message),
            Self::Sha512 => authenticate::<Hmac<Sha512>>(key, message),
        }
    }
}

/// A key of 1 to [`HMAC_KEY_MAX`] bytes. Wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct HmacKey {
    /// Zeros follow the key, as in HMAC itself.
    block: [u8; HMAC_KEY_MAX],
    length: usize,
}

impl HmacKey {
    /// `None` for another length.
    #[must_use]
    pub fn new(key: &[u8]) -> Option<Self> {
        let mut block = [0; HMAC_KEY_MAX];
        block.get_mut(..key.len())?.copy_from_slice(key);
        (!key.is_empty()).then_some(Self {
            block,
            length: key.len(),
        })
    }

    /// The bytes of the key.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.block.get(..self.length).unwrap_or(&[])
    }
}

/// Keys are not shown.
impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacKey").finish_non_exhaustive()
    }
}

/// An HMAC. Wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct HmacTag {
    tag: [u8; TAG_MAX],
    length: usize,
}

impl HmacTag {
    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.tag.get(..self.length).unwrap_or(&[])
    }

    /// Whether these are its bytes, all of them, in a time that does not depend on them.
    #[must_use]
    pub fn is(&self, bytes: &[u8]) -> bool {
        self.bytes().ct_eq(bytes).into()
    }
}

fn authenticate<M: Mac + KeyInit>(key: &HmacKey, message: &[u8]) -> HmacTag {
    // HMAC pads a short key with zeros to the hash's block (RFC 2104 §2). A whole block cannot have a wrong length.
    let mut block = Key::<M>::default();
    block.iter_mut().zip(key.bytes()).for_each(|(to, from)| *to = *from);
    let mut mac = <M as KeyInit>::new(&block);
    block.as_mut_slice().zeroize();
    mac.update(message);
    let mut output = mac.finalize().into_bytes();
    let mut tag = HmacTag {
        tag: [0; TAG_MAX],
        length: output.len(),
    };
    tag.tag.iter_mut().zip(&output).for_each(|(to, from)| *to = *from);
    output.as_mut_slice().zeroize();
    tag
}
