//! The credential report (IAM User Guide, "Get credential reports"), and the account's summary.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Account;
use super::device::Device;
use super::error::IamError;
use super::sign_in::timestamp;
use super::user::{AccessKey, User};
use crate::names::AwsUser;

/// How long a report is handed out before a new one is made.
const FRESH: i64 = 4 * 3600;

const COLUMNS: [&str; 22] = [
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    "access_key_1_active",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_1_last_used_region",
    "access_key_1_last_used_service",
    "access_key_2_active",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
    "access_key_2_last_used_region",
    "access_key_2_last_used_service",
    "cert_1_active",
    "cert_1_last_rotated",
    "cert_2_active",
    "cert_2_last_rotated",
];

/// A report that was asked for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    /// When, in seconds since 1970.
    generated: i64,
    /// Whether it has been said that it is there.
    complete: bool,
    content: String,
}

/// How far a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportState {
    Started,
    Complete,
}

impl Account {
    /// Asks for a report: the first call starts it, and the second finds it there.
    pub(crate) fn generate_report(&mut self, now: OffsetDateTime) -> Result<ReportState, IamError> {
        let now = now.unix_timestamp();
        if let Some(report) = self.report.as_mut().filter(|report| now - report.generated < FRESH) {
            report.complete = true;
            return Ok(ReportState::Complete);
        }
        self.report = Some(Report {
            generated: now,
            complete: false,
            content: self.credential_report()?,
        });
        Ok(ReportState::Started)
    }

    /// The report that was asked for, and when it was made.
    pub(crate) fn report(&self, now: OffsetDateTime) -> Result<(&str, i64), IamError> {
        let Some(report) = &self.report else {
            let message = "No report present. Please call GenerateCredentialReport.";
            return Err(IamError::new("ReportNotPresent", 410, message));
        };
        if now.unix_timestamp() - report.generated >= FRESH {
            let message = "The report has expired. Please call GenerateCredentialReport.";
            return Err(IamError::new("ReportExpired", 410, message));
        }
        match report.complete {
            true => Ok((&report.content, report.generated)),
            false => Err(IamError::new("ReportInProgress", 404, "The report is being generated.")),
        }
    }

    /// The report of this moment: CSV, root first.
    ///
    /// # Errors
    /// None that is known of.
    pub fn credential_report(&self) -> Result<String, IamError> {
        let mut csv = csv::WriterBuilder::new()
            .terminator(csv::Terminator::Any(b'\n'))
            .from_writer(Vec::new());
        let failure = |error: csv::Error| IamError::failure(&error);
        csv.write_record(COLUMNS).map_err(failure)?;
        csv.write_record(self.report_row(&AwsUser::Root, &self.root))
            .map_err(failure)?;
        for user in self.users.values() {
            let row = self.report_row(&AwsUser::Iam(user.name.clone()), user);
            csv.write_record(row).map_err(failure)?;
        }
        let bytes = csv.into_inner().map_err(|error| IamError::failure(&error))?;
        let text = String::from_utf8(bytes).map_err(|error| IamError::failure(&error))?;
        Ok(text.trim_end().to_owned())
    }

    fn report_row(&self, who: &AwsUser, user: &User) -> Vec<String> {
        let root = *who == AwsUser::Root;
        let password = user.password.as_ref();
        let unsupported = |text: String| if root { "not_supported".to_owned() } else { text };
        let mut row = vec![
            if root {
                "<root_account>".to_owned()
            } else {
                user.name.clone()
            },
            self.user_arn(user),
            time(user.created),
            unsupported(password.is_some().to_string()),
            match password {
                Some(password) => password.last_used.map_or_else(no_information, time),
                None => not_applicable(),
            },
            unsupported(password.map_or_else(not_applicable, |password| time(password.changed))),
            unsupported(not_applicable()),
            (!user.devices.is_empty()).to_string(),
        ];
        for slot in 0..2 {
            row.extend(key_columns(user.access_keys.get(slot)));
        }
        // Signing certificates: the practice account has none.
        for _ in 0..2 {
            row.extend([false.to_string(), not_applicable()]);
        }
        row
    }

    /// GetAccountSummary: names, and numbers.
    pub(crate) fn summary(&self) -> Vec<(&'static str, usize)> {
        let enabled = |device: &&Device| device.owner.is_some();
        let versions = self.managed.values().map(|policy| policy.versions.len()).sum();
        vec![
            ("AccessKeysPerUserQuota", 2),
            (
                "AccountAccessKeysPresent",
                usize::from(!self.root.access_keys.is_empty()),
            ),
            ("AccountMFAEnabled", usize::from(!self.root.devices.is_empty())),
            ("AccountPasswordPresent", usize::from(self.root.password.is_some())),
            ("AccountSigningCertificatesPresent", 0),
            ("AssumeRolePolicySizeQuota", 2048),
            ("AttachedPoliciesPerGroupQuota", 10),
            ("AttachedPoliciesPerRoleQuota", 10),
            ("AttachedPoliciesPerUserQuota", 10),
            ("GlobalEndpointTokenVersion", 1),
            ("GroupPolicySizeQuota", 5120),
            ("Groups", self.groups.len()),
            ("GroupsPerUserQuota", 10),
            ("GroupsQuota", 300),
            ("InstanceProfiles", 0),
            ("InstanceProfilesQuota", 1000),
            (
                "MFADevices",
                self.devices
                    .values()
                    .filter(|device| device.is_virtual() || device.owner.is_some())
                    .count(),
            ),
            ("MFADevicesInUse", self.devices.values().filter(enabled).count()),
            ("Policies", self.managed.len()),
            ("PoliciesQuota", 1500),
            ("PolicySizeQuota", 6144),
            ("PolicyVersionsInUse", versions),
            ("PolicyVersionsInUseQuota", 10_000),
            ("Providers", 0),
            ("RolePolicySizeQuota", 10_240),
            ("Roles", self.roles.len()),
            ("RolesQuota", 1000),
            ("ServerCertificates", 0),
            ("ServerCertificatesQuota", 20),
            ("SigningCertificatesPerUserQuota", 2),
            ("UserPolicySizeQuota", 2048),
            ("Users", self.users.len()),
            ("UsersQuota", 5000),
            ("VersionsPerPolicyQuota", 5),
        ]
    }
}

fn key_columns(key: Option<&AccessKey>) -> [String; 5] {
    let Some(key) = key else {
        let none = not_applicable;
        return [false.to_string(), none(), none(), none(), none()];
    };
    let (date, region, service) = match &key.last_used {
        Some((used, service, region)) => (time(*used), region.clone(), service.clone()),
        None => (not_applicable(), not_applicable(), not_applicable()),
    };
    [key.active.to_string(), time(key.created), date, region, service]
}

/// As reports have times: with an offset, where the operations have `Z`.
fn time(seconds: i64) -> String {
    timestamp(seconds).replace('Z', "+00:00")
}

fn not_applicable() -> String {
    "N/A".to_owned()
}

fn no_information() -> String {
    "no_information".to_owned()
}

#[cfg(test)]
mod tests;
