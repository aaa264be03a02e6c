//! authenticatorClientPIN: key agreement, setPIN and changePIN (CTAP 2.3 §6.5.5.1 to §6.5.5.6).

use ciborium::Value;

use crate::host::client_pin::{Agreement, PIN, PROTOCOLS, Protocol, client_pin, cose_key, cp, padded, permission};
use crate::host::ctap2::{make_credential, mc, status};
use crate::host::response::Response;
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.5.5.4":
        key_agreement_is_a_cose_key_and_nothing_else,
        key_agreement_needs_a_protocol;
    "CTAP 2.3 §6.5.5":
        a_request_needs_a_subcommand,
        unknown_subcommands_are_refused,
        missing_parameters_are_named_so;
    "CTAP 2.3 §6.5.5.7.3":
        there_is_no_built_in_user_verification;
    "CTAP 2.3 §6.5.5.2":
        a_fresh_key_has_eight_retries;
    "CTAP 2.3 §6.5.5.5":
        a_pin_is_set_by_either_protocol,
        a_pin_that_is_set_is_not_set_again,
        a_wrong_parameter_is_refused,
        short_pins_are_refused,
        characters_count_not_bytes,
        a_pin_has_at_most_63_bytes,
        a_padded_pin_has_64_bytes,
        the_pin_survives_a_power_cycle;
    "CTAP 2.3 §6.5.6":
        a_key_that_is_no_point_is_refused,
        key_agreement_changes_with_a_wrong_pin_only;
    "CTAP 2.3 §6.5.5.6":
        the_pin_changes,
        changing_needs_the_current_pin,
        changing_needs_a_pin,
        a_wrong_parameter_costs_no_retry,
        a_new_pin_too_short_leaves_the_old,
        changing_the_pin_ends_its_tokens;
    "CTAP 2.3 §6.5.7":
        parameters_of_the_other_protocol_are_refused;
}

#[track_caller]
fn set(key: &Key, protocol: Protocol, plaintext: &[u8]) -> u8 {
    let mut host = key.host();
    let agreement = host.agree(protocol);
    host.ctap2(agreement.set_padded_pin(plaintext)).status
}

fn key_agreement_is_a_cose_key_and_nothing_else(key: &Key) {
    let mut host = key.host();
    for protocol in PROTOCOLS {
        let response = host.ctap2(client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, protocol as u8));
        assert_eq!(response.ok().keys().collect::<Vec<_>>(), [&1]);
        // Reads the key, and refuses one of another form.
        host.agree(protocol);
    }
}

fn key_agreement_needs_a_protocol(key: &Key) {
    let mut host = key.host();
    host.denied(client_pin(0x02), status::MISSING_PARAMETER);
    for protocol in [0_u64, 3, u64::MAX] {
        let request = client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, protocol);
        host.denied(request, status::INVALID_PARAMETER);
    }
}

fn a_request_needs_a_subcommand(key: &Key) {
    let mut host = key.host();
    let request = client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, 1);
    host.denied(request.clone().without(cp::SUB_COMMAND), status::MISSING_PARAMETER);
    host.denied(request.with(cp::SUB_COMMAND, "2"), status::CBOR_UNEXPECTED_TYPE);
    host.denied([0x06], status::MISSING_PARAMETER);
}

fn unknown_subcommands_are_refused(key: &Key) {
    let mut host = key.host();
    for sub_command in [0x00, 0x08, 0x0A, 0xFF] {
        host.denied(client_pin(sub_command), status::INVALID_SUBCOMMAND);
    }
}

fn there_is_no_built_in_user_verification(key: &Key) {
    let mut host = key.host();
    let agreement = host.agree(Protocol::Two);
    let request = agreement.request(0x06).with(cp::PERMISSIONS, permission::CM);
    host.denied(request, status::INVALID_SUBCOMMAND);
    host.denied(client_pin(0x07), status::INVALID_SUBCOMMAND);
    assert_eq!(host.option("uv"), None);
}

fn a_fresh_key_has_eight_retries(key: &Key) {
    let mut host = key.host();
    assert_eq!(host.pin_retries(), (8, false));
    assert_eq!(host.option("clientPin"), Some(false));
    // A protocol may be sent along.
    let response = host.ctap2(client_pin(0x01).with(cp::PIN_UV_AUTH_PROTOCOL, 2));
    assert_eq!(response.ok()[&3], 8.into());
}

fn a_pin_is_set_by_either_protocol(key: &Key) {
    for protocol in PROTOCOLS {
        let mut host = key.host();
        let agreement = host.agree(protocol);
        assert_eq!(host.ctap2(agreement.set_pin(PIN)), Response::bare(status::OK));
        assert_eq!(host.option("clientPin"), Some(true));
        assert_eq!(host.try_pin(PIN), status::OK);
        key.power_cycle();
        assert_eq!(key.host().touched(crate::host::ctap2::RESET).status, status::OK);
    }
}

fn a_pin_that_is_set_is_not_set_again(key: &Key) {
    let mut host = key.host();
    host.set_pin(PIN);
    let agreement = host.agree(Protocol::Two);
    host.denied(agreement.set_pin("5678"), status::PIN_AUTH_INVALID);
    assert_eq!(host.try_pin(PIN), status::OK);
}

fn missing_parameters_are_named_so(key: &Key) {
    let mut host = key.host();
    let agreement = host.agree(Protocol::Two);
    let set = [
        cp::PIN_UV_AUTH_PROTOCOL,
        cp::KEY_AGREEMENT,
        cp::PIN_UV_AUTH_PARAM,
        cp::NEW_PIN_ENC,
    ];
    for member in set {
        host.denied(agreement.set_pin(PIN).without(member), status::MISSING_PARAMETER);
    }
    host.set_pin(PIN);
    let agreement = host.agree(Protocol::Two);
    for member in set.into_iter().chain([cp::PIN_HASH_ENC]) {
        host.denied(
            agreement.change_pin(PIN, "5678").without(member),
            status::MISSING_PARAMETER,
        );
    }
    for member in [cp::PIN_UV_AUTH_PROTOCOL, cp::KEY_AGREEMENT, cp::PIN_HASH_ENC] {
        host.denied(agreement.get_pin_token(PIN).without(member), status::MISSING_PARAMETER);
    }
    assert_eq!(host.pin_retries(), (8, false));
}

fn a_wrong_parameter_is_refused(key: &Key) {
    for protocol in PROTOCOLS {
        let mut host = key.host();
        let agreement = host.agree(protocol);
        let length = agreement.authenticate(&[b""]).len();
        for param in [vec![], vec![0; length - 1], vec![0; length], vec![0; length + 1]] {
            let request = agreement.set_pin(PIN).with(cp::PIN_UV_AUTH_PARAM, param);
            host.denied(request, status::PIN_AUTH_INVALID);
        }
        let request = agreement.set_pin(PIN);
        host.denied(
            request.with(cp::PIN_UV_AUTH_PROTOCOL, 3 - protocol as u8),
            status::PIN_AUTH_INVALID,
        );
        assert_eq!(host.option("clientPin"), Some(false));
    }
}

fn a_key_that_is_no_point_is_refused(key: &Key) {
    let mut host = key.host();
    let agreement = host.agree(Protocol::Two);
    let Value::Map(members) = agreement.platform_key.clone() else {
        panic!("a map");
    };
    let without_y = Value::Map(members[..4].to_vec());
    for wrong in [
        cose_key(&[1; 32], &[1; 32]),
        cose_key(&[0; 32], &[0; 32]),
        cose_key(&[0xFF; 32], &[0xFF; 32]),
        cose_key(&[1; 31], &[1; 32]),
        without_y,
    ] {
        let request = agreement.set_pin(PIN).with(cp::KEY_AGREEMENT, wrong);
        host.denied(request, status::INVALID_PARAMETER);
    }
    host.denied(
        agreement.set_pin(PIN).with(cp::KEY_AGREEMENT, 1),
        status::CBOR_UNEXPECTED_TYPE,
    );
}

fn short_pins_are_refused(key: &Key) {
    for protocol in PROTOCOLS {
        for pin in ["", "1", "123"] {
            assert_eq!(set(key, protocol, &padded(pin)), status::PIN_POLICY_VIOLATION, "{pin}");
        }
    }
    assert_eq!(key.host().option("clientPin"), Some(false));
}

fn characters_count_not_bytes(key: &Key) {
    assert_eq!(set(key, Protocol::Two, &padded("🔑🔑🔑")), status::PIN_POLICY_VIOLATION);
    assert_eq!(set(key, Protocol::Two, &padded("🔑🔑🔑🔑")), status::OK);
    assert_eq!(key.host().try_pin("🔑🔑🔑🔑"), status::OK);
}

fn a_pin_has_at_most_63_bytes(key: &Key) {
    let long = "0123456789".repeat(7);
    for protocol in PROTOCOLS {
        assert_eq!(set(key, protocol, &padded(&long[..64])), status::PIN_POLICY_VIOLATION);
    }
    assert_eq!(set(key, Protocol::Two, &padded(&long[..63])), status::OK);
    assert_eq!(key.host().try_pin(&long[..63]), status::OK);
}

fn a_padded_pin_has_64_bytes(key: &Key) {
    for protocol in PROTOCOLS {
        for length in [16, 32, 48] {
            let mut short = padded(PIN);
            short.truncate(length);
            assert_eq!(set(key, protocol, &short), status::INVALID_PARAMETER, "{length}");
        }
        let mut long = padded(PIN);
        long.resize(80, 0);
        let code = set(key, protocol, &long);
        assert!(
            matches!(code, status::INVALID_PARAMETER | status::PIN_POLICY_VIOLATION),
            "{code:#x}"
        );
    }
    assert_eq!(key.host().option("clientPin"), Some(false));
}

fn the_pin_changes(key: &Key) {
    let mut host = key.host();
    host.set_pin(PIN);
    for (protocol, old, new) in [(Protocol::One, PIN, "56789"), (Protocol::Two, "56789", PIN)] {
        let agreement = host.agree(protocol);
        assert_eq!(host.ctap2(agreement.change_pin(old, new)), Response::bare(status::OK));
        assert_eq!(host.try_pin(old), status::PIN_INVALID);
        assert_eq!(host.try_pin(new), status::OK);
    }
}

fn changing_needs_the_current_pin(key: &Key) {
    let mut host = key.host();
    host.set_pin(PIN);
    let agreement = host.agree(Protocol::Two);
    host.denied(agreement.change_pin("4321", "5678"), status::PIN_INVALID);
    assert_eq!(host.pin_retries(), (7, false));
    assert_eq!(host.try_pin(PIN), status::OK);
}

fn changing_needs_a_pin(key: &Key) {
    let mut host = key.host();
    let agreement = host.agree(Protocol::Two);
    host.denied(agreement.change_pin(PIN, "5678"), status::PIN_NOT_SET);
    host.denied(agreement.get_pin_token(PIN), status::PIN_NOT_SET);
    host.denied(agreement.get_token(PIN, permission::CM, None), status::PIN_NOT_SET);
    assert_eq!(host.pin_retries(), (8, false));
}

fn a_wrong_parameter_costs_no_retry(key: &Key) {
    let mut host = key.host();
    host.set_pin(PIN);
    let agreement = host.agree(Protocol::Two);
    let request = agreement
        .change_pin(PIN, "5678")
        .with(cp::PIN_UV_AUTH_PARAM, vec![0; 32]);
    host.denied(request, status::PIN_AUTH_INVALID);
    assert_eq!(host.pin_retries(), (8, false));
    assert_eq!(host.try_pin(PIN), status::OK);
}

fn a_new_pin_too_short_leaves_the_old(key: &Key) {
    let mut host = key.host();
    host.set_pin(PIN);
    let agreement = host.agree(Protocol::Two);
    host.denied(agreement.change_pin(PIN, "123"), status::PIN_POLICY_VIOLATION);
    assert_eq!(host.try_pin(PIN), status::OK);
    assert_eq!(host.pin_retries(), (8, false));
}

fn changing_the_pin_ends_its_tokens(key: &Key) {
    let mut host = key.host();
    host.set_pin(PIN);
    let token = host.token(permission::MC, Some("example.com"));
    let persistent = host.token(permission::PCMR, None);
    assert_eq!(host.ctap2(persistent.manage(0x01, None)).status, status::OK);
    let agreement = host.agree(Protocol::Two);
    assert_eq!(host.ctap2(agreement.change_pin(PIN, "5678")).status, status::OK);
    host.denied(token.on(make_credential("example.com", b"1")), status::PIN_AUTH_INVALID);
    host.denied(persistent.manage(0x02, None), status::PIN_AUTH_INVALID);
}

fn key_agreement_changes_with_a_wrong_pin_only(key: &Key) {
    let mut host = key.host();
    host.set_pin(PIN);
    let agreement: Agreement = host.agree(Protocol::Two);
    // The same key serves again after a success.
    for _ in 0..2 {
        assert_eq!(host.ctap2(agreement.get_pin_token(PIN)).status, status::OK);
    }
    host.denied(agreement.get_pin_token("4321"), status::PIN_INVALID);
    // The secret that was agreed on is no longer the key's: even the right PIN decrypts to something else.
    host.denied(agreement.get_pin_token(PIN), status::PIN_INVALID);
    assert_eq!(host.try_pin(PIN), status::OK);
}

fn the_pin_survives_a_power_cycle(key: &Key) {
    let mut host = key.host();
    host.set_pin(PIN);
    let token = host.token(permission::MC, Some("example.com"));
    key.power_cycle();
    let mut host = key.host();
    host.denied(token.on(make_credential("example.com", b"1")), status::PIN_AUTH_INVALID);
    assert_eq!(host.try_pin(PIN), status::OK);
}

fn parameters_of_the_other_protocol_are_refused(key: &Key) {
    let mut host = key.host();
    host.set_pin(PIN);
    let request = make_credential("example.com", b"1");
    for protocol in PROTOCOLS {
        let token = host.token_by(protocol, PIN, permission::MC, Some("example.com"));
        let whole = crate::host::client_pin::Token {
            protocol: Protocol::Two,
            token: token.token.clone(),
        };
        let half = crate::host::client_pin::Token {
            protocol: Protocol::One,
            ..whole.clone()
        };
        let other = match protocol {
            Protocol::One => whole,
            Protocol::Two => half,
        };
        // A parameter of the other protocol's length under this protocol's number.
        let wrong = other.on(request.clone()).with(mc::PIN_UV_AUTH_PROTOCOL, protocol as u8);
        host.denied(wrong, status::PIN_AUTH_INVALID);
        host.register(&token.on(request.clone()));
    }
}
