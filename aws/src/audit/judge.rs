//! The verdicts.

mod keys;
mod permissions;
mod remedy;
mod report;
mod root;
mod sign_ins;
#[cfg(test)]
mod tests;
mod users;

use time::OffsetDateTime;

pub use remedy::remedy;
pub use sign_ins::REGIONS;

use super::finding::Tally;
use super::{Audit, Check, Evidence, Facts, Finding, Outcome, Subject};

/// Judges an account. `now` decides how old something is.
#[must_use]
pub fn judge(facts: &Facts<'_>, now: OffsetDateTime) -> Audit {
    let mut judge = Judge {
        facts,
        now,
        findings: Vec::new(),
        tallies: Check::ALL.map(|check| Tally {
            check,
            severity: check.severity(),
            failed: 0,
            warned: 0,
            cannot_tell: 0,
            passed: 0,
        }),
    };
    judge.root();
    judge.users();
    judge.keys();
    judge.sign_ins();
    judge.report();
    judge.done()
}

/// A finding in the making.
struct Against<'a> {
    detail: &'a str,
    note: Option<String>,
    evidence: Vec<Evidence>,
}

impl<'a> Against<'a> {
    fn new(detail: &'a str, evidence: Vec<Evidence>) -> Self {
        let note = None;
        Self { detail, note, evidence }
    }

    fn note(mut self, note: String) -> Self {
        self.note = Some(note);
        self
    }
}

struct Judge<'a> {
    facts: &'a Facts<'a>,
    now: OffsetDateTime,
    findings: Vec<Finding>,
    tallies: [Tally; 13],
}

impl Judge<'_> {
    fn tally(&mut self, check: Check, outcome: Outcome) {
        for tally in self.tallies.iter_mut().filter(|tally| tally.check == check) {
            match outcome {
                Outcome::Failed => tally.failed += 1,
                Outcome::Warned => tally.warned += 1,
                Outcome::CannotTell => tally.cannot_tell += 1,
                Outcome::Passed => tally.passed += 1,
            }
        }
    }

    fn pass(&mut self, check: Check) {
        self.tally(check, Outcome::Passed);
    }

    fn against(&mut self, check: Check, subject: Subject, against: Against<'_>) {
        self.find(check, check.against(), subject, against);
    }

    fn cannot_tell(&mut self, check: Check, subject: Subject, why: Against<'_>) {
        self.find(check, Outcome::CannotTell, subject, why);
    }

    fn find(&mut self, check: Check, outcome: Outcome, subject: Subject, what: Against<'_>) {
        self.tally(check, outcome);
        let leave = self.leave(what.detail).filter(|_| outcome == Outcome::CannotTell);
        let remedy = leave.unwrap_or_else(|| remedy(check, outcome, &subject));
        self.findings.push(Finding {
            check,
            outcome,
            severity: check.severity(),
            subject,
            detail: what.detail.to_owned(),
            note: what.note,
            evidence: what.evidence,
            remedy,
        });
    }

    /// What to do where AWS refused the answer that a verdict lacks; `None` where it did not.
    fn leave(&self, why: &str) -> Option<String> {
        let inputs = self.facts.inputs;
        let is_why = |source| inputs.missing.get(source).is_some_and(|missing| why.contains(missing));
        let mut actions = inputs.denied.iter().filter(|(source, _)| is_why(*source));
        let (_, action) = actions.next()?;
        Some(format!(
            "have an administrator allow {action}, or use --profile with a user who may"
        ))
    }

    fn done(self) -> Audit {
        let mut findings = self.findings;
        findings.sort_by(|a, b| {
            let key = |finding: &Finding| (finding.outcome, finding.severity, finding.check);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.detail.cmp(&b.detail))
                .then_with(|| a.subject.cmp(&b.subject))
        });
        let sum = |of: fn(&Tally) -> usize| self.tallies.iter().map(of).sum();
        let inputs = self.facts.inputs;
        Audit {
            account: inputs.account.as_ref().map(|account| account.value),
            judged: self.now,
            report_generated: inputs.report_generated(),
            failed: sum(|tally| tally.failed),
            warned: sum(|tally| tally.warned),
            cannot_tell: sum(|tally| tally.cannot_tell),
            passed: sum(|tally| tally.passed),
            checks: self.tallies.to_vec(),
            findings,
            root_devices: self.facts.root_devices.clone(),
            users: self.facts.users.clone(),
            users_complete: self.facts.unknown_users().is_none(),
            user_count: self.facts.user_count(),
            files: inputs.files.iter().map(ToString::to_string).collect(),
        }
    }
}

/// `1 day`, `400 days`.
fn days(span: time::Duration) -> String {
    match span.whole_days() {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// The day, in UTC.
fn day(moment: OffsetDateTime) -> String {
    moment.to_offset(time::UtcOffset::UTC).date().to_string()
}
