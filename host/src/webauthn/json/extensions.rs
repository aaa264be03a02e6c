//! `AuthenticationExtensionsClientInputsJSON` and `AuthenticationExtensionsClientOutputsJSON`. An extension that is not
//! here is ignored, as a browser ignores one that it does not know.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Exception, ExceptionName, decoded, encoded};
use crate::webauthn::{
    CreationExtensions, CredProtect, CredentialDescriptor, CredentialProtection, ExtensionOutputs, LargeBlobRequest,
    PrfResult, PrfValues, RequestExtensions, Requirement,
};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExtensionInputs {
    /// §10.1.1.
    #[serde(rename = "appid")]
    pub(super) app_id: Option<String>,
    /// §10.1.2.
    #[serde(rename = "appidExclude")]
    pub(super) app_id_exclude: Option<String>,
    /// §10.1.3.
    cred_props: Option<bool>,
    /// CTAP 2.3 §12.1.
    credential_protection_policy: Option<String>,
    enforce_credential_protection_policy: Option<bool>,
    /// CTAP 2.3 §12.5.
    min_pin_length: Option<bool>,
    /// §10.1.4.
    prf: Option<PrfInputs>,
    /// §10.1.5.
    large_blob: Option<LargeBlobInputs>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrfInputs {
    eval: Option<Values>,
    eval_by_credential: Option<BTreeMap<String, Values>>,
}

#[derive(Deserialize)]
struct Values {
    first: String,
    second: Option<String>,
}

impl Values {
    fn decoded(&self) -> Result<PrfValues, Exception> {
        let decode = |text: &String| decoded(text, "an input of prf");
        Ok(PrfValues {
            first: decode(&self.first)?,
            second: self.second.as_ref().map(decode).transpose()?,
        })
    }
}

#[derive(Deserialize)]
struct LargeBlobInputs {
    support: Option<String>,
    read: Option<bool>,
    write: Option<String>,
}

pub(super) fn creation(inputs: ExtensionInputs) -> Result<CreationExtensions, Exception> {
    if inputs.app_id.is_some() {
        return Err(misplaced("appid", "a sign-in"));
    }
    if let Some(blob) = &inputs.large_blob
        && (blob.read.is_some() || blob.write.is_some())
    {
        return Err(misplaced("largeBlob.read and largeBlob.write", "a sign-in"));
    }
    let policy = inputs.credential_protection_policy.as_deref();
    Ok(CreationExtensions {
        cred_props: inputs.cred_props == Some(true),
        cred_protect: policy.and_then(protection).map(|policy| CredProtect {
            policy,
            enforce: inputs.enforce_credential_protection_policy == Some(true),
        }),
        prf: match &inputs.prf {
            None => None,
            Some(prf) if prf.eval_by_credential.is_some() => {
                return Err(misplaced("prf.evalByCredential", "a sign-in"));
            }
            Some(prf) => Some(prf.eval.as_ref().map(Values::decoded).transpose()?),
        },
        large_blob: inputs.large_blob.map(|blob| match blob.support.as_deref() {
            Some("required") => Requirement::Required,
            _ => Requirement::Preferred,
        }),
        min_pin_length: inputs.min_pin_length == Some(true),
    })
}

pub(super) fn request(inputs: ExtensionInputs, allow: &[CredentialDescriptor]) -> Result<RequestExtensions, Exception> {
    if inputs.app_id_exclude.is_some() {
        return Err(misplaced("appidExclude", "a registration"));
    }
    let (mut prf, mut prf_by_credential) = (None, Vec::new());
    if let Some(inputs) = inputs.prf {
        prf = inputs.eval.as_ref().map(Values::decoded).transpose()?;
        for (id, values) in inputs.eval_by_credential.unwrap_or_default() {
            if allow.is_empty() {
                let message = "prf.evalByCredential needs a list of allowed credentials";
                return Err(Exception::new(ExceptionName::NotSupported, message));
            }
            // §10.1.4 has a SyntaxError for a key that is no base64url, too.
            let known = |id: &Vec<u8>| allow.iter().any(|allowed| allowed.id == *id);
            let Some(id) = decoded(&id, "").ok().filter(known) else {
                let message = "prf.evalByCredential names a credential that is not allowed";
                return Err(Exception::new(ExceptionName::Syntax, message));
            };
            prf_by_credential.push((id, values.decoded()?));
        }
    }
    Ok(RequestExtensions {
        prf,
        prf_by_credential,
        large_blob: match inputs.large_blob {
            None => None,
            Some(blob) if blob.support.is_some() => return Err(misplaced("largeBlob.support", "a registration")),
            Some(blob) => match (blob.read == Some(true), blob.write) {
                (true, Some(_)) => {
                    let message = "largeBlob asks to read and to write";
                    return Err(Exception::new(ExceptionName::NotSupported, message));
                }
                (false, Some(blob)) => Some(LargeBlobRequest::Write(decoded(&blob, "largeBlob.write")?)),
                (true, None) => Some(LargeBlobRequest::Read),
                (false, None) => None,
            },
        },
    })
}

fn misplaced(member: &str, place: &str) -> Exception {
    let message = format!("the extension {member} belongs to {place}");
    Exception::new(ExceptionName::NotSupported, message)
}

fn protection(policy: &str) -> Option<CredentialProtection> {
    Some(match policy {
        "userVerificationOptional" => CredentialProtection::UserVerificationOptional,
        "userVerificationOptionalWithCredentialIDList" => {
            CredentialProtection::UserVerificationOptionalWithCredentialIdList
        }
        "userVerificationRequired" => CredentialProtection::UserVerificationRequired,
        _ => return None,
    })
}

/// The outputs that registration and sign-in have both.
pub(super) fn outputs(outputs: &ExtensionOutputs) -> Map<String, Value> {
    let mut members = Map::new();
    if let Some(rk) = outputs.cred_props {
        members.insert("credProps".to_owned(), json!({ "rk": rk }));
    }
    if let Some(prf) = &outputs.prf {
        let mut output = Map::new();
        if let Some(enabled) = prf.enabled {
            output.insert("enabled".to_owned(), enabled.into());
        }
        if let Some((first, second)) = &prf.results {
            let encode = |result: &PrfResult| Value::from(encoded(result.0.as_ref()));
            let mut results = Map::from_iter([("first".to_owned(), encode(first))]);
            results.extend(second.iter().map(|second| ("second".to_owned(), encode(second))));
            output.insert("results".to_owned(), results.into());
        }
        members.insert("prf".to_owned(), output.into());
    }
    if let Some(blob) = &outputs.large_blob {
        let mut output = Map::new();
        if let Some(supported) = blob.supported {
            output.insert("supported".to_owned(), supported.into());
        }
        if let Some(blob) = &blob.blob {
            output.insert("blob".to_owned(), encoded(blob).into());
        }
        if let Some(written) = blob.written {
            output.insert("written".to_owned(), written.into());
        }
        members.insert("largeBlob".to_owned(), output.into());
    }
    members
}
