//! What `ring` cannot verify. `None`: the signature is not by the key, or one of them is none.

use fips204::traits::{SerDes as _, Verifier as _};
use fips204::{ml_dsa_44, ml_dsa_65, ml_dsa_87};
use p521::ecdsa::signature::Verifier as _;

/// ES512.
pub(super) fn p521(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
    let signature = p521::ecdsa::Signature::from_der(signature).ok()?;
    key.verify(message, &signature).ok()
}

/// ES256K.
pub(super) fn secp256k1(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = k256::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
    // The crate wants the smaller of the two values that s may have, as Bitcoin does. WebAuthn takes both.
    let signature = k256::ecdsa::Signature::from_der(signature).ok()?.normalize_s();
    key.verify(message, &signature).ok()
}

/// Whether `key` is a point on P-521, uncompressed.
pub(super) fn is_on_p521(key: &[u8]) -> bool {
    p521::ecdsa::VerifyingKey::from_sec1_bytes(key).is_ok()
}

/// Whether `key` is a point on secp256k1, uncompressed.
pub(super) fn is_on_secp256k1(key: &[u8]) -> bool {
    k256::ecdsa::VerifyingKey::from_sec1_bytes(key).is_ok()
}

/// ML-DSA with the empty context, as COSE has it (RFC 9964).
macro_rules! ml_dsa {
    ($name:ident) => {
        pub(super) fn $name(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
            let key = $name::PublicKey::try_from_bytes(key.try_into().ok()?).ok()?;
            key.verify(message, &signature.try_into().ok()?, &[])
                .then_some(())
        }
    };
}

ml_dsa!(ml_dsa_44);
ml_dsa!(ml_dsa_65);
ml_dsa!(ml_dsa_87);
