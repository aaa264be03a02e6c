//! The extensions of a sign-in: inputs for the key, and outputs for the website.

use cbor4ii::core::Value;

use super::super::error::CeremonyError;
use super::super::inputs::Inputs;
use super::super::prf::Evaluation;
use crate::cbor::member;
use crate::client::ctap2::{Assertion, Info, LargeBlobKey};
use crate::client::{Key, PinUvAuthToken, Watch};
use crate::webauthn::{
    ExtensionOutputs, LargeBlobOutputs, LargeBlobRequest, PrfOutputs, PrfValues, RequestExtensions, authenticator_data,
};

/// # Errors
/// [`CeremonyError::Unsupported`] where the key does not have what is asked for. The answer would be of no use
/// without it.
pub(super) fn check(info: &Info, asked: &RequestExtensions) -> Result<(), CeremonyError> {
    if asked.large_blob.is_some() && !(info.has_extension("largeBlobKey") && info.has("largeBlobs")) {
        return Err(CeremonyError::Unsupported("large blobs"));
    }
    if asked.asks_prf() && !info.has_extension("hmac-secret") {
        return Err(CeremonyError::Unsupported("PRF (hmac-secret)"));
    }
    Ok(())
}

/// The inputs of a request with these values of `prf`.
pub(super) fn prepare(
    key: &mut Key,
    asked: &RequestExtensions,
    values: Option<&PrfValues>,
    watch: &mut dyn Watch,
) -> Result<Inputs, CeremonyError> {
    let mut inputs = Inputs::default();
    if asked.large_blob.is_some() {
        inputs.set("largeBlobKey", Value::Bool(true));
    }
    if let Some(values) = values {
        let evaluation = Evaluation::begin(key, values, watch)?;
        inputs.set("hmac-secret", evaluation.input.clone());
        inputs.evaluation = Some(evaluation);
    }
    Ok(inputs)
}

/// `clientExtensionResults`. The large blob takes further requests to the key.
pub(super) fn outputs(
    inputs: &Inputs,
    asked: &RequestExtensions,
    values: Option<&PrfValues>,
    answer: &Assertion,
    key: &mut Key,
    token: Option<&PinUvAuthToken>,
    watch: &mut dyn Watch,
) -> Result<ExtensionOutputs, CeremonyError> {
    let signed = authenticator_data::extension_outputs(&answer.auth_data);
    let two = values.is_some_and(|values| values.second.is_some());
    let prf = asked.asks_prf().then(|| PrfOutputs {
        enabled: None,
        results: inputs
            .evaluation
            .as_ref()
            .and_then(|sent| sent.results(member(&signed, "hmac-secret"), two)),
    });
    let large_blob = match &asked.large_blob {
        None => None,
        Some(wanted) => Some(large_blob(wanted, answer.large_blob_key.as_ref(), key, token, watch)?),
    };
    Ok(ExtensionOutputs {
        prf,
        large_blob,
        ..ExtensionOutputs::default()
    })
}

fn large_blob(
    wanted: &LargeBlobRequest,
    blob_key: Option<&LargeBlobKey>,
    key: &mut Key,
    token: Option<&PinUvAuthToken>,
    watch: &mut dyn Watch,
) -> Result<LargeBlobOutputs, CeremonyError> {
    let mut outputs = LargeBlobOutputs::default();
    match (wanted, blob_key) {
        (LargeBlobRequest::Read, None) => {}
        (LargeBlobRequest::Read, Some(blob_key)) => outputs.blob = key.large_blobs(watch)?.get(blob_key)?,
        (LargeBlobRequest::Write(_), None) => outputs.written = Some(false),
        (LargeBlobRequest::Write(data), Some(blob_key)) => {
            let mut array = key.large_blobs(watch)?;
            array.set(blob_key, data)?;
            key.write_large_blobs(&array, token, watch)?;
            outputs.written = Some(true);
        }
    }
    Ok(outputs)
}
