//! Options and answers as JSON, in the shapes of WebAuthn Level 3 §5.1.8 to §5.1.10: what the browser's
//! `parseCreationOptionsFromJSON` and `toJSON` take and give.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Value, json};

use crate::webauthn::{
    AssertionResponse, AttestationConveyancePreference, AttestationResponse, CreationOptions, CredentialDescriptor,
    ExtensionOutputs, RequestOptions, Requirement,
};

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn requirement(requirement: Requirement) -> &'static str {
    match requirement {
        Requirement::Required => "required",
        Requirement::Preferred => "preferred",
        Requirement::Discouraged => "discouraged",
    }
}

fn descriptors(credentials: &[CredentialDescriptor]) -> Vec<Value> {
    let described = credentials.iter().map(|credential| {
        json!({ "type": "public-key", "id": base64url(&credential.id), "transports": credential.transports })
    });
    described.collect()
}

/// `PublicKeyCredentialCreationOptionsJSON`.
pub(super) fn creation(options: &CreationOptions) -> Value {
    let parameters = options.algorithms.iter();
    json!({
        "rp": { "id": options.rp.id, "name": options.rp.name },
        "user": {
            "id": base64url(&options.user.id),
            "name": options.user.name,
            "displayName": options.user.display_name,
        },
        "challenge": base64url(options.challenge.bytes()),
        "pubKeyCredParams": parameters.map(|alg| json!({ "type": "public-key", "alg": alg })).collect::<Vec<_>>(),
        "timeout": u64::try_from(options.timeout.as_millis()).unwrap_or(u64::MAX),
        "excludeCredentials": descriptors(&options.exclude),
        "authenticatorSelection": {
            "residentKey": requirement(options.resident_key),
            "requireResidentKey": options.resident_key == Requirement::Required,
            "userVerification": requirement(options.user_verification),
        },
        "attestation": match options.attestation {
            AttestationConveyancePreference::None => "none",
            AttestationConveyancePreference::Direct => "direct",
        },
    })
}

/// `PublicKeyCredentialRequestOptionsJSON`.
pub(super) fn request(options: &RequestOptions) -> Value {
    json!({
        "challenge": base64url(options.challenge.bytes()),
        "timeout": u64::try_from(options.timeout.as_millis()).unwrap_or(u64::MAX),
        "rpId": options.rp_id,
        "allowCredentials": descriptors(&options.allow),
        "userVerification": requirement(options.user_verification),
    })
}

/// Bytes that JSON has in base64url.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
        bytes.map(Self).map_err(D::Error::custom)
    }
}

/// `RegistrationResponseJSON` and `AuthenticationResponseJSON`. Members that say again what others say are not read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<Response> {
    raw_id: Bytes,
    response: Response,
}

#[derive(Deserialize)]
struct Attestation {
    #[serde(rename = "clientDataJSON")]
    client_data_json: Bytes,
    #[serde(rename = "attestationObject")]
    attestation_object: Bytes,
    #[serde(default)]
    transports: Vec<String>,
}

#[derive(Deserialize)]
struct Assertion {
    #[serde(rename = "clientDataJSON")]
    client_data_json: Bytes,
    #[serde(rename = "authenticatorData")]
    authenticator_data: Bytes,
    signature: Bytes,
    #[serde(rename = "userHandle", default)]
    user_handle: Option<Bytes>,
}

/// How many ways of reaching a key are kept, and how long their names may be: a browser is free to invent some.
const TRANSPORTS_MAX: usize = 8;
const TRANSPORT_MAX: usize = 32;

/// Reads `RegistrationResponseJSON`.
pub(super) fn attestation(json: &str) -> Result<AttestationResponse, serde_json::Error> {
    let answer: Answer<Attestation> = serde_json::from_str(json)?;
    let mut transports = answer.response.transports;
    transports.retain(|name| name.len() <= TRANSPORT_MAX);
    transports.truncate(TRANSPORTS_MAX);
    Ok(AttestationResponse {
        credential_id: answer.raw_id.0,
        client_data_json: answer.response.client_data_json.0,
        attestation_object: answer.response.attestation_object.0,
        transports,
        extensions: ExtensionOutputs::default(),
        faults: Vec::new(),
    })
}

/// Reads `AuthenticationResponseJSON`.
pub(super) fn assertion(json: &str) -> Result<AssertionResponse, serde_json::Error> {
    let answer: Answer<Assertion> = serde_json::from_str(json)?;
    Ok(AssertionResponse {
        credential_id: answer.raw_id.0,
        client_data_json: answer.response.client_data_json.0,
        authenticator_data: answer.response.authenticator_data.0,
        signature: answer.response.signature.0,
        // Some browsers send an empty one for none.
        user_handle: answer
            .response
            .user_handle
            .map(|handle| handle.0)
            .filter(|handle| !handle.is_empty()),
        app_id_used: false,
        extensions: ExtensionOutputs::default(),
        faults: Vec::new(),
    })
}

/// What the browser's refusal means, in plain words. `error` is the name of a `DOMException` (WebAuthn Level 3 §5.1.3,
/// §5.1.4), or what our script says.
pub(super) fn refusal(error: &str, is_registration: bool) -> &'static str {
    match (error, is_registration) {
        ("InvalidStateError", true) => {
            "This security key is assigned to this user already. Touch another one, or choose another kind of device."
        }
        ("NotAllowedError" | "TimeoutError", true) => {
            "No security key answered: the browser's dialogue was cancelled, or nobody touched the key in time. \
             Nothing \
             was assigned. Try again, and touch the key when it blinks."
        }
        ("NotAllowedError" | "TimeoutError", false) => {
            "No security key answered: the dialogue was cancelled, nobody touched the key in time, or it is not a key \
             of this user. Try again with the right key, or try another way."
        }
        ("SecurityError", _) => {
            "The browser does not let this page use security keys. Open it at http://localhost, not at an address of \
             numbers."
        }
        ("NotSupportedError" | "ConstraintError", _) => {
            "This security key cannot do what was asked for. Try another one."
        }
        ("AbortError", _) => "The browser stopped waiting for a security key. Try again.",
        ("unsupported", _) => "This browser has no WebAuthn, which security keys need. Use another browser.",
        _ => "The browser could not use a security key. Try again, or with another browser.",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_answer_is_read_or_refused(json in "\\PC*") {
            let _ = attestation(&json);
            let _ = assertion(&json);
        }
    }

    #[test]
    fn answers_are_read_as_browsers_write_them() {
        let json = r#"{"id":"AQI","rawId":"AQI","type":"public-key","authenticatorAttachment":"cross-platform",
            "response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"BQ==","userHandle":""},
            "clientExtensionResults":{}}"#;
        let answer = assertion(json).unwrap();
        assert_eq!(answer.credential_id, [1, 2]);
        assert_eq!(answer.client_data_json, b"{}");
        assert_eq!(answer.signature, [5]);
        assert_eq!(answer.user_handle, None);
        assert!(assertion(&json.replace("AQI", "+/+/")).is_err(), "not base64url");

        let json = r#"{"rawId":"AQI","response":{"clientDataJSON":"e30","attestationObject":"oA",
            "transports":["usb","a name that is much longer than any transport"]}}"#;
        assert_eq!(attestation(json).unwrap().transports, ["usb"]);
    }
}
