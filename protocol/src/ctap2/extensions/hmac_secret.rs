//! hmac-secret and hmac-secret-mc (CTAP 2.3 §12): a secret of the credential, salted by the platform and given to it
//! encrypted.
//!
//! Every credential has the two secrets that this takes, asked for or not: one for a verified user, one for others.

use heapless::Vec;
use rand_core::TryRng;
use zeroize::Zeroizing;

use crate::cbor::Item;
use crate::crypto::MacKey;
use crate::ctap2::parameters::{numbered, required};
use crate::ctap2::pin_protocol::{KeyAgreement, Protocol, SharedSecret};
use crate::status::Status;

/// One salt, and what one salt gives.
const SALT: usize = 32;
const SALTS_MAX: usize = 2 * SALT;
/// Two salted secrets, encrypted: protocol two puts an IV before them.
const CIPHERTEXT_MAX: usize = 16 + SALTS_MAX;

/// Salts as a platform sends them, also to hmac-secret-mc.
pub(super) struct Input<'a> {
    key_agreement: Item<'a>,
    salt_enc: &'a [u8],
    salt_auth: &'a [u8],
    protocol: Protocol,
}

impl<'a> Input<'a> {
    pub(super) fn decode(input: Item<'a>) -> Result<Self, Status> {
        let [key_agreement, salt_enc, salt_auth, protocol] = numbered(input)?;
        let key_agreement = required(key_agreement)?;
        key_agreement.map()?;
        let salt_enc = required(salt_enc)?.bytes()?;
        let salt_auth = required(salt_auth)?.bytes()?;
        // Platforms that know only protocol one do not name it.
        let protocol = protocol.map_or(Ok(1), Item::uint)?;
        Ok(Self {
            key_agreement,
            salt_enc,
            salt_auth,
            protocol: Protocol::from_number(protocol).ok_or(Status::InvalidParameter)?,
        })
    }

    /// Decrypts the salts: one of 32 bytes, or two.
    pub(super) fn open(&self, key_agreement: &KeyAgreement) -> Result<Salts, Status> {
        self.decrypt(key_agreement.shared_secret(self.protocol, self.key_agreement)?)
    }

    fn decrypt(&self, secret: SharedSecret) -> Result<Salts, Status> {
        if !secret.verify(&[self.salt_enc], self.salt_auth) {
            return Err(Status::PinAuthInvalid);
        }
        let mut salts = Zeroizing::new([0; SALTS_MAX]);
        let length = secret.decrypt(self.salt_enc, &mut *salts).map(|salts| salts.len());
        match length {
            Some(length @ (SALT | SALTS_MAX)) => Ok(Salts { secret, salts, length }),
            _ => Err(Status::InvalidParameter),
        }
    }
}

/// What a platform asked for, kept as long as getNextAssertion may answer it again. Wiped when dropped.
#[derive(Clone)]
pub(in crate::ctap2) struct Salts {
    secret: SharedSecret,
    salts: Zeroizing<[u8; SALTS_MAX]>,
    length: usize,
}

impl Salts {
    /// The secrets that these salts give, encrypted for the platform.
    pub(super) fn answer(
        &self,
        cred_random: &[u8; 32],
        rng: &mut impl TryRng,
    ) -> Result<Vec<u8, CIPHERTEXT_MAX>, Status> {
        let cred_random = MacKey::new(cred_random);
        let mut secrets = Zeroizing::new([0; SALTS_MAX]);
        for (secret, salt) in secrets.chunks_exact_mut(SALT).zip(self.salts.chunks_exact(SALT)) {
            secret.copy_from_slice(&*cred_random.authenticate(&[salt]));
        }
        // As many as there are salts.
        let secrets = secrets.get(..self.length).ok_or(Status::Other)?;
        let mut ciphertext = Vec::new();
        ciphertext.resize_default(CIPHERTEXT_MAX).map_err(|_| Status::Other)?;
        let length = self.secret.encrypt(rng, secrets, &mut ciphertext)?;
        ciphertext.truncate(length);
        Ok(ciphertext)
    }
}

#[cfg(test)]
mod tests;
