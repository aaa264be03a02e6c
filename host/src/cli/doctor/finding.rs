//! What a check found.

use serde::Serialize;

use crate::relying_party::Outcome;

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// The check that found it.
    pub(super) check: &'static str,
    /// How it came out.
    pub(super) outcome: Outcome,
    /// One sentence. Text that came from outside is escaped already.
    pub(super) detail: String,
    /// Lines for a shell that put it right; empty where nothing is wrong or no command helps.
    pub(super) remedy: Vec<String>,
}

impl Finding {
    fn new(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self {
            check: "",
            outcome,
            detail: detail.into(),
            remedy: Vec::new(),
        }
    }

    pub(super) fn passed(detail: impl Into<String>) -> Self {
        Self::new(Outcome::Passed, detail)
    }

    pub(super) fn warned(detail: impl Into<String>) -> Self {
        Self::new(Outcome::Warned, detail)
    }

    pub(super) fn failed(detail: impl Into<String>) -> Self {
        Self::new(Outcome::Failed, detail)
    }

    pub(super) fn skipped(detail: impl Into<String>) -> Self {
        Self::new(Outcome::Skipped, detail)
    }

    /// The same, with what to do about it.
    pub(super) fn remedy(mut self, lines: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.remedy = lines.into_iter().map(Into::into).collect();
        self
    }

    /// The same, as found by `check`.
    pub(super) fn of(mut self, check: &'static str) -> Self {
        self.check = check;
        self
    }
}
