//! The credential report itself: whether it can be relied on.

use std::collections::HashSet;

use time::Duration;

use super::{Against, Judge};
use crate::audit::facts::evidence;
use crate::audit::{Check, Source, Subject};

/// A report that is older says little of today.
const FRESH: Duration = Duration::hours(24);

impl Judge<'_> {
    pub(super) fn report(&mut self) {
        let facts = self.facts;
        let Some(report) = &facts.inputs.report else {
            let why = facts.missing(Source::Report);
            return self.cannot_tell(Check::Report, Subject::Account, Against::new(&why, Vec::new()));
        };
        let file = |says: &str| vec![evidence(report, says.to_owned())];
        let age = report.value.generated.map(|generated| self.now - generated.0);
        let hours = age.map(|age| format!("{} old", hours(age)));
        match age {
            None => {
                let why = "a report as CSV does not say when it was made: up to four hours before it was fetched, and \
                           that may be long ago";
                self.cannot_tell(
                    Check::Report,
                    Subject::Account,
                    Against::new(why, file("no GeneratedTime")),
                );
            }
            Some(age) if age > FRESH => {
                let mut against = Against::new("the report is older than a day", file("GeneratedTime"));
                against.note.clone_from(&hours);
                self.against(Check::Report, Subject::Account, against);
            }
            Some(_) => self.pass(Check::Report),
        }
        let age = format!("the report is {}", hours.as_deref().unwrap_or("of unknown age"));
        for user in facts.users.iter().filter(|user| user.is_contradicted()) {
            let subject = Subject::User(user.name.clone());
            let detail = match user.reported_mfa {
                Some(true) => "the report says that there is MFA, and no device is listed",
                _ => "the report says that there is no MFA, and a device is listed",
            };
            let mut says = facts.reported(user.line, &format!("mfa_active: {}", user.reported_mfa == Some(true)));
            says.extend(facts.listed(&subject, &user.devices));
            self.against(Check::Report, subject, Against::new(detail, says).note(age.clone()));
        }
        let Some(listed) = &facts.inputs.users else { return };
        let names: HashSet<&str> = listed.value.iter().map(|user| user.user_name.as_str()).collect();
        for user in &facts.users {
            let detail = match (user.line.is_some(), names.contains(user.name.as_str())) {
                (true, false) => "in the report, and not in the list of users: deleted since",
                (false, true) => "in the list of users, and not in the report: created since",
                _ => continue,
            };
            let against = Against::new(detail, file("user")).note(age.clone());
            self.against(Check::Report, Subject::User(user.name.clone()), against);
        }
    }
}

/// `1 hour`, `3 hours`.
fn hours(span: Duration) -> String {
    match span.whole_hours() {
        1 => "1 hour".to_owned(),
        hours => format!("{hours} hours"),
    }
}
