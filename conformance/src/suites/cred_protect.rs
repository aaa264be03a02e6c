//! The extension credProtect (CTAP 2.3 §12.1).

use ciborium::Value;

use crate::host::Host;
use crate::host::client_pin::permission;
use crate::host::ctap2::{
    Request, extending, get_assertion, get_assertion_by, make_credential, make_discoverable, status,
};
use crate::host::response::{Made, flags};
use crate::host::u2f::{authenticate, control, word};
use crate::host::verify::sha256;
use crate::key::Key;

checks! {
    "CTAP 2.3 §12.1":
        the_level_is_answered needs Rk and CredProtect,
        level_one_is_found_by_all needs Rk and Tokens and CredProtect,
        level_two_is_found_by_its_id_or_by_the_verified needs Rk and Tokens and CredProtect,
        level_three_is_found_by_the_verified_only needs Rk and Tokens and CredProtect,
        levels_hold_for_plain_credentials needs Tokens and CredProtect,
        hidden_accounts_are_not_counted needs Rk and CredProtect,
        unknown_levels_are_refused needs CredProtect,
        u2f_cannot_use_level_three needs U2f and CredProtect;
}

fn protected(request: Request, level: u8) -> Request {
    extending(request, [("credProtect", level.into())])
}

/// A key with a PIN and a discoverable credential of this level.
fn with_level(key: &Key, level: u8) -> (Host, Made) {
    let mut host = key.host();
    host.set_pin(key.pin());
    let token = host.token(permission::MC, Some("example.com"));
    let made = host.register(&token.on(protected(make_discoverable("example.com", b"1"), level)));
    (host, made)
}

#[track_caller]
fn found(host: &mut Host, made: &Made, by_id: bool, verified: bool) -> bool {
    let request = if by_id {
        get_assertion_by("example.com", &[&made.id])
    } else {
        get_assertion("example.com")
    };
    let request = if verified {
        host.token(permission::GA, Some("example.com")).on(request)
    } else {
        request
    };
    let response = host.ctap2(request.with(0x05, crate::host::cbor::map([("up", false.into())])));
    assert!(matches!(response.status, status::OK | status::NO_CREDENTIALS));
    response.status == status::OK
}

fn the_level_is_answered(key: &Key) {
    let mut host = key.host();
    for level in [1, 2, 3] {
        for request in [
            make_credential("example.com", b"1"),
            make_discoverable("example.com", b"1"),
        ] {
            let made = host.register(&protected(request, level));
            same!(made.auth_data.flags, flags::UP | flags::AT | flags::ED);
            let output = Value::Map(vec![("credProtect".into(), level.into())]);
            same!(made.auth_data.extensions, Some(output));
        }
    }
}

fn level_one_is_found_by_all(key: &Key) {
    let (mut host, made) = with_level(key, 1);
    for (by_id, verified) in [(true, true), (true, false), (false, true), (false, false)] {
        assert!(found(&mut host, &made, by_id, verified), "{by_id} {verified}");
    }
}

fn level_two_is_found_by_its_id_or_by_the_verified(key: &Key) {
    let (mut host, made) = with_level(key, 2);
    for (by_id, verified) in [(true, true), (true, false), (false, true), (false, false)] {
        same!(found(&mut host, &made, by_id, verified), by_id || verified);
    }
}

fn level_three_is_found_by_the_verified_only(key: &Key) {
    let (mut host, made) = with_level(key, 3);
    for (by_id, verified) in [(true, true), (true, false), (false, true), (false, false)] {
        same!(found(&mut host, &made, by_id, verified), verified);
    }
    host.denied(get_assertion_by("example.com", &[&made.id]), status::NO_CREDENTIALS);
}

fn levels_hold_for_plain_credentials(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    for level in [1, 2, 3] {
        let token = host.token(permission::MC, Some("example.com"));
        let made = host.register(&token.on(protected(make_credential("example.com", b"1"), level)));
        same!(found(&mut host, &made, true, false), level != 3);
        assert!(found(&mut host, &made, true, true));
    }
}

fn hidden_accounts_are_not_counted(key: &Key) {
    let mut host = key.host();
    host.register(&protected(make_discoverable("example.com", b"1"), 2));
    let made = host.make(&make_discoverable("example.com", b"2"));
    let assertion = host.assert(&get_assertion("example.com"));
    same!((assertion.id, assertion.number_of_credentials), (made.id, None));
}

fn unknown_levels_are_refused(key: &Key) {
    let mut host = key.host();
    let request = |level: Value| extending(make_credential("example.com", b"1"), [("credProtect", level)]);
    for level in [0, 4, 255, 0x101] {
        let others = &[
            status::CBOR_UNEXPECTED_TYPE,
            status::INVALID_CBOR,
            status::INVALID_OPTION,
        ];
        host.denied_or(request(level.into()), status::INVALID_PARAMETER, others);
    }
    for wrong in ["1".into(), true.into(), Value::from(-1)] {
        host.denied(request(wrong), status::CBOR_UNEXPECTED_TYPE);
    }
}

fn u2f_cannot_use_level_three(key: &Key) {
    let mut host = key.host();
    let application = sha256(b"example.com");
    for (level, word) in [
        (1, word::CONDITIONS_NOT_SATISFIED),
        (2, word::CONDITIONS_NOT_SATISFIED),
        (3, word::WRONG_DATA),
    ] {
        let made = host.register(&protected(make_credential("example.com", b"1"), level));
        host.u2f_denied(&authenticate(control::CHECK_ONLY, &application, &made.id), word);
    }
}
