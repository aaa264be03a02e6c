//! What a browser does between a page and a key: options from JSON, and answers to JSON.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use brasskey::client::ceremony::{CeremonyError, Protocol, create, get};
use brasskey::client::{Key, Unwatched};
use brasskey::soft::{SoftKey, Touch};
use brasskey::webauthn::{
    AttestationConveyancePreference, Challenge, CreationOptions, CredentialDescriptor, Origin, RelyingPartyEntity,
    RequestOptions, Requirement, UserEntity,
};
use serde_json::{Value, json};

use super::browser::Browser;

pub(crate) fn soft_key() -> Key {
    let soft = SoftKey::builder().touch(Touch::Auto).build().unwrap();
    Key::open(Box::new(soft.connect())).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn descriptors(list: &Value) -> Vec<CredentialDescriptor> {
    let list = list.as_array().unwrap().iter();
    list.map(|credential| CredentialDescriptor::new(bytes(&credential["id"])))
        .collect()
}

/// What the page asks of `navigator.credentials`.
pub(crate) fn options(browser: &Browser) -> Value {
    serde_json::from_str(&browser.attribute("data-options")).unwrap()
}

/// `navigator.credentials.create`, and the answer as JSON.
pub(crate) fn register(browser: &Browser, key: &mut Key, protocol: Protocol) -> Result<String, CeremonyError> {
    let json = options(browser);
    let user = UserEntity::new(bytes(&json["user"]["id"]), json["user"]["name"].as_str().unwrap());
    let relying_party = RelyingPartyEntity::new(json["rp"]["id"].as_str().unwrap());
    let algorithms = json["pubKeyCredParams"].as_array().unwrap().iter();
    assert_eq!(json["attestation"], "direct");
    let options = CreationOptions::new(relying_party, user)
        .unwrap()
        .challenge(Challenge::from_bytes(bytes(&json["challenge"])))
        .algorithms(
            algorithms
                .map(|known| known["alg"].as_i64().unwrap())
                .collect::<Vec<_>>(),
        )
        .exclude(descriptors(&json["excludeCredentials"]))
        .attestation(AttestationConveyancePreference::Direct)
        .user_verification(Requirement::Discouraged);
    let origin = Origin::parse(&browser.origin).unwrap();
    let answer = create(key, &options, &origin, protocol, &mut Unwatched)?;
    let id = base64url(&answer.credential_id);
    let response = json!({
        "clientDataJSON": base64url(&answer.client_data_json),
        "attestationObject": base64url(&answer.attestation_object),
        "transports": answer.transports,
    });
    Ok(json!({ "id": id, "rawId": id, "type": "public-key", "response": response }).to_string())
}

/// `navigator.credentials.get`, and the answer as JSON.
pub(crate) fn sign(browser: &Browser, key: &mut Key, protocol: Protocol) -> Result<String, CeremonyError> {
    let json = options(browser);
    let options = RequestOptions::new(json["rpId"].as_str().unwrap())
        .unwrap()
        .challenge(Challenge::from_bytes(bytes(&json["challenge"])))
        .allow(descriptors(&json["allowCredentials"]))
        .user_verification(Requirement::Discouraged);
    let origin = Origin::parse(&browser.origin).unwrap();
    let answer = get(key, &options, &origin, protocol, &mut Unwatched)?;
    let id = base64url(&answer.credential_id);
    let response = json!({
        "clientDataJSON": base64url(&answer.client_data_json),
        "authenticatorData": base64url(&answer.authenticator_data),
        "signature": base64url(&answer.signature),
    });
    Ok(json!({ "id": id, "rawId": id, "type": "public-key", "response": response }).to_string())
}

/// Assigns a key by the pages.
pub(crate) fn assign_key(browser: &mut Browser, key: &mut Key, name: &str, protocol: Protocol) {
    browser.get("/security-credentials/assign");
    browser.post("/security-credentials/assign", &[("name", name), ("kind", "key")]);
    assert_eq!(browser.path, "/security-credentials/assign/key", "{}", browser.page);
    let answer = register(browser, key, protocol).unwrap();
    browser.post(
        "/security-credentials/assign/key",
        &[("answer", &answer), ("error", "")],
    );
    assert_eq!(browser.path, "/security-credentials", "{}", browser.told());
}
