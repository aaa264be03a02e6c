//! ML-DSA (FIPS 204): signatures that a quantum computer does not forge.
//!
//! Pure, with an empty context (RFC 9881, and what WebAuthn's relying parties verify), and deterministic as the other
//! algorithms here are. A private key is its 32-byte seed; all else is computed from it each time, on a stack that
//! must have room for it: the library's expanded key alone has 40 KiB (ML-DSA-44) or 64 KiB (ML-DSA-65).

use ml_dsa::signature::{Keypair, MultipartSigner};
use ml_dsa::{EncodedSignature, EncodedVerifyingKey, SigningKey};

use super::p256::Failed;

pub use ml_dsa::{MlDsa44, MlDsa65, MlDsaParams};

/// The public key that belongs to a seed: 1312 bytes for ML-DSA-44, 1952 for ML-DSA-65.
#[must_use]
pub fn public_key<P: MlDsaParams>(seed: &[u8; 32]) -> EncodedVerifyingKey<P> {
    SigningKey::<P>::from_seed(seed.into()).verifying_key().encode()
}

/// Signs the parts, one after the other: 2420 bytes for ML-DSA-44, 3309 for ML-DSA-65.
///
/// # Errors
/// [`Failed`] where no attempt gives a signature, which does not happen.
pub fn sign<P: MlDsaParams>(seed: &[u8; 32], message: &[&[u8]]) -> Result<EncodedSignature<P>, Failed> {
    let key = SigningKey::<P>::from_seed(seed.into());
    key.try_multipart_sign(message)
        .map(|signature| signature.encode())
        .map_err(|_| Failed)
}
