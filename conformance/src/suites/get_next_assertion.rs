//! authenticatorGetNextAssertion (CTAP 2.3 §6.3).

use ciborium::Value;

use crate::host::Host;
use crate::host::cbor::map;
use crate::host::client_pin::permission;
use crate::host::command;
use crate::host::ctap2::{
    GET_INFO, GET_NEXT_ASSERTION, SELECTION, ga, get_assertion, make_credential, make_discoverable, status,
};
use crate::host::response::{Assertion, Made, flags};
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.3":
        it_walks_from_the_newest_account_to_the_oldest needs Rk,
        an_account_made_anew_is_the_newest needs Rk,
        it_signs_what_get_assertion_asked_for needs Rk,
        without_user_presence_there_is_none_either needs Rk,
        nothing_begun_is_nothing_to_continue,
        one_account_leaves_nothing_to_continue needs Rk,
        a_power_cycle_ends_the_walk needs Rk,
        thirty_seconds_end_the_walk needs Clock and Rk,
        each_step_has_thirty_seconds needs Clock and Rk,
        another_command_ends_the_walk [Should] needs Rk,
        a_new_assertion_begins_a_new_walk needs Rk,
        a_failed_get_assertion_ends_the_walk needs Rk,
        get_info_and_ping_do_not_end_the_walk [Should] needs Rk,
        another_host_neither_continues_nor_ends_the_walk [Should] needs Rk,
        the_walk_ends_with_its_token needs Rk and Tokens;
}

/// Makes an account for each user, and begins to sign in with the newest.
fn begun(host: &mut Host, users: &[&[u8]]) -> Vec<Made> {
    let made = users
        .iter()
        .map(|user| host.make(&make_discoverable("example.com", user)))
        .collect();
    let first = host.assert(&get_assertion("example.com"));
    same!(first.number_of_credentials, Some(users.len() as u64));
    made
}

#[track_caller]
fn next(host: &mut Host) -> Assertion {
    let assertion = Assertion::of(&host.ctap2(GET_NEXT_ASSERTION));
    same!(assertion.number_of_credentials, None);
    assertion
}

fn user(id: &[u8]) -> Option<Value> {
    Some(map([("id", id.into())]))
}

fn it_walks_from_the_newest_account_to_the_oldest(key: &Key) {
    let mut host = key.host();
    // In an order that neither the IDs nor their hashes have.
    let users: [&[u8]; 5] = [b"c", b"a", b"e", b"b", b"d"];
    let made = begun(&mut host, &users);
    for (made, id) in made.iter().zip(users).rev().skip(1) {
        let assertion = next(&mut host);
        assertion.verify(&made.public_key, "example.com", flags::UP);
        same!((&assertion.id, assertion.user), (&made.id, user(id)));
    }
    for _ in 0..2 {
        host.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
    }
}

fn an_account_made_anew_is_the_newest(key: &Key) {
    let mut host = key.host();
    for id in [b"1", b"2", b"1"] {
        host.make(&make_discoverable("example.com", id));
    }
    let first = host.assert(&get_assertion("example.com"));
    same!((first.user, first.number_of_credentials), (user(b"1"), Some(2)));
    same!(next(&mut host).user, user(b"2"));
    host.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
}

fn it_signs_what_get_assertion_asked_for(key: &Key) {
    let mut host = key.host();
    let made = begun(&mut host, &[b"1", b"2"]);
    let hash = [0xC3; 32];
    host.assert(&get_assertion("example.com").with(ga::CLIENT_DATA_HASH, &hash[..]));
    next(&mut host).verify_over(&made[0].public_key, "example.com", flags::UP, &hash);
}

fn without_user_presence_there_is_none_either(key: &Key) {
    let mut host = key.host();
    let made = begun(&mut host, &[b"1", b"2"]);
    let first = host.assert_silently(&get_assertion("example.com"));
    same!(first.number_of_credentials, Some(2));
    next(&mut host).verify(&made[0].public_key, "example.com", 0);
}

fn nothing_begun_is_nothing_to_continue(key: &Key) {
    key.host().denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
}

fn one_account_leaves_nothing_to_continue(key: &Key) {
    let mut host = key.host();
    host.make(&make_discoverable("example.com", b"1"));
    host.assert(&get_assertion("example.com"));
    host.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
}

fn a_power_cycle_ends_the_walk(key: &Key) {
    begun(&mut key.host(), &[b"1", b"2"]);
    key.power_cycle();
    // The first host of a power-up may well get the channel that the walk was on.
    key.host().denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
}

fn thirty_seconds_end_the_walk(key: &Key) {
    let mut host = key.host();
    begun(&mut host, &[b"1", b"2"]);
    key.advance(30_001);
    for _ in 0..2 {
        host.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
    }
}

fn each_step_has_thirty_seconds(key: &Key) {
    let mut host = key.host();
    begun(&mut host, &[b"1", b"2", b"3"]);
    for id in [b"2", b"1"] {
        key.advance(29_000);
        same!(next(&mut host).user, user(id));
    }
}

fn another_command_ends_the_walk(key: &Key) {
    let mut host = key.host();
    begun(&mut host, &[b"1", b"2"]);
    let mut others = vec![make_credential("example.org", b"3").encode()];
    if host.has_version("FIDO_2_1") {
        others.push(SELECTION.to_vec());
    }
    for other in others {
        host.assert(&get_assertion("example.com"));
        status::is(host.touched(other).status, status::OK);
        host.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
    }
    let malformed = get_assertion("example.com").without(ga::RP_ID).encode();
    for (refused, status) in [
        (malformed, status::MISSING_PARAMETER),
        (vec![0x7E], status::INVALID_COMMAND),
    ] {
        host.assert(&get_assertion("example.com"));
        host.denied(refused, status);
        host.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
    }
}

fn a_new_assertion_begins_a_new_walk(key: &Key) {
    let mut host = key.host();
    begun(&mut host, &[b"1", b"2", b"3"]);
    next(&mut host);
    same!(
        host.assert(&get_assertion("example.com")).number_of_credentials,
        Some(3)
    );
    same!(next(&mut host).user, user(b"2"));
    same!(next(&mut host).user, user(b"1"));
}

fn a_failed_get_assertion_ends_the_walk(key: &Key) {
    let mut host = key.host();
    begun(&mut host, &[b"1", b"2"]);
    host.denied(get_assertion("example.org"), status::NO_CREDENTIALS);
    host.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);

    host.assert(&get_assertion("example.com"));
    host.asked(get_assertion("example.com"));
    host.send(command::CANCEL, &[]);
    status::is(host.answer().status, status::KEEPALIVE_CANCEL);
    host.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
}

fn get_info_and_ping_do_not_end_the_walk(key: &Key) {
    let mut host = key.host();
    begun(&mut host, &[b"1", b"2"]);
    status::is(host.ctap2(GET_INFO).status, status::OK);
    host.ping();
    same!(next(&mut host).user, user(b"1"));
}

fn another_host_neither_continues_nor_ends_the_walk(key: &Key) {
    let (mut host, mut other) = (key.host(), key.host());
    begun(&mut host, &[b"1", b"2", b"3"]);
    for id in [b"2", b"1"] {
        other.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
        same!(next(&mut host).user, user(id));
    }
    other.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
}

fn the_walk_ends_with_its_token(key: &Key) {
    let mut host = key.host();
    begun(&mut host, &[b"1", b"2"]);
    host.set_pin(key.pin());
    let signed = |host: &mut Host| {
        let token = host.token(permission::GA, Some("example.com"));
        host.assert(&token.on(get_assertion("example.com")))
    };
    same!(signed(&mut host).number_of_credentials, Some(2));
    same!(next(&mut host).auth_data.flags, flags::UP | flags::UV);
    signed(&mut host);
    host.token(permission::CM, None);
    host.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
}
