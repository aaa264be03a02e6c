//! setMinPINLength: the length, who may know it, a change that is forced, and the complexity policy (CTAP 2.3
//! §6.11.4).

use ciborium::Value;

use super::{ALWAYS_UV, SET_MIN_PIN_LENGTH, length, params, run, texts, told, with_pin};
use crate::host::client_pin::{configure, permission};
use crate::host::ctap2::status;
use crate::host::read::Read as _;
use crate::host::response::Response;
use crate::key::{Key, Pins};

pub(super) fn the_minimum_pin_length_only_grows(key: &Key) {
    let mut host = key.host();
    let (shortest, longest) = (host.shortest_pin(), host.longest_pin());
    let set = |length: u64| configure(SET_MIN_PIN_LENGTH, params([(1, length.into())]));
    for characters in [shortest, shortest + 2, shortest + 2, shortest + 4] {
        let request = configure(SET_MIN_PIN_LENGTH, length(characters));
        same!(host.ctap2(request), Response::bare(status::OK));
        same!(host.shortest_pin(), characters);
    }
    for length in [0, shortest as u64 + 3, longest as u64 + 1, 256, 264, u64::MAX] {
        host.denied(set(length), status::PIN_POLICY_VIOLATION);
    }
    // Nor do these change anything.
    for nothing in [None, params([]), params([(3, false.into()), (4, false.into())])] {
        let request = configure(SET_MIN_PIN_LENGTH, nothing);
        same!(host.ctap2(request), Response::bare(status::OK));
    }
    same!(host.shortest_pin(), shortest + 4);
    let agreement = host.agree_by_best();
    let [short, pin] = [3, 4].map(|more| key.pins().of_length(shortest + more));
    host.denied(agreement.set_pin(&short), status::PIN_POLICY_VIOLATION);
    host.set_pin(&pin);
    status::is(run(&mut host, &pin, SET_MIN_PIN_LENGTH, length(longest)), status::OK);
    same!(host.shortest_pin(), longest);
}

pub(super) fn a_pin_shorter_than_the_minimum_must_change(key: &Key) {
    let mut host = with_pin(key, key.pin());
    let characters = key.pin().len() + 2;
    status::is(
        run(&mut host, key.pin(), SET_MIN_PIN_LENGTH, length(characters)),
        status::OK,
    );
    let info = host.info();
    same!(
        (&info[&0x0C], &info[&0x0D]),
        (&true.into(), &(characters as u64).into())
    );
    let [short, pin] = [1, 0].map(|fewer| key.pins().of_length(characters - fewer));
    let agreement = host.agree_by_best();
    host.denied(agreement.change_pin(key.pin(), &short), status::PIN_POLICY_VIOLATION);
    let agreement = host.agree_by_best();
    status::is(host.ctap2(agreement.change_pin(key.pin(), &pin)).status, status::OK);
    differ!(host.info().get(&0x0C), Some(&true.into()));
}

pub(super) fn a_pin_long_enough_need_not_change(key: &Key) {
    let mut host = key.host();
    let shortest = host.shortest_pin();
    let pin = key.pins().of_length(shortest + 4);
    host.set_pin(&pin);
    let protocol = host.best_protocol();
    let token = host.token_by(protocol, &pin, permission::ACFG, None);
    for (more, must_change) in [(2, false), (4, false), (5, true)] {
        let request = token.configure(SET_MIN_PIN_LENGTH, length(shortest + more));
        same!(host.ctap2(request), Response::bare(status::OK));
        same!(host.info().get(&0x0C) == Some(&true.into()), must_change);
    }
    // With the PIN its tokens go.
    host.denied(token.configure(ALWAYS_UV, None), status::PIN_AUTH_INVALID);
}

pub(super) fn forcing_a_change_needs_a_pin(key: &Key) {
    let mut host = key.host();
    let force = || params([(3, true.into())]);
    host.denied(configure(SET_MIN_PIN_LENGTH, force()), status::PIN_NOT_SET);
    host.set_pin(key.pin());
    status::is(run(&mut host, key.pin(), SET_MIN_PIN_LENGTH, force()), status::OK);
    same!(host.info()[&0x0C], true.into());
    key.power_cycle();
    same!(key.host().info()[&0x0C], true.into());
}

pub(super) fn relying_parties_that_may_know_the_length_are_listed(key: &Key) {
    let mut host = key.host();
    let maximum = host.info()[&0x10].number();
    let shortest = Some((host.shortest_pin() as u64).into());
    let list = |count: usize, domain: &str| {
        let names: Vec<_> = (0..count).map(|n| format!("{n}.{domain}")).collect();
        configure(SET_MIN_PIN_LENGTH, params([(2, texts(&names))]))
    };
    same!(told(&mut host, "0.example.com"), None);
    status::is(host.ctap2(list(maximum, "example.com")).status, status::OK);
    host.denied(list(maximum + 1, "example.org"), status::KEY_STORE_FULL);
    for rp_id in ["0.example.com", &format!("{}.example.com", maximum - 1)] {
        same!(told(&mut host, rp_id), shortest.clone(), "{rp_id}");
    }
    same!(told(&mut host, "0.example.org"), None);
    // An empty list is none.
    status::is(host.ctap2(list(0, "")).status, status::OK);
    if told(&mut host, "0.example.com").is_none() {
        key.other_choice("an empty list takes the place of the one before");
    }
    // Another list takes its place.
    status::is(host.ctap2(list(1, "example.org")).status, status::OK);
    same!(told(&mut host, "0.example.com"), None);
    key.power_cycle();
    same!(told(&mut key.host(), "0.example.org"), shortest);
}

pub(super) fn a_refused_change_leaves_everything(key: &Key) {
    let mut host = key.host();
    let names = texts(&["example.com".to_owned()]);
    let shortest = host.shortest_pin() as u64;
    let [too_short, longer] = [shortest - 1, shortest + 4].map(Value::from);
    let request = configure(
        SET_MIN_PIN_LENGTH,
        params([(1, longer.clone()), (2, names.clone()), (3, true.into())]),
    );
    host.denied(request, status::PIN_NOT_SET);
    let request = configure(SET_MIN_PIN_LENGTH, params([(1, too_short.clone()), (2, names)]));
    host.denied(request, status::PIN_POLICY_VIOLATION);
    same!(host.shortest_pin() as u64, shortest);
    same!(told(&mut host, "example.com"), None);
    host.set_pin(key.pin());
    let token = host.token(permission::ACFG, None);
    let too_short = params([(1, too_short), (3, true.into()), (4, true.into())]);
    host.denied(
        token.configure(SET_MIN_PIN_LENGTH, too_short),
        status::PIN_POLICY_VIOLATION,
    );
    let many: Vec<_> = (0..200).map(|n| format!("{n}.example")).collect();
    let too_many = params([(1, longer), (2, texts(&many)), (3, true.into())]);
    host.denied(token.configure(SET_MIN_PIN_LENGTH, too_many), status::KEY_STORE_FULL);
    let info = host.info();
    differ!(info.get(&0x0C), Some(&true.into()));
    same!((&info[&0x0D], &info[&0x1B]), (&shortest.into(), &false.into()));
    for (key, wrong) in [
        (1, "4".into()),
        (1, (-6).into()),
        (2, 1.into()),
        (2, Value::Array(vec![1.into()])),
        (3, 1.into()),
        (4, 1.into()),
    ] {
        let request = token.configure(SET_MIN_PIN_LENGTH, params([(key, wrong)]));
        host.denied(request, status::CBOR_UNEXPECTED_TYPE);
    }
    status::is(host.ctap2(token.configure(ALWAYS_UV, None)).status, status::OK);
}

fn policy() -> Option<Value> {
    params([(4, true.into())])
}

/// PINs of so many characters that no policy takes.
fn simple(length: usize) -> [String; 3] {
    let digits = |all: &str| all.chars().cycle().take(length).collect();
    ["1", "1234567890", "9876543210"].map(digits)
}

pub(super) fn the_complexity_policy_is_turned_on_and_stays(key: &Key) {
    let mut host = key.host();
    same!(host.info()[&0x1B], false.into());
    status::is(host.ctap2(configure(SET_MIN_PIN_LENGTH, policy())).status, status::OK);
    same!(host.info()[&0x1B], true.into());
    let off = params([(4, false.into())]);
    status::is(host.ctap2(configure(SET_MIN_PIN_LENGTH, off)).status, status::OK);
    same!(host.info()[&0x1B], true.into());
}

pub(super) fn a_simple_pin_is_refused_under_the_policy(key: &Key) {
    let mut host = key.host();
    status::is(host.ctap2(configure(SET_MIN_PIN_LENGTH, policy())).status, status::OK);
    let agreement = host.agree_by_best();
    for simple in simple(host.shortest_pin()) {
        host.denied(agreement.set_pin(&simple), status::PIN_POLICY_VIOLATION);
    }
    let mixed = Pins::of(&host.info()).first;
    host.set_pin(mixed);
}

pub(super) fn a_pin_from_before_the_policy_must_change(key: &Key) {
    let mut host = with_pin(key, key.pin());
    status::is(run(&mut host, key.pin(), SET_MIN_PIN_LENGTH, policy()), status::OK);
    same!(host.info()[&0x0C], true.into());
    let mixed = Pins::of(&host.info()).first;
    for simple in simple(host.shortest_pin()) {
        let agreement = host.agree_by_best();
        host.denied(agreement.change_pin(key.pin(), &simple), status::PIN_POLICY_VIOLATION);
    }
    let agreement = host.agree_by_best();
    status::is(host.ctap2(agreement.change_pin(key.pin(), mixed)).status, status::OK);
    // That one was checked.
    status::is(run(&mut host, mixed, SET_MIN_PIN_LENGTH, policy()), status::OK);
    differ!(host.info().get(&0x0C), Some(&true.into()));
}
