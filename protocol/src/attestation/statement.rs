//! The attestation statement of a makeCredential response (CTAP 2.3 §6.1.2 step 19, §6.1.3).

use zeroize::Zeroizing;

use super::certificate::{Certificate, Installed, for_u2f};
use super::format::Format;
use crate::cbor::Writer;
use crate::credential::{Algorithm, PrivateKey};
use crate::ctap2::Status;
use crate::limits::STORAGE_VALUE_MAX;
use crate::platform::Storage;

/// How a new credential is attested, decided before the response begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    format: Format,
    installed: Option<Installed>,
    enterprise: bool,
}

/// What a statement is about.
pub(crate) struct Subject<'a> {
    pub(crate) private_key: &'a PrivateKey,
    pub(crate) rp_id_hash: &'a [u8; 32],
    pub(crate) id: &'a [u8],
    pub(crate) client_data_hash: &'a [u8; 32],
    /// Where the authenticator data begin in the response.
    pub(crate) auth_data: usize,
}

impl Plan {
    /// Enterprise attestation, where it is granted, comes as `packed`; a request that prefers no attestation gets none.
    pub(crate) fn new(format: Format, installed: Option<Installed>, granted: bool) -> Self {
        let enterprise = granted && format != Format::None;
        Self {
            format: if enterprise { Format::Packed } else { format },
            installed,
            enterprise,
        }
    }

    /// 01 fmt.
    pub(crate) fn format(self) -> Format {
        self.format
    }

    /// 04 epAtt.
    pub(crate) fn is_enterprise(self) -> bool {
        self.enterprise
    }

    /// The AAGUID in the authenticator data. What `fido-u2f` signs does not cover it: there it is zero, as in what a
    /// client makes of a U2F registration (CTAP 2.3 §7.2), and relying parties refuse any other.
    pub(crate) fn aaguid(self, aaguid: &[u8; 16]) -> [u8; 16] {
        match self.format {
            Format::FidoU2f => [0; 16],
            Format::Packed | Format::None => *aaguid,
        }
    }

    /// Writes the member `attStmt`, 03, right behind the authenticator data.
    ///
    /// # Errors
    /// [`Status::Other`] where the storage or the cryptographic library fails.
    pub(crate) fn write(
        self,
        storage: &mut impl Storage,
        subject: &Subject<'_>,
        response: &mut Writer<'_>,
    ) -> Result<(), Status> {
        let mut value = Zeroizing::new([0; STORAGE_VALUE_MAX]);
        match (self.format, self.installed) {
            (Format::None, _) => {
                response.uint(0x03).map(0);
            }
            (Format::Packed, None) => {
                let signed = [response.since(subject.auth_data), subject.client_data_hash];
                let signature = subject.private_key.sign(&signed)?;
                let algorithm = subject.private_key.algorithm();
                response.uint(0x03).map(2).text("alg").int(algorithm.cose());
                response.text("sig").bytes(&signature);
            }
            (Format::Packed, Some(_)) => {
                let certificate = if self.enterprise {
                    Certificate::enterprise(storage, &mut value)?
                } else {
                    Certificate::batch(storage, &mut value)?
                };
                let signature = certificate.sign(&[response.since(subject.auth_data), subject.client_data_hash])?;
                // The certificate's algorithm, whatever the credential's: only so an ML-DSA credential has room.
                response.uint(0x03).map(3).text("alg").int(Algorithm::Es256.cose());
                response.text("sig").bytes(&signature);
                response.text("x5c").array(1).bytes(certificate.der);
            }
            (Format::FidoU2f, installed) => {
                let certificate = for_u2f(storage, installed, &mut value)?;
                let signature = certificate.sign(&[
                    &[0x00],
                    subject.rp_id_hash,
                    subject.client_data_hash,
                    subject.id,
                    &subject.private_key.point()?,
                ])?;
                response.uint(0x03).map(2).text("sig").bytes(&signature);
                response.text("x5c").array(1).bytes(certificate.der);
            }
        }
        Ok(())
    }
}
