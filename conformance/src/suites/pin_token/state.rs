//! The state of a token: what spends it, and when it ends (CTAP 2.3 §6.5.2.1).

use super::{made, rp_id_hash, with_pin};
use crate::host::cbor::map;
use crate::host::client_pin::permission;
use crate::host::ctap2::{blob_array, ga, get_assertion, make_credential, make_discoverable, set_fragment, status};
use crate::host::response::{Assertion, Response, flags};
use crate::key::Key;

pub(super) fn a_new_token_ends_the_one_before(key: &Key) {
    let mut host = with_pin(key);
    let protocols = host.protocols();
    for (old, new) in protocols
        .iter()
        .flat_map(|old| protocols.iter().map(move |new| (*old, *new)))
    {
        let before = host.token_by(old, key.pin(), permission::CM, None);
        let after = host.token_by(new, key.pin(), permission::CM, None);
        host.denied(before.manage(0x01, None), status::PIN_AUTH_INVALID);
        status::is(host.ctap2(after.manage(0x01, None)).status, status::OK);
    }
}

pub(super) fn a_token_serves_one_ceremony(key: &Key) {
    let mut host = with_pin(key);
    let all = permission::MC | permission::GA | permission::CM | permission::ACFG;
    let request = make_discoverable("example.com", b"1");

    let token = host.token(all, Some("example.com"));
    assert!(made(&mut host, &token.on(request.clone())));
    host.denied(token.on(request.clone()), status::PIN_AUTH_INVALID);
    host.denied(token.on(get_assertion("example.com")), status::PIN_AUTH_INVALID);
    host.denied(
        token.manage(0x04, Some(rp_id_hash("example.com"))),
        status::PIN_AUTH_INVALID,
    );
    host.denied(token.configure(0x02, None), status::PIN_AUTH_INVALID);

    let token = host.token(all, Some("example.com"));
    let assertion = host.assert(&token.on(get_assertion("example.com")));
    same!(assertion.auth_data.flags, flags::UP | flags::UV);
    host.denied(token.on(get_assertion("example.com")), status::PIN_AUTH_INVALID);

    // Also where that one did not use it.
    let token = host.token(all, Some("example.com"));
    host.assert(&get_assertion("example.com"));
    host.denied(token.on(get_assertion("example.com")), status::PIN_AUTH_INVALID);
}

pub(super) fn a_touch_that_is_refused_spends_nothing(key: &Key) {
    let mut host = with_pin(key);
    let token = host.token(permission::MC, Some("example.com"));
    let request = token.on(make_credential("example.com", b"1"));
    host.asked(&request);
    key.decline();
    same!(host.answer(), Response::bare(status::OPERATION_DENIED));
    assert!(made(&mut host, &request));
}

pub(super) fn a_silent_assertion_spends_nothing(key: &Key) {
    let mut host = with_pin(key);
    let token = host.token(permission::MC | permission::GA, Some("example.com"));
    host.register(&token.on(make_discoverable("example.com", b"1")));
    let token = host.token(permission::MC | permission::GA, Some("example.com"));
    let silent = token.on(get_assertion("example.com").with(ga::OPTIONS, map([("up", false.into())])));
    for _ in 0..2 {
        let assertion = Assertion::of(&host.ctap2(&silent));
        same!(assertion.auth_data.flags, flags::UV);
    }
    assert!(made(&mut host, &token.on(make_discoverable("example.com", b"2"))));
}

pub(super) fn blobs_may_be_written_after_a_ceremony(key: &Key) {
    let mut host = with_pin(key);
    let token = host.token(permission::MC | permission::LBW, Some("example.com"));
    host.register(&token.on(make_discoverable("example.com", b"1")));
    let array = blob_array(b"\x80");
    let request = set_fragment(0, &array, Some(array.len()));
    status::is(host.ctap2(token.set_blob(request, 0, &array)).status, status::OK);
}

pub(super) fn a_token_not_used_for_thirty_seconds_ends(key: &Key) {
    let mut host = with_pin(key);
    let token = host.token(permission::CM, None);
    key.advance(29_000);
    status::is(host.ctap2(token.manage(0x01, None)).status, status::OK);
    let token = host.token(permission::CM, None);
    key.advance(30_001);
    host.denied(token.manage(0x01, None), status::PIN_AUTH_INVALID);
}

pub(super) fn a_token_lives_ten_minutes(key: &Key) {
    let mut host = with_pin(key);
    let token = host.token(permission::CM, None);
    for _ in 0..30 {
        key.advance(19_900);
        status::is(host.ctap2(token.manage(0x01, None)).status, status::OK);
    }
    key.advance(3_001);
    host.denied(token.manage(0x01, None), status::PIN_AUTH_INVALID);
}
