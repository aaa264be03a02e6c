//! authenticatorConfig (CTAP 2.3 §6.11).

use ciborium::Value;

use crate::host::Host;
use crate::host::client_pin::{configure, permission};
use crate::host::ctap2::{RESET, extending, make_credential, status};
use crate::host::read::Read as _;
use crate::host::response::Response;
use crate::key::{Key, Pins};

checks! {
    "CTAP 2.3 §6.11":
        a_request_needs_a_subcommand needs Config and AlwaysUv,
        unknown_subcommands_are_refused needs Config and NoEnterprise,
        without_a_pin_no_token_is_needed needs Config and AlwaysUv and SetMinPinLength and LongTouch,
        with_a_pin_a_token_is_needed needs Tokens and Config and AlwaysUv and LongTouch,
        the_parameters_are_authenticated_as_they_were_sent needs Tokens and Config and SetMinPinLength,
        a_token_serves_again needs Tokens and Config and AlwaysUv,
        a_long_touch_is_asked_for_when_turned_on needs Config and LongTouch;
    "CTAP 2.3 §6.11.2":
        always_uv_without_a_pin_is_turned_off_without_a_token needs Config and AlwaysUv and SetMinPinLength
            and LongTouch;
    "CTAP 2.3 §6.11.4":
        the_minimum_pin_length_only_grows needs Tokens and Config and SetMinPinLength and PinComplexityPolicy,
        a_pin_shorter_than_the_minimum_must_change needs Tokens and Config and SetMinPinLength,
        a_pin_long_enough_need_not_change needs Tokens and Config and SetMinPinLength and AlwaysUv,
        forcing_a_change_needs_a_pin needs Tokens and Config and SetMinPinLength,
        relying_parties_that_may_know_the_length_are_listed needs Config and SetMinPinLength and MinPinLength,
        a_refused_change_leaves_everything needs Tokens and Config and SetMinPinLength and MinPinLength
            and PinComplexityPolicy and AlwaysUv,
        the_complexity_policy_is_turned_on_and_stays needs Config and SetMinPinLength and PinComplexityPolicy,
        a_simple_pin_is_refused_under_the_policy needs Pin and Config and SetMinPinLength
            and PinComplexityPolicy,
        a_pin_from_before_the_policy_must_change needs Tokens and Config and SetMinPinLength and PinComplexityPolicy;
    "CTAP 2.3 §6.6":
        settings_survive_a_power_cycle_and_not_a_reset needs Config and SetMinPinLength and MinPinLength
            and PinComplexityPolicy and AlwaysUv;
}

const ALWAYS_UV: u8 = 0x02;
const SET_MIN_PIN_LENGTH: u8 = 0x03;
const LONG_TOUCH: u8 = 0x04;

fn with_pin(key: &Key, pin: &str) -> Host {
    let mut host = key.host();
    host.set_pin(pin);
    host
}

fn params<const N: usize>(members: [(i64, Value); N]) -> Option<Value> {
    Some(Value::Map(
        members.into_iter().map(|(key, value)| (key.into(), value)).collect(),
    ))
}

fn texts(names: &[String]) -> Value {
    Value::Array(names.iter().map(|name| name.as_str().into()).collect())
}

/// A new minimum PIN length.
fn length(characters: usize) -> Option<Value> {
    params([(1, (characters as u64).into())])
}

/// Runs a subcommand with a token for `pin`.
#[track_caller]
fn run(host: &mut Host, pin: &str, sub_command: u8, params: Option<Value>) -> u8 {
    let protocol = host.best_protocol();
    let token = host.token_by(protocol, pin, permission::ACFG, None);
    host.ctap2(token.configure(sub_command, params)).status
}

fn a_request_needs_a_subcommand(key: &Key) {
    let mut host = key.host();
    host.denied(configure(0, None).without(0x01), status::MISSING_PARAMETER);
    host.denied(configure(0, None).with(0x01, "2"), status::CBOR_UNEXPECTED_TYPE);
    host.denied(configure(0x02, None).with(0x03, "2"), status::CBOR_UNEXPECTED_TYPE);
    host.denied(configure(0x02, None).with(0x04, 2), status::CBOR_UNEXPECTED_TYPE);
    host.denied(configure(0x03, Some(1.into())), status::CBOR_UNEXPECTED_TYPE);
}

fn unknown_subcommands_are_refused(key: &Key) {
    let mut host = key.host();
    // 01 is for keys with an enterprise attestation.
    for sub_command in [0x00, 0x01, 0x05, 0x7E, 0x102, u64::MAX] {
        let request = configure(0, None).with(0x01, sub_command);
        // The one is the rule of §8, the other that of §6.11.
        host.denied_or(request, status::INVALID_SUBCOMMAND, &[status::INVALID_PARAMETER]);
    }
}

fn without_a_pin_no_token_is_needed(key: &Key) {
    let mut host = key.host();
    // A list of what is there came with CTAP 2.3.
    let commands = host.info().get(&0x1F).cloned();
    let is_there = |command: &u8| {
        commands
            .as_ref()
            .is_none_or(|list| list.items().contains(&(*command).into()))
    };
    for sub_command in [ALWAYS_UV, ALWAYS_UV, SET_MIN_PIN_LENGTH, LONG_TOUCH]
        .into_iter()
        .filter(is_there)
    {
        same!(host.ctap2(configure(sub_command, None)), Response::bare(status::OK));
    }
    // Nor is one looked at.
    let request = configure(SET_MIN_PIN_LENGTH, None).with(0x04, vec![1, 2, 3]);
    same!(host.ctap2(request), Response::bare(status::OK));
}

fn with_a_pin_a_token_is_needed(key: &Key) {
    let mut host = with_pin(key, key.pin());
    host.denied(configure(ALWAYS_UV, None), status::PUAT_REQUIRED);
    host.denied(configure(ALWAYS_UV, None).with(0x03, 2), status::PUAT_REQUIRED);
    let token = host.token(permission::ACFG, None);
    let request = token.configure(ALWAYS_UV, None);
    host.denied(request.clone().without(0x03), status::MISSING_PARAMETER);
    host.denied(request.clone().with(0x03, 3), status::INVALID_PARAMETER);
    for other in host.other_protocols(token.protocol) {
        host.denied(request.clone().with(0x03, other as u8), status::PIN_AUTH_INVALID);
    }
    for wrong in [vec![], vec![0; 32]] {
        host.denied(request.clone().with(0x04, wrong), status::PIN_AUTH_INVALID);
    }
    host.denied(
        token.configure(LONG_TOUCH, None).with(0x01, ALWAYS_UV),
        status::PIN_AUTH_INVALID,
    );
    same!(host.option("alwaysUv"), Some(false));
    same!(host.ctap2(request), Response::bare(status::OK));
    same!(host.option("alwaysUv"), Some(true));
}

fn the_parameters_are_authenticated_as_they_were_sent(key: &Key) {
    let mut host = key.host();
    let shortest = host.shortest_pin();
    let pin = key.pins().of_length(shortest + 4);
    host.set_pin(&pin);
    let protocol = host.best_protocol();
    let token = host.token_by(protocol, &pin, permission::ACFG, None);
    let request = token.configure(SET_MIN_PIN_LENGTH, length(shortest + 2));
    for other in [
        length(shortest + 3),
        params([]),
        params([(1, (shortest as u64 + 2).into()), (3, false.into())]),
    ] {
        let other = request.clone().with(0x02, other.expect("a map"));
        host.denied(other, status::PIN_AUTH_INVALID);
    }
    let others = &[status::MISSING_PARAMETER];
    host.denied_or(request.clone().without(0x02), status::PIN_AUTH_INVALID, others);
    // An empty map is not none, nor is one with a member that nobody knows.
    let empty = token.configure(SET_MIN_PIN_LENGTH, params([]));
    host.denied_or(empty.clone().without(0x02), status::PIN_AUTH_INVALID, others);
    let unknown = params([(9, 1.into())]).expect("a map");
    host.denied(empty.with(0x02, unknown), status::PIN_AUTH_INVALID);
    same!(host.ctap2(request), Response::bare(status::OK));
}

fn a_token_serves_again(key: &Key) {
    let mut host = with_pin(key, key.pin());
    for protocol in host.protocols() {
        let token = host.token_by(protocol, key.pin(), permission::ACFG, None);
        for on in [true, false, true, false] {
            let answer = host.ctap2(token.configure(ALWAYS_UV, None));
            // A key may not let it be turned off.
            if !on && answer == Response::bare(status::OPERATION_DENIED) {
                return same!(host.option("alwaysUv"), Some(true), "alwaysUv, which stays on");
            }
            same!(answer, Response::bare(status::OK));
            same!(host.option("alwaysUv"), Some(on));
        }
    }
}

fn always_uv_without_a_pin_is_turned_off_without_a_token(key: &Key) {
    let mut host = key.host();
    status::is(host.ctap2(configure(ALWAYS_UV, None)).status, status::OK);
    for sub_command in [SET_MIN_PIN_LENGTH, LONG_TOUCH] {
        host.denied(configure(sub_command, None), status::PUAT_REQUIRED);
    }
    status::is(host.ctap2(configure(ALWAYS_UV, None)).status, status::OK);
    status::is(host.ctap2(configure(SET_MIN_PIN_LENGTH, None)).status, status::OK);
}

fn the_minimum_pin_length_only_grows(key: &Key) {
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

fn a_pin_shorter_than_the_minimum_must_change(key: &Key) {
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

fn a_pin_long_enough_need_not_change(key: &Key) {
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

fn forcing_a_change_needs_a_pin(key: &Key) {
    let mut host = key.host();
    let force = || params([(3, true.into())]);
    host.denied(configure(SET_MIN_PIN_LENGTH, force()), status::PIN_NOT_SET);
    host.set_pin(key.pin());
    status::is(run(&mut host, key.pin(), SET_MIN_PIN_LENGTH, force()), status::OK);
    same!(host.info()[&0x0C], true.into());
    key.power_cycle();
    same!(key.host().info()[&0x0C], true.into());
}

/// The minimum PIN length as a registration tells it to the relying party.
fn told(host: &mut Host, rp_id: &str) -> Option<Value> {
    let request = extending(make_credential(rp_id, b"1"), [("minPinLength", true.into())]);
    host.register(&request).auth_data.extension("minPinLength").cloned()
}

fn relying_parties_that_may_know_the_length_are_listed(key: &Key) {
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

fn a_refused_change_leaves_everything(key: &Key) {
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

fn the_complexity_policy_is_turned_on_and_stays(key: &Key) {
    let mut host = key.host();
    same!(host.info()[&0x1B], false.into());
    status::is(host.ctap2(configure(SET_MIN_PIN_LENGTH, policy())).status, status::OK);
    same!(host.info()[&0x1B], true.into());
    let off = params([(4, false.into())]);
    status::is(host.ctap2(configure(SET_MIN_PIN_LENGTH, off)).status, status::OK);
    same!(host.info()[&0x1B], true.into());
}

fn a_simple_pin_is_refused_under_the_policy(key: &Key) {
    let mut host = key.host();
    status::is(host.ctap2(configure(SET_MIN_PIN_LENGTH, policy())).status, status::OK);
    let agreement = host.agree_by_best();
    for simple in simple(host.shortest_pin()) {
        host.denied(agreement.set_pin(&simple), status::PIN_POLICY_VIOLATION);
    }
    let mixed = Pins::of(&host.info()).first;
    host.set_pin(mixed);
}

fn a_pin_from_before_the_policy_must_change(key: &Key) {
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

fn a_long_touch_is_asked_for_when_turned_on(key: &Key) {
    let mut host = key.host();
    same!(host.info()[&0x18], false.into());
    for _ in 0..2 {
        status::is(host.ctap2(configure(LONG_TOUCH, None)).status, status::OK);
        same!(host.info()[&0x18], true.into());
    }
}

fn settings_survive_a_power_cycle_and_not_a_reset(key: &Key) {
    let mut host = key.host();
    let names = texts(&["example.com".to_owned()]);
    let shortest = host.shortest_pin() as u64;
    let all = params([(1, (shortest + 2).into()), (2, names), (4, true.into())]);
    status::is(host.ctap2(configure(SET_MIN_PIN_LENGTH, all)).status, status::OK);
    status::is(host.ctap2(configure(ALWAYS_UV, None)).status, status::OK);
    let settings = |host: &mut Host| {
        let info = host.info();
        (info[&0x0D].clone(), info[&0x1B].clone(), host.option("alwaysUv"))
    };
    key.power_cycle();
    let mut host = key.host();
    same!(settings(&mut host), ((shortest + 2).into(), true.into(), Some(true)));
    status::is(host.touched(RESET).status, status::OK);
    same!(settings(&mut host), (shortest.into(), false.into(), Some(false)));
    same!(told(&mut host, "example.com"), None);
}
