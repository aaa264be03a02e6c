//! ML-DSA: AKP keys (RFC 9964 §3) and raw signatures.

use super::{Family, Signature};
use crate::cbor::Writer;
use crate::crypto::ml_dsa;
use crate::status::Status;

/// One parameter set. Every seed makes a key.
macro_rules! parameter_set {
    ($($name:ident, $documentation:literal;)*) => {$(
        #[doc = $documentation]
        pub(super) struct $name;

        impl Family for $name {
            fn accepts(&self, _seed: &[u8; 32]) -> bool {
                true
            }

            fn write_cose_key(&self, seed: &[u8; 32], alg: i64, writer: &mut Writer<'_>) -> Result<(), Status> {
                // {kty: AKP, alg, pub}
                writer.map(3).int(1).int(7).int(3).int(alg);
                writer.int(-1).bytes(&ml_dsa::public_key::<ml_dsa::$name>(seed));
                Ok(())
            }

            fn sign(&self, seed: &[u8; 32], message: &[&[u8]]) -> Result<Signature, Status> {
                let signature = ml_dsa::sign::<ml_dsa::$name>(seed, message).map_err(|_| Status::Other)?;
                Signature::from_slice(&signature).map_err(|_| Status::Other)
            }
        }
    )*};
}

parameter_set! {
    MlDsa44, "ML-DSA-44.";
    MlDsa65, "ML-DSA-65.";
}
