//! The access code: what is left of a password, and the proofs with it.

use std::num::NonZeroU32;

use ring::{hmac, pbkdf2};
use zeroize::Zeroizing;

/// As all clients of the applet have it: the key is of use to nobody without the card, which is asked slowly.
const ROUNDS: NonZeroU32 = NonZeroU32::new(1000).unwrap();

/// The key that a password becomes on one card.
pub struct AccessKey(Zeroizing<[u8; 16]>);

impl AccessKey {
    /// PBKDF2-HMAC-SHA1 over the password, with the card's identifier as salt.
    #[must_use]
    pub fn derive(password: &str, identifier: &[u8]) -> Self {
        let mut key = Zeroizing::new([0; 16]);
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA1,
            ROUNDS,
            identifier,
            password.as_bytes(),
            key.as_mut_slice(),
        );
        Self(key)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    fn hmac(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.bytes())
    }

    /// What proves the key to who sent the challenge.
    pub(super) fn prove(&self, challenge: &[u8]) -> hmac::Tag {
        hmac::sign(&self.hmac(), challenge)
    }

    /// Whether a proof is right: compared in constant time.
    pub(super) fn is_proof(&self, challenge: &[u8], response: &[u8]) -> bool {
        hmac::verify(&self.hmac(), challenge, response).is_ok()
    }
}
