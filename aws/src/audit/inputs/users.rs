//! Who is to be asked for, one by one.

use std::collections::BTreeSet;

use super::Inputs;
use crate::audit::Subject;

impl Inputs {
    /// Whether there is a credential report.
    #[must_use]
    pub fn has_report(&self) -> bool {
        self.report.is_some()
    }

    /// The users whose devices only list-mfa-devices tells: the report says that they have one, and a console password.
    #[must_use]
    pub fn users_to_ask(&self) -> Vec<String> {
        let rows = self.report.iter().flat_map(|report| &report.value.rows);
        let names = rows.filter_map(|row| match &row.subject {
            Subject::User(name) if row.mfa && row.password != Some(false) => Some(name.clone()),
            _ => None,
        });
        names.collect()
    }

    /// All users that a list or the report names.
    #[must_use]
    pub fn user_names(&self) -> BTreeSet<String> {
        let listed = self
            .users
            .iter()
            .flat_map(|users| &users.value)
            .map(|user| &user.user_name);
        let rows = self.report.iter().flat_map(|report| &report.value.rows);
        let reported = rows.filter_map(|row| match &row.subject {
            Subject::User(name) => Some(name),
            _ => None,
        });
        listed.chain(reported).cloned().collect()
    }
}
