use serde_json::{Value, json};

use super::*;
use crate::client::fake::{FakeKey, Reply};
use crate::client::{Error, Pin, PinRequest, Unwatched, Watch};
use crate::relying_party::{ExpectedAuthentication, ExpectedRegistration, verify_authentication, verify_registration};
use crate::soft::{Answer, SoftKey, Touch};
use crate::webauthn::json::ExceptionName;
use crate::webauthn::{AssertionResponse, AttestationResponse};

const ORIGIN: &str = "https://login.example.com";
const ROAMING: Attachment = Attachment::CrossPlatform;

struct Owner;

impl Watch for Owner {}

impl UserInteraction for Owner {
    fn pin(&mut self, _request: &PinRequest) -> Result<Pin, Error> {
        Ok(Pin::new("1234")?)
    }
}

fn key(touch: Touch) -> Key {
    let soft = SoftKey::builder().touch(touch).scripted_clock().build().unwrap();
    Key::open(Box::new(soft.connect())).unwrap()
}

fn origin() -> Origin {
    Origin::parse(ORIGIN).unwrap()
}

/// The options of a registration, with other members.
fn creation(more: Value) -> Value {
    let mut options = json!({
        "rp": { "id": "example.com", "name": "Example" },
        "user": { "id": "YWxpY2U", "name": "alice", "displayName": "Alice" },
        "challenge": "Y2hhbGxlbmdlIG9uZQ",
        "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
    });
    merge(&mut options, more);
    options
}

fn request(more: Value) -> Value {
    let mut options = json!({ "rpId": "example.com", "challenge": "Y2hhbGxlbmdlIHR3bw" });
    merge(&mut options, more);
    options
}

fn merge(options: &mut Value, more: Value) {
    let (Value::Object(options), Value::Object(more)) = (options, more) else {
        panic!("no dictionary");
    };
    options.extend(more);
}

fn register(key: &mut Key, more: Value) -> Result<Value, Exception> {
    let options = creation(more).to_string();
    let answer = create_json(key, &options, &origin(), ROAMING, &mut Owner)?;
    Ok(serde_json::from_str(&answer).unwrap())
}

fn sign_in(key: &mut Key, more: Value) -> Result<Value, Exception> {
    let options = request(more).to_string();
    let answer = get_json(key, &options, &origin(), ROAMING, &mut Owner)?;
    Ok(serde_json::from_str(&answer).unwrap())
}

fn bytes(answer: &Value, member: &str) -> Vec<u8> {
    use base64::Engine as _;
    let text = answer["response"][member].as_str().unwrap();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn descriptor(registered: &Value) -> Value {
    json!([{ "type": "public-key", "id": registered["id"] }])
}

#[test]
fn a_website_accepts_what_was_registered_and_signed_in_with() {
    let mut key = key(Touch::Auto);
    let registered = register(&mut key, json!({ "extensions": { "credProps": true } })).unwrap();
    assert_eq!(registered["id"], registered["rawId"]);
    assert_eq!(registered["type"], "public-key");
    assert_eq!(registered["authenticatorAttachment"], "cross-platform");
    assert_eq!(registered["response"]["transports"], json!(["usb"]));
    assert_eq!(registered["response"]["publicKeyAlgorithm"], -7);
    assert_eq!(
        registered["clientExtensionResults"],
        json!({ "credProps": { "rk": false } })
    );

    let answer = AttestationResponse {
        credential_id: id(&registered),
        client_data_json: bytes(&registered, "clientDataJSON"),
        attestation_object: bytes(&registered, "attestationObject"),
        transports: vec!["usb".to_owned()],
        extensions: Default::default(),
        faults: Vec::new(),
    };
    let options = CreationOptions::from_json(&creation(json!({})).to_string(), &origin()).unwrap();
    let user = options.user.id.clone();
    let (report, credential) = verify_registration(ExpectedRegistration::new(options, &origin()), &answer);
    let credential = credential.unwrap_or_else(|| panic!("{report:?}"));

    let more = json!({ "allowCredentials": descriptor(&registered) });
    let signed_in = sign_in(&mut key, more.clone()).unwrap();
    assert_eq!(signed_in["id"], registered["id"]);
    let answer = AssertionResponse {
        credential_id: id(&signed_in),
        client_data_json: bytes(&signed_in, "clientDataJSON"),
        authenticator_data: bytes(&signed_in, "authenticatorData"),
        signature: bytes(&signed_in, "signature"),
        user_handle: None,
        app_id_used: false,
        extensions: Default::default(),
        faults: Vec::new(),
    };
    let options = RequestOptions::from_json(&request(more).to_string(), &origin()).unwrap();
    let expected = ExpectedAuthentication::new(options, &origin(), user);
    let (report, _) = verify_authentication(expected, &credential, &answer);
    assert!(report.passed(), "{report:?}");
}

fn id(answer: &Value) -> Vec<u8> {
    use base64::Engine as _;
    let text = answer["rawId"].as_str().unwrap();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[test]
fn the_public_key_is_the_one_that_signs() {
    use p256::ecdsa::signature::Verifier as _;
    use p256::pkcs8::DecodePublicKey as _;
    use sha2::{Digest as _, Sha256};

    let mut key = key(Touch::Auto);
    let registered = register(&mut key, json!({})).unwrap();
    let public = p256::ecdsa::VerifyingKey::from_public_key_der(&bytes(&registered, "publicKey")).unwrap();
    let answer = sign_in(&mut key, json!({ "allowCredentials": descriptor(&registered) })).unwrap();
    let client_data_hash = Sha256::digest(bytes(&answer, "clientDataJSON"));
    let message = [&bytes(&answer, "authenticatorData")[..], &client_data_hash].concat();
    let signature = p256::ecdsa::DerSignature::from_bytes(&bytes(&answer, "signature")).unwrap();
    assert!(public.verify(&message, &signature).is_ok());
}

#[test]
fn every_algorithm_of_the_soft_key_has_its_public_key() {
    use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo};

    for (algorithm, bits) in [(-7, 256), (-35, 384), (-36, 528), (-47, 256)] {
        let parameters = json!([{ "type": "public-key", "alg": algorithm }]);
        let registered = register(&mut key(Touch::Auto), json!({ "pubKeyCredParams": parameters })).unwrap();
        assert_eq!(registered["response"]["publicKeyAlgorithm"], algorithm);
        let der = bytes(&registered, "publicKey");
        let (rest, read) = SubjectPublicKeyInfo::from_der(&der).unwrap();
        assert!(rest.is_empty());
        assert_eq!(read.parsed().unwrap().key_size(), bits, "{algorithm}");
    }
    let parameters = json!([{ "type": "public-key", "alg": -8 }]);
    let registered = register(&mut key(Touch::Auto), json!({ "pubKeyCredParams": parameters })).unwrap();
    let der = bytes(&registered, "publicKey");
    // RFC 8410 §4 shows such a key.
    assert_eq!(der[..12], *b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\0");
    assert_eq!(der.len(), 44);
    // Browsers know no name for these.
    let parameters = json!([{ "type": "public-key", "alg": -48 }]);
    let registered = register(&mut key(Touch::Auto), json!({ "pubKeyCredParams": parameters })).unwrap();
    assert_eq!(registered["response"]["publicKeyAlgorithm"], -48);
    assert_eq!(registered["response"].get("publicKey"), None);
}

#[test]
fn a_page_gets_the_exceptions_of_the_standard() {
    let refused = |answer: Result<Value, Exception>| answer.expect_err("an exception").name;
    let mut auto = key(Touch::Auto);
    let held = descriptor(&register(&mut auto, json!({})).unwrap());
    for (more, name) in [
        (
            json!({ "rp": { "id": "example.org", "name": "" } }),
            ExceptionName::Security,
        ),
        (json!({ "excludeCredentials": held }), ExceptionName::InvalidState),
        (
            json!({ "pubKeyCredParams": [{ "type": "public-key", "alg": -257 }] }),
            ExceptionName::NotSupported,
        ),
        (
            json!({ "authenticatorSelection": { "userVerification": "required" } }),
            ExceptionName::Constraint,
        ),
        (
            json!({ "authenticatorSelection": { "authenticatorAttachment": "platform" } }),
            ExceptionName::NotAllowed,
        ),
    ] {
        assert_eq!(refused(register(&mut auto, more.clone())), name, "{more}");
    }
    for (more, name) in [
        (json!({ "rpId": "com" }), ExceptionName::Security),
        (json!({ "userVerification": "required" }), ExceptionName::NotAllowed),
        (
            json!({ "extensions": { "largeBlob": { "write": "AA" } } }),
            ExceptionName::NotSupported,
        ),
        (
            json!({ "allowCredentials": [{ "type": "public-key", "id": "AAAA" }] }),
            ExceptionName::NotAllowed,
        ),
    ] {
        assert_eq!(refused(sign_in(&mut auto, more.clone())), name, "{more}");
    }
    let mut unwilling = key(Touch::Script(vec![Answer::Decline]));
    let declined = register(&mut unwilling, json!({})).unwrap_err();
    assert_eq!(declined.name, ExceptionName::NotAllowed);
    assert!(declined.message.contains("declined"), "{declined}");
}

#[test]
fn a_page_waits_as_long_as_its_website_says() {
    // Somebody touches this key after 20 seconds. What it then says is of no use.
    let mut slow = FakeKey::key(|_, request| match request {
        [0x04] => Reply::Now(b"\x00\xA2\x01\x81\x68FIDO_2_0\x03\x50AAAAAAAAAAAAAAAA".to_vec()),
        _ => Reply::AfterTouch(20_000, vec![0x00]),
    });
    let late = Exception::new(ExceptionName::NotAllowed, Error::TimedOut.to_string());
    for _ in 0..2 {
        assert_eq!(register(&mut slow, json!({ "timeout": 15_000 })).unwrap_err(), late);
        assert_eq!(sign_in(&mut slow, json!({ "timeout": 15_000 })).unwrap_err(), late);
        let touched = register(&mut slow, json!({ "timeout": 25_000 })).unwrap_err();
        assert_eq!(touched.name, ExceptionName::Unknown);
    }
    // A user who does nothing, and a key that says so before the website does.
    let mut idle = FakeKey::key(|_, request| match request {
        [0x04] => Reply::Now(b"\x00\xA2\x01\x81\x68FIDO_2_0\x03\x50AAAAAAAAAAAAAAAA".to_vec()),
        _ => Reply::Now(vec![0x2F]),
    });
    assert_eq!(register(&mut idle, json!({})).unwrap_err(), late);
}

#[test]
fn a_key_passes_for_part_of_the_computer() {
    let mut key = key(Touch::Auto);
    let selected = |wanted: &str| creation(json!({ "authenticatorSelection": { "authenticatorAttachment": wanted } }));
    let mut register = |wanted: &str| {
        let options = selected(wanted).to_string();
        create_json(&mut key, &options, &origin(), Attachment::Platform, &mut Unwatched)
    };
    let answer: Value = serde_json::from_str(&register("platform").unwrap()).unwrap();
    assert_eq!(answer["authenticatorAttachment"], "platform");
    assert_eq!(answer["response"]["transports"], json!(["internal"]));
    assert_eq!(register("cross-platform").unwrap_err().name, ExceptionName::NotAllowed);
    assert!(register("a word of the future").is_ok());
}

#[test]
fn extensions_have_their_outputs() {
    let mut key = key(Touch::Auto);
    key.set_pin(&Pin::new("1234").unwrap(), &mut Unwatched).unwrap();
    let passkey = |user: &str| {
        json!({
            "user": { "id": user, "name": user, "displayName": user },
            "authenticatorSelection": { "residentKey": "required" },
            "extensions": { "credProps": true, "largeBlob": { "support": "required" }, "prf": {} },
        })
    };
    let one = register(&mut key, passkey("b25l")).unwrap();
    let two = register(&mut key, passkey("dHdv")).unwrap();
    let results = &one["clientExtensionResults"];
    assert_eq!(results["credProps"], json!({ "rk": true }));
    assert_eq!(results["largeBlob"], json!({ "supported": true }));
    assert_eq!(results["prf"]["enabled"], true);

    let mut evaluate = |credential: &Value, prf: Value| {
        let more = json!({ "allowCredentials": descriptor(credential), "extensions": { "prf": prf } });
        sign_in(&mut key, more).unwrap()["clientExtensionResults"]["prf"]["results"].clone()
    };
    let first = evaluate(&one, json!({ "eval": { "first": "AAAA" } }));
    assert_eq!(first.get("second"), None);
    let id = one["id"].as_str().unwrap();
    let by_credential = json!({
        "eval": { "first": "BBBB" },
        "evalByCredential": { id: { "first": "AAAA", "second": "CCCC" } },
    });
    let both = evaluate(&one, by_credential);
    assert_eq!(both["first"], first["first"]);
    assert!(both["second"].is_string());
    assert_ne!(
        evaluate(&two, json!({ "eval": { "first": "AAAA" } }))["first"],
        first["first"]
    );

    let mut blob = |inputs: Value| {
        let more = json!({ "allowCredentials": descriptor(&one), "extensions": { "largeBlob": inputs } });
        sign_in(&mut key, more).unwrap()["clientExtensionResults"]["largeBlob"].clone()
    };
    assert_eq!(blob(json!({ "write": "aGVsbG8" })), json!({ "written": true }));
    assert_eq!(blob(json!({ "read": true })), json!({ "blob": "aGVsbG8" }));
    let found = sign_in(&mut key, json!({})).unwrap();
    assert_eq!(found["response"]["userHandle"], "dHdv");
}
