//! A key with attestation certificates. They are not X.509: for the key, a certificate is one item of DER that contains
//! a public key.

use std::vec::Vec;

use super::key::Key;
use super::platform::{Dice, Memory};
use crate::crypto::p256;
use crate::store::attestation::{Certificate, Enterprise, Provision, install};

pub(crate) const AAGUID: [u8; 16] = [0xb7; 16];
pub(crate) const BATCH: [u8; 32] = [1; 32];
pub(crate) const ENTERPRISE: [u8; 32] = [2; 32];
pub(crate) const LISTED: &str = "corp.example";

/// The public key of a private one, uncompressed.
pub(crate) fn point(private_key: &[u8; 32]) -> [u8; 65] {
    p256::public_key(private_key).expect("a private key")
}

/// The certificate of a private key, padded to a length.
pub(crate) fn certificate(private_key: &[u8; 32], length: u16) -> Vec<u8> {
    let mut der = [&[0x30, 0x82][..], &(length - 4).to_be_bytes(), &point(private_key)].concat();
    der.resize(length.into(), 0);
    der
}

/// A storage with a batch certificate, and with one for enterprises where it is asked for.
pub(crate) fn provisioned(enterprise: bool) -> Memory {
    let (batch, own) = (certificate(&BATCH, 600), certificate(&ENTERPRISE, 500));
    let mut storage = Memory::default();
    let provision = Provision {
        aaguid: AAGUID,
        batch: Certificate {
            private_key: &BATCH,
            der: &batch,
        },
        enterprise: enterprise.then_some(Enterprise {
            certificate: Certificate {
                private_key: &ENTERPRISE,
                der: &own,
            },
            rp_ids: &["other.example", LISTED],
        }),
    };
    install(&mut storage, &provision).expect("installed");
    storage
}

impl Key {
    /// A new key with a batch certificate.
    pub(crate) fn with_batch() -> Self {
        Self::start(provisioned(false), Dice::default())
            .map_err(drop)
            .expect("starts")
    }
}
