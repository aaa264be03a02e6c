//! Long-term access keys.

use std::collections::HashMap;

use time::{Duration, OffsetDateTime};

use super::permissions::{Permissions, WithoutMfa};
use super::{Against, Judge, days};
use crate::audit::facts::evidence;
use crate::audit::{Check, Key, Source, Subject, User};

/// After this a key counts as old, and one that was used as no longer used.
const OLD: Duration = Duration::days(90);
/// A key that was never used may be new.
const NEVER_USED: Duration = Duration::days(30);

impl Judge<'_> {
    pub(super) fn keys(&mut self) {
        let facts = self.facts;
        let permissions = facts
            .inputs
            .details
            .as_ref()
            .map(|details| Permissions::new(&details.value, self.now));
        let known = facts.users.iter().any(|user| user.line.is_some()) || !facts.inputs.keys.is_empty();
        let unreported = (!known && !facts.users.is_empty()).then(|| facts.missing(Source::Report));
        if let Some(why) = facts.unknown_users().or(unreported) {
            for check in [Check::AccessKeyMfa, Check::AccessKeyAge, Check::AccessKeyUse] {
                self.cannot_tell(check, Subject::Account, Against::new(&why, facts.counted()));
            }
        }
        let mut judged = HashMap::new();
        for user in &facts.users {
            let active: Vec<_> = user.access_keys.iter().filter(|key| key.active).collect();
            for key in &active {
                self.age(user, key);
                self.last_use(user, key);
            }
            if !active.is_empty() {
                self.without_mfa(user, active.len(), permissions.as_ref(), &mut judged);
            }
        }
    }

    fn age(&mut self, user: &User, key: &Key) {
        let subject = Subject::User(user.name.clone());
        let says = self
            .facts
            .reported(user.line, &format!("last_rotated of {}", key.label()));
        match key.created.map(|created| self.now - created) {
            None => {
                let why = "when the access key was made is not written";
                self.cannot_tell(Check::AccessKeyAge, subject, Against::new(why, says).note(key.label()));
            }
            Some(age) if age > OLD => {
                let against = Against::new("has an access key that is older than 90 days", says);
                let against = against.note(format!("{}: {}", key.label(), days(age)));
                self.against(Check::AccessKeyAge, subject, against);
            }
            Some(_) => self.pass(Check::AccessKeyAge),
        }
    }

    fn last_use(&mut self, user: &User, key: &Key) {
        let subject = Subject::User(user.name.clone());
        let says = self
            .facts
            .reported(user.line, &format!("last_used_date of {}", key.label()));
        if user.line.is_none() {
            let why = format!("last uses are in the credential report alone: {}", self.no_report(user));
            return self.cannot_tell(Check::AccessKeyUse, subject, Against::new(&why, says).note(key.label()));
        }
        let age = |since: Option<OffsetDateTime>| since.map(|since| self.now - since);
        let old = |since, limit| age(since).filter(|age| *age > limit);
        let (detail, age) = match key.used {
            Some(_) => ("has an access key that was not used for 90 days", old(key.used, OLD)),
            None => ("has an access key that was never used", old(key.created, NEVER_USED)),
        };
        match age {
            Some(age) => {
                let against = Against::new(detail, says).note(format!("{}: {}", key.label(), days(age)));
                self.against(Check::AccessKeyUse, subject, against);
            }
            None => self.pass(Check::AccessKeyUse),
        }
    }

    fn no_report(&self, user: &User) -> String {
        match (&self.facts.inputs.report, user.line) {
            (Some(_), None) => "and the report is older than the user".to_owned(),
            _ => self.facts.missing(Source::Report),
        }
    }

    fn without_mfa(
        &mut self,
        user: &User,
        keys: usize,
        permissions: Option<&Permissions<'_>>,
        judged: &mut HashMap<String, WithoutMfa>,
    ) {
        let subject = Subject::User(user.name.clone());
        let number = match keys {
            1 => "one access key".to_owned(),
            keys => format!("{keys} access keys"),
        };
        let (Some(permissions), Some(details)) = (permissions, &self.facts.inputs.details) else {
            let why = format!(
                "what access keys may do without MFA: {}",
                self.facts.missing(Source::Details)
            );
            return self.cannot_tell(Check::AccessKeyMfa, subject, Against::new(&why, Vec::new()));
        };
        let account = self.facts.inputs.account.as_ref().map_or(0, |account| account.value);
        match permissions.without_mfa(&user.name, account, judged) {
            WithoutMfa::Nothing => self.pass(Check::AccessKeyMfa),
            WithoutMfa::Allowed { action, policy } => {
                let says = evidence(details, format!("{policy} allows {action}"));
                let detail = "has an access key that works without MFA: whoever copies it needs nothing else";
                let against = Against::new(detail, vec![says]).note(format!("{number}, for example {action}"));
                self.against(Check::AccessKeyMfa, subject, against);
            }
            WithoutMfa::Unknown(why) => {
                let says = vec![evidence(details, format!("UserName: {}", user.name))];
                self.cannot_tell(Check::AccessKeyMfa, subject, Against::new(&why, says));
            }
        }
    }
}
