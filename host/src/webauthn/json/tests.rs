use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::webauthn::{AttestationConveyancePreference, CredentialProtection, LargeBlobRequest, PrfValues};

fn origin() -> Origin {
    Origin::parse("https://login.example.com").unwrap()
}

/// A dictionary with one member set to another value, or taken away.
fn with(mut options: Value, member: &str, value: Option<Value>) -> String {
    let (parent, last) = member.rsplit_once('.').unwrap_or(("", member));
    let mut at = &mut options;
    for step in parent.split('.').filter(|step| !step.is_empty()) {
        at = &mut at[step];
    }
    let members = at.as_object_mut().unwrap();
    match value {
        Some(value) => members.insert(last.to_owned(), value),
        None => members.remove(last),
    };
    options.to_string()
}

/// What is required of a registration, and no more.
fn least() -> Value {
    json!({
        "rp": { "name": "Example" },
        "user": { "id": "YWxpY2U", "name": "alice", "displayName": "Alice" },
        "challenge": "_-8",
        "pubKeyCredParams": [],
    })
}

fn creation(member: &str, value: Value) -> Result<CreationOptions, ExceptionName> {
    CreationOptions::from_json(&with(least(), member, Some(value)), &origin()).map_err(|error| error.name)
}

fn request(member: &str, value: Value) -> Result<RequestOptions, ExceptionName> {
    let least = json!({ "challenge": "_-8", "allowCredentials": [{ "type": "public-key", "id": "AAAA" }] });
    RequestOptions::from_json(&with(least, member, Some(value)), &origin()).map_err(|error| error.name)
}

#[test]
fn what_is_left_out_is_as_the_standard_has_it() {
    let options = CreationOptions::from_json(&least().to_string(), &origin()).unwrap();
    assert_eq!(options.rp.id, "login.example.com");
    assert_eq!(options.user.id, b"alice");
    assert_eq!(options.challenge.bytes(), [0xFF, 0xEF]);
    assert_eq!(options.algorithms, [-7, -257]);
    assert_eq!(options.attestation, AttestationConveyancePreference::None);
    assert_eq!(options.user_verification, Requirement::Preferred);
    assert_eq!(options.resident_key, Requirement::Discouraged);
    assert_eq!(options.attachment, None);
    let options = RequestOptions::from_json(r#"{"challenge":""}"#, &origin()).unwrap();
    assert_eq!(options.rp_id, "login.example.com");
    assert!(options.allow.is_empty());
    assert_eq!(options.user_verification, Requirement::Preferred);
}

#[test]
fn what_is_required_has_to_be_there() {
    for member in [
        "rp",
        "rp.name",
        "user",
        "user.id",
        "user.name",
        "user.displayName",
        "challenge",
        "pubKeyCredParams",
    ] {
        let refused = CreationOptions::from_json(&with(least(), member, None), &origin()).unwrap_err();
        assert_eq!(refused.name, ExceptionName::Type, "{member}");
        let name = member.rsplit('.').next().unwrap();
        assert!(refused.message.contains(name), "{}", refused.message);
    }
    assert_eq!(
        RequestOptions::from_json("{}", &origin()).unwrap_err().name,
        ExceptionName::Type
    );
    assert_eq!(
        RequestOptions::from_json("[", &origin()).unwrap_err().name,
        ExceptionName::Type
    );
}

#[test]
fn bytes_are_base64url_without_padding() {
    for text in ["_-8=", "/+8", "A", "é"] {
        assert_eq!(
            creation("challenge", json!(text)).unwrap_err(),
            ExceptionName::Encoding,
            "{text}"
        );
        let listed = json!([{ "type": "public-key", "id": text }]);
        assert_eq!(
            request("allowCredentials", listed).unwrap_err(),
            ExceptionName::Encoding,
            "{text}"
        );
    }
    assert_eq!(creation("user.id", json!("")).unwrap_err(), ExceptionName::Type);
    assert_eq!(
        creation("user.id", json!("A".repeat(88))).unwrap_err(),
        ExceptionName::Type
    );
}

#[test]
fn words_that_the_standard_does_not_know_say_nothing() {
    let selection = json!({ "residentKey": "perhaps", "requireResidentKey": true, "userVerification": "perhaps" });
    let options = creation("authenticatorSelection", selection).unwrap();
    assert_eq!(options.resident_key, Requirement::Required);
    assert_eq!(options.user_verification, Requirement::Preferred);
    let parameters = json!([{ "type": "password", "alg": -7 }, { "type": "public-key", "alg": -8 }]);
    assert_eq!(creation("pubKeyCredParams", parameters).unwrap().algorithms, [-8]);
    let none = json!([{ "type": "password", "alg": -7 }]);
    assert_eq!(
        creation("pubKeyCredParams", none).unwrap_err(),
        ExceptionName::NotSupported
    );
    let none = json!([{ "type": "password", "id": "AAAA" }]);
    assert_eq!(
        request("allowCredentials", none).unwrap_err(),
        ExceptionName::NotAllowed
    );
    assert!(creation("hints", json!(["security-key"])).is_ok());
    assert!(creation("extensions", json!({ "unknown": 1 })).is_ok());
    assert!(creation("extensions", Value::Null).is_ok());
}

#[test]
fn extensions_are_read() {
    let options = creation(
        "extensions",
        json!({
            "credProps": true,
            "minPinLength": true,
            "credentialProtectionPolicy": "userVerificationRequired",
            "enforceCredentialProtectionPolicy": true,
            "prf": { "eval": { "first": "AAAA" } },
            "largeBlob": { "support": "required" },
            "appidExclude": "https://example.com/app-id.json",
        }),
    )
    .unwrap();
    let read = &options.extensions;
    assert!(read.cred_props && read.min_pin_length);
    let protect = read.cred_protect.unwrap();
    assert!(protect.enforce && protect.policy == CredentialProtection::UserVerificationRequired);
    assert_eq!(read.prf.as_ref().unwrap().as_ref().unwrap().first, [0, 0, 0]);
    assert_eq!(read.large_blob, Some(Requirement::Required));
    assert_eq!(
        options.app_id_exclude.as_deref(),
        Some("https://example.com/app-id.json")
    );

    let prf = json!({ "eval": { "first": "AAAA" }, "evalByCredential": { "AAAA": { "first": "", "second": "BBBB" } } });
    let options = request("extensions", json!({ "prf": prf, "largeBlob": { "write": "AAAA" } })).unwrap();
    let own = PrfValues {
        first: vec![],
        second: Some(vec![4, 16, 65]),
    };
    assert_eq!(options.extensions.prf_values(Some(&[0, 0, 0])), Some(&own));
    assert_eq!(options.extensions.prf_values(None).unwrap().first, [0, 0, 0]);
    assert_eq!(
        options.extensions.large_blob,
        Some(LargeBlobRequest::Write(vec![0, 0, 0]))
    );
}

#[test]
fn a_timeout_is_a_number_in_a_range() {
    for (wanted, given) in [
        (json!(null), 300_000),
        (json!(60_000), 60_000),
        (json!(60_000.0), 60_000),
        (json!(0), 1_000),
        (json!(900_000), 600_000),
        (json!(1e300), 600_000),
    ] {
        let given = Duration::from_millis(given);
        assert_eq!(creation("timeout", wanted.clone()).unwrap().timeout, given, "{wanted}");
        assert_eq!(request("timeout", wanted.clone()).unwrap().timeout, given, "{wanted}");
    }
    for wrong in [json!("60000"), json!(-1), json!([60_000])] {
        assert_eq!(
            creation("timeout", wrong.clone()).unwrap_err(),
            ExceptionName::Type,
            "{wrong}"
        );
        assert_eq!(
            request("timeout", wrong.clone()).unwrap_err(),
            ExceptionName::Type,
            "{wrong}"
        );
    }
}

#[test]
fn extensions_have_their_place() {
    for inputs in [
        json!({ "appid": "https://example.com" }),
        json!({ "largeBlob": { "read": true } }),
        json!({ "prf": { "evalByCredential": {} } }),
    ] {
        assert_eq!(
            creation("extensions", inputs.clone()).unwrap_err(),
            ExceptionName::NotSupported,
            "{inputs}"
        );
    }
    for inputs in [
        json!({ "appidExclude": "https://example.com" }),
        json!({ "largeBlob": { "support": "required" } }),
        json!({ "largeBlob": { "read": true, "write": "" } }),
    ] {
        assert_eq!(
            request("extensions", inputs.clone()).unwrap_err(),
            ExceptionName::NotSupported,
            "{inputs}"
        );
    }
    let foreign = json!({ "prf": { "evalByCredential": { "BBBB": { "first": "" } } } });
    assert_eq!(request("extensions", foreign).unwrap_err(), ExceptionName::Syntax);
    let passkeys =
        json!({ "challenge": "", "extensions": { "prf": { "evalByCredential": { "A": { "first": "" } } } } });
    let refused = RequestOptions::from_json(&passkeys.to_string(), &origin()).unwrap_err();
    assert_eq!(refused.name, ExceptionName::NotSupported);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), member in "[a-zA-Z]{1,12}") {
        let _ = CreationOptions::from_json(&text, &origin());
        let _ = RequestOptions::from_json(&text, &origin());
        let _ = creation(&member, json!(text));
        let _ = request(&member, json!([text]));
    }
}
