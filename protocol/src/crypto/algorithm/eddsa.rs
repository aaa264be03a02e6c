//! EdDSA: OKP keys (RFC 9053 §7.2) and signatures of 64 bytes.

use super::{Family, Signature};
use crate::cbor::Writer;
use crate::crypto::ed25519;
use crate::status::Status;

/// EdDSA and Ed25519. Every seed makes a key.
pub(super) struct Ed25519;

impl Family for Ed25519 {
    fn accepts(&self, _seed: &[u8; 32]) -> bool {
        true
    }

    fn write_cose_key(&self, seed: &[u8; 32], alg: i64, writer: &mut Writer<'_>) -> Result<(), Status> {
        let x = ed25519::public_key(seed);
        // {kty: OKP, alg, crv: Ed25519, x}
        writer.map(4).int(1).int(1).int(3).int(alg).int(-1).int(6);
        writer.int(-2).bytes(&x);
        Ok(())
    }

    fn sign(&self, seed: &[u8; 32], message: &[&[u8]]) -> Result<Signature, Status> {
        let signature = ed25519::sign(seed, message).map_err(|_| Status::Other)?;
        Signature::from_slice(&signature).map_err(|_| Status::Other)
    }
}
