//! What this key makes of walks and names in credential management where the standard leaves it open.

use brasskey_conformance::host::Host;
use brasskey_conformance::host::cbor::map;
use brasskey_conformance::host::client_pin::{Token, permission};
use brasskey_conformance::host::ctap2::{
    GET_NEXT_ASSERTION, Request, SELECTION, descriptor, get_assertion, get_assertion_by, make_credential,
    make_discoverable, status,
};
use brasskey_conformance::host::response::member;
use brasskey_conformance::host::verify::sha256;
use brasskey_conformance::key::Key;
use brasskey_conformance::{checks, differ, same};
use ciborium::Value;

checks! {
    "CTAP 2.3 §6":
        a_walk_goes_on_with_its_own_subcommand_alone,
        another_command_ends_a_walk,
        a_step_ignores_what_else_it_comes_with;
    "CTAP 2.3 §6.8.3":
        a_relying_party_is_its_id;
    "CTAP 2.3 §6.8.5":
        a_deleted_account_counts_from_the_start;
    "CTAP 2.3 §6.8.7":
        a_name_that_is_too_long_is_cut_between_characters;
}

const RPS_BEGIN: u8 = 0x02;
const RPS_NEXT: u8 = 0x03;
const CREDENTIALS_BEGIN: u8 = 0x04;
const CREDENTIALS_NEXT: u8 = 0x05;
const DELETE: u8 = 0x06;
const UPDATE: u8 = 0x07;

/// A key with two relying parties that have three accounts each, and a token to manage them.
fn managed(key: &Key) -> (Host, Token) {
    let mut host = key.host();
    for rp_id in ["example.com", "example.org"] {
        for user in [b"1", b"2", b"3"] {
            host.make(&make_discoverable(rp_id, user));
        }
    }
    host.set_pin(key.pin());
    let token = host.token(permission::CM, None);
    (host, token)
}

fn of_example_com() -> Option<Value> {
    Some(Value::Map(vec![(1.into(), sha256(b"example.com").to_vec().into())]))
}

fn bare(sub_command: u8) -> Request {
    Request::new(0x0A).with(0x01, sub_command)
}

/// The requests that begin each walk and continue it.
fn walks(token: &Token) -> [(Request, Request); 2] {
    [
        (token.manage(RPS_BEGIN, None), bare(RPS_NEXT)),
        (
            token.manage(CREDENTIALS_BEGIN, of_example_com()),
            bare(CREDENTIALS_NEXT),
        ),
    ]
}

fn a_walk_goes_on_with_its_own_subcommand_alone(key: &Key) {
    let (mut host, token) = managed(key);
    let [(_, rps_next), (_, credentials_next)] = walks(&token);
    for (begin, next) in walks(&token) {
        for wrong in [
            rps_next.encode(),
            credentials_next.encode(),
            GET_NEXT_ASSERTION.to_vec(),
        ] {
            if wrong != next.encode() {
                status::is(host.ctap2(&begin).status, status::OK);
                host.denied(wrong, status::NOT_ALLOWED);
                host.denied(&next, status::NOT_ALLOWED);
            }
        }
    }
    host.assert(&get_assertion("example.com"));
    host.denied(credentials_next, status::NOT_ALLOWED);
}

fn another_command_ends_a_walk(key: &Key) {
    let (mut host, _) = managed(key);
    for walk in 0..2 {
        for (other, touch) in [
            (make_credential("example.com", b"4").encode(), true),
            (SELECTION.to_vec(), true),
            (get_assertion("example.net").encode(), false),
            (vec![0x7E], false),
            (bare(0x08).encode(), false),
            (bare(0x01).encode(), false),
        ] {
            let token = host.token(permission::CM, None);
            let (begin, next) = walks(&token)[walk].clone();
            status::is(host.ctap2(begin).status, status::OK);
            match touch {
                true => status::is(host.touched(other).status, status::OK),
                false => differ!(host.ctap2(other).status, status::OK),
            }
            host.denied(next, status::NOT_ALLOWED);
        }
    }
}

fn a_step_ignores_what_else_it_comes_with(key: &Key) {
    let (mut host, token) = managed(key);
    for (begin, next) in walks(&token) {
        status::is(host.ctap2(begin).status, status::OK);
        let more = next.with(0x02, "params").with(0x03, "three").with(0x04, 4);
        status::is(host.ctap2(more).status, status::OK);
    }
}

fn a_relying_party_is_its_id(key: &Key) {
    let (mut host, token) = managed(key);
    let response = host.ctap2(token.manage(RPS_BEGIN, None));
    let rp = &response.ok()[&3];
    same!(rp, &map([("id", member(rp, "id").clone())]));
}

fn a_deleted_account_counts_from_the_start(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    for _ in 0..2 {
        let token = host.token(permission::MC, Some("example.com"));
        let made = host.register(&token.on(make_discoverable("example.com", b"1")));
        let assertion = host.assert(&get_assertion_by("example.com", &[&made.id]));
        same!(assertion.auth_data.sign_count, 1);
        let token = host.token(permission::CM, None);
        let params = Value::Map(vec![(2.into(), descriptor(&made.id))]);
        status::is(host.ctap2(token.manage(DELETE, Some(params))).status, status::OK);
    }
}

fn a_name_that_is_too_long_is_cut_between_characters(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_discoverable("example.com", b"1"));
    host.set_pin(key.pin());
    let token = host.token(permission::CM, None);
    let user = map([("id", b"1".to_vec().into()), ("name", "é".repeat(33).into())]);
    let params = Value::Map(vec![(2.into(), descriptor(&made.id)), (3.into(), user)]);
    status::is(host.ctap2(token.manage(UPDATE, Some(params))).status, status::OK);
    let response = host.ctap2(token.manage(CREDENTIALS_BEGIN, of_example_com()));
    same!(member(&response.ok()[&6], "name"), &"é".repeat(32).into());
}
