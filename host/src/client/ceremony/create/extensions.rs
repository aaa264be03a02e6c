//! The extensions of a registration: inputs for the key, and outputs for the website.

use cbor4ii::core::Value;

use super::super::error::CeremonyError;
use super::super::prf::Evaluation;
use crate::cbor::member;
use crate::client::ctap2::{Attestation, Info};
use crate::client::{Key, Watch};
use crate::webauthn::{
    CreationExtensions, CredentialProtection, ExtensionOutputs, LargeBlobOutputs, PrfOutputs, Requirement,
    authenticator_data,
};

/// The extensions of one request.
#[derive(Default)]
pub(super) struct Extensions {
    /// As the key gets them.
    pub(super) inputs: Vec<(String, Value)>,
    evaluation: Option<Evaluation>,
}

impl Extensions {
    /// # Errors
    /// [`CeremonyError::Unsupported`] where the relying party insists on what the key does not have.
    pub(super) fn prepare(
        key: &mut Key,
        asked: &CreationExtensions,
        resident_key: bool,
        watch: &mut dyn Watch,
    ) -> Result<Self, CeremonyError> {
        let info = key.ctap2_info()?;
        let mut this = Self::default();
        if let Some(wanted) = asked.cred_protect {
            let known = has(info, "credProtect");
            if !known && wanted.enforce && wanted.policy != CredentialProtection::UserVerificationOptional {
                return Err(CeremonyError::Unsupported("the protection of credentials"));
            }
            if known {
                this.set("credProtect", Value::Integer(wanted.policy.level().into()));
            }
        }
        if let Some(wanted) = asked.large_blob {
            let possible = has(info, "largeBlobKey") && info.has("largeBlobs") && resident_key;
            if !possible && wanted == Requirement::Required {
                return Err(CeremonyError::Unsupported("a large blob with this credential"));
            }
            if possible {
                this.set("largeBlobKey", Value::Bool(true));
            }
        }
        if asked.min_pin_length && has(info, "minPinLength") {
            this.set("minPinLength", Value::Bool(true));
        }
        if let Some(wanted) = &asked.prf
            && has(info, "hmac-secret")
        {
            this.set("hmac-secret", Value::Bool(true));
            let at_once = has(info, "hmac-secret-mc");
            if let Some(values) = wanted.as_ref().filter(|_| at_once) {
                let evaluation = Evaluation::begin(key, values, watch)?;
                this.set("hmac-secret-mc", evaluation.input.clone());
                this.evaluation = Some(evaluation);
            }
        }
        Ok(this)
    }

    fn set(&mut self, name: &str, input: Value) {
        self.inputs.push((name.to_owned(), input));
    }

    /// `clientExtensionResults`.
    pub(super) fn outputs(&self, asked: &CreationExtensions, answer: &Attestation) -> ExtensionOutputs {
        let signed = authenticator_data::extension_outputs(&answer.auth_data);
        let two = matches!(&asked.prf, Some(Some(values)) if values.second.is_some());
        let evaluation = self.evaluation.as_ref();
        ExtensionOutputs {
            prf: asked.prf.as_ref().map(|_| PrfOutputs {
                enabled: Some(member(&signed, "hmac-secret") == Some(&Value::Bool(true))),
                results: evaluation.and_then(|sent| sent.results(member(&signed, "hmac-secret-mc"), two)),
            }),
            large_blob: asked.large_blob.map(|_| LargeBlobOutputs {
                supported: Some(answer.large_blob_key.is_some()),
                ..LargeBlobOutputs::default()
            }),
        }
    }
}

fn has(info: &Info, extension: &str) -> bool {
    info.extensions.iter().flatten().any(|known| known == extension)
}
