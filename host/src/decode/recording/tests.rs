use std::sync::{Arc, Mutex};
use std::time::Duration;

use brasskey_protocol::ctaphid::Report;

use super::*;
use crate::client::ceremony::{Protocol, create, get};
use crate::client::{Key, Unwatched};
use crate::decode::ctaphid::Side;
use crate::decode::{Decoded, Kind, Options, decode};
use crate::recording::Tap;
use crate::relying_party::Outcome;
use crate::soft::{SoftKey, Touch};
use crate::transport::{Transport, TransportError};
use crate::webauthn::{
    AttestationConveyancePreference, CreationOptions, Origin, PrfValues, RelyingPartyEntity, RequestOptions,
    Requirement, UserEntity,
};

/// A key that a tap listens to.
struct Tapped<T>(T, Arc<Mutex<Tap<Vec<u8>>>>);

impl<T: Transport> Transport for Tapped<T> {
    fn send(&mut self, report: &Report) -> Result<(), TransportError> {
        self.1.lock().unwrap().receive(Side::Host, report).unwrap();
        self.0.send(report)
    }

    fn receive(&mut self, timeout: Duration) -> Result<Option<Report>, TransportError> {
        let report = self.0.receive(timeout)?;
        if let Some(report) = &report {
            self.1.lock().unwrap().receive(Side::Key, report).unwrap();
        }
        Ok(report)
    }
}

/// A registration with a key for large blobs, and a sign-in; that one with an output of hmac-secret where `with_prf`.
fn recorded(with_prf: bool) -> String {
    let soft = SoftKey::builder().touch(Touch::Auto).build().unwrap();
    let tap = Tap::new(Vec::new(), "a test", false).unwrap();
    let tap = Arc::new(Mutex::new(tap));
    let mut key = Key::open(Box::new(Tapped(soft.connect(), Arc::clone(&tap)))).unwrap();
    let origin = Origin::parse("https://example.com").unwrap();
    let user = UserEntity::new(*b"id", "alice");
    let mut options = CreationOptions::new(RelyingPartyEntity::new("example.com"), user).unwrap();
    options.attestation = AttestationConveyancePreference::Direct;
    options.resident_key = Requirement::Required;
    options.extensions.large_blob = Some(Requirement::Required);
    options.extensions.prf = Some(None);
    create(&mut key, &options, &origin, Protocol::Ctap2, &mut Unwatched).unwrap();
    let mut options = RequestOptions::new("example.com").unwrap();
    options.extensions.prf = with_prf.then(|| PrfValues {
        first: b"salt".to_vec(),
        second: None,
    });
    get(&mut key, &options, &origin, Protocol::Ctap2, &mut Unwatched).unwrap();
    drop(key);
    let tap = Arc::into_inner(tap).unwrap().into_inner().unwrap();
    String::from_utf8(tap.into_inner()).unwrap()
}

fn read(text: &str) -> Decoded {
    let decoded = decode(text.as_bytes(), &Options::default()).unwrap();
    assert_eq!(decoded.kind, Kind::Recording);
    decoded
}

fn outcomes(decoded: &Decoded) -> Vec<(&'static str, Outcome)> {
    decoded.checks.iter().map(|check| (check.name, check.outcome)).collect()
}

/// The last part of this name.
fn find<'a>(decoded: &'a Decoded, name: &str) -> &'a Node {
    decoded.members.iter().rev().find_map(|node| node.find(name)).unwrap()
}

#[test]
fn a_registration_is_verified_though_a_member_beside_what_is_signed_was_left_out() {
    let text = recorded(false);
    let decoded = read(&text);
    assert_eq!(decoded.faults, []);
    assert_eq!(
        find(&decoded, "largeBlobKey").value,
        Some(Value::Masked(vec![None; 32])),
        "{text}"
    );
    let expected = [
        "attestation",
        "attestation signature",
        "RP ID hash",
        "signature",
        "RP ID hash",
    ];
    assert_eq!(outcomes(&decoded), expected.map(|name| (name, Outcome::Passed)));
}

#[test]
fn a_signature_over_what_was_left_out_is_said_not_to_be_verified() {
    let decoded = read(&recorded(true));
    let signature = decoded.checks.iter().find(|check| check.name == "signature").unwrap();
    assert_eq!(signature.outcome, Outcome::Skipped);
    assert!(signature.detail.contains("leaves out"), "{}", signature.detail);
}

#[test]
fn what_was_left_out_is_no_zeros() {
    let text = "brasskey recording 1\n\
         12 > 00000001 CBOR 06a3010202050643******\n\
         13 < 00000001 CBOR 00******\n\
         14 > 00000001 0x70 00010203****\n\
         15 > 00000001 CBOR 01****\n\
         16 < 00000001 CBOR 00****\n";
    let decoded = read(text);
    let value = |index: usize, name| decoded.members[index].find(name).unwrap().value.clone().unwrap();
    assert_eq!(value(0, "time"), Value::Integer(12));
    assert_eq!(value(0, "pinHashEnc"), Value::Masked(vec![None; 3]));
    assert_eq!(value(0, "subCommand"), Value::Integer(5));
    assert_eq!(value(1, "rest"), Value::Masked(vec![None; 3]));
    assert_eq!(value(1, "status"), Value::Integer(0));
    let data = value(2, "data");
    assert_eq!(data.to_string(), "00010203****");
    assert_eq!(serde_json::to_value(data).unwrap(), "00010203****");
    // The registration is there, and nothing of it can be verified.
    assert_eq!(outcomes(&decoded), [("signature", Outcome::Skipped)]);
    assert!(
        decoded.checks[0].detail.starts_with("registration 1: "),
        "{:?}",
        decoded.checks
    );
    assert_eq!(decoded.faults, []);
}

#[test]
fn the_good_lines_of_a_damaged_recording_are_explained() {
    let text = "brasskey recording 1\n1 > 00000001 CBOR 04\n2 > nonsense\n3 < 00000001 CBOR 2e\n4 < 00000001 CBOR 0";
    let decoded = read(text);
    let names: Vec<_> = decoded.members.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["to key: CTAPHID_CBOR", "from key: CTAPHID_CBOR"]);
    let faults: Vec<_> = decoded
        .faults
        .iter()
        .map(|fault| (fault.offset, fault.what.as_str()))
        .collect();
    assert!(
        matches!(faults[..], [(42, first), (76, second)]
        if first.starts_with("line 3: ") && second.starts_with("line 5: ")),
        "{faults:?}"
    );
    // The answer is not that to the request before: one that was asked in between is missing.
    assert!(decoded.members[1].find("answer").unwrap().meaning.is_none());
    let decoded = read("brasskey recording 2\n1 > 00000001 CBOR 04\n");
    assert!(decoded.faults[0].what.contains("newer") && decoded.members.is_empty());
}

#[test]
fn a_fault_in_a_message_is_told_with_its_line() {
    let decoded = read("brasskey recording 1\n1 > 00000001 CBOR 04\n2 < 00000001 CBOR 00a101\n");
    let [fault] = &decoded.faults[..] else {
        panic!("{:?}", decoded.faults)
    };
    assert_eq!(fault.offset, 42);
    assert!(
        fault.what.starts_with("line 3: CTAPHID_CBOR, byte 3: "),
        "{}",
        fault.what
    );
}
