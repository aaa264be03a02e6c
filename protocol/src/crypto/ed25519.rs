//! Ed25519 (RFC 8032).

use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign_byupdate};
use ed25519_dalek::{SECRET_KEY_LENGTH, SIGNATURE_LENGTH, SignatureError, SigningKey};
use sha2::{Digest, Sha512};

/// The public key that belongs to a seed: 32 bytes.
#[must_use]
pub fn public_key(seed: &[u8; SECRET_KEY_LENGTH]) -> [u8; 32] {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

/// Signs the parts, one after the other.
///
/// # Errors
/// Never for a key that [`public_key`] accepts; the type is the library's.
pub fn sign(seed: &[u8; SECRET_KEY_LENGTH], message: &[&[u8]]) -> Result<[u8; SIGNATURE_LENGTH], SignatureError> {
    let key = SigningKey::from_bytes(seed);
    // The message lies in pieces, and there is no heap to join them: the form that takes a closure. The public key
    // comes from the same seed, as its caution asks.
    let signature = raw_sign_byupdate::<Sha512, _>(
        &ExpandedSecretKey::from(seed),
        |hash| {
            message.iter().for_each(|part| hash.update(part));
            Ok(())
        },
        &key.verifying_key(),
    )?;
    Ok(signature.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    /// RFC 8032 §7.1, test 3.
    #[test]
    fn rfc_8032_vector() {
        let seed = hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
        assert_eq!(
            public_key(&seed),
            hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
        );
        let signature: [u8; 64] = hex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
        assert_eq!(sign(&seed, &[&[0xaf], &[0x82]]).unwrap(), signature);
    }
}
