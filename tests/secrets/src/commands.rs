//! Commands of CTAP2, from the message to its answer.
//!
//! What signs here is Ed25519: how DER writes the signatures of P-256 depends on their two numbers, which are public,
//! but memcheck cannot know that.

use brasskey_conformance::host::cbor::array;
use brasskey_conformance::host::client_pin::{Agreement, Protocol, Token, permission};
use brasskey_conformance::host::ctap2::{
    Request, extending, ga, get_assertion, get_assertion_by, make_credential, make_discoverable, mc, parameters, status,
};
use brasskey_conformance::host::response::{Assertion, Made, flags};
use brasskey_conformance::host::verify::algorithm;

use crate::guesses;
use crate::key::Key;

const RP_ID: &str = "example.com";
const PIN: &str = "2580";

fn by_ed25519(request: Request) -> Request {
    request.with(mc::PUB_KEY_CRED_PARAMS, array([parameters(algorithm::EDDSA)]))
}

/// Makes a credential and verifies it.
fn register(key: &mut Key, request: &Request) -> Made {
    let made = Made::of(&key.ctap2(request));
    key.has_told();
    made.verify();
    made
}

/// Signs in and verifies it.
fn sign_in(key: &mut Key, made: &Made, request: &Request, flags: u8) -> Assertion {
    let assertion = Assertion::of(&key.ctap2(request));
    key.has_told();
    assertion.verify(&made.public_key, RP_ID, flags);
    assertion
}

/// A credential by its ID: sealed, opened, and signed with.
pub(crate) fn credential() {
    let mut key = Key::new().with_secrets();
    let made = register(&mut key, &by_ed25519(make_credential(RP_ID, b"ada")));
    sign_in(&mut key, &made, &get_assertion_by(RP_ID, &[&made.id]), flags::UP);
}

pub(crate) fn discoverable_credential() {
    let mut key = Key::new().with_secrets();
    let made = register(&mut key, &by_ed25519(make_discoverable(RP_ID, b"ada")));
    sign_in(&mut key, &made, &get_assertion(RP_ID), flags::UP);
}

/// An ID with a wrong byte, each of them in turn.
pub(crate) fn wrong_credential_ids() {
    let mut key = Key::new().with_secrets();
    let made = register(&mut key, &by_ed25519(make_credential(RP_ID, b"ada")));
    for place in 0..made.id.len() {
        let mut id = made.id.clone();
        id[place] ^= 1;
        let answer = key.ctap2(get_assertion_by(RP_ID, &[&id]));
        assert_eq!(answer.status, status::NO_CREDENTIALS, "byte {place}");
    }
}

/// A key with a PIN. A PIN that is set is looked at byte by byte, so nothing is secret yet.
fn with_pin() -> Key {
    let mut key = Key::new();
    let request = key.agree(Protocol::Two).set_pin(PIN);
    assert_eq!(key.ctap2(request).status, status::OK);
    key.with_secrets()
}

fn token(key: &mut Key, protocol: Protocol) -> (Agreement, Token) {
    let agreement = key.agree(protocol);
    key.has_told();
    let answer = key.ctap2(agreement.get_token(PIN, permission::MC | permission::GA, Some(RP_ID)));
    key.has_told();
    let token = agreement.token(&answer);
    (agreement, token)
}

/// The right PIN, and a token for it, with which a credential is made.
pub(crate) fn pin(protocol: Protocol) {
    let mut key = with_pin();
    let (_, token) = token(&mut key, protocol);
    let made = register(&mut key, &token.on(by_ed25519(make_credential(RP_ID, b"ada"))));
    assert_eq!(made.auth_data.flags & flags::UV, flags::UV);
}

/// A PIN with another hash.
pub(crate) fn wrong_pin(protocol: Protocol) {
    let mut key = with_pin();
    let request = key.agree(protocol).get_pin_token("2581");
    assert_eq!(key.ctap2(request).status, status::PIN_INVALID);
}

/// Proofs that are wrong in the first byte, or in the last.
pub(crate) fn wrong_token(protocol: Protocol) {
    let mut key = with_pin();
    let (_, token) = token(&mut key, protocol);
    let request = token.on(by_ed25519(make_credential(RP_ID, b"ada")));
    let proof = request[mc::PIN_UV_AUTH_PARAM].as_bytes().expect("bytes").clone();
    for (guess, is_right) in guesses(&proof) {
        let answer = key.ctap2(request.clone().with(mc::PIN_UV_AUTH_PARAM, guess));
        let expected = if is_right { status::OK } else { status::PIN_AUTH_INVALID };
        assert_eq!(answer.status, expected);
    }
}

/// What hmac-secret gives for two salts comes in the other order for the salts in the other order.
pub(crate) fn hmac_secret(protocol: Protocol) {
    let mut key = Key::new().with_secrets();
    let made = register(&mut key, &by_ed25519(make_credential(RP_ID, b"ada")));
    let agreement = key.agree(protocol);
    let mut secrets = |first: u8, second: u8| {
        let salts = [[first; 32], [second; 32]].concat();
        let request = get_assertion_by(RP_ID, &[&made.id]).without(ga::OPTIONS);
        let request = extending(request, [("hmac-secret", agreement.salts(&salts))]);
        let assertion = sign_in(&mut key, &made, &request, flags::UP | flags::ED);
        let output = assertion.auth_data.extension("hmac-secret").expect("an output").clone();
        let output = agreement.decrypt(output.as_bytes().expect("bytes"));
        (output[..32].to_vec(), output[32..].to_vec())
    };
    let (first, second) = secrets(1, 2);
    assert_ne!(first, second);
    assert_eq!(secrets(2, 1), (second, first));
}
