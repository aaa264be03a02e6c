//! How often a PIN may be guessed (CTAP 2.3 §6.5.2.2, §6.5.2.3).

use crate::host::client_pin::{PIN, Protocol, client_pin, cp, permission};
use crate::host::ctap2::{RESET, status};
use crate::host::response::Response;
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.5.2.2":
        a_wrong_pin_costs_a_retry_and_the_right_one_restores_them needs Pin,
        three_wrong_pins_in_a_row_need_a_power_cycle needs Tokens,
        a_blocked_pin_is_blocked_until_a_reset needs Tokens,
        every_way_to_use_the_pin_counts needs Tokens and ProtocolOne,
        a_pin_of_another_length_is_wrong_too needs Pin,
        a_pin_hash_of_another_length_is_wrong_too needs Pin;
    "CTAP 2.3 §6.6":
        a_reset_ends_the_need_of_a_power_cycle needs Pin;
}

fn a_wrong_pin_costs_a_retry_and_the_right_one_restores_them(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    host.set_pin(PIN);
    for left in [all - 1, all - 2] {
        status::is(host.try_pin("4321"), status::PIN_INVALID);
        same!(host.pin_retries(), (left, false));
    }
    status::is(host.try_pin(PIN), status::OK);
    same!(host.pin_retries(), (all, false));
    // And the three in a row begin anew.
    for _ in 0..2 {
        status::is(host.try_pin("4321"), status::PIN_INVALID);
    }
}

fn three_wrong_pins_in_a_row_need_a_power_cycle(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    host.set_pin(PIN);
    for code in [status::PIN_INVALID, status::PIN_INVALID, status::PIN_AUTH_BLOCKED] {
        status::is(host.try_pin("4321"), code);
    }
    same!(host.pin_retries(), (all - 3, true));
    for pin in [PIN, "4321"] {
        status::is(host.try_pin(pin), status::PIN_AUTH_BLOCKED);
    }
    let agreement = host.agree_by_best();
    host.denied(agreement.change_pin(PIN, "5678"), status::PIN_AUTH_BLOCKED);
    host.denied(agreement.get_token(PIN, permission::CM, None), status::PIN_AUTH_BLOCKED);
    same!(host.pin_retries(), (all - 3, true));
    key.power_cycle();
    let mut host = key.host();
    same!(host.pin_retries(), (all - 3, false));
    status::is(host.try_pin(PIN), status::OK);
    same!(host.pin_retries(), (all, false));
}

fn a_blocked_pin_is_blocked_until_a_reset(key: &Key) {
    let (all, _) = key.host().pin_retries();
    key.host().set_pin(PIN);
    let attempts: Vec<u64> = (1..=all).collect();
    for round in attempts.chunks(3) {
        let mut host = key.host();
        for attempt in round {
            let code = match attempt {
                last if *last == all => status::PIN_BLOCKED,
                third if third % 3 == 0 => status::PIN_AUTH_BLOCKED,
                _ => status::PIN_INVALID,
            };
            status::of(format!("wrong PIN {attempt} of {all}"), host.try_pin("4321"), code);
        }
        key.power_cycle();
    }
    let mut host = key.host();
    same!(host.ctap2(client_pin(0x01)).ok()[&3], 0.into());
    let agreement = host.agree_by_best();
    for request in [
        agreement.get_pin_token(PIN),
        agreement.get_token(PIN, permission::CM, None),
        agreement.change_pin(PIN, "5678"),
    ] {
        host.denied(request, status::PIN_BLOCKED);
    }
    host.denied(agreement.set_pin(PIN), status::PIN_AUTH_INVALID);
    same!(host.touched(RESET), Response::bare(status::OK));
    same!(host.option("clientPin"), Some(false));
    same!(host.pin_retries(), (all, false));
    host.set_pin("5678");
    status::is(host.try_pin("5678"), status::OK);
}

fn every_way_to_use_the_pin_counts(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    host.set_pin(PIN);
    let agreement = host.agree(Protocol::One);
    host.denied(agreement.get_pin_token("4321"), status::PIN_INVALID);
    let agreement = host.agree_by_best();
    host.denied(agreement.change_pin("4321", "5678"), status::PIN_INVALID);
    let agreement = host.agree_by_best();
    host.denied(
        agreement.get_token("4321", permission::CM, None),
        status::PIN_AUTH_BLOCKED,
    );
    same!(host.pin_retries(), (all - 3, true));
}

fn a_pin_of_another_length_is_wrong_too(key: &Key) {
    let mut host = key.host();
    host.set_pin(PIN);
    for wrong in ["123", "12345"] {
        status::is(host.try_pin(wrong), status::PIN_INVALID);
    }
    status::is(host.try_pin(PIN), status::OK);
}

fn a_pin_hash_of_another_length_is_wrong_too(key: &Key) {
    let mut host = key.host();
    host.set_pin(PIN);
    let (all, _) = host.pin_retries();
    for protocol in host.protocols() {
        for (length, left) in [(0, all - 1), (32, all - 2)] {
            let agreement = host.agree(protocol);
            let hash = agreement.encrypt(&[0; 32][..length]);
            let request = agreement.get_pin_token(PIN).with(cp::PIN_HASH_ENC, hash);
            host.denied(request, status::PIN_INVALID);
            same!(host.pin_retries(), (left, false));
        }
        status::is(host.try_pin(PIN), status::OK);
        // No whole blocks.
        let request = host.agree(protocol).get_pin_token(PIN);
        host.denied(request.with(cp::PIN_HASH_ENC, vec![0; 17]), status::PIN_INVALID);
        status::is(host.try_pin(PIN), status::OK);
    }
}

fn a_reset_ends_the_need_of_a_power_cycle(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    host.set_pin(PIN);
    for _ in 0..3 {
        differ!(host.try_pin("4321"), status::OK);
    }
    same!(host.touched(RESET), Response::bare(status::OK));
    same!(host.pin_retries(), (all, false));
    host.set_pin(PIN);
    status::is(host.try_pin(PIN), status::OK);
}
