//! How often a PIN may be guessed (CTAP 2.3 §6.5.2.2, §6.5.2.3).

use crate::host::client_pin::{cp, permission};
use crate::host::ctap2::{RESET, status};
use crate::host::response::Response;
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.5.2.2":
        a_wrong_pin_costs_a_retry_and_the_right_one_restores_them needs Pin,
        three_wrong_pins_in_a_row_need_a_power_cycle needs Tokens,
        a_blocked_pin_is_blocked_until_a_reset needs Tokens,
        every_way_to_use_the_pin_counts needs Tokens,
        a_pin_of_another_length_is_wrong_too needs Pin,
        a_pin_hash_of_another_length_is_wrong_too needs Pin;
    "CTAP 2.3 §6.6":
        a_reset_ends_the_need_of_a_power_cycle needs Pin;
}

/// The answer to the third wrong PIN in a row: the last retry of a key that has no more than three.
fn third(all: u64) -> u8 {
    match all {
        0..=3 => status::PIN_BLOCKED,
        _ => status::PIN_AUTH_BLOCKED,
    }
}

fn a_wrong_pin_costs_a_retry_and_the_right_one_restores_them(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    host.set_pin(key.pin());
    for left in [all - 1, all - 2] {
        status::is(host.try_pin(key.pins().wrong), status::PIN_INVALID);
        same!(host.pin_retries(), (left, false));
    }
    status::is(host.try_pin(key.pin()), status::OK);
    same!(host.pin_retries(), (all, false));
    // And the three in a row begin anew.
    for _ in 0..2 {
        status::is(host.try_pin(key.pins().wrong), status::PIN_INVALID);
    }
}

fn three_wrong_pins_in_a_row_need_a_power_cycle(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    host.set_pin(key.pin());
    if third(all) == status::PIN_BLOCKED {
        // That it has no more retries is all that this key ever says.
        return;
    }
    for code in [status::PIN_INVALID, status::PIN_INVALID, status::PIN_AUTH_BLOCKED] {
        status::is(host.try_pin(key.pins().wrong), code);
    }
    let (left, needs_power) = host.pin_retries();
    same!(left, all - 3);
    // §6.5.5.2: powerCycleState is optional.
    if !needs_power {
        key.other_choice("the key does not say that it needs a power cycle");
    }
    for pin in [key.pin(), key.pins().wrong] {
        status::is(host.try_pin(pin), status::PIN_AUTH_BLOCKED);
    }
    let agreement = host.agree_by_best();
    host.denied(
        agreement.change_pin(key.pin(), key.pins().second),
        status::PIN_AUTH_BLOCKED,
    );
    host.denied(
        agreement.get_token(key.pin(), permission::MC, Some("example.com")),
        status::PIN_AUTH_BLOCKED,
    );
    same!(host.pin_retries(), (all - 3, needs_power));
    key.power_cycle();
    let mut host = key.host();
    same!(host.pin_retries(), (all - 3, false));
    status::is(host.try_pin(key.pin()), status::OK);
    same!(host.pin_retries(), (all, false));
}

fn a_blocked_pin_is_blocked_until_a_reset(key: &Key) {
    let (all, _) = key.host().pin_retries();
    key.host().set_pin(key.pin());
    let attempts: Vec<u64> = (1..=all).collect();
    for round in attempts.chunks(3) {
        let mut host = key.host();
        for attempt in round {
            let code = match attempt {
                last if *last == all => status::PIN_BLOCKED,
                third if third % 3 == 0 => status::PIN_AUTH_BLOCKED,
                _ => status::PIN_INVALID,
            };
            status::of(
                format!("wrong PIN {attempt} of {all}"),
                host.try_pin(key.pins().wrong),
                code,
            );
        }
        key.power_cycle();
    }
    let mut host = key.host();
    same!(host.pin_retries().0, 0);
    let agreement = host.agree_by_best();
    for request in [
        agreement.get_pin_token(key.pin()),
        agreement.get_token(key.pin(), permission::MC, Some("example.com")),
        agreement.change_pin(key.pin(), key.pins().second),
    ] {
        host.denied(request, status::PIN_BLOCKED);
    }
    host.denied(agreement.set_pin(key.pin()), status::PIN_AUTH_INVALID);
    same!(host.touched(RESET), Response::bare(status::OK));
    same!(host.option("clientPin"), Some(false));
    same!(host.pin_retries(), (all, false));
    host.set_pin(key.pins().second);
    status::is(host.try_pin(key.pins().second), status::OK);
}

fn every_way_to_use_the_pin_counts(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    host.set_pin(key.pin());
    let protocol = host.protocols()[0];
    let agreement = host.agree(protocol);
    host.denied(agreement.get_pin_token(key.pins().wrong), status::PIN_INVALID);
    let agreement = host.agree_by_best();
    host.denied(
        agreement.change_pin(key.pins().wrong, key.pins().second),
        status::PIN_INVALID,
    );
    let agreement = host.agree_by_best();
    host.denied(
        agreement.get_token(key.pins().wrong, permission::MC, Some("example.com")),
        third(all),
    );
    same!(host.pin_retries().0, all - 3);
}

fn a_pin_of_another_length_is_wrong_too(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    let length = key.pin().len();
    for wrong in [length - 1, length + 1].map(|length| key.pins().of_length(length)) {
        status::is(host.try_pin(&wrong), status::PIN_INVALID);
    }
    status::is(host.try_pin(key.pin()), status::OK);
}

fn a_pin_hash_of_another_length_is_wrong_too(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    let (all, _) = host.pin_retries();
    for protocol in host.protocols() {
        for (length, left) in [(0, all - 1), (32, all - 2)] {
            let agreement = host.agree(protocol);
            let hash = agreement.encrypt(&[0; 32][..length]);
            let request = agreement.get_pin_token(key.pin()).with(cp::PIN_HASH_ENC, hash);
            host.denied(request, status::PIN_INVALID);
            same!(host.pin_retries(), (left, false));
        }
        status::is(host.try_pin(key.pin()), status::OK);
        // No whole blocks.
        let request = host.agree(protocol).get_pin_token(key.pin());
        host.denied(request.with(cp::PIN_HASH_ENC, vec![0; 17]), status::PIN_INVALID);
        status::is(host.try_pin(key.pin()), status::OK);
    }
}

fn a_reset_ends_the_need_of_a_power_cycle(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    host.set_pin(key.pin());
    for _ in 0..3 {
        differ!(host.try_pin(key.pins().wrong), status::OK);
    }
    same!(host.touched(RESET), Response::bare(status::OK));
    same!(host.pin_retries(), (all, false));
    host.set_pin(key.pin());
    status::is(host.try_pin(key.pin()), status::OK);
}
