//! Checks, shown one by one, and the verdict over them.

use serde::Serialize;

/// How one check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it must be.
    Passed,
    /// Not as it should be, which breaks nothing: the answer is accepted.
    Warned,
    /// Not as it must be: the answer is refused.
    Failed,
    /// There was nothing to check, or what it needs could not be read (which then failed elsewhere).
    Skipped,
}

/// One check of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked, such as `challenge`: stable, for people and programs.
    pub name: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// Why, in plain words. Text that came from outside is escaped already.
    pub detail: String,
}

impl Check {
    pub(crate) fn passed(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Passed,
            detail: detail.into(),
        }
    }

    pub(crate) fn warned(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Warned,
            detail: detail.into(),
        }
    }

    pub(crate) fn failed(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Failed,
            detail: detail.into(),
        }
    }

    pub(crate) fn skipped(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Skipped,
            detail: detail.into(),
        }
    }

    pub(crate) fn of<P: Into<String>, F: Into<String>>(name: &'static str, result: Result<P, F>) -> Self {
        match result {
            Ok(detail) => Self::passed(name, detail),
            Err(detail) => Self::failed(name, detail),
        }
    }
}

/// The checks of one answer, in the order of the standard, and what they amount to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Every check, whether or not an earlier one failed.
    pub checks: Vec<Check>,
    /// `Failed` if any check failed, else `Passed`.
    pub verdict: Outcome,
}

impl Report {
    pub(crate) fn new(checks: Vec<Check>) -> Self {
        let failed = checks.iter().any(|check| check.outcome == Outcome::Failed);
        Self {
            checks,
            verdict: if failed { Outcome::Failed } else { Outcome::Passed },
        }
    }

    /// Whether the answer is accepted.
    pub fn passed(&self) -> bool {
        self.verdict == Outcome::Passed
    }

    /// The checks that found what should not be, and accept the answer all the same.
    pub fn warnings(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.outcome == Outcome::Warned)
    }

    /// The checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.outcome == Outcome::Failed)
    }

    /// The check of a name.
    pub fn check(&self, name: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }
}
