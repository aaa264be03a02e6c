//! What a relying party checks of the extensions that it asked for (WebAuthn Level 3 §7.1 step 20, §7.2 step 18): the
//! key's signed outputs, and what the client made of them. Outputs that nobody asked for are ignored, with a warning.

use cbor4ii::core::Value;

use super::Check;
use crate::cbor::member;
use crate::text::escape;
use crate::webauthn::authenticator_data::AuthenticatorData;
use crate::webauthn::{
    CreationExtensions, ExtensionOutputs, LargeBlobOutputs, LargeBlobRequest, PrfOutputs, RequestExtensions,
    Requirement,
};

const NAME: &str = "extensions";

/// `extensions` of a registration; `None` where there are none.
pub(super) fn registration(
    asked: &CreationExtensions,
    data: Option<&AuthenticatorData<'_>>,
    client: &ExtensionOutputs,
) -> Option<Check> {
    let outputs = &data?.extensions;
    if *asked == CreationExtensions::default() && outputs.is_empty() {
        return None;
    }
    let known = [
        ("credProtect", asked.cred_protect.is_some()),
        ("hmac-secret", asked.prf.is_some()),
        ("hmac-secret-mc", matches!(asked.prf, Some(Some(_)))),
        ("minPinLength", asked.min_pin_length),
    ];
    let words = || {
        Ok([
            cred_protect(asked, outputs)?,
            enabled(asked, outputs, client.prf.as_ref())?,
            large_blob_support(asked, client.large_blob.as_ref())?,
            min_pin_length(asked, outputs)?,
        ])
    };
    Some(check(words(), unasked(outputs, &known)))
}

/// `extensions` of an authentication; `None` where there are none.
pub(super) fn authentication(
    asked: &RequestExtensions,
    data: Option<&AuthenticatorData<'_>>,
    client: &ExtensionOutputs,
) -> Option<Check> {
    let outputs = &data?.extensions;
    if *asked == RequestExtensions::default() && outputs.is_empty() {
        return None;
    }
    let words = || {
        Ok([
            evaluated(asked, outputs, client.prf.as_ref())?,
            large_blob(asked, client.large_blob.as_ref())?,
        ])
    };
    Some(check(words(), unasked(outputs, &[("hmac-secret", asked.asks_prf())])))
}

/// What is right about each extension, or the first thing that is wrong. Outputs that nobody asked for come last.
fn check<const N: usize>(words: Result<[Option<String>; N], String>, unasked: Option<String>) -> Check {
    let warns = unasked.is_some();
    match words.map(|words| {
        words
            .into_iter()
            .flatten()
            .chain(unasked)
            .collect::<Vec<_>>()
            .join("; ")
    }) {
        Ok(words) if warns => Check::warned(NAME, words),
        words => Check::of(NAME, words),
    }
}

fn unasked(outputs: &[(Value, Value)], known: &[(&str, bool)]) -> Option<String> {
    let asked = |name: &str| known.iter().any(|(known, asked)| *known == name && *asked);
    let unasked = outputs.iter().filter_map(|(name, _)| match name {
        Value::Text(name) if asked(name) => None,
        Value::Text(name) => Some(escape(name).into_owned()),
        _ => Some("an output without a name".to_owned()),
    });
    let unasked: Vec<_> = unasked.collect();
    (!unasked.is_empty()).then(|| format!("the key also sent what nobody asked for: {}", unasked.join(", ")))
}

fn cred_protect(asked: &CreationExtensions, outputs: &[(Value, Value)]) -> Result<Option<String>, String> {
    let Some(wanted) = asked.cred_protect else {
        return Ok(None);
    };
    match member(outputs, "credProtect") {
        Some(Value::Integer(level @ 1..=3)) if *level >= wanted.policy.level().into() => {
            Ok(Some(format!("credProtect is {level}")))
        }
        Some(Value::Integer(level @ 1..=3)) => Err(format!("credProtect is {level} and not {}", wanted.policy.level())),
        Some(_) => Err("credProtect is none of 1, 2 and 3".to_owned()),
        None if wanted.enforce => Err("the key does not say that the credential is protected".to_owned()),
        None => Ok(Some("credProtect is not known to this key".to_owned())),
    }
}

fn enabled(
    asked: &CreationExtensions,
    outputs: &[(Value, Value)],
    client: Option<&PrfOutputs>,
) -> Result<Option<String>, String> {
    if asked.prf.is_none() {
        return Ok(None);
    }
    let signed = match member(outputs, "hmac-secret") {
        Some(Value::Bool(signed)) => *signed,
        None => false,
        Some(_) => return Err("hmac-secret is neither true nor false".to_owned()),
    };
    let evaluated = client.is_some_and(|prf| prf.results.is_some());
    // The client accepts only as many bytes as it sent, 32 or 64, encrypted with the protocol that it used.
    if matches!(asked.prf, Some(Some(_))) && member(outputs, "hmac-secret-mc").is_some() && !evaluated {
        return Err("what the key sent for PRF at registration is no secret".to_owned());
    }
    match (signed, client.and_then(|prf| prf.enabled)) {
        (true, Some(true)) if evaluated => Ok(Some("PRF is enabled, and gave its secret already".to_owned())),
        (true, Some(true)) => Ok(Some("PRF is enabled".to_owned())),
        (false, Some(false)) => Err("PRF is not enabled: the key gives no secrets with this credential".to_owned()),
        _ => Err("the client says otherwise of PRF than the key".to_owned()),
    }
}

fn large_blob_support(asked: &CreationExtensions, client: Option<&LargeBlobOutputs>) -> Result<Option<String>, String> {
    let Some(wanted) = asked.large_blob else {
        return Ok(None);
    };
    match (client.and_then(|blob| blob.supported), wanted) {
        (Some(true), _) => Ok(Some("the credential can have a large blob".to_owned())),
        (_, Requirement::Required) => Err("the credential can have no large blob".to_owned()),
        _ => Ok(Some(
            "the credential can have no large blob, and did not have to".to_owned(),
        )),
    }
}

fn min_pin_length(asked: &CreationExtensions, outputs: &[(Value, Value)]) -> Result<Option<String>, String> {
    match (member(outputs, "minPinLength"), asked.min_pin_length) {
        (_, false) => Ok(None),
        (Some(Value::Integer(length @ 4..=63)), true) => Ok(Some(format!("PINs have at least {length} characters"))),
        (Some(_), true) => Err("minPinLength is no length of a PIN".to_owned()),
        (None, true) => Ok(Some("the key does not tell this website how long PINs are".to_owned())),
    }
}

fn evaluated(
    asked: &RequestExtensions,
    outputs: &[(Value, Value)],
    client: Option<&PrfOutputs>,
) -> Result<Option<String>, String> {
    if asked.prf.is_none() {
        return Ok(None);
    }
    let signed = matches!(member(outputs, "hmac-secret"), Some(Value::Bytes(_)));
    match (signed, client.is_some_and(|prf| prf.results.is_some())) {
        (true, true) => Ok(Some("PRF gave its secret".to_owned())),
        (false, false) => Err("PRF gave no secret".to_owned()),
        _ => Err("what the key sent for PRF is no secret".to_owned()),
    }
}

fn large_blob(asked: &RequestExtensions, client: Option<&LargeBlobOutputs>) -> Result<Option<String>, String> {
    let Some(wanted) = &asked.large_blob else {
        return Ok(None);
    };
    let outputs = client.ok_or("the client says nothing of the large blob")?;
    match (wanted, &outputs.blob, outputs.written) {
        (LargeBlobRequest::Read, Some(blob), _) => Ok(Some(format!("the large blob has {} bytes", blob.len()))),
        (LargeBlobRequest::Read, None, _) => Ok(Some("there is no large blob".to_owned())),
        (LargeBlobRequest::Write(_), _, Some(true)) => Ok(Some("the large blob was written".to_owned())),
        (LargeBlobRequest::Write(_), ..) => Err("the large blob was not written".to_owned()),
    }
}

#[cfg(test)]
mod tests;
