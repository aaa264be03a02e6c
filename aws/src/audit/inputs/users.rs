//! Who is to be asked for, one by one.

use std::collections::BTreeSet;

use super::Inputs;
use crate::audit::Subject;

impl Inputs {
    /// The users whose devices only list-mfa-devices tells: those who may have a console password, and have a device by
    /// the report or by the list of virtual ones, or are newer than the report.
    #[must_use]
    pub fn users_to_ask(&self) -> Vec<String> {
        let devices = self.virtual_devices.iter().flat_map(|devices| &devices.value);
        let owners: BTreeSet<&str> = devices
            .filter_map(|device| device.user.as_ref()?.user_name.as_deref())
            .collect();
        let mut names = self.user_names();
        for row in self.report.iter().flat_map(|report| &report.value.rows) {
            if let Subject::User(name) = &row.subject
                && (row.password == Some(false) || !(row.mfa || owners.contains(name.as_str())))
            {
                names.remove(name);
            }
        }
        names.into_iter().collect()
    }

    /// All users that a list or the report names, and who has a virtual device.
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
        let devices = self.virtual_devices.iter().flat_map(|devices| &devices.value);
        let owners = devices.filter_map(|device| device.user.as_ref()?.user_name.as_ref());
        listed.chain(reported).chain(owners).cloned().collect()
    }
}
