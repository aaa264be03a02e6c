//! Who is locked out when one device is lost.

use serde::Serialize;

use super::{Facts, Kind, Source, Subject, User};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Advice {
    /// No device at all: MFA comes first.
    None,
    /// One device: a second one is needed.
    One,
    /// The files do not say how many.
    Unknown,
    /// Several, and all of one kind: what breaks one way breaks for all of them.
    SameKind,
    /// Several of different kinds.
    Several,
}

/// Somebody who has a console password, or may have one, and how many devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spare {
    /// Who.
    pub subject: Subject,
    /// What is to be done.
    pub advice: Advice,
    /// The kinds of the devices that are known.
    pub kinds: Vec<Kind>,
    /// Whether these are all devices.
    pub complete: bool,
}

/// Root and the users, who is worst off first.
#[must_use]
pub fn spare(facts: &Facts<'_>) -> Vec<Spare> {
    let root_row = facts.inputs.report.iter().flat_map(|report| &report.value.rows);
    let mut reported = root_row.filter(|row| row.subject == Subject::Root).map(|row| row.mfa);
    let summary = facts.inputs.summary.as_ref().map(|summary| summary.value.mfa > 0);
    let root_mfa = summary.or_else(|| reported.next());
    let mut spares = vec![Spare {
        subject: Subject::Root,
        advice: advice(&kinds(&facts.root_devices), facts.root_devices_complete, root_mfa),
        kinds: kinds(&facts.root_devices),
        complete: facts.root_devices_complete,
    }];
    let users = facts.users.iter().filter(|user| user.console_password != Some(false));
    spares.extend(users.map(of_user));
    spares.sort_by(|a, b| a.advice.cmp(&b.advice).then_with(|| a.subject.cmp(&b.subject)));
    spares
}

/// What the list of [`spare()`] lacks, and why; empty where it has everybody, with all devices.
#[must_use]
pub fn untold(facts: &Facts<'_>) -> Vec<String> {
    let refused = facts.inputs.missing.get(&Source::Devices).cloned();
    facts.unknown_users().into_iter().chain(refused).collect()
}

fn of_user(user: &User) -> Spare {
    let kinds = kinds(&user.devices);
    // A report that contradicts the lists tells nothing.
    let reported = user.reported_mfa.filter(|_| !user.is_contradicted());
    Spare {
        subject: Subject::User(user.name.clone()),
        advice: advice(&kinds, user.devices_complete, reported),
        kinds,
        complete: user.devices_complete,
    }
}

fn kinds(devices: &[super::Device]) -> Vec<Kind> {
    devices.iter().map(|device| device.kind).collect()
}

fn advice(kinds: &[Kind], complete: bool, has_mfa: Option<bool>) -> Advice {
    match (kinds, complete) {
        ([], true) => Advice::None,
        ([], false) if has_mfa == Some(false) => Advice::None,
        ([_], true) => Advice::One,
        ([] | [_], false) => Advice::Unknown,
        ([first, rest @ ..], _) if rest.iter().any(|kind| kind != first) => Advice::Several,
        (_, true) => Advice::SameKind,
        // Another one may be of another kind.
        (_, false) => Advice::Unknown,
    }
}
