//! Requests during which the power may go: then there is no answer.

use brasskey_conformance::host::cbor::map;
use brasskey_conformance::host::ctap2::{Request, ga, get_assertion_by};
use brasskey_conformance::host::response::{Assertion, Made, Response, flags};
use brasskey_conformance::host::u2f::word;
use brasskey_conformance::host::{BROADCAST, Host, command};
use brasskey_conformance::key::LONG;
use brasskey_tests::chip::Workbench;

/// The relying party.
pub(super) const RP_ID: &str = "example.com";

/// A channel of a key that has just got its power.
pub(super) fn open(host: &mut Host) -> Option<()> {
    host.send_on(BROADCAST, command::INIT, b"12345678");
    let answer = host.message_within(LONG)?;
    host.channel = u32::from_be_bytes(answer.payload[8..12].try_into().expect("a channel"));
    Some(())
}

/// A CTAP2 request without a touch.
pub(super) fn ctap2(host: &mut Host, request: impl Into<Vec<u8>>) -> Option<Response> {
    host.begin(request);
    host.answer_within(LONG)
}

/// A CTAP2 request with a touch.
pub(super) fn touched(bench: &Workbench, host: &mut Host, request: impl Into<Vec<u8>>) -> Option<Response> {
    host.begin(request);
    if bench.is_asked() {
        host.key.touch();
    } else {
        assert!(!bench.has_power(), "the key was to ask for a touch");
    }
    host.answer_within(LONG)
}

/// Makes a credential and verifies it.
pub(super) fn register(bench: &Workbench, host: &mut Host, request: &Request) -> Option<Made> {
    let made = Made::of(&touched(bench, host, request)?);
    made.verify();
    Some(made)
}

/// Signs in with a touch and verifies it: the counter.
pub(super) fn sign_in(bench: &Workbench, host: &mut Host, credential: &Made) -> Option<u32> {
    let request = get_assertion_by(RP_ID, &[&credential.id]);
    let assertion = Assertion::of(&touched(bench, host, request)?);
    assertion.verify(&credential.public_key, RP_ID, flags::UP);
    Some(assertion.auth_data.sign_count)
}

/// A U2F message that needs a touch: its data.
pub(super) fn u2f(host: &mut Host, apdu: &[u8]) -> Option<Vec<u8>> {
    let mut answers = [word::CONDITIONS_NOT_SATISFIED, word::NO_ERROR].into_iter();
    loop {
        let expected = answers.next()?;
        host.send(command::MSG, apdu);
        let answer = host.message_within(LONG)?;
        assert_eq!(answer.command, command::MSG);
        let (data, word) = answer.payload.split_last_chunk().expect("a status word");
        assert_eq!(u16::from_be_bytes(*word), expected);
        if expected == word::NO_ERROR {
            return Some(data.to_vec());
        }
        host.key.touch();
    }
}

/// An APDU for the applet of one-time codes, which does it.
pub(super) fn oath(host: &mut Host, apdu: &[u8]) -> Option<()> {
    host.send(command::OATH, apdu);
    loop {
        let answer = host.message_within(LONG)?;
        if answer.command != command::KEEPALIVE {
            assert!(answer.payload.ends_with(&word::NO_ERROR.to_be_bytes()), "{answer:02x?}");
            return Some(());
        }
    }
}

/// Signs in without a touch.
pub(super) fn silent(credential: &Made) -> Request {
    get_assertion_by(RP_ID, &[&credential.id]).with(ga::OPTIONS, map([("up", false.into())]))
}

/// The credential signs without a touch.
#[track_caller]
pub(super) fn assert_signs(host: &mut Host, credential: &Made) {
    let assertion = Assertion::of(&host.ctap2(silent(credential)));
    assertion.verify(&credential.public_key, RP_ID, 0);
}
