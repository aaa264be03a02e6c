//! Which checks apply to a key, which are tried, and in which order.

mod cards;
mod info;
mod lacks;

use crate::costs::{self, Cost};
use crate::key::Need;
use crate::outcome::Outcome;
use crate::suites::{self, Check};
pub use info::{Info, Presence, capabilities};

/// Why a whole suite is for other keys.
fn foreign_suite(suite: &str, info: &Info) -> Option<&'static str> {
    let lacks = |name: &str| info.option(name).is_none();
    let extension = |name: &str| info.texts(0x02).iter().any(|extension| extension == name);
    match suite {
        "ctaphid" | "channels" => None,
        "u2f" => (!info.u2f).then_some("the key has no U2F"),
        _ if info.get_info.is_none() => Some("the key has no CTAP2"),
        "client_pin" | "pin_retries" | "pin_token" | "key_agreement" if lacks("clientPin") => {
            Some("the key has no PIN")
        }
        "credential_management" | "credential_walks" | "credential_changes"
            if info.option("credMgmt") != Some(true) =>
        {
            Some("the key has no credential management")
        }
        "large_blobs" if info.option("largeBlobs") != Some(true) => Some("the key has no large blobs"),
        "config" if info.option("authnrCfg") != Some(true) => Some("the key has no authenticatorConfig"),
        "cred_protect" if !extension("credProtect") => Some("the key has no credProtect"),
        "hmac_secret" if !extension("hmac-secret") => Some("the key has no hmac-secret"),
        "selection"
            if !info
                .texts(0x01)
                .iter()
                .any(|version| version.starts_with("FIDO_2_") && version > &"FIDO_2_0".to_owned()) =>
        {
            Some("the key knows CTAP 2.0 only")
        }
        _ => None,
    }
}

/// What may be done to a key, and what somebody can do with it.
#[derive(Clone, Debug, Default)]
pub struct Means {
    /// Somebody or something touches it.
    pub touch: bool,
    /// It can be unplugged and plugged in again.
    pub power_cycle: bool,
    /// A touch is short: whoever touches the key cannot keep a finger on it.
    pub is_brief: bool,
    /// What else the hand can do: a clock that it moves, a user who declines.
    pub hand: Vec<Need>,
    /// The key may be erased.
    pub erase: bool,
    /// The key is a smart card in a reader.
    pub is_card: bool,
    /// Only checks with one of these in their name run; all, where there is none.
    pub only: Vec<String>,
}

/// A check, and whether it is tried.
#[derive(Clone, Debug)]
pub struct Step {
    /// The suite's name.
    pub suite: &'static str,
    /// The check.
    pub check: Check,
    /// What it takes.
    pub cost: Cost,
    /// Why it is not tried.
    pub skipped: Option<(Outcome, String)>,
}

impl Step {
    /// `suite::check`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}::{}", self.suite, self.check.name)
    }
}

/// Every check, in the order in which they run: first those that leave the key as it is, then those that only change
/// it, last those that want it unplugged.
#[must_use]
pub fn plan(info: &Info, means: &Means) -> Vec<Step> {
    let mut has = capabilities(info);
    has.extend(&means.hand);
    has.extend(means.is_card.then_some(Need::Card));
    has.push(Need::RealTime);
    let mut steps = Vec::new();
    for (suite, checks) in suites::ALL {
        for check in *checks {
            let name = format!("{suite}::{}", check.name);
            if !means.only.is_empty() && !means.only.iter().any(|pattern| matches(pattern, &name)) {
                continue;
            }
            let recorded = costs::of(&name);
            let of_cards = cards::why_not(suite, &name).filter(|_| means.is_card);
            let skipped = match of_cards.or_else(|| foreign_suite(suite, info)) {
                Some(why) => Some((Outcome::NotApplicable, why.to_owned())),
                None => skip(check, recorded, info, means, &has),
            };
            steps.push(Step {
                suite,
                check: *check,
                cost: recorded.unwrap_or_default(),
                skipped,
            });
        }
    }
    steps.sort_by_key(|step| (!step.cost.is_safe(), step.cost.power_cycles > 0));
    steps
}

/// Whether any check's name fits a pattern: a part of it, with `*` for anything.
#[must_use]
pub fn names_any(pattern: &str) -> bool {
    let mut all = suites::ALL
        .iter()
        .flat_map(|(suite, checks)| checks.iter().map(move |check| (suite, check)));
    all.any(|(suite, check)| matches(pattern, &format!("{suite}::{}", check.name)))
}

/// Whether a name fits a pattern: a part of it, with `*` for anything.
fn matches(pattern: &str, name: &str) -> bool {
    let mut rest = name;
    pattern.split('*').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

fn skip(check: &Check, cost: Option<Cost>, info: &Info, means: &Means, has: &[Need]) -> Option<(Outcome, String)> {
    let not_tried = |why: &str| Some((Outcome::NotTried, why.to_owned()));
    if let Some(need) = check.needs.iter().find(|need| !has.contains(need)) {
        return match need {
            Need::Clock => not_tried("it takes a key whose clock can be moved, as --device soft has"),
            Need::Decline => not_tried("it takes a user who can say no: --control"),
            Need::ManyTouches => not_tried("it takes two hundred touches: --control or --touch-command"),
            need => Some((Outcome::NotApplicable, lacks::without(*need))),
        };
    }
    let Some(cost) = cost else {
        return not_tried("nobody has recorded what it takes");
    };
    if !means.erase && !cost.is_safe() {
        return not_tried("it changes the key: --erase");
    }
    // A check begins with a key as new. On one that has a PIN its requests would be refused, and rightly.
    let is_guarded = info.option("clientPin") == Some(true) || info.option("alwaysUv") == Some(true);
    if !means.erase && !cost.used {
        if is_guarded {
            return not_tried("the key has a PIN, and the check is for one without: --erase");
        }
        if info.has_account {
            return not_tried("the key has a passkey for the website of the check: --erase");
        }
    }
    if cost.touches > 0 || cost.asks > 0 {
        match info.presence {
            Presence::Waits => {}
            Presence::TouchesItself => return not_tried("the key touches itself, and the check is for one that waits"),
            Presence::Refuses => return not_tried("the key refuses every touch by itself"),
        }
    }
    if cost.touches > 0 && !means.touch {
        return not_tried("it takes touches: a terminal, --control or --touch-command");
    }
    // Also where no touch is long: whoever sets longTouchForReset has to reset the key by one.
    if means.is_brief && check.needs.contains(&Need::LongTouch) {
        return not_tried("it takes a finger that stays on the key: a terminal or --control");
    }
    let wants_power = cost.power_cycles > 0 || cost.changes;
    if wants_power && !means.power_cycle {
        return not_tried("it takes a power cycle: a terminal, --control or --replug-command");
    }
    None
}

/// What a run takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Checks that are tried.
    pub checks: usize,
    /// Touches.
    pub touches: u32,
    /// Power cycles.
    pub power_cycles: u32,
    /// Seconds of waiting.
    pub waits: u64,
}

impl Total {
    /// How long a person takes, in minutes, rounded up: five seconds for a touch, fifteen for a power cycle.
    #[must_use]
    pub fn minutes(self) -> u64 {
        (u64::from(self.touches) * 5 + u64::from(self.power_cycles) * 15 + self.waits).div_ceil(60)
    }
}

/// Counts what the steps take. A key that may be erased is reset before the first of them, between them where one has
/// left something, and after the last.
#[must_use]
pub fn total(steps: &[Step], erase: bool) -> Total {
    let mut total = Total::default();
    let mut is_changed = erase;
    for step in steps.iter().filter(|step| step.skipped.is_none()) {
        // A reset is a power cycle and a touch.
        let resets = u32::from(is_changed);
        total.checks += 1;
        total.touches += step.cost.touches + resets;
        total.power_cycles += step.cost.power_cycles + resets;
        total.waits += step.cost.waited / 1000;
        is_changed = step.cost.changes;
    }
    let last = u32::from(is_changed && total.checks > 0);
    total.touches += last;
    total.power_cycles += last;
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_part_of_a_name() {
        assert!(matches("u2f", "u2f::a") && matches("u2f::*a", "u2f::b_a") && matches("", "x"));
        assert!(!matches("u2f*c", "u2f::a") && !matches("b", "u2f::a"));
    }

    #[test]
    fn a_silent_key_with_no_hand_is_not_touched_and_not_changed() {
        for step in plan(&Info::default(), &Means::default()) {
            let is_tried = step.skipped.is_none();
            assert!(
                !is_tried || (step.cost.is_safe() && step.cost.touches == 0),
                "{}",
                step.name()
            );
            let is_of_ctaphid = matches!(step.suite, "ctaphid" | "channels");
            assert!(!is_tried || is_of_ctaphid, "{}", step.name());
        }
    }
}
