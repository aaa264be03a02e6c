//! Sign-ins to the console, and what CloudTrail keeps of them (CloudTrail User Guide, "AWS Management Console sign-in
//! events").

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::random;
use super::{Account, IamError};
use crate::names::AwsUser;

/// How many events are kept: the practice account's history is for people to look at.
const MAX_EVENTS: usize = 1000;
/// Where sign-ins are recorded; root's always, and those of users whom the global endpoint signed in.
pub(crate) const REGION: &str = "us-east-1";

/// A sign-in to the console that has ended.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    /// Who; None where there is no such user.
    pub user: Option<&'a AwsUser>,
    /// How it ended.
    pub outcome: Outcome,
    /// The serial number of the device that was used, or tried.
    pub mfa: Option<&'a str>,
    /// Where it came from.
    pub ip: &'a str,
    /// The browser.
    pub user_agent: &'a str,
}

/// How a sign-in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Signed in.
    Success,
    /// The password or the device was wrong.
    Failure,
}

/// An event of the history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// A UUID.
    pub id: String,
    /// `ConsoleLogin` or `CheckMfa`.
    pub name: String,
    /// When, in seconds since 1970.
    pub time: i64,
    /// `root`, or the user's name; AWS hides names that it does not know.
    pub username: String,
    /// CloudTrail's whole record.
    pub record: Value,
}

impl Account {
    /// Records a sign-in: `CheckMfa` first where the user was asked for a device, then `ConsoleLogin`.
    ///
    /// # Errors
    /// Where the system has no random numbers for the events' identifiers.
    pub fn record_sign_in(&mut self, sign_in: &SignIn<'_>, now: OffsetDateTime) -> Result<(), IamError> {
        if let (Some(user), Some(_)) = (sign_in.user, sign_in.mfa) {
            let types: Vec<_> = self.devices(user).iter().map(|device| device.mfa_type()).collect();
            let mfa_type = match types.split_first() {
                Some((first, others)) if others.iter().all(|other| other == first) => first,
                _ => "Multiple MFA Devices",
            };
            let mut details = json!({
                "responseElements": { "CheckMfa": "Success" },
                "additionalEventData": { "MfaType": mfa_type },
            });
            if sign_in.outcome == Outcome::Failure {
                details["errorMessage"] = "Failed authentication".into();
                details["responseElements"]["CheckMfa"] = "Failure".into();
            }
            self.record("CheckMfa", sign_in, details, now)?;
        }
        let mut data = json!({
            "LoginTo": "https://console.aws.amazon.com/console/home",
            "MobileVersion": "No",
            // AWS's example of root has capitals.
            "MFAUsed": match (sign_in.mfa, sign_in.user) {
                (None, _) => "No",
                (Some(_), Some(AwsUser::Root)) => "YES",
                (Some(_), _) => "Yes",
            },
        });
        if let Some(serial) = sign_in.mfa {
            data["MFAIdentifier"] = serial.into();
        }
        let mut details = json!({
            "responseElements": { "ConsoleLogin": "Success" },
            "additionalEventData": data,
        });
        if sign_in.outcome == Outcome::Failure {
            details["errorMessage"] = match sign_in.user {
                Some(_) => "Failed authentication".into(),
                None => "No username found in supplied account".into(),
            };
            details["responseElements"]["ConsoleLogin"] = "Failure".into();
        }
        self.record("ConsoleLogin", sign_in, details, now)?;
        if sign_in.outcome == Outcome::Success {
            let user = sign_in.user.and_then(|user| self.user_mut(user));
            if let Some(password) = user.and_then(|user| user.password.as_mut()) {
                password.last_used = Some(now.unix_timestamp());
            }
        }
        Ok(())
    }

    /// The sign-ins, newest first.
    pub fn history(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().rev()
    }

    fn record(
        &mut self,
        name: &str,
        sign_in: &SignIn<'_>,
        details: Value,
        now: OffsetDateTime,
    ) -> Result<(), IamError> {
        let account = format!("{:012}", self.number());
        let identity = match sign_in.user.and_then(|user| Some((user, self.user(user)?))) {
            Some((user @ AwsUser::Root, root)) => json!({
                "type": "Root",
                "principalId": root.id,
                "arn": user.arn(self.number()),
                "accountId": account,
                "accessKeyId": "",
            }),
            Some((_, user)) => json!({
                "type": "IAMUser",
                "principalId": user.id,
                "arn": self.user_arn(user),
                "accountId": account,
                "accessKeyId": "",
                "userName": user.name,
            }),
            None => json!({
                "type": "IAMUser",
                "accountId": account,
                "accessKeyId": "",
                "userName": "HIDDEN_DUE_TO_SECURITY_REASONS",
            }),
        };
        let id = random::uuid()?;
        let mut record = json!({
            "eventVersion": "1.08",
            "userIdentity": identity,
            "eventTime": timestamp(now.unix_timestamp()),
            "eventSource": "signin.amazonaws.com",
            "eventName": name,
            "awsRegion": REGION,
            "sourceIPAddress": sign_in.ip,
            "userAgent": sign_in.user_agent,
            "requestParameters": null,
            "eventID": id,
            "readOnly": false,
            "eventType": "AwsConsoleSignIn",
            "managementEvent": true,
            "recipientAccountId": account,
            "eventCategory": "Management",
        });
        if let (Value::Object(record), Value::Object(details)) = (&mut record, details) {
            record.extend(details);
        }
        let username = match sign_in.user {
            Some(user) => user.to_string(),
            None => "HIDDEN_DUE_TO_SECURITY_REASONS".to_owned(),
        };
        while self.events.len() >= MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(Event {
            id,
            name: name.to_owned(),
            time: now.unix_timestamp(),
            username,
            record,
        });
        Ok(())
    }
}

/// ISO 8601 in UTC without fractions, as AWS writes times.
pub(crate) fn timestamp(seconds: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(seconds);
    time.ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
