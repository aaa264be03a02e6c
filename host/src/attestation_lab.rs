//! An attestation lab: what a vendor of security keys has, for tests.
//!
//! [`Lab::new`] makes a root and, below it, a certificate for a batch of keys and one for a single key of an
//! enterprise. [`Lab::install`] gives both to a soft key that is not running. [`statement`] is the FIDO metadata
//! statement from which relying parties learn the root. So a relying party can test its attestation checks with
//! certificates that nobody else trusts.

mod certificates;
mod metadata;

use brasskey_protocol::platform::Storage;
use brasskey_protocol::store::attestation::{Certificate, Enterprise, InstallError, Provision, install};

pub use certificates::{Issued, LabError};
pub use metadata::statement;

/// A model of keys, and its vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The AAGUID of the model.
    pub aaguid: [u8; 16],
    /// The name of the model: at most [`Model::NAME_MAX`] bytes.
    pub name: String,
    /// The vendor's legal name: at most 64 bytes, so that a certificate fits a key's record. (RFC 5280 appendix A.1,
    /// ub-organization-name, counts characters.)
    pub organization: String,
    /// The vendor's country: two capital letters (ISO 3166).
    pub country: String,
}

impl Model {
    /// The longest name, in bytes. A certificate appends a few words to it, and the whole fits 64 characters (RFC 5280
    /// appendix A.1, ub-common-name).
    pub const NAME_MAX: usize = 32;
}

/// Certificates of one model.
pub struct Lab {
    /// The model.
    pub model: Model,
    /// The authority.
    pub root: Issued,
    /// The certificate of all keys of a batch.
    pub batch: Issued,
    /// The certificate of a single key, which it names.
    pub enterprise: Issued,
}

impl Lab {
    /// Makes keys and certificates.
    ///
    /// # Errors
    /// [`LabError`] where a text of the model cannot be in a certificate, or randomness fails.
    pub fn new(model: Model) -> Result<Self, LabError> {
        let [root, batch, enterprise] = certificates::issue(&model)?;
        Ok(Self {
            model,
            root,
            batch,
            enterprise,
        })
    }

    /// Installs the certificates in the storage of a key that is not running, and replaces those it has. `rp_ids` are
    /// the relying parties that may ask for vendor-facilitated enterprise attestation.
    ///
    /// # Errors
    /// [`InstallError`].
    pub fn install(&self, storage: &mut impl Storage, rp_ids: &[&str]) -> Result<(), InstallError> {
        let (batch, enterprise) = (self.batch.secret(), self.enterprise.secret());
        install(
            storage,
            &Provision {
                aaguid: self.model.aaguid,
                batch: Certificate {
                    private_key: &batch,
                    der: self.batch.der(),
                },
                enterprise: Some(Enterprise {
                    certificate: Certificate {
                        private_key: &enterprise,
                        der: self.enterprise.der(),
                    },
                    rp_ids,
                }),
            },
        )
    }
}

#[cfg(test)]
mod tests;
