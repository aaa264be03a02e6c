//! What to do next.

use super::super::{Check, Outcome, Subject};

/// What to do about a finding: a command, or where it is in the console.
#[must_use]
pub fn remedy(check: Check, outcome: Outcome, subject: &Subject) -> String {
    if outcome == Outcome::CannotTell {
        return missing(check, subject);
    }
    match (check, subject) {
        (Check::RootMfa, _) => "sign in as root; account menu, Security credentials, Assign MFA device; or have the \
                                organization remove the root credentials of member accounts (IAM, Root access \
                                management)"
            .to_owned(),
        (Check::RootAccessKey, _) => "sign in as root; account menu, Security credentials, Access keys: deactivate, \
                                      see that nothing breaks, delete"
            .to_owned(),
        (Check::UserMfa, Subject::User(name)) => format!(
            "`brasskey aws enroll totp --user {name} --name DEVICE`, or with a security key: console, IAM, Users, \
             {name}, Security credentials, Assign MFA device; then `brasskey aws policy print` for everybody"
        ),
        (Check::UserMfa, _) => "console, IAM, Users, Security credentials, Assign MFA device".to_owned(),
        (Check::RootDevice, _) => {
            "sign in as root; account menu, Security credentials, Assign MFA device, Passkey or security key".to_owned()
        }
        (Check::OneDevice, _) => "assign a second device, and keep it elsewhere: `brasskey aws spare`".to_owned(),
        (Check::PhishingResistant, _) => {
            "assign a passkey or security key beside it: Security credentials, Assign MFA device".to_owned()
        }
        (Check::AccessKeyMfa, _) => "`brasskey aws policy print` makes a policy that asks for MFA; then work with \
                                     `brasskey aws session`, or without access keys by `aws login`"
            .to_owned(),
        (Check::SignInMfa, _) => "see that each of these has MFA by now; `brasskey aws policy print` makes a policy \
                                  that asks for it"
            .to_owned(),
        (Check::RootSignIn, _) => "use root for what nobody else can do, and an administrator for the rest".to_owned(),
        (Check::AccessKeyAge, _) => {
            "make another one, use it, deactivate the old one, then delete it (`aws iam create-access-key`, …)"
                .to_owned()
        }
        (Check::AccessKeyUse, _) => "deactivate it, and delete it when nobody missed it".to_owned(),
        (Check::Report, _) => "`aws iam generate-credential-report` makes a new one, once in four hours".to_owned(),
        (Check::SignInHistory, _) => missing(check, subject),
    }
}

/// How the data comes that is missing.
fn missing(check: Check, subject: &Subject) -> String {
    match (check, subject) {
        (Check::RootMfa | Check::RootAccessKey, _) => "add the answer of `aws iam get-account-summary`".to_owned(),
        (Check::RootDevice, _) | (Check::OneDevice, Subject::Root) => {
            "sign in as root, and look: account menu, Security credentials".to_owned()
        }
        (Check::UserMfa, Subject::Account) | (Check::AccessKeyAge | Check::AccessKeyUse | Check::Report, _) => {
            "add the answers of `aws iam generate-credential-report` and `aws iam get-credential-report`".to_owned()
        }
        (Check::UserMfa, _) => "fetch a new credential report (one is made every four hours)".to_owned(),
        (Check::OneDevice | Check::PhishingResistant, Subject::User(name)) => {
            format!("add the answer of `aws iam list-mfa-devices --user-name {name}`")
        }
        (Check::OneDevice | Check::PhishingResistant, _) => {
            "add the answers of `aws iam get-credential-report` and `aws iam list-mfa-devices`".to_owned()
        }
        (Check::AccessKeyMfa, Subject::Account) => "add the answers of `aws iam get-credential-report` and `aws iam \
                                                    get-account-authorization-details`"
            .to_owned(),
        (Check::AccessKeyMfa, _) => {
            "read the user's policies; `aws iam get-account-authorization-details` has all of them".to_owned()
        }
        (Check::SignInMfa, Subject::Account) => {
            "add CloudTrail's events, and ask the identity provider whether it asks for MFA".to_owned()
        }
        (Check::SignInMfa | Check::RootSignIn | Check::SignInHistory, _) => {
            "add the answers of `aws cloudtrail lookup-events --lookup-attributes \
             AttributeKey=EventName,AttributeValue=ConsoleLogin` of us-east-1, us-east-2, eu-north-1 and \
             ap-southeast-2; they go back 90 days"
                .to_owned()
        }
    }
}
