//! The extensions of a registration: inputs for the key, and outputs for the website.

use cbor4ii::core::Value;

use super::super::error::CeremonyError;
use super::super::inputs::Inputs;
use super::super::prf::Evaluation;
use crate::cbor::member;
use crate::client::ctap2::Attestation;
use crate::client::{Key, Watch};
use crate::webauthn::{
    CreationExtensions, CredentialProtection, ExtensionOutputs, LargeBlobOutputs, PrfOutputs, Requirement,
    authenticator_data,
};

/// # Errors
/// [`CeremonyError::Unsupported`] where the relying party insists on what the key does not have.
pub(super) fn prepare(
    key: &mut Key,
    asked: &CreationExtensions,
    resident_key: bool,
    watch: &mut dyn Watch,
) -> Result<Inputs, CeremonyError> {
    let info = key.ctap2_info()?;
    let mut inputs = Inputs::default();
    if let Some(wanted) = asked.cred_protect {
        let known = info.has_extension("credProtect");
        if !known && wanted.enforce && wanted.policy != CredentialProtection::UserVerificationOptional {
            return Err(CeremonyError::Unsupported("the protection of credentials"));
        }
        if known {
            inputs.set("credProtect", Value::Integer(wanted.policy.level().into()));
        }
    }
    if let Some(wanted) = asked.large_blob {
        let possible = info.has_extension("largeBlobKey") && info.has("largeBlobs") && resident_key;
        if !possible && wanted == Requirement::Required {
            return Err(CeremonyError::Unsupported("a large blob with this credential"));
        }
        if possible {
            inputs.set("largeBlobKey", Value::Bool(true));
        }
    }
    if asked.min_pin_length && info.has_extension("minPinLength") {
        inputs.set("minPinLength", Value::Bool(true));
    }
    if let Some(wanted) = &asked.prf
        && info.has_extension("hmac-secret")
    {
        inputs.set("hmac-secret", Value::Bool(true));
        let at_once = info.has_extension("hmac-secret-mc");
        if let Some(values) = wanted.as_ref().filter(|_| at_once) {
            let evaluation = Evaluation::begin(key, values, watch)?;
            inputs.set("hmac-secret-mc", evaluation.input.clone());
            inputs.evaluation = Some(evaluation);
        }
    }
    Ok(inputs)
}

/// `clientExtensionResults`.
pub(super) fn outputs(
    inputs: &Inputs,
    asked: &CreationExtensions,
    resident_key: bool,
    answer: &Attestation,
) -> ExtensionOutputs {
    let signed = authenticator_data::extension_outputs(&answer.auth_data);
    let two = matches!(&asked.prf, Some(Some(values)) if values.second.is_some());
    let evaluation = inputs.evaluation.as_ref();
    ExtensionOutputs {
        cred_props: asked.cred_props.then_some(resident_key),
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
