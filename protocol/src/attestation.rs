//! Attestation (WebAuthn Level 3 §8; CTAP 2.3 §6.1.2 step 19).
//!
//! Self attestation by default: it proves that the key holds the private key, and links no two accounts. The U2F
//! certificate, without which a U2F registration cannot be made, is one constant: certificate and private key are
//! public and shared by every install, and its subject says so.

use crate::cbor::{Array, Item, Writer};
use crate::credential::{PrivateKey, Signature};
use crate::crypto::p256;
use crate::ctap2::Status;

/// The attestation statement formats of makeCredential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Signed by the new credential itself (WebAuthn Level 3 §8.2).
    Packed,
    /// No statement (§8.7).
    None,
}

impl Format {
    /// What this key offers, the default first: `attestationFormats` in getInfo.
    pub const OFFERED: [Self; 2] = [Self::Packed, Self::None];

    /// The identifier in the IANA registry.
    #[must_use]
    pub const fn identifier(self) -> &'static str {
        match self {
            Self::Packed => "packed",
            Self::None => "none",
        }
    }

    /// The first of `attestationFormatsPreference` that this key offers, else its default.
    ///
    /// # Errors
    /// [`Status::CborUnexpectedType`] where it is not an array of text.
    pub fn preferred(preference: Option<Item<'_>>) -> Result<Self, Status> {
        let mut preferred = None;
        for name in preference
            .map(Item::array)
            .transpose()?
            .into_iter()
            .flat_map(Array::into_iter)
        {
            let name = name.text()?;
            preferred = preferred.or_else(|| Self::OFFERED.into_iter().find(|format| format.identifier() == name));
        }
        Ok(preferred.unwrap_or(Self::Packed))
    }

    /// Writes the member `attStmt`, 03, behind the authenticator data that `writer` holds from `start` on.
    ///
    /// # Errors
    /// [`Status::Other`] where the cryptographic library fails.
    pub fn attest(
        self,
        private_key: &PrivateKey,
        start: usize,
        client_data_hash: &[u8; 32],
        writer: &mut Writer<'_>,
    ) -> Result<(), Status> {
        match self {
            Self::Packed => {
                let signature = private_key.sign(&[writer.since(start), client_data_hash])?;
                writer.uint(0x03).map(2).text("alg").int(private_key.algorithm().cose());
                writer.text("sig").bytes(&signature);
            }
            Self::None => {
                writer.uint(0x03).map(0);
            }
        }
        Ok(())
    }
}

/// The U2F attestation certificate (X.509, DER).
pub const U2F_CERTIFICATE: &[u8] = include_bytes!("attestation/u2f.der");

/// Its private key. Public on purpose: this certificate proves nothing.
const U2F_PRIVATE_KEY: [u8; 32] = [
    0xcd, 0xb7, 0xe3, 0xfa, 0xc0, 0x89, 0xcf, 0x94, 0x8c, 0xa7, 0x99, 0x48, 0x87, 0xa9, 0x8e, 0x14, 0x13, 0x75, 0xfa,
    0xd7, 0xf7, 0x26, 0xe9, 0x2a, 0x65, 0xad, 0xae, 0xf1, 0x22, 0x87, 0x3b, 0x46,
];

/// Signs a U2F registration.
///
/// # Errors
/// [`Status::Other`] where the cryptographic library fails.
pub fn sign_u2f_registration(message: &[&[u8]]) -> Result<Signature, Status> {
    p256::sign(&U2F_PRIVATE_KEY, message).map_err(|_| Status::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_u2f_certificate_holds_the_public_key_of_its_private_key() {
        let point = p256::public_key(&U2F_PRIVATE_KEY).unwrap();
        assert!(U2F_CERTIFICATE.windows(point.len()).any(|window| window == point));
        assert!(U2F_CERTIFICATE.windows(14).any(|window| window == b"proves nothing"));
    }
}
