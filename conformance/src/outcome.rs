//! What came of a run: the report that programs keep and compare.

use serde::{Deserialize, Serialize};

use crate::suites::{self, Level};
use crate::trace::Exchanged;

/// The version of the report's form.
pub const SCHEMA: u32 = 1;

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The key does it.
    Pass,
    /// The key does not, and the standard says MUST.
    Fail,
    /// The key does not, and the standard says SHOULD.
    Warn,
    /// The key does not, and a file of exceptions says why.
    Excepted,
    /// The check is for other keys.
    NotApplicable,
    /// The check takes what was not there.
    NotTried,
}

impl Outcome {
    /// Every outcome, in the order of a summary.
    pub const ALL: [Self; 6] = [
        Self::Pass,
        Self::Fail,
        Self::Warn,
        Self::Excepted,
        Self::NotApplicable,
        Self::NotTried,
    ];

    /// As people read it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Excepted => "excepted",
            Self::NotApplicable => "not applicable",
            Self::NotTried => "not tried",
        }
    }
}

/// A check, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// The area: the suite's name.
    pub area: String,
    /// `suite::check`. Stable.
    pub name: String,
    /// The edition and section of the standard.
    pub section: String,
    /// Whether the standard says MUST or SHOULD.
    pub level: Level,
    /// What came of it.
    pub outcome: Outcome,
    /// Why: what was expected and what the key did, or what it takes to try. Text of the key may be in it.
    pub message: Option<String>,
    /// Where the check says so: the file and line of its source.
    #[serde(default)]
    pub place: Option<String>,
    /// The reason that the file of exceptions gives.
    pub exception: Option<String>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// What was said on the wire, where the key did not pass.
    pub exchange: Vec<Exchanged>,
}

impl Checked {
    /// Whether the key did otherwise, by this check.
    #[must_use]
    pub fn is_unfit(&self) -> bool {
        matches!(self.outcome, Outcome::Fail | Outcome::Warn)
    }
}

/// The key, as it tells of itself. Texts come from the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// What the user calls it.
    pub device: String,
    /// The versions of getInfo; `U2F_V2` alone for a key without it.
    pub versions: Vec<String>,
    /// Extensions.
    pub extensions: Vec<String>,
    /// The AAGUID, in hexadecimal.
    pub aaguid: Option<String>,
    /// The options, in getInfo's order.
    pub options: Vec<(String, bool)>,
    /// The answer to getInfo in hexadecimal, with its status.
    pub get_info: Option<String>,
    /// The same in diagnostic notation.
    pub get_info_decoded: Option<String>,
}

/// A whole report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The version of this form.
    pub schema: u32,
    /// The version of the tool.
    pub tool: String,
    /// The key.
    pub key: Subject,
    /// Whether the key was erased for it.
    pub erased: bool,
    /// Whether the run ended early.
    pub interrupted: bool,
    /// What is left on the key, where that is not nothing.
    pub left: Option<String>,
    /// Exceptions that fit no failure any more.
    pub stale_exceptions: Vec<String>,
    /// Exceptions whose names no check has.
    #[serde(default)]
    pub unknown_exceptions: Vec<String>,
    /// When it began: RFC 3339, in UTC.
    #[serde(default)]
    pub begun: Option<String>,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub milliseconds: u64,
    /// The options that say which checks ran, and who touched the key.
    #[serde(default)]
    pub options: Vec<String>,
    /// Every check.
    pub checks: Vec<Checked>,
}

impl Report {
    /// How many checks came out so.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.checks.iter().filter(|check| check.outcome == outcome).count()
    }

    /// The areas, in their order.
    #[must_use]
    pub fn areas(&self) -> Vec<&str> {
        let mut areas: Vec<&str> = Vec::new();
        for check in &self.checks {
            if !areas.contains(&&check.area[..]) {
                areas.push(&check.area);
            }
        }
        areas
    }

    /// Marks failures that somebody gave reasons for, and names the reasons that fit nothing.
    pub fn except<'a>(&mut self, exceptions: impl IntoIterator<Item = (&'a str, &'a str)>) {
        for (name, reason) in exceptions {
            let check = self.checks.iter_mut().find(|check| check.name == name);
            match check {
                Some(check) if matches!(check.outcome, Outcome::Fail | Outcome::Warn) => {
                    check.outcome = Outcome::Excepted;
                    check.exception = Some(reason.to_owned());
                }
                // What was not tried says nothing about the key, and neither does what was not to run.
                Some(check) if check.outcome == Outcome::NotTried => {}
                None if suites::has(name) => {}
                None => self.unknown_exceptions.push(name.to_owned()),
                Some(_) => self.stale_exceptions.push(name.to_owned()),
            }
        }
    }
}

/// A check whose outcome is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The check.
    pub name: String,
    /// What came of it before; nothing where the check is new.
    pub before: Option<Outcome>,
    /// What came of it now; nothing where the check is gone.
    pub after: Option<Outcome>,
}

impl Change {
    /// Whether the key got worse: what did not fail before fails now.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        let fails = |outcome| outcome == Some(Outcome::Fail);
        fails(self.after) && !fails(self.before)
    }
}

/// What two reports do not agree on.
#[must_use]
pub fn diff(before: &Report, after: &Report) -> Vec<Change> {
    let of = |report: &Report, name: &str| {
        let check = report.checks.iter().find(|check| check.name == name);
        check.map(|check| check.outcome)
    };
    let gone = before.checks.iter().filter(|check| of(after, &check.name).is_none());
    let names = after.checks.iter().chain(gone).map(|check| &check.name);
    names
        .map(|name| Change {
            name: name.clone(),
            before: of(before, name),
            after: of(after, name),
        })
        .filter(|change| change.before != change.after)
        .collect()
}
