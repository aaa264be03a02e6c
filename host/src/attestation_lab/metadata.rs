//! The FIDO metadata statement (FIDO Metadata Statement v3.1; its values are in FIDO Registry of Predefined Values
//! v2.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::Lab;
use crate::client::ctap2::Info;

/// The terms that everybody who publishes or reads a statement agrees to. §4 demands them in each statement.
const LEGAL_HEADER: &str = "Submission of this statement and retrieval and use of this statement indicates acceptance \
     of the appropriate agreement located at https://fidoalliance.org/metadata/metadata-legal-terms/.";

/// Wrong PINs before the key locks itself (CTAP 2.3 §6.5.5.2).
const PIN_RETRIES: u64 = 8;

/// The statement for the keys of a lab, made from the getInfo of one of them. `get_info` is the same in JSON: members
/// have the standard's names, and AAGUIDs are UUIDs.
#[must_use]
pub fn statement(lab: &Lab, info: &Info, get_info: &Map<String, Value>) -> Value {
    let aaguid = uuid::Uuid::from_bytes(lab.model.aaguid);
    json!({
        "legalHeader": LEGAL_HEADER,
        "aaguid": aaguid.to_string(),
        "description": lab.model.name,
        "authenticatorVersion": info.firmware_version.unwrap_or_default(),
        "protocolFamily": "fido2",
        "schema": 3,
        "upv": versions(info),
        "authenticationAlgorithms": algorithms(info),
        "publicKeyAlgAndEncodings": ["cose"],
        "attestationTypes": ["basic_full"],
        "userVerificationDetails": user_verification(info),
        "keyProtection": ["software"],
        "matcherProtection": ["software"],
        "cryptoStrength": 128,
        "attachmentHint": ["external", "wired"],
        "tcDisplay": [],
        "attestationRootCertificates": [STANDARD.encode(lab.root.der())],
        "authenticatorGetInfo": static_part(get_info),
    })
}

/// `upv`: of protocol family fido2, whose versions 1.x are CTAP 2.x.
fn versions(info: &Info) -> Vec<Value> {
    let minors = info
        .versions
        .iter()
        .filter_map(|version| version.strip_prefix("FIDO_2_")?.parse::<u16>().ok());
    minors.map(|minor| json!({ "major": 1, "minor": minor })).collect()
}

/// `authenticationAlgorithms`: the registry has one name for a curve and a hash, so that two COSE identifiers may share
/// it. It has none for ML-DSA.
fn algorithms(info: &Info) -> Vec<&'static str> {
    let mut names = Vec::new();
    for algorithm in info.algorithms.iter().flatten() {
        let name = match algorithm.alg {
            -7 | -9 => "secp256r1_ecdsa_sha256_raw",
            -8 | -19 => "ed25519_eddsa_sha512_raw",
            -35 | -51 => "secp384r1_ecdsa_sha384_raw",
            -36 | -52 => "secp521r1_ecdsa_sha512_raw",
            -47 => "secp256k1_ecdsa_sha256_raw",
            _ => continue,
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// `userVerificationDetails`: a touch, or a PIN that is typed on the host and a touch.
fn user_verification(info: &Info) -> Value {
    let touch = json!({ "userVerificationMethod": "presence_internal" });
    let mut ways = vec![json!([touch])];
    if info.options.contains_key("clientPin") {
        let pin = json!({
            "userVerificationMethod": "passcode_external",
            "caDesc": {
                "base": 64,
                "minLength": info.min_pin_length.unwrap_or(4),
                "maxRetries": PIN_RETRIES,
                "blockSlowdown": 0,
            },
        });
        ways.push(json!([pin, touch]));
    }
    Value::Array(ways)
}

/// `authenticatorGetInfo`: the members that are the same on every key of the model, and the AAGUID without dashes. The
/// room that is left differs from key to key and is left out. The two encrypted values change with every answer: they
/// are present, but empty.
fn static_part(get_info: &Map<String, Value>) -> Value {
    let mut members = get_info.clone();
    for varying in ["unknown", "remainingDiscoverableCredentials"] {
        members.remove(varying);
    }
    for encrypted in ["encIdentifier", "encCredStoreState"] {
        if let Some(value) = members.get_mut(encrypted) {
            *value = json!("");
        }
    }
    if let Some(Value::String(aaguid)) = members.get_mut("aaguid") {
        aaguid.retain(|character| character != '-');
    }
    Value::Object(members)
}
