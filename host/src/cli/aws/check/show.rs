//! What an audit says, on a terminal: the worst first.

use std::io::{self, Write};

use anstyle::Style;
use brasskey_aws::audit::{Audit, Finding, Outcome, Severity, Subject, remedy};

use crate::cli::layout::count;
use crate::cli::output::{BAD, BOLD, DIM, GOOD, WARNING};
use crate::text::escape;

/// How many users one finding names.
const NAMED: usize = 12;

/// What is said of many at once.
pub(super) struct Group<'a> {
    /// The first of them, which has what all have.
    pub(super) first: &'a Finding,
    /// All of them.
    pub(super) all: &'a [Finding],
}

impl Group<'_> {
    /// What to do: with a user's name where there is one user only.
    pub(super) fn remedy(&self) -> String {
        match self.all.iter().all(|finding| finding.remedy == self.first.remedy) {
            true => self.first.remedy.clone(),
            false => remedy(self.first.check, self.first.outcome, &Subject::User("USER".to_owned())),
        }
    }
}

/// The findings of one outcome, each text once. They are sorted already.
pub(super) fn groups(audit: &Audit, outcome: Outcome) -> impl Iterator<Item = Group<'_>> {
    let same = |a: &Finding, b: &Finding| {
        let of_user = |finding: &Finding| matches!(finding.subject, Subject::User(_));
        (a.check, a.outcome, &a.detail, of_user(a)) == (b.check, b.outcome, &b.detail, of_user(b))
    };
    let groups = audit.findings.chunk_by(same).filter_map(|all| {
        let first = all.first()?;
        Some(Group { first, all })
    });
    groups.filter(move |group| group.first.outcome == outcome)
}

/// The headings, in their order.
pub(super) const OUTCOMES: [(Outcome, &str); 3] = [
    (Outcome::Failed, "Failed"),
    (Outcome::Warned, "Warnings"),
    (Outcome::CannotTell, "Cannot be told"),
];

pub(super) fn audit(audit: &Audit, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "{BOLD}{}{BOLD:#}", heading(audit))?;
    for (outcome, title) in OUTCOMES {
        let style = style(outcome);
        let mut groups = groups(audit, outcome).peekable();
        if groups.peek().is_some() {
            writeln!(to, "\n{style}{title}{style:#}")?;
        }
        for group in groups {
            show(&group, to)?;
        }
    }
    let passed: Vec<_> = audit.checks.iter().filter(|tally| tally.passed > 0).collect();
    if !passed.is_empty() {
        let passed = passed
            .iter()
            .map(|tally| format!("{} {}", tally.check.name(), grouped(tally.passed)));
        let passed = passed.collect::<Vec<_>>().join(", ");
        writeln!(to, "\n{GOOD}Passed{GOOD:#}\n  {passed}")?;
    }
    writeln!(to, "\n{}", totals(audit))
}

/// The account, and how old what is said of it is.
pub(super) fn heading(audit: &Audit) -> String {
    let account = match audit.account {
        Some(account) => format!("AWS account {account:012}"),
        None => "AWS account (no file names its number)".to_owned(),
    };
    let known = audit.users.len();
    let users = match audit.user_count {
        Some(all) if !audit.users_complete => {
            format!("{}, {} of them known", count(all as u64, "IAM user"), grouped(known))
        }
        _ if !audit.users_complete => format!("{} known, and no list of all", count(known as u64, "IAM user")),
        _ => count(known as u64, "IAM user"),
    };
    match audit.report_generated {
        Some(generated) => {
            let age = (audit.judged - generated).whole_minutes().max(0);
            let age = match age {
                0..=119 => count(age.unsigned_abs(), "minute"),
                _ => count((age / 60).unsigned_abs(), "hour"),
            };
            format!("{account}, {users}, credential report of {age} ago")
        }
        None => format!("{account}, {users}"),
    }
}

/// How much was found.
pub(super) fn totals(audit: &Audit) -> String {
    format!(
        "{} failed, {} warned, {} cannot be told, {} passed",
        grouped(audit.failed),
        grouped(audit.warned),
        grouped(audit.cannot_tell),
        grouped(audit.passed)
    )
}

fn style(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Failed => BAD,
        Outcome::Warned => WARNING,
        Outcome::CannotTell => BOLD,
        Outcome::Passed => GOOD,
    }
}

fn show(group: &Group<'_>, to: &mut dyn Write) -> io::Result<()> {
    let first = group.first;
    let (name, detail) = (first.check.name(), escape(&first.detail));
    let severity = severity(first.severity);
    writeln!(to, "  {BOLD}{name}{BOLD:#} ({severity}): {detail}")?;
    writeln!(to, "    {}", whom(group, NAMED, "--json lists all"))?;
    if let Some(evidence) = first.evidence.first() {
        let (file, says) = (escape(&evidence.file), escape(&evidence.says));
        let example = if group.all.len() > 1 { "for example " } else { "" };
        writeln!(to, "    {DIM}{example}{file}: {says}{DIM:#}")?;
    }
    writeln!(to, "    {DIM}to do:{DIM:#} {}", escape(&group.remedy()))
}

/// Who it is about: `2 users: alice, bob (3 times)`, and how many more there are than `most`.
pub(super) fn whom(group: &Group<'_>, most: usize, rest: &str) -> String {
    // Somebody may be there twice, with two access keys.
    let all: Vec<_> = group.all.chunk_by(|a, b| a.subject == b.subject).collect();
    let named = all.iter().take(most).filter_map(|of| {
        let who = subject(&of.first()?.subject);
        let notes: Vec<_> = of.iter().filter_map(|finding| finding.note.as_deref()).collect();
        match notes.is_empty() {
            true => Some(who),
            false => Some(format!("{who} ({})", escape(&notes.join("; ")))),
        }
    });
    let named = named.collect::<Vec<_>>().join(", ");
    let more = all.len().saturating_sub(most);
    match (all.len(), more) {
        (1, _) => named,
        (all, 0) => format!("{} users: {named}", grouped(all)),
        (all, more) => format!("{} users: {named}, and {} more: {rest}", grouped(all), grouped(more)),
    }
}

/// Whom a finding is about.
pub(super) fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Account => "the account".to_owned(),
        Subject::Root => "the root user".to_owned(),
        Subject::User(name) => escape(name).into_owned(),
    }
}

/// How bad, in a word.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
    }
}

/// `9,188`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
pub(super) mod tests;
