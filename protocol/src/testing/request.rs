//! The requests of `brasskey_conformance`, and what these tests send besides.

pub(crate) use brasskey_conformance::host::cbor::{array, encode, integer, map};
pub(crate) use brasskey_conformance::host::client_pin::{configure, manage};
use brasskey_conformance::host::ctap2;
pub(crate) use brasskey_conformance::host::ctap2::{
    GET_INFO, GET_NEXT_ASSERTION, RESET, Request, SELECTION, descriptor, get_assertion, get_assertion_by, mc,
    parameters,
};
pub(crate) use brasskey_conformance::host::response::member;
use ciborium::Value;

pub(crate) const RP: &str = "example.com";

pub(crate) fn user(id: &[u8]) -> Value {
    map([
        ("id", id.into()),
        ("name", "alice@example.com".into()),
        ("displayName", "Alice".into()),
    ])
}

pub(crate) fn option(name: &str, value: bool) -> Value {
    map([(name, value.into())])
}

/// authenticatorMakeCredential for an ES256 credential that is not discoverable.
pub(crate) fn make_credential(rp_id: &str, user_id: &[u8]) -> Request {
    ctap2::make_credential(rp_id, user_id).with(mc::USER, user(user_id))
}

/// authenticatorMakeCredential for a discoverable ES256 credential.
pub(crate) fn make_discoverable(rp_id: &str, user_id: &[u8]) -> Request {
    make_credential(rp_id, user_id).with(mc::OPTIONS, option("rk", true))
}

/// authenticatorConfig toggleAlwaysUv.
pub(crate) fn toggle_always_uv() -> Request {
    configure(0x02, None)
}

/// authenticatorConfig setMinPINLength with these of its parameters.
pub(crate) fn set_min_pin_length<const N: usize>(parameters: [(u8, Value); N]) -> Request {
    let parameters = parameters.map(|(key, value)| (key.into(), value));
    configure(0x03, Some(Value::Map(parameters.into())))
}
