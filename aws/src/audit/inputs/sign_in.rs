//! Sign-ins as CloudTrail records them (CloudTrail User Guide, "AWS Management Console sign-in events").

use serde::Deserialize;

use super::moment::Moment;
use crate::audit::arn::account_number;

/// A `ConsoleLogin` or `CheckMfa`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::audit) struct SignIn {
    /// Unique.
    pub(in crate::audit) id: String,
    /// When.
    pub(in crate::audit) when: Moment,
    /// Where it was recorded.
    pub(in crate::audit) region: String,
    /// The account.
    pub(in crate::audit) account: Option<u64>,
    /// Who.
    pub(in crate::audit) who: Who,
    /// What happened.
    pub(in crate::audit) what: What,
    /// Whether it succeeded.
    pub(in crate::audit) success: bool,
}

/// Who signed in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::audit) enum Who {
    /// The root user.
    Root,
    /// An IAM user.
    Iam(String),
    /// A role or a federated user, by ARN or whatever there is.
    Federated(String),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::audit) enum What {
    /// A sign-in to the console, and whether MFA was used. Failed ones say yes, too.
    Console {
        /// `None` where the event does not say.
        mfa: Option<bool>,
    },
    /// A device was asked for, of this kind: `U2F MFA`, `Virtual MFA`, `Multiple MFA Devices`.
    CheckMfa(Option<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(rename = "eventID")]
    event_id: String,
    event_name: String,
    event_time: Moment,
    aws_region: String,
    user_identity: Identity,
    response_elements: Option<Response>,
    additional_event_data: Option<Additional>,
    recipient_account_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    #[serde(rename = "type")]
    kind: Option<String>,
    user_name: Option<String>,
    arn: Option<String>,
    principal_id: Option<String>,
    account_id: Option<String>,
}

#[derive(Deserialize)]
struct Response {
    #[serde(rename = "ConsoleLogin")]
    console_login: Option<String>,
    #[serde(rename = "CheckMfa")]
    check_mfa: Option<String>,
}

#[derive(Deserialize)]
struct Additional {
    #[serde(rename = "MFAUsed")]
    mfa_used: Option<String>,
    #[serde(rename = "MfaType")]
    mfa_type: Option<String>,
}

/// Whether an event of this name is a sign-in.
pub(super) fn is_sign_in(name: &str) -> bool {
    matches!(name, "ConsoleLogin" | "CheckMfa")
}

impl SignIn {
    /// Reads one event.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let record: Record = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let identity = record.user_identity;
        let account = record.recipient_account_id.or(identity.account_id);
        let who = match (identity.kind.as_deref(), identity.user_name) {
            (Some("Root"), _) => Who::Root,
            (Some("IAMUser"), Some(name)) => Who::Iam(name),
            (kind, name) => {
                let named = identity.arn.or(name).or(identity.principal_id);
                Who::Federated(named.or(kind.map(str::to_owned)).unwrap_or_default())
            }
        };
        let (response, additional) = (record.response_elements, record.additional_event_data);
        let (what, result) = match record.event_name.as_str() {
            "ConsoleLogin" => {
                let mfa = match additional.and_then(|additional| additional.mfa_used) {
                    None => None,
                    // "YES" in the guide's example of root.
                    Some(used) if used.eq_ignore_ascii_case("yes") => Some(true),
                    Some(used) if used.eq_ignore_ascii_case("no") => Some(false),
                    Some(used) => return Err(format!("MFAUsed is {used:?}, and neither Yes nor No")),
                };
                (
                    What::Console { mfa },
                    response.and_then(|response| response.console_login),
                )
            }
            "CheckMfa" => {
                let kind = additional.and_then(|additional| additional.mfa_type);
                (What::CheckMfa(kind), response.and_then(|response| response.check_mfa))
            }
            name => return Err(format!("it is called {name:?} inside")),
        };
        Ok(Self {
            id: record.event_id,
            when: record.event_time,
            region: record.aws_region,
            account: account.as_deref().and_then(account_number),
            who,
            what,
            success: result.as_deref() == Some("Success"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, result: &str, used: &str) -> String {
        format!(
            r#"{{"eventVersion": "1.08", "userIdentity": {{"type": "{kind}", "principalId": "AIDA",
            "arn": "arn:aws:iam::123456789012:user/alice", "accountId": "123456789012", "userName": "alice"}},
            "eventTime": "2026-11-28T10:00:00Z", "eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin",
            "awsRegion": "us-east-2", "sourceIPAddress": "192.0.2.1", "requestParameters": null,
            "responseElements": {{"ConsoleLogin": "{result}"}},
            "additionalEventData": {{"MobileVersion": "No", "MFAUsed": "{used}"}},
            "eventID": "e-1", "eventType": "AwsConsoleSignIn", "recipientAccountId": "123456789012"}}"#
        )
    }

    #[test]
    fn mfa_was_used_in_either_spelling() {
        for (used, mfa) in [("Yes", true), ("YES", true), ("No", false)] {
            let sign_in = SignIn::parse(&event("IAMUser", "Success", used)).unwrap();
            assert_eq!(sign_in.what, What::Console { mfa: Some(mfa) });
            assert_eq!((sign_in.who, sign_in.success), (Who::Iam("alice".to_owned()), true));
        }
        assert!(SignIn::parse(&event("IAMUser", "Success", "perhaps")).is_err());
        assert!(!SignIn::parse(&event("IAMUser", "Failure", "Yes")).unwrap().success);
    }

    #[test]
    fn who_is_neither_root_nor_a_user_is_judged_elsewhere() {
        assert_eq!(SignIn::parse(&event("Root", "Success", "YES")).unwrap().who, Who::Root);
        for kind in ["AssumedRole", "FederatedUser", "SAMLUser", "WebIdentityUser"] {
            let sign_in = SignIn::parse(&event(kind, "Success", "No")).unwrap();
            assert!(matches!(sign_in.who, Who::Federated(_)), "{kind}");
        }
    }
}
