//! What a policy would change on a key, and what is impossible.

use serde::Serialize;

use super::super::info::{algorithm_id, algorithm_name};
use super::super::layout::count;
use super::document::Policy;
use crate::client::ctap2::{ConfigSubcommand, Info, PinRules};

/// One rule of a policy, and how the key stands to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Item {
    /// As the policy names it.
    pub(super) rule: &'static str,
    pub(super) state: State,
    /// Why, in plain words.
    pub(super) detail: String,
}

/// How a key stands to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// The key meets it already.
    Met,
    /// The key would be changed.
    Change,
    /// The key cannot meet it.
    Impossible,
}

/// Names of the rules, as the policy has them.
pub(super) mod rule {
    pub(in super::super) const PIN_REQUIRED: &str = "pin.required";
    pub(in super::super) const PIN_MIN_LENGTH: &str = "pin.min-length";
    pub(in super::super) const PIN_RP_IDS: &str = "pin.min-length-rp-ids";
    pub(in super::super) const PIN_COMPLEXITY: &str = "pin.complexity";
    pub(in super::super) const ALWAYS_UV: &str = "always-uv";
    pub(in super::super) const ENTERPRISE_ATTESTATION: &str = "enterprise-attestation";
    pub(in super::super) const LONG_TOUCH_RESET: &str = "long-touch-reset";
    pub(in super::super) const ALGORITHMS: &str = "algorithms";
}

/// Why a setting cannot be changed.
const NO_SETTING: &str = "this key does not have this setting";

/// A rule's state and why.
type Verdict = (State, String);

fn met(detail: impl Into<String>) -> Verdict {
    (State::Met, detail.into())
}

fn change(detail: impl Into<String>) -> Verdict {
    (State::Change, detail.into())
}

fn impossible(detail: impl Into<String>) -> Verdict {
    (State::Impossible, detail.into())
}

/// All rules of `policy`, in the order in which they are listed here.
pub(super) fn plan(policy: &Policy, info: &Info) -> Vec<Item> {
    let pin = &policy.pin;
    let rp_ids = &pin.min_length_rp_ids;
    let verdicts = [
        (rule::PIN_REQUIRED, pin.required.then(|| pin_required(info))),
        (
            rule::PIN_MIN_LENGTH,
            pin.min_length.map(|length| min_length(length, info)),
        ),
        (rule::PIN_RP_IDS, (!rp_ids.is_empty()).then(|| told(rp_ids, info))),
        (rule::PIN_COMPLEXITY, pin.complexity.then(|| complexity(info))),
        (rule::ALWAYS_UV, policy.always_uv.map(|on| always_uv(on, info))),
        (
            rule::ENTERPRISE_ATTESTATION,
            policy.enterprise_attestation.map(|on| {
                let command = ConfigSubcommand::EnableEnterpriseAttestation;
                one_way(on, info.has("ep"), &command, info)
            }),
        ),
        (
            rule::LONG_TOUCH_RESET,
            policy.long_touch_reset.map(|on| {
                let is_on = info.long_touch_for_reset == Some(true);
                one_way(on, is_on, &ConfigSubcommand::EnableLongTouchForReset, info)
            }),
        ),
        (
            rule::ALGORITHMS,
            (!policy.algorithms.is_empty()).then(|| algorithms(&policy.algorithms, info)),
        ),
    ];
    let items = verdicts.into_iter().filter_map(|(rule, verdict)| {
        let (state, detail) = verdict?;
        Some(Item { rule, state, detail })
    });
    items.collect()
}

fn pin_required(info: &Info) -> Verdict {
    match info.options.get("clientPin") {
        Some(true) => met("a PIN is set"),
        Some(false) => change("a PIN will be set"),
        None => impossible("this key does not support PINs"),
    }
}

fn min_length(length: u64, info: &Info) -> Verdict {
    let rules = PinRules {
        new_min_pin_length: Some(length),
        ..PinRules::default()
    };
    match info.min_pin_length {
        Some(current) if current >= length => met(format!("PINs have at least {current} characters")),
        _ if !is_supported(rules, info) => impossible("this key's minimum PIN length cannot be set, or not this high"),
        Some(current) => change(format!(
            "from {current} to {length} characters; a shorter PIN must be changed"
        )),
        None => change(format!("{length} characters; a shorter PIN must be changed")),
    }
}

fn told(rp_ids: &[String], info: &Info) -> Verdict {
    let rules = PinRules {
        min_pin_length_rp_ids: rp_ids.to_vec(),
        ..PinRules::default()
    };
    match is_supported(rules, info) {
        // The standard has no way to read the list.
        true => change(format!(
            "the key does not show its present list; the new one will be {}",
            rp_ids.join(", ")
        )),
        false => impossible(match info.max_rp_ids_for_set_min_pin_length {
            Some(limit @ 1..) if limit < rp_ids.len() as u64 => {
                format!("this key can be told {}, not {}", count(limit, "website"), rp_ids.len())
            }
            _ => "this key tells no website how long its PIN must be".to_owned(),
        }),
    }
}

fn complexity(info: &Info) -> Verdict {
    let rules = PinRules {
        pin_complexity_policy: true,
        ..PinRules::default()
    };
    match info.pin_complexity_policy {
        Some(true) => met("simple PINs are refused"),
        Some(false) if is_supported(rules, info) => change("simple PINs will be refused"),
        _ => impossible("this key cannot refuse simple PINs"),
    }
}

fn always_uv(on: bool, info: &Info) -> Verdict {
    let is_on = info.has("alwaysUv");
    match (is_on == on, on) {
        (true, true) => met("it always verifies its user"),
        (true, false) => met("it does not always verify its user"),
        (false, _) if !ConfigSubcommand::ToggleAlwaysUv.is_supported(info) => impossible(NO_SETTING),
        (false, true) => change("it will always verify its user; U2F will be off"),
        (false, false) => change("it will no longer always verify its user"),
    }
}

/// A setting that only a reset switches off.
fn one_way(on: bool, is_on: bool, command: &ConfigSubcommand, info: &Info) -> Verdict {
    match (on, is_on) {
        (true, true) => met("it is on"),
        (false, false) => met("it is off"),
        (true, false) if command.is_supported(info) => change("it will be on, until a reset"),
        (true, false) => impossible(NO_SETTING),
        (false, true) => impossible("it is on, and only a reset switches it off"),
    }
}

fn algorithms(wanted: &[String], info: &Info) -> Verdict {
    let has = |name: &str| {
        algorithm_id(name).is_some_and(|id| match &info.algorithms {
            Some(listed) => listed.iter().any(|listed| listed.alg == id),
            // Keys before CTAP 2.1 list none; all of them know ES256.
            None => algorithm_name(id) == Some("ES256"),
        })
    };
    let missing: Vec<&str> = wanted.iter().map(String::as_str).filter(|name| !has(name)).collect();
    match missing.as_slice() {
        [] => met("it knows all of them"),
        missing => impossible(format!("this key does not list {}", missing.join(", "))),
    }
}

fn is_supported(rules: PinRules, info: &Info) -> bool {
    ConfigSubcommand::SetMinPinLength(rules).is_supported(info)
}

#[cfg(test)]
mod tests;
