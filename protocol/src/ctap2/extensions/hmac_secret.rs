//! hmac-secret (CTAP 2.3 §12): a secret of the credential, salted by the platform and given to it encrypted.
//!
//! Every credential has the two secrets behind it, asked for or not: one for a verified user, one for another.

use rand_core::TryRng;
use zeroize::Zeroizing;

use super::{Output, Outputs};
use crate::cbor::Item;
use crate::crypto::MacKey;
use crate::ctap2::Status;
use crate::ctap2::parameters::{numbered, required};
use crate::pin_protocol::{KeyAgreement, Protocol, SharedSecret};

pub(super) const NAME: &str = "hmac-secret";

/// One salt, and what one salt gives.
const SALT: usize = 32;
const SALTS_MAX: usize = 2 * SALT;
/// Two salted secrets, encrypted: protocol two puts an IV before them.
const CIPHERTEXT_MAX: usize = 16 + SALTS_MAX;

/// A new credential has its secrets.
pub(super) fn made(outputs: &mut Outputs) -> Result<(), Status> {
    outputs.add(NAME, &Output::Bool(true))
}

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
pub(in crate::ctap2) struct Salts {
    secret: SharedSecret,
    salts: Zeroizing<[u8; SALTS_MAX]>,
    length: usize,
}

impl Salts {
    /// Answers with the secret that these salts give, for the platform's eyes alone.
    pub(super) fn answer(
        &self,
        name: &str,
        cred_random: &[u8; 32],
        rng: &mut impl TryRng,
        outputs: &mut Outputs,
    ) -> Result<(), Status> {
        let cred_random = MacKey::new(cred_random);
        let mut secrets = Zeroizing::new([0; SALTS_MAX]);
        for (secret, salt) in secrets.chunks_exact_mut(SALT).zip(self.salts.chunks_exact(SALT)) {
            secret.copy_from_slice(&*cred_random.authenticate(&[salt]));
        }
        // As many as there are salts.
        let secrets = secrets.get(..self.length).ok_or(Status::Other)?;
        let mut ciphertext = [0; CIPHERTEXT_MAX];
        let length = self.secret.encrypt(rng, secrets, &mut ciphertext)?;
        let ciphertext = ciphertext.get(..length).ok_or(Status::Other)?;
        outputs.add(name, &Output::Bytes(ciphertext))
    }
}

#[cfg(test)]
mod tests;
