//! Valid CTAP2 requests, which tests send unchanged or changed.

use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

use cbor4ii::core::Value;

use super::cbor::{array, bytes, encode, int, map, text};
use crate::ctap2::command;
use crate::ctap2::config::subcommand;

pub(crate) const RP: &str = "example.com";
pub(crate) const HASH: [u8; 32] = [0xcd; 32];

/// A command byte and the members of its parameter map.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) command: u8,
    pub(crate) members: BTreeMap<u64, Value>,
}

impl Request {
    pub(crate) fn new(command: u8) -> Self {
        Self {
            command,
            members: BTreeMap::new(),
        }
    }

    /// Sets a member.
    pub(crate) fn with(mut self, key: u64, value: Value) -> Self {
        self.members.insert(key, value);
        self
    }

    /// Drops a member.
    pub(crate) fn without(mut self, key: u64) -> Self {
        self.members.remove(&key);
        self
    }

    /// The request on the wire. One without parameters is its command byte alone.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut request = vec![self.command];
        if !self.members.is_empty() {
            let members = self.members.iter();
            let members = members.map(|(&key, value)| (Value::Integer(key.into()), value.clone()));
            request.extend(encode(&Value::Map(members.collect())));
        }
        request
    }
}

pub(crate) fn user(id: &[u8]) -> Value {
    map([
        ("id", bytes(id)),
        ("name", text("alice@example.com")),
        ("displayName", text("Alice")),
    ])
}

pub(crate) fn parameter(algorithm: i64) -> Value {
    map([("alg", int(algorithm)), ("type", text("public-key"))])
}

pub(crate) fn descriptor(id: &[u8]) -> Value {
    map([("id", bytes(id)), ("type", text("public-key"))])
}

pub(crate) fn option(name: &str, value: bool) -> Value {
    map([(name, Value::Bool(value))])
}

/// authenticatorMakeCredential for an ES256 credential that is not discoverable.
pub(crate) fn make_credential(rp_id: &str, user_id: &[u8]) -> Request {
    Request::new(command::MAKE_CREDENTIAL)
        .with(1, bytes(HASH))
        .with(2, map([("id", text(rp_id)), ("name", text("Example"))]))
        .with(3, user(user_id))
        .with(4, array([parameter(-7)]))
}

/// authenticatorMakeCredential for a discoverable ES256 credential.
pub(crate) fn make_discoverable(rp_id: &str, user_id: &[u8]) -> Request {
    make_credential(rp_id, user_id).with(7, option("rk", true))
}

/// authenticatorGetAssertion without an allow list.
pub(crate) fn discover(rp_id: &str) -> Request {
    Request::new(command::GET_ASSERTION)
        .with(1, text(rp_id))
        .with(2, bytes(HASH))
}

/// authenticatorGetAssertion with an allow list.
pub(crate) fn get_assertion(rp_id: &str, ids: &[&[u8]]) -> Request {
    discover(rp_id).with(3, array(ids.iter().map(|id| descriptor(id)).collect::<Vec<_>>()))
}

pub(crate) fn next_assertion() -> Request {
    Request::new(command::GET_NEXT_ASSERTION)
}

pub(crate) fn get_info() -> Request {
    Request::new(command::GET_INFO)
}

pub(crate) fn reset() -> Request {
    Request::new(command::RESET)
}

pub(crate) fn selection() -> Request {
    Request::new(command::SELECTION)
}

/// authenticatorConfig with a subcommand and nothing else.
pub(crate) fn config(subcommand: u64) -> Request {
    Request::new(command::CONFIG).with(1, Value::Integer(subcommand.into()))
}

/// authenticatorConfig toggleAlwaysUv.
pub(crate) fn toggle_always_uv() -> Request {
    config(subcommand::TOGGLE_ALWAYS_UV)
}

/// authenticatorConfig setMinPINLength with these of its parameters.
pub(crate) fn set_min_pin_length<const N: usize>(parameters: [(i64, Value); N]) -> Request {
    let parameters = parameters.into_iter().map(|(key, value)| (int(key), value));
    config(subcommand::SET_MIN_PIN_LENGTH).with(2, Value::Map(parameters.collect()))
}
