//! Which checks apply to a key, which are tried, and in which order.

mod cards;
mod lacks;

use std::collections::BTreeMap;

use ciborium::Value;

use crate::costs::{self, Cost};
use crate::key::{Need, Pins};
use crate::outcome::Outcome;
use crate::suites::{self, Check};

/// What is known of a key once it was asked.
#[derive(Clone, Debug, Default)]
pub struct Info {
    /// getInfo's members; nothing where the key has no CTAP2.
    pub get_info: Option<BTreeMap<u8, Value>>,
    /// Whether it answers U2F_VERSION with `U2F_V2`.
    pub u2f: bool,
    /// Whether it answers APDUs of the OATH applet.
    pub oath: bool,
    /// Whether it says in its answer to INIT that it can wink.
    pub wink: bool,
    /// Whether it answers CTAPHID_LOCK, which nothing announces.
    pub lock: bool,
    /// What becomes of a request for a touch.
    pub presence: Presence,
    /// Whether it has a passkey for the website of the checks.
    pub has_account: bool,
}

/// What a key does where a touch is wanted and nobody touches it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// It waits.
    #[default]
    Waits,
    /// It answers at once, as if it had been touched.
    TouchesItself,
    /// It refuses at once.
    Refuses,
}

impl Info {
    fn member(&self, member: u8) -> Option<&Value> {
        self.get_info.as_ref()?.get(&member)
    }

    /// The texts of a member that is a list of them.
    #[must_use]
    pub fn texts(&self, member: u8) -> Vec<String> {
        let list = self.member(member).and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(Value::as_text);
        texts.map(str::to_owned).collect()
    }

    /// The options, in their order.
    #[must_use]
    pub fn options(&self) -> Vec<(String, bool)> {
        let options = self.member(0x04).and_then(Value::as_map);
        let options = options.into_iter().flatten();
        options
            .filter_map(|(name, value)| Some((name.as_text()?.to_owned(), value.as_bool()?)))
            .collect()
    }

    /// An option; `None` where it is absent.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<bool> {
        self.options()
            .into_iter()
            .find(|(option, _)| option == name)
            .map(|(_, value)| value)
    }

    /// The PINs that it takes.
    #[must_use]
    pub fn pins(&self) -> Pins {
        self.get_info
            .as_ref()
            .map_or_else(|| Pins::of(&BTreeMap::new()), Pins::of)
    }

    /// The algorithms that it lists.
    fn algorithms(&self) -> Vec<i128> {
        let list = self.member(0x0A).and_then(Value::as_array);
        let entries = list.into_iter().flatten().filter_map(Value::as_map).flatten();
        let algorithms = entries.filter(|(name, _)| name.as_text() == Some("alg"));
        algorithms
            .filter_map(|(_, value)| value.as_integer().map(i128::from))
            .collect()
    }
}

/// What a key has of what checks may need, as it says itself. What the hand can do is not in it.
#[must_use]
pub fn capabilities(info: &Info) -> Vec<Need> {
    let algorithms = info.algorithms();
    let mut has = Vec::new();
    if info.oath {
        has.push(Need::Oath);
    }
    let is = |name: &str| info.option(name) == Some(true);
    let extension = |name: &str| info.texts(0x02).iter().any(|extension| extension == name);
    let protocols = info.member(0x06).and_then(Value::as_array);
    // Where no list is, protocol one is meant, as CTAP 2.0 had it.
    let one = protocols.is_none_or(|protocols| protocols.contains(&1.into()));
    let two = protocols.is_some_and(|protocols| protocols.contains(&2.into()));
    // authenticatorConfigCommands.
    let commands = info.member(0x1F).and_then(Value::as_array);
    let configures = |command: u8| commands.is_some_and(|commands| commands.contains(&command.into()));
    let of_options = [
        (Need::U2f, info.u2f),
        (Need::Ctap2, info.get_info.is_some()),
        (Need::Rk, is("rk")),
        (Need::Pin, info.option("clientPin").is_some()),
        (Need::ProtocolOne, one),
        (Need::ProtocolTwo, two),
        (
            Need::Tokens,
            is("pinUvAuthToken")
                && info.option("clientPin").is_some()
                && (one || two)
                && !is("noMcGaPermissionsWithClientPin"),
        ),
        (Need::CredMgmt, is("credMgmt")),
        (Need::Pcmr, is("perCredMgmtRO")),
        (Need::LargeBlobs, is("largeBlobs")),
        (Need::Config, is("authnrCfg")),
        (Need::CredProtect, extension("credProtect")),
        (Need::EdDsa, algorithms.contains(&-8)),
        (Need::Wink, info.wink),
        (Need::Lock, info.lock),
        (Need::NoneFormat, info.texts(0x16).iter().any(|format| format == "none")),
        (Need::CredBlob, extension("credBlob")),
        (Need::LargeBlobKey, extension("largeBlobKey")),
        (Need::MinPinLength, extension("minPinLength")),
        (
            Need::PinComplexityPolicy,
            extension("pinComplexityPolicy") && info.member(0x1B) == Some(&false.into()),
        ),
        (Need::ThirdPartyPayment, extension("thirdPartyPayment")),
        (Need::HmacSecret, extension("hmac-secret")),
        (Need::HmacSecretMc, extension("hmac-secret-mc")),
        // Where it is always on, nothing is as it is without.
        (
            Need::AlwaysUv,
            is("authnrCfg") && info.option("alwaysUv") == Some(false),
        ),
        (Need::MakeCredUvNotRqd, is("makeCredUvNotRqd")),
        (Need::SetMinPinLength, is("authnrCfg") && is("setMinPINLength")),
        (Need::LongTouch, info.member(0x18).is_some() && configures(0x04)),
        (
            Need::StoreState,
            info.member(0x19).is_some() && info.member(0x1E).is_some(),
        ),
        (
            Need::Fido21,
            info.texts(0x01)
                .iter()
                .any(|version| matches!(version.as_str(), "FIDO_2_1" | "FIDO_2_3")),
        ),
        (Need::Enterprise, is("authnrCfg") && info.option("ep").is_some()),
        (Need::NoEnterprise, info.option("ep").is_none()),
        (Need::BuiltInUv, is("uv") && info.option("bioEnroll").is_none()),
        (Need::NoBuiltInUv, info.option("uv").is_none()),
        (
            Need::NoBio,
            info.option("bioEnroll").is_none() && info.option("userVerificationMgmtPreview").is_none(),
        ),
    ];
    has.extend(of_options.into_iter().filter(|(_, there)| *there).map(|(need, _)| need));
    has
}

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
            Need::Clock => not_tried("it takes a key whose clock can be moved"),
            Need::Decline => not_tried("it takes a user who can say no"),
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

    /// What a key has that says so much in getInfo.
    fn has(members: Vec<(u8, Value)>) -> Vec<Need> {
        let get_info = Some(members.into_iter().collect());
        capabilities(&Info {
            get_info,
            ..Info::default()
        })
    }

    fn options(names: &[&str]) -> (u8, Value) {
        let options = names.iter().map(|name| (Value::from(*name), true.into()));
        (0x04, Value::Map(options.collect()))
    }

    #[test]
    fn a_key_that_lists_no_protocol_has_the_first() {
        let has = has(vec![options(&["clientPin", "rk"])]);
        assert!(has.contains(&Need::Pin) && has.contains(&Need::ProtocolOne));
        assert!(!has.contains(&Need::ProtocolTwo) && !has.contains(&Need::Tokens));
    }

    #[test]
    fn what_has_to_be_absent_is_absent() {
        let without = [Need::NoEnterprise, Need::NoBuiltInUv, Need::NoBio];
        assert!(without.iter().all(|need| has(vec![]).contains(need)));
        let with = has(vec![options(&["ep", "uv", "bioEnroll"])]);
        assert!(!without.iter().any(|need| with.contains(need)));
    }
}
