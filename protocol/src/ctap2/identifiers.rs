//! `encIdentifier` and `encCredStoreState` (CTAP 2.3 §6.4), for a platform that holds the persistent token. By the
//! first it recognizes this key; by the second it sees whether its list of the key's credentials is out of date. To
//! everybody else they are random bytes, new in each getInfo.

use rand_core::TryRng as _;
use zeroize::Zeroizing;

use crate::authenticator::Authenticator;
use crate::bytes::{concat, first};
use crate::crypto::aes_cbc::{BLOCK, encrypt_block_128};
use crate::crypto::hkdf_sha256;
use crate::platform::Platform;
use crate::status::Status;
use crate::store::Pin;

/// Initialization vector (16) ‖ AES-128-CBC of the identifier (16).
pub(super) type EncryptedIdentifier = [u8; 2 * BLOCK];

impl<P: Platform> Authenticator<P> {
    /// The device identifier. A reset changes it.
    pub(super) fn enc_identifier(&mut self, pin: &Pin) -> Result<EncryptedIdentifier, Status> {
        let identifier = first(&self.store.secret.device_secret("device identifier", &[]));
        self.encrypt_identifier(pin, "encIdentifier", identifier)
    }

    /// The credential store state. A change of the discoverable credentials changes it, and so does a reset.
    pub(super) fn enc_cred_store_state(&mut self, pin: &Pin) -> Result<EncryptedIdentifier, Status> {
        let state = self.store.state();
        self.encrypt_identifier(pin, "encCredStoreState", state)
    }

    fn encrypt_identifier(
        &mut self,
        pin: &Pin,
        info: &str,
        identifier: [u8; BLOCK],
    ) -> Result<EncryptedIdentifier, Status> {
        let mut iv = [0; BLOCK];
        self.rng.try_fill_bytes(&mut iv).map_err(|_| Status::Other)?;
        let token = pin.persistent_token(&self.store.secret);
        Ok(encrypt(&token, info, iv, identifier))
    }
}

fn encrypt(token: &[u8; 32], info: &str, iv: [u8; BLOCK], mut identifier: [u8; BLOCK]) -> EncryptedIdentifier {
    let key = hkdf_sha256(token, info.as_bytes());
    let key = Zeroizing::new(first(&key));
    encrypt_block_128(&key, &iv, &mut identifier);
    concat(&[&iv, &identifier])
}

#[cfg(test)]
mod tests {
    use core::array;

    use super::encrypt;
    use crate::testing::hex;

    /// Computed with python-fido2 for the token 20 21 … 3f, the initialization vector and the identifier 00 01 … 0f.
    #[test]
    fn vectors() {
        let token = array::from_fn(|index| 0x20 + index as u8);
        let count = array::from_fn(|index| index as u8);
        for (info, expected) in [
            (
                "encIdentifier",
                "000102030405060708090a0b0c0d0e0f6d0a42914e3b9a13a9ce0aaf9330605c",
            ),
            (
                "encCredStoreState",
                "000102030405060708090a0b0c0d0e0f116539fee5abcba4364811a5686822a9",
            ),
        ] {
            assert_eq!(encrypt(&token, info, count, count), hex(expected), "{info}");
        }
    }
}
