//! User verification by the key itself (CTAP 2.3 §6.5.3.1, §6.5.5.7.3), of keys where it is set up.

use crate::host::Host;
use crate::host::cbor::map;
use crate::host::client_pin::{Agreement, Token, client_pin, cp, permission};
use crate::host::ctap2::{Request, ga, get_assertion_by, make_credential, make_discoverable, mc, status};
use crate::host::read::Read as _;
use crate::host::response::{Assertion, Made, flags};
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.1.2, §6.2.2":
        the_uv_option_verifies_the_user needs BuiltInUv,
        a_discoverable_credential_needs_verification needs BuiltInUv and Rk;
    "CTAP 2.3 §6.5.5.7.3":
        a_token_comes_by_verification needs BuiltInUv,
        its_token_may_do_what_was_asked_for needs BuiltInUv,
        wrong_permissions_are_refused needs BuiltInUv;
    "CTAP 2.3 §6.5.5.3":
        the_retries_are_told needs BuiltInUv;
}

/// A host of a key that can verify its user now; none where a reset took away what it knows its user by.
fn verifying(key: &Key) -> Option<Host> {
    let mut host = key.host();
    if host.option("uv") != Some(true) {
        key.note("nothing was tried: nobody has set up user verification on this key since it was reset");
        return None;
    }
    Some(host)
}

fn with_uv(request: Request) -> Request {
    let member = match request.command {
        0x01 => mc::OPTIONS,
        _ => ga::OPTIONS,
    };
    request.with(member, map([("uv", true.into())]))
}

/// getPinUvAuthTokenUsingUvWithPermissions.
fn ask(agreement: &Agreement, permissions: u8) -> Request {
    let request = agreement.request(0x06).with(cp::PERMISSIONS, permissions);
    request.with(cp::RP_ID, "example.com")
}

#[track_caller]
fn token(host: &mut Host, agreement: &Agreement, permissions: u8) -> Token {
    // What the key waits for is its user's finger or face: no touch, and no work of this hand.
    host.begin(ask(agreement, permissions));
    agreement.token(&host.answer())
}

/// Makes a credential of a user whom the token verified.
#[track_caller]
fn made(host: &mut Host, token: &Token) -> Made {
    let made = Made::of(&host.touched_if_asked(token.on(make_credential("example.com", b"1"))));
    made.verify();
    same!(
        made.auth_data.flags & (flags::UP | flags::UV),
        flags::UP | flags::UV,
        "the flags UP and UV"
    );
    made
}

fn the_uv_option_verifies_the_user(key: &Key) {
    let Some(mut host) = verifying(key) else { return };
    let response = host.touched_if_asked(with_uv(make_credential("example.com", b"1")));
    let made = Made::of(&response);
    made.verify();
    same!(
        made.auth_data.flags & flags::UV,
        flags::UV,
        "the flag UV of a registration"
    );
    let request = get_assertion_by("example.com", &[&made.id]);
    let assertion = Assertion::of(&host.touched_if_asked(with_uv(request.clone())));
    assertion.verify(&made.public_key, "example.com", flags::UP | flags::UV);
    // And only that option does.
    let assertion = host.assert(&request);
    assertion.verify(&made.public_key, "example.com", flags::UP);
}

fn a_discoverable_credential_needs_verification(key: &Key) {
    let Some(mut host) = verifying(key) else { return };
    // Without a PIN that the platform could ask for, it is told that there is no way.
    let expected = match host.option("clientPin") {
        Some(_) if host.option("noMcGaPermissionsWithClientPin") != Some(true) => status::PUAT_REQUIRED,
        _ => status::OPERATION_DENIED,
    };
    host.denied(make_discoverable("example.com", b"1"), expected);
}

fn a_token_comes_by_verification(key: &Key) {
    let Some(mut host) = verifying(key) else { return };
    for protocol in host.protocols() {
        let agreement = host.agree(protocol);
        let before = token(&mut host, &agreement, permission::MC | permission::GA);
        let one = token(&mut host, &agreement, permission::MC | permission::GA);
        let request = before.on(make_credential("example.com", b"1"));
        host.denied_as("the token of before", request, status::PIN_AUTH_INVALID);
        made(&mut host, &one);
        let spent = one.on(make_credential("example.com", b"1"));
        host.denied_as("a token that was used", spent, status::PIN_AUTH_INVALID);
    }
}

fn its_token_may_do_what_was_asked_for(key: &Key) {
    let Some(mut host) = verifying(key) else { return };
    let agreement = host.agree_by_best();
    let ga_only = token(&mut host, &agreement, permission::GA);
    host.denied(
        ga_only.on(make_credential("example.com", b"1")),
        status::PIN_AUTH_INVALID,
    );
    let mc_only = token(&mut host, &agreement, permission::MC);
    let elsewhere = make_credential("example.org", b"1");
    host.denied(mc_only.on(elsewhere), status::PIN_AUTH_INVALID);
    made(&mut host, &mc_only);
}

fn wrong_permissions_are_refused(key: &Key) {
    let Some(mut host) = verifying(key) else { return };
    let agreement = host.agree_by_best();
    let request = ask(&agreement, permission::MC);
    for member in [cp::PERMISSIONS, cp::KEY_AGREEMENT, cp::PIN_UV_AUTH_PROTOCOL] {
        host.denied(request.clone().without(member), status::MISSING_PARAMETER);
    }
    host.denied(request.with(cp::PIN_UV_AUTH_PROTOCOL, 3), status::INVALID_PARAMETER);
    host.denied(ask(&agreement, 0), status::INVALID_PARAMETER);
    for (option, permission) in [
        ("credMgmt", permission::CM),
        ("uvBioEnroll", permission::BE),
        ("largeBlobs", permission::LBW),
        ("uvAcfg", permission::ACFG),
        ("perCredMgmtRO", permission::PCMR),
    ] {
        if host.option(option) != Some(true) {
            host.denied_as(option, ask(&agreement, permission), status::UNAUTHORIZED_PERMISSION);
        }
    }
}

fn the_retries_are_told(key: &Key) {
    let Some(mut host) = verifying(key) else { return };
    let response = host.ctap2(client_pin(0x07));
    let members = response.ok();
    same!(members.keys().collect::<Vec<_>>(), [&5], "the retries and nothing else");
    let retries: u64 = members[&5].number();
    assert!(
        (1..=25).contains(&retries),
        "expected 1 to 25 retries, the key answered {retries}"
    );
}
