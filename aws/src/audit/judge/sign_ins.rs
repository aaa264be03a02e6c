//! Sign-ins to the console, as CloudTrail has them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Against, Judge, day};
use crate::audit::facts::evidence;
use crate::audit::inputs::{From, SignIn, What, Who};
use crate::audit::{Check, Source, Subject};

/// Where sign-ins are recorded: root's in the first, IAM users' at the global endpoint in any of them (CloudTrail User
/// Guide, "AWS Management Console sign-in events").
pub const REGIONS: [&str; 4] = ["us-east-1", "us-east-2", "eu-north-1", "ap-southeast-2"];

/// How many events one finding names.
const SHOWN: usize = 5;

/// The sign-ins of somebody that succeeded: with MFA, without it, and where the event does not say.
#[derive(Default)]
struct Of<'a> {
    with: Vec<&'a From<SignIn>>,
    without: Vec<&'a From<SignIn>>,
    unsaid: Vec<&'a From<SignIn>>,
}

impl Judge<'_> {
    pub(super) fn sign_ins(&mut self) {
        let inputs = self.facts.inputs;
        if !inputs.has_events {
            let why = self.facts.missing(Source::Events);
            for check in [Check::SignInMfa, Check::RootSignIn, Check::SignInHistory] {
                self.cannot_tell(check, Subject::Account, Against::new(&why, Vec::new()));
            }
            return;
        }
        let mut by_whom: BTreeMap<&Who, Of<'_>> = BTreeMap::new();
        // Failed ones say that MFA was used, whether or not there is any.
        for event in inputs.sign_ins.values().filter(|event| event.value.success) {
            let What::Console { mfa } = event.value.what else {
                continue;
            };
            let of = by_whom.entry(&event.value.who).or_default();
            match mfa {
                Some(true) => of.with.push(event),
                Some(false) => of.without.push(event),
                None => of.unsaid.push(event),
            }
        }
        let mut federated = Vec::new();
        for (who, of) in &by_whom {
            let subject = match who {
                Who::Root => Subject::Root,
                Who::Iam(name) => Subject::User(name.clone()),
                Who::Federated(_) => {
                    federated.extend(of.with.iter().chain(&of.without).chain(&of.unsaid).copied());
                    continue;
                }
            };
            self.sign_ins_of(subject, of);
        }
        if !federated.is_empty() {
            let why = "roles and federated users sign in elsewhere first, and the identity provider asks for MFA: AWS \
                       does not record it";
            let against = Against::new(why, shown(&federated)).note(counted(&federated));
            self.cannot_tell(Check::SignInMfa, Subject::Account, against);
        }
        self.root_sign_ins(by_whom.get(&Who::Root));
        self.history();
    }

    fn sign_ins_of(&mut self, subject: Subject, of: &Of<'_>) {
        if !of.without.is_empty() {
            let detail = "signed in to the console without MFA";
            let against = Against::new(detail, shown(&of.without)).note(counted(&of.without));
            self.against(Check::SignInMfa, subject, against);
        } else if !of.unsaid.is_empty() {
            let why = "the events do not say whether MFA was used";
            let against = Against::new(why, shown(&of.unsaid)).note(counted(&of.unsaid));
            self.cannot_tell(Check::SignInMfa, subject, against);
        } else {
            self.pass(Check::SignInMfa);
        }
    }

    fn root_sign_ins(&mut self, of: Option<&Of<'_>>) {
        if let Some(of) = of {
            let all: Vec<_> = of.with.iter().chain(&of.without).chain(&of.unsaid).copied().collect();
            let detail = "somebody signed in as root: was it you, and could another user have done it?";
            let against = Against::new(detail, shown(&all)).note(counted(&all));
            self.against(Check::RootSignIn, Subject::Root, against);
        } else if self.has_region(REGIONS[0]) {
            self.pass(Check::RootSignIn);
        } else {
            let why = "root's sign-ins are recorded in us-east-1, and no event of that region is there";
            self.cannot_tell(Check::RootSignIn, Subject::Root, Against::new(why, Vec::new()));
        }
    }

    fn has_region(&self, region: &str) -> bool {
        self.facts.inputs.regions.contains(region)
    }

    fn history(&mut self) {
        let absent: Vec<_> = REGIONS.into_iter().filter(|region| !self.has_region(region)).collect();
        if absent.is_empty() {
            return self.pass(Check::SignInHistory);
        }
        let mut why = format!(
            "no event is there of {}: sign-ins may have been recorded there",
            absent.join(", ")
        );
        if let Some(missing) = self.facts.inputs.missing.get(&Source::Events) {
            why = format!("{why} ({missing})");
        }
        self.cannot_tell(Check::SignInHistory, Subject::Account, Against::new(&why, Vec::new()));
    }
}

/// The last events, newest first.
fn shown(events: &[&From<SignIn>]) -> Vec<crate::audit::Evidence> {
    let mut events = events.to_vec();
    events.sort_by_key(|event| std::cmp::Reverse(event.value.when.0));
    let events = events.into_iter().take(SHOWN);
    let says = |event: &SignIn| format!("ConsoleLogin {} in {} on {}", event.id, event.region, day(event.when.0));
    events.map(|event| evidence(event, says(&event.value))).collect()
}

/// `3 times, last on 2026-11-28`.
fn counted(events: &[&From<SignIn>]) -> String {
    let last = events.iter().map(|event| event.value.when.0).max();
    let last = last.map(day).unwrap_or_default();
    let whom: BTreeSet<_> = events.iter().map(|event| &event.value.who).collect();
    let times = match events.len() {
        1 => format!("once, on {last}"),
        times => format!("{times} times, last on {last}"),
    };
    match whom.len() {
        0 | 1 => times,
        whom => format!("{times}, by {whom} of them"),
    }
}
