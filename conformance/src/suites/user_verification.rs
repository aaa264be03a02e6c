//! makeCredential and getAssertion with and without a PIN (CTAP 2.3 §6.1.2 steps 1 to 12, §6.2.2 steps 1 to 7).

use ciborium::Value;

use crate::host::Host;
use crate::host::cbor::map;
use crate::host::client_pin::{Token, configure, permission};
use crate::host::command;
use crate::host::ctap2::{
    GET_NEXT_ASSERTION, Request, descriptors, extending, ga, get_assertion, get_assertion_by, make_credential,
    make_discoverable, mc, status,
};
use crate::host::read::Read as _;
use crate::host::response::{Response, flags};
use crate::host::u2f::{VERSION, authenticate, control, register, word};
use crate::host::verify::sha256;
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.1.2, §6.2.2":
        without_a_pin_nobody_is_verified needs Rk,
        without_a_pin_a_parameter_is_not_looked_at needs Rk and Pin,
        a_plain_credential_needs_no_pin needs Pin and MakeCredUvNotRqd,
        a_plain_credential_needs_what_get_info_says needs Pin,
        a_discoverable_credential_needs_the_pin needs Rk and Pin,
        a_token_verifies_the_user needs Rk and Tokens,
        an_empty_parameter_asks_for_a_touch_and_says_whether_there_is_a_pin needs Rk and Pin,
        an_empty_parameter_may_be_declined needs Decline and Rk and Pin,
        an_empty_parameter_may_wait_in_vain needs Clock and Rk and Pin,
        an_empty_parameter_may_be_cancelled needs Rk and Pin,
        a_parameter_needs_a_protocol_that_is_known needs Rk and Pin,
        a_wrong_parameter_is_refused_without_a_touch needs Rk and Tokens,
        the_uv_option_gives_way_to_a_parameter needs Rk and Tokens and NoBuiltInUv and MakeCredUvNotRqd,
        an_excluded_credential_that_needs_verification_is_hidden_without needs Tokens and CredProtect
            and MakeCredUvNotRqd,
        signing_in_needs_no_pin needs Rk and Tokens,
        the_user_can_always_be_verified needs Rk and Tokens and Config and AlwaysUv and MakeCredUvNotRqd
            and NoBuiltInUv,
        always_verifying_ends_u2f needs U2f and Config and AlwaysUv and MakeCredUvNotRqd and NoBuiltInUv,
        u2f_goes_on_beside_a_pin needs U2f and Pin;
    "CTAP 2.3 §6.2.3":
        names_are_told_to_the_verified_only needs Rk and Tokens;
}

fn with_pin(key: &Key) -> Host {
    let mut host = key.host();
    host.set_pin(key.pin());
    host
}

fn plain() -> Request {
    make_credential("example.com", b"1")
}

/// A discoverable credential made with a PIN.
#[track_caller]
fn verified(host: &mut Host, user_id: &[u8]) -> crate::host::response::Made {
    let token = host.token(permission::MC, Some("example.com"));
    host.register(&token.on(make_discoverable("example.com", user_id)))
}

/// Requests of both ceremonies, for a credential that is there.
fn both() -> [Request; 2] {
    [plain(), get_assertion("example.com")]
}

fn with_param(request: &Request, param: &[u8], protocol: Option<u64>) -> Request {
    let (at, protocol_at) = match request.command {
        0x01 => (mc::PIN_UV_AUTH_PARAM, mc::PIN_UV_AUTH_PROTOCOL),
        _ => (ga::PIN_UV_AUTH_PARAM, ga::PIN_UV_AUTH_PROTOCOL),
    };
    let request = request.clone().with(at, param);
    match protocol {
        Some(protocol) => request.with(protocol_at, protocol),
        None => request,
    }
}

fn without_a_pin_nobody_is_verified(key: &Key) {
    let mut host = key.host();
    for request in [plain(), make_discoverable("example.com", b"1")] {
        let made = host.register(&request);
        same!(made.auth_data.flags & !flags::BACKUP, flags::UP | flags::AT);
    }
}

fn without_a_pin_a_parameter_is_not_looked_at(key: &Key) {
    let mut host = key.host();
    host.make(&make_discoverable("example.com", b"1"));
    for request in both() {
        let response = host.touched(with_param(&request, &[7; 32], Some(2)));
        status::is(response.status, status::OK);
        let auth_data = response.ok()[&2].bytes();
        same!(auth_data[32] & flags::UV, 0);
    }
}

fn a_plain_credential_needs_no_pin(key: &Key) {
    let mut host = with_pin(key);
    same!(host.option("makeCredUvNotRqd"), Some(true));
    host.make(&plain());
}

fn a_plain_credential_needs_what_get_info_says(key: &Key) {
    let mut host = with_pin(key);
    if host.option("makeCredUvNotRqd") == Some(true) {
        let made = host.register(&plain());
        same!(made.auth_data.flags & flags::UV, 0, "the flag UV without a PIN");
    } else {
        host.denied(plain(), status::PUAT_REQUIRED);
    }
}

fn a_discoverable_credential_needs_the_pin(key: &Key) {
    let mut host = with_pin(key);
    host.denied(make_discoverable("example.com", b"1"), status::PUAT_REQUIRED);
}

fn a_token_verifies_the_user(key: &Key) {
    let mut host = with_pin(key);
    for protocol in host.protocols() {
        for request in [
            plain(),
            make_discoverable("example.com", b"1"),
            get_assertion("example.com"),
        ] {
            let token = host.token_by(
                protocol,
                key.pin(),
                permission::MC | permission::GA,
                Some("example.com"),
            );
            let response = host.touched(token.on(request));
            let auth_data = response.ok()[&2].bytes();
            same!(auth_data[32] & (flags::UP | flags::UV), flags::UP | flags::UV);
        }
    }
}

fn an_empty_parameter_asks_for_a_touch_and_says_whether_there_is_a_pin(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    host.make(&make_discoverable("example.com", b"1"));
    for expected in [status::PIN_NOT_SET, status::PIN_INVALID] {
        for request in both() {
            // The protocol is not looked at.
            for protocol in [None, Some(1), Some(7)] {
                let response = host.touched(with_param(&request, &[], protocol));
                same!(response, Response::bare(expected));
            }
        }
        if expected == status::PIN_NOT_SET {
            host.set_pin(key.pin());
        }
    }
    same!(host.pin_retries(), (all, false));
}

/// Requests of both ceremonies with an empty parameter end so where the user, or the host, does this.
#[track_caller]
fn an_empty_parameter_ends(key: &Key, act: impl Fn(&mut Host), status: u8) {
    let mut host = key.host();
    host.make(&make_discoverable("example.com", b"1"));
    for request in both() {
        host.asked(with_param(&request, &[], Some(1)));
        act(&mut host);
        let answer = host.answer();
        host.is_refusal("an empty parameter", &answer, status);
    }
}

fn an_empty_parameter_may_be_declined(key: &Key) {
    an_empty_parameter_ends(key, |_| key.decline(), status::OPERATION_DENIED);
}

fn an_empty_parameter_may_wait_in_vain(key: &Key) {
    let wait = |_: &mut Host| assert!(key.advance(key.profile.user_action_timeout + 100));
    an_empty_parameter_ends(key, wait, status::OPERATION_DENIED);
}

fn an_empty_parameter_may_be_cancelled(key: &Key) {
    let cancel = |host: &mut Host| host.send(command::CANCEL, &[]);
    an_empty_parameter_ends(key, cancel, status::KEEPALIVE_CANCEL);
}

fn a_parameter_needs_a_protocol_that_is_known(key: &Key) {
    let mut host = key.host();
    host.make(&make_discoverable("example.com", b"1"));
    for _ in 0..2 {
        for request in both() {
            host.denied(with_param(&request, &[7; 32], None), status::MISSING_PARAMETER);
            for protocol in [0, 3, u64::MAX] {
                let request = with_param(&request, &[7; 32], Some(protocol));
                host.denied(request, status::INVALID_PARAMETER);
            }
        }
        if host.option("clientPin") == Some(false) {
            host.set_pin(key.pin());
        }
    }
    // Without a parameter the protocol is not looked at.
    host.assert(&get_assertion("example.com").with(ga::PIN_UV_AUTH_PROTOCOL, 3));
}

fn a_wrong_parameter_is_refused_without_a_touch(key: &Key) {
    let mut host = with_pin(key);
    verified(&mut host, b"1");
    for protocol in host.protocols() {
        let token = host.token_by(
            protocol,
            key.pin(),
            permission::MC | permission::GA,
            Some("example.com"),
        );
        for request in both() {
            for length in [1, 15, 16, 17, 31, 32, 33] {
                let request = with_param(&request, &vec![7; length], Some(protocol as u64));
                host.denied(request, status::PIN_AUTH_INVALID);
            }
            let other_hash = match request.command {
                0x01 => token.on(request.clone()).with(mc::CLIENT_DATA_HASH, vec![1; 32]),
                _ => token.on(request.clone()).with(ga::CLIENT_DATA_HASH, vec![1; 32]),
            };
            host.denied(other_hash, status::PIN_AUTH_INVALID);
        }
        // Nothing of this ended the token.
        status::is(host.touched(token.on(plain())).status, status::OK);
    }
}

fn the_uv_option_gives_way_to_a_parameter(key: &Key) {
    let mut host = with_pin(key);
    verified(&mut host, b"1");
    for (request, options) in [(plain(), mc::OPTIONS), (get_assertion("example.com"), ga::OPTIONS)] {
        let request = request.with(options, map([("uv", true.into())]));
        host.denied(&request, status::INVALID_OPTION);
        let token = host.token(permission::MC | permission::GA, Some("example.com"));
        let response = host.touched(token.on(request));
        let auth_data = response.ok()[&2].bytes();
        same!(auth_data[32] & flags::UV, flags::UV);
    }
}

fn an_excluded_credential_that_needs_verification_is_hidden_without(key: &Key) {
    let mut host = with_pin(key);
    let token = host.token(permission::MC, Some("example.com"));
    let request = extending(plain(), [("credProtect", 3.into())]);
    let made = host.register(&token.on(request));
    let excluding = plain().with(mc::EXCLUDE_LIST, descriptors(&[&made.id]));
    host.make(&excluding);
    let token = host.token(permission::MC, Some("example.com"));
    same!(
        host.touched(token.on(excluding)),
        Response::bare(status::CREDENTIAL_EXCLUDED)
    );
}

fn signing_in_needs_no_pin(key: &Key) {
    let mut host = with_pin(key);
    let made = verified(&mut host, b"1");
    for request in [
        get_assertion("example.com"),
        get_assertion_by("example.com", &[&made.id]),
    ] {
        host.assert(&request).verify(&made.public_key, "example.com", flags::UP);
    }
}

fn names_are_told_to_the_verified_only(key: &Key) {
    let mut host = with_pin(key);
    for user in [b"1", b"2"] {
        verified(&mut host, user);
    }
    let id = || ("id", Value::from(b"2".to_vec()));
    // A walk without a token needs none to go on, whatever tokens there are.
    host.token(permission::GA, Some("example.com"));
    let assertion = host.assert(&get_assertion("example.com"));
    same!(assertion.number_of_credentials, Some(2));
    same!(assertion.user, Some(map([id()])));
    status::is(host.ctap2(GET_NEXT_ASSERTION).status, status::OK);
    let token = host.token(permission::GA, Some("example.com"));
    let assertion = host.assert(&token.on(get_assertion("example.com")));
    same!(assertion.user, Some(map([id(), ("name", "alice".into())])));
    let response = host.ctap2(GET_NEXT_ASSERTION);
    same!(
        response.ok()[&4],
        map([("id", b"1".to_vec().into()), ("name", "alice".into())])
    );
}

/// Turns alwaysUv on.
#[track_caller]
fn always(host: &mut Host, token: Option<&Token>) {
    let request = token.map_or_else(|| configure(0x02, None), |token| token.configure(0x02, None));
    same!(host.ctap2(request), Response::bare(status::OK));
    same!(host.option("alwaysUv"), Some(true));
}

fn the_user_can_always_be_verified(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_discoverable("example.com", b"1"));
    always(&mut host, None);
    same!(host.option("makeCredUvNotRqd"), Some(false));
    // There is no PIN yet to verify the user by.
    for request in both() {
        host.denied(with_param(&request, &[0; 32], Some(2)), status::PUAT_REQUIRED);
        host.denied(request, status::PUAT_REQUIRED);
    }
    host.set_pin(key.pin());
    for request in both() {
        host.denied(request, status::PUAT_REQUIRED);
    }
    let silent = host.assert_silently(&get_assertion_by("example.com", &[&made.id]));
    silent.verify(&made.public_key, "example.com", 0);
    for request in both() {
        let token = host.token(permission::MC | permission::GA, Some("example.com"));
        status::is(host.touched(token.on(request)).status, status::OK);
    }
}

fn always_verifying_ends_u2f(key: &Key) {
    let mut host = key.host();
    let application = sha256(b"example.com");
    let made = host.make(&plain());
    always(&mut host, None);
    let versions = host.info()[&0x01].clone();
    assert!(!versions.items().contains(&"U2F_V2".into()));
    host.u2f_denied(&register(&application), word::COMMAND_NOT_ALLOWED);
    for p1 in [control::ENFORCE, control::CHECK_ONLY, control::DONT_ENFORCE] {
        for handle in [&made.id[..], &[0; 43]] {
            host.u2f_denied(&authenticate(p1, &application, handle), word::COMMAND_NOT_ALLOWED);
        }
    }
    match host.u2f(VERSION) {
        (_, word::COMMAND_NOT_ALLOWED) => key.other_choice("the version is not told, either"),
        answer => same!(answer, (b"U2F_V2".to_vec(), word::NO_ERROR)),
    }
    // Off again, and all is as before.
    same!(host.ctap2(configure(0x02, None)), Response::bare(status::OK));
    same!(host.option("alwaysUv"), Some(false));
    same!(host.option("makeCredUvNotRqd"), Some(true));
    same!(
        host.info()[&0x01]
            .as_array()
            .map(|versions| versions.contains(&"U2F_V2".into())),
        Some(true)
    );
    host.u2f_denied(
        &authenticate(control::CHECK_ONLY, &application, &made.id),
        word::CONDITIONS_NOT_SATISFIED,
    );
}

fn u2f_goes_on_beside_a_pin(key: &Key) {
    let mut host = with_pin(key);
    let application = sha256(b"example.com");
    let registered = host.u2f_register(&application);
    host.assert(&get_assertion_by("example.com", &[&registered.key_handle]));
}
