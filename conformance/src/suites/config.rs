//! authenticatorConfig (CTAP 2.3 §6.11).

mod set_min_pin_length;

use ciborium::Value;

use crate::host::Host;
use crate::host::client_pin::{configure, permission};
use crate::host::ctap2::{RESET, extending, make_credential, status};
use crate::host::read::Read as _;
use crate::host::response::Response;
use crate::key::Key;
use set_min_pin_length::{
    a_pin_from_before_the_policy_must_change, a_pin_long_enough_need_not_change,
    a_pin_shorter_than_the_minimum_must_change, a_refused_change_leaves_everything,
    a_simple_pin_is_refused_under_the_policy, forcing_a_change_needs_a_pin,
    relying_parties_that_may_know_the_length_are_listed, the_complexity_policy_is_turned_on_and_stays,
    the_minimum_pin_length_only_grows,
};

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
    host.denied_or(
        empty.with(0x02, unknown),
        status::PIN_AUTH_INVALID,
        &[status::INVALID_CBOR],
    );
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

/// The minimum PIN length as a registration tells it to the relying party.
fn told(host: &mut Host, rp_id: &str) -> Option<Value> {
    let request = extending(make_credential(rp_id, b"1"), [("minPinLength", true.into())]);
    host.register(&request).auth_data.extension("minPinLength").cloned()
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
