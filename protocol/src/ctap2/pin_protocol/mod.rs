//! PIN/UV auth protocols one and two (CTAP 2.3 §6.5.6 and §6.5.7): how a platform and the key agree on a secret,
//! encrypt a PIN with it, and prove a permission.
//!
//! Both ends compute the same once they share a secret, so [`SharedSecret`] serves a platform too.

mod key_agreement;

pub use key_agreement::KeyAgreement;

use heapless::Vec;
use rand_core::TryRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::crypto::aes_cbc::{self, BLOCK};
use crate::crypto::{MacKey, hkdf_sha256, sha256};
use crate::status::Status;

/// A PIN/UV auth protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Protocol one (§6.5.6).
    One,
    /// Protocol two (§6.5.7).
    Two,
}

/// Proves that its sender knows a key: `pinUvAuthParam`, `saltAuth`. 16 bytes with protocol one, 32 with two.
pub type Authentication = Vec<u8, 32>;

impl Protocol {
    /// `pinUvAuthProtocols` in getInfo: the most preferred comes first.
    pub const OFFERED: [Self; 2] = [Self::Two, Self::One];

    /// The protocol with this number, if this key offers it.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        Self::OFFERED.into_iter().find(|protocol| protocol.number() == number)
    }

    /// Its number in requests.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }

    /// `authenticate` of the parts, one after the other.
    #[must_use]
    pub fn authenticate(self, key: &MacKey, message: &[&[u8]]) -> Authentication {
        let length = match self {
            Self::One => 16,
            Self::Two => 32,
        };
        key.authenticate(message).iter().copied().take(length).collect()
    }

    /// `verify`, in a time that does not depend on the content of `param`. A param whose length is not the protocol's
    /// is never accepted.
    #[must_use]
    pub fn verify(self, key: &MacKey, message: &[&[u8]], param: &[u8]) -> bool {
        self.authenticate(key, message).as_slice().ct_eq(param).into()
    }

    /// The bytes that a ciphertext has before its blocks.
    const fn iv_length(self) -> usize {
        match self {
            Self::One => 0,
            Self::Two => BLOCK,
        }
    }

    /// The length of the plaintext of a ciphertext of this length; `None` where no ciphertext has that length.
    #[must_use]
    pub fn plaintext_length(self, ciphertext: usize) -> Option<usize> {
        ciphertext
            .checked_sub(self.iv_length())
            .filter(|length| length.is_multiple_of(BLOCK))
    }
}

/// The secret that a platform and the key agreed on. Wiped when dropped.
#[derive(Clone)]
pub struct SharedSecret {
    protocol: Protocol,
    authentication: MacKey,
    encryption: Zeroizing<[u8; 32]>,
}

impl SharedSecret {
    /// `kdf`: the secret that `z`, the X coordinate of the key agreement's point, gives under a protocol.
    #[must_use]
    pub fn new(protocol: Protocol, z: &[u8; 32]) -> Self {
        let (authentication, encryption) = match protocol {
            Protocol::One => {
                let secret = Zeroizing::new(sha256(&[z]));
                (secret.clone(), secret)
            }
            Protocol::Two => (hkdf_sha256(z, b"CTAP2 HMAC key"), hkdf_sha256(z, b"CTAP2 AES key")),
        };
        Self {
            protocol,
            authentication: MacKey::new(&authentication),
            encryption,
        }
    }

    /// The protocol that it belongs to.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// `verify`: whether `param` authenticates the parts. In constant time.
    #[must_use]
    pub fn verify(&self, message: &[&[u8]], param: &[u8]) -> bool {
        self.protocol.verify(&self.authentication, message, param)
    }

    /// `decrypt`, to the start of `plaintext`. `None` where no ciphertext of the protocol has that length, or where the
    /// plaintext does not fit.
    pub fn decrypt<'a>(&self, ciphertext: &[u8], plaintext: &'a mut [u8]) -> Option<&'a mut [u8]> {
        let (iv, blocks) = match self.protocol {
            Protocol::One => (&[0; BLOCK], ciphertext),
            Protocol::Two => ciphertext.split_first_chunk()?,
        };
        let plaintext = plaintext.get_mut(..blocks.len())?;
        plaintext.copy_from_slice(blocks);
        aes_cbc::decrypt(&self.encryption, iv, plaintext).ok()?;
        Some(plaintext)
    }

    /// `encrypt`, to the start of `ciphertext`: as long as the plaintext, and by protocol two 16 bytes longer. Returns
    /// its length.
    ///
    /// # Errors
    /// [`Status::Other`] where randomness fails, the plaintext is not whole blocks, or it does not fit.
    pub fn encrypt(&self, rng: &mut impl TryRng, plaintext: &[u8], ciphertext: &mut [u8]) -> Result<usize, Status> {
        let mut iv = [0; BLOCK];
        if self.protocol == Protocol::Two {
            rng.try_fill_bytes(&mut iv).map_err(|_| Status::Other)?;
        }
        self.encrypt_with(&iv, plaintext, ciphertext).ok_or(Status::Other)
    }

    fn encrypt_with(&self, iv: &[u8; BLOCK], plaintext: &[u8], ciphertext: &mut [u8]) -> Option<usize> {
        let iv_length = self.protocol.iv_length();
        let length = iv_length + plaintext.len();
        let (head, blocks) = ciphertext.get_mut(..length)?.split_at_mut_checked(iv_length)?;
        head.copy_from_slice(iv.get(..iv_length)?);
        blocks.copy_from_slice(plaintext);
        aes_cbc::encrypt(&self.encryption, iv, blocks).ok()?;
        Some(length)
    }
}

#[cfg(test)]
mod tests;
