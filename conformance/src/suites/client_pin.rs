//! authenticatorClientPIN: setPIN and changePIN (CTAP 2.3 §6.5.5, §6.5.5.5, §6.5.5.6).

use ciborium::Value;

use crate::host::client_pin::{Protocol, client_pin, cp, padded, permission};
use crate::host::ctap2::{RESET, Request, make_credential, status};
use crate::host::response::Response;
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.5.5":
        a_request_needs_a_subcommand,
        unknown_subcommands_are_refused,
        missing_parameters_are_named_so needs Tokens,
        wrong_types_are_named_so needs Tokens;
    "CTAP 2.3 §6.5.5.7.3":
        there_is_no_built_in_user_verification needs Pin and NoBuiltInUv;
    "CTAP 2.3 §6.5.5.2":
        a_fresh_key_has_eight_retries needs Pin;
    "CTAP 2.3 §6.5.5.5":
        a_pin_is_set_by_either_protocol needs Pin,
        a_pin_that_is_set_is_not_set_again needs Pin,
        a_wrong_parameter_is_refused needs Pin,
        short_pins_are_refused needs Pin,
        characters_count_not_bytes needs Pin,
        a_pin_has_at_most_63_bytes needs Pin,
        a_padded_pin_has_64_bytes needs Pin,
        a_new_pin_is_encrypted_in_whole_blocks needs Pin,
        the_pin_survives_a_power_cycle needs Tokens;
    "CTAP 2.3 §6.5.5.6":
        the_pin_changes needs Pin,
        changing_needs_the_current_pin needs Pin,
        changing_needs_a_pin needs Tokens,
        a_wrong_parameter_costs_no_retry needs Pin,
        a_new_pin_too_short_leaves_the_old needs Tokens and CredMgmt,
        changing_the_pin_ends_its_tokens needs Tokens and CredMgmt and Pcmr;
}

#[track_caller]
fn set(key: &Key, protocol: Protocol, plaintext: &[u8]) -> u8 {
    let mut host = key.host();
    let agreement = host.agree(protocol);
    host.ctap2(agreement.set_padded_pin(plaintext)).status
}

fn a_request_needs_a_subcommand(key: &Key) {
    let mut host = key.host();
    let request = client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, 1);
    host.denied(request.clone().without(cp::SUB_COMMAND), status::MISSING_PARAMETER);
    host.denied(request.with(cp::SUB_COMMAND, "2"), status::CBOR_UNEXPECTED_TYPE);
    host.denied_or([0x06], status::MISSING_PARAMETER, &[status::INVALID_CBOR]);
}

fn unknown_subcommands_are_refused(key: &Key) {
    let mut host = key.host();
    for sub_command in [0x00, 0x08, 0x0A, 0xFF] {
        host.denied(client_pin(sub_command), status::INVALID_SUBCOMMAND);
    }
    let huge = client_pin(0).with(cp::SUB_COMMAND, u64::MAX);
    host.denied(huge, status::INVALID_SUBCOMMAND);
}

fn there_is_no_built_in_user_verification(key: &Key) {
    let mut host = key.host();
    let agreement = host.agree_by_best();
    let request = agreement.request(0x06).with(cp::PERMISSIONS, permission::CM);
    host.denied(request, status::INVALID_SUBCOMMAND);
    host.denied(client_pin(0x07), status::INVALID_SUBCOMMAND);
    same!(host.option("uv"), None);
}

fn a_fresh_key_has_eight_retries(key: &Key) {
    let mut host = key.host();
    let (all, power_cycle) = host.pin_retries();
    assert!(
        (1..=8).contains(&all),
        "expected 1 to 8 retries, the key answered {all}"
    );
    assert!(!power_cycle, "expected no need of a power cycle");
    same!(host.option("clientPin"), Some(false));
    // No protocol has to be sent along.
    let response = host.ctap2(client_pin(0x01));
    same!(response.ok()[&3], all.into());
}

fn a_pin_is_set_by_either_protocol(key: &Key) {
    for protocol in key.host().protocols() {
        let mut host = key.host();
        let agreement = host.agree(protocol);
        same!(host.ctap2(agreement.set_pin(key.pin())), Response::bare(status::OK));
        same!(host.option("clientPin"), Some(true));
        status::is(host.try_pin(key.pin()), status::OK);
        key.power_cycle();
        status::is(key.host().touched(RESET).status, status::OK);
    }
}

fn a_pin_that_is_set_is_not_set_again(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    let agreement = host.agree_by_best();
    host.denied(agreement.set_pin(key.pins().second), status::PIN_AUTH_INVALID);
    status::is(host.try_pin(key.pin()), status::OK);
}

fn missing_parameters_are_named_so(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    let agreement = host.agree_by_best();
    let set = [
        cp::PIN_UV_AUTH_PROTOCOL,
        cp::KEY_AGREEMENT,
        cp::PIN_UV_AUTH_PARAM,
        cp::NEW_PIN_ENC,
    ];
    let unknown = |request: Request| request.with(cp::PIN_UV_AUTH_PROTOCOL, 3);
    for member in set {
        host.denied(agreement.set_pin(key.pin()).without(member), status::MISSING_PARAMETER);
    }
    // Before the protocol is looked at, and that before whether there is a PIN.
    let without = unknown(agreement.set_pin(key.pin())).without(cp::NEW_PIN_ENC);
    host.denied_or(without, status::MISSING_PARAMETER, &[status::INVALID_PARAMETER]);
    host.set_pin(key.pin());
    let agreement = host.agree_by_best();
    for member in set.into_iter().chain([cp::PIN_HASH_ENC]) {
        host.denied(
            agreement.change_pin(key.pin(), key.pins().second).without(member),
            status::MISSING_PARAMETER,
        );
    }
    for member in [cp::PIN_UV_AUTH_PROTOCOL, cp::KEY_AGREEMENT, cp::PIN_HASH_ENC] {
        for request in [
            agreement.get_pin_token(key.pin()),
            agreement.get_token(key.pin(), permission::MC, Some("example.com")),
        ] {
            host.denied(request.without(member), status::MISSING_PARAMETER);
        }
    }
    for request in [
        agreement.set_pin(key.pin()),
        agreement.change_pin(key.pin(), key.pins().second),
        agreement.get_pin_token(key.pin()),
        agreement.get_token(key.pin(), permission::MC, Some("example.com")),
    ] {
        host.denied(unknown(request), status::INVALID_PARAMETER);
    }
    same!(host.pin_retries(), (all, false));
}

fn wrong_types_are_named_so(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    host.set_pin(key.pin());
    let agreement = host.agree_by_best();
    let change = agreement.change_pin(key.pin(), key.pins().second);
    for member in cp::PIN_UV_AUTH_PROTOCOL..=cp::PIN_HASH_ENC {
        host.denied(change.clone().with(member, true), status::CBOR_UNEXPECTED_TYPE);
    }
    let get = agreement.get_token(key.pin(), permission::MC, Some("example.com"));
    for (member, wrong) in [
        (cp::PERMISSIONS, true.into()),
        (cp::PERMISSIONS, Value::from(-1)),
        (cp::RP_ID, true.into()),
    ] {
        host.denied(get.clone().with(member, wrong), status::CBOR_UNEXPECTED_TYPE);
    }
    same!(host.pin_retries(), (all, false));
}

fn a_wrong_parameter_is_refused(key: &Key) {
    for protocol in key.host().protocols() {
        let mut host = key.host();
        let agreement = host.agree(protocol);
        let length = agreement.authenticate(&[b""]).len();
        for param in [vec![], vec![0; length - 1], vec![0; length], vec![0; length + 1]] {
            let request = agreement.set_pin(key.pin()).with(cp::PIN_UV_AUTH_PARAM, param);
            host.denied(request, status::PIN_AUTH_INVALID);
        }
        for other in host.other_protocols(protocol) {
            let request = agreement.set_pin(key.pin());
            let request = request.with(cp::PIN_UV_AUTH_PROTOCOL, other as u8);
            host.denied(request, status::PIN_AUTH_INVALID);
        }
        same!(host.option("clientPin"), Some(false));
    }
}

fn short_pins_are_refused(key: &Key) {
    let shortest = key.host().shortest_pin();
    for protocol in key.host().protocols() {
        for length in [0, 1, shortest - 1] {
            let pin = &key.pins().of_length(length);
            status::of(pin, set(key, protocol, &padded(pin)), status::PIN_POLICY_VIOLATION);
        }
    }
    same!(key.host().option("clientPin"), Some(false));
}

fn characters_count_not_bytes(key: &Key) {
    let shortest = key.host().shortest_pin();
    // Of four bytes each, and different ones, for a key with a complexity policy.
    let pin = |length: usize| -> String { "🔑🦀🌍🎹🐌🍋🚲".chars().cycle().take(length).collect() };
    status::is(
        set(key, key.host().best_protocol(), &padded(&pin(shortest - 1))),
        status::PIN_POLICY_VIOLATION,
    );
    status::is(
        set(key, key.host().best_protocol(), &padded(&pin(shortest))),
        status::OK,
    );
    status::is(key.host().try_pin(&pin(shortest)), status::OK);
}

fn a_pin_has_at_most_63_bytes(key: &Key) {
    let long = key.pins().of_length(70);
    let longest = key.host().longest_pin();
    for protocol in key.host().protocols() {
        for length in [longest + 1, 64] {
            status::is(
                set(key, protocol, &padded(&long[..length])),
                status::PIN_POLICY_VIOLATION,
            );
        }
    }
    status::is(
        set(key, key.host().best_protocol(), &padded(&long[..longest])),
        status::OK,
    );
    status::is(key.host().try_pin(&long[..longest]), status::OK);
}

fn a_padded_pin_has_64_bytes(key: &Key) {
    for protocol in key.host().protocols() {
        for length in [0, 16, 32, 48, 80, 512] {
            let mut other = padded(key.pin());
            other.resize(length, 0);
            let code = set(key, protocol, &other);
            // What is too long is a PIN too long as well, and CTAP 2.0 knew no other reason.
            if length < 64 || code != status::PIN_POLICY_VIOLATION {
                status::of(format!("{length} bytes"), code, status::INVALID_PARAMETER);
            }
        }
    }
    same!(key.host().option("clientPin"), Some(false));
}

fn a_new_pin_is_encrypted_in_whole_blocks(key: &Key) {
    let mut host = key.host();
    for protocol in host.protocols() {
        let agreement = host.agree(protocol);
        let param = agreement.authenticate(&[&[0; 65]]);
        let request = agreement.set_pin(key.pin()).with(cp::NEW_PIN_ENC, vec![0; 65]);
        let request = request.with(cp::PIN_UV_AUTH_PARAM, param);
        host.denied(request, status::PIN_AUTH_INVALID);
    }
    same!(host.option("clientPin"), Some(false));
}

fn the_pin_changes(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    let (mut old, mut new) = (key.pin(), key.pins().second);
    for protocol in host.protocols() {
        let agreement = host.agree(protocol);
        same!(host.ctap2(agreement.change_pin(old, new)), Response::bare(status::OK));
        status::is(host.try_pin(old), status::PIN_INVALID);
        status::is(host.try_pin(new), status::OK);
        (old, new) = (new, old);
    }
    key.power_cycle();
    status::is(key.host().try_pin(old), status::OK);
}

fn changing_needs_the_current_pin(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    host.set_pin(key.pin());
    let agreement = host.agree_by_best();
    host.denied(
        agreement.change_pin(key.pins().wrong, key.pins().second),
        status::PIN_INVALID,
    );
    same!(host.pin_retries(), (all - 1, false));
    let agreement = host.agree_by_best();
    status::is(
        host.ctap2(agreement.change_pin(key.pin(), key.pins().second)).status,
        status::OK,
    );
    same!(host.pin_retries(), (all, false));
}

fn changing_needs_a_pin(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    let agreement = host.agree_by_best();
    for request in [
        agreement.change_pin(key.pin(), key.pins().second),
        agreement.get_pin_token(key.pin()),
        agreement.get_token(key.pin(), permission::MC, Some("example.com")),
    ] {
        // The steps name no status for it.
        let others = &[status::PUAT_REQUIRED, status::PIN_INVALID];
        host.denied_or(request, status::PIN_NOT_SET, others);
    }
    // Nor what it costs; setPIN gives all of them back.
    let (left, _) = host.pin_retries();
    if left != all {
        key.note(&format!(
            "expected that no retry is gone where there is no PIN, the key has {left} of {all}"
        ));
    }
}

fn a_wrong_parameter_costs_no_retry(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    host.set_pin(key.pin());
    let agreement = host.agree_by_best();
    let request = agreement.change_pin(key.pin(), key.pins().second);
    let other = agreement.change_pin(key.pins().wrong, key.pins().wrong);
    for (member, wrong) in [
        (cp::PIN_UV_AUTH_PARAM, Value::from(vec![0; 32])),
        (cp::PIN_UV_AUTH_PARAM, Value::Bytes(Vec::new())),
        (cp::NEW_PIN_ENC, other[cp::NEW_PIN_ENC].clone()),
        (cp::PIN_HASH_ENC, other[cp::PIN_HASH_ENC].clone()),
    ] {
        host.denied(request.clone().with(member, wrong), status::PIN_AUTH_INVALID);
    }
    same!(host.pin_retries(), (all, false));
    // Nor does it change the key agreement.
    status::is(host.ctap2(request).status, status::OK);
}

fn a_new_pin_too_short_leaves_the_old(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    host.set_pin(key.pin());
    let agreement = host.agree_by_best();
    let token = host.token(permission::CM, None);
    let short = key.pins().of_length(host.shortest_pin() - 1);
    host.denied(agreement.change_pin(key.pin(), &short), status::PIN_POLICY_VIOLATION);
    same!(host.pin_retries(), (all, false));
    status::is(host.ctap2(token.manage(0x01, None)).status, status::OK);
    status::is(host.try_pin(key.pin()), status::OK);
}

fn changing_the_pin_ends_its_tokens(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    let token = host.token(permission::MC, Some("example.com"));
    let persistent = host.token(permission::PCMR, None);
    status::is(host.ctap2(persistent.manage(0x01, None)).status, status::OK);
    let agreement = host.agree_by_best();
    status::is(
        host.ctap2(agreement.change_pin(key.pin(), key.pins().second)).status,
        status::OK,
    );
    host.denied(token.on(make_credential("example.com", b"1")), status::PIN_AUTH_INVALID);
    host.denied(persistent.manage(0x02, None), status::PIN_AUTH_INVALID);
}

fn the_pin_survives_a_power_cycle(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    let token = host.token(permission::MC, Some("example.com"));
    key.power_cycle();
    let mut host = key.host();
    host.denied(token.on(make_credential("example.com", b"1")), status::PIN_AUTH_INVALID);
    status::is(host.try_pin(key.pin()), status::OK);
}
