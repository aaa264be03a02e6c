//! Who may do what in the pages: as the policies say, and in AWS's words.
//!
//! So an enforcing policy can be tried out here, too: before MFA it lets a user in as far as to assign a device.

use brasskey_aws::account::{Caller, IamError};
use brasskey_aws::names::AwsUser;

use super::visit::Member;

/// Refuses what the policies do not allow this session to do.
pub(super) fn require(member: &Member, action: &str, resource: &str) -> Result<(), IamError> {
    let caller = Caller::console(member.user.clone(), member.since, member.device.is_some());
    let now = member.desk().now();
    member
        .desk()
        .read(|account| account.authorize(&caller, action, resource, now))
}

/// The same for what is done to a user.
pub(super) fn require_for(member: &Member, action: &str, user: &AwsUser) -> Result<(), IamError> {
    require(member, action, &arn(member, user))
}

/// The same for what is done to the user who is signed in.
pub(super) fn require_own(member: &Member, action: &str) -> Result<(), IamError> {
    require_for(member, action, &member.user)
}

/// The ARN of what is in the account: `mfa/NAME`, `user/`.
pub(super) fn resource(member: &Member, path: &str) -> String {
    let number = member.desk().read(|account| account.number());
    format!("arn:aws:iam::{number:012}:{path}")
}

/// Removing a virtual device deletes it, which is another operation.
pub(super) fn require_removal(member: &Member, user: &AwsUser, serial: &str) -> Result<(), IamError> {
    require_for(member, "iam:DeactivateMFADevice", user)?;
    let is_virtual = member
        .desk()
        .read(|account| account.device(serial).is_some_and(|device| device.is_virtual()));
    match is_virtual {
        true => require(member, "iam:DeleteVirtualMFADevice", serial),
        false => Ok(()),
    }
}

fn arn(member: &Member, user: &AwsUser) -> String {
    member.desk().read(|account| {
        let known = account.user(user).map(|user| account.user_arn(user));
        known.unwrap_or_else(|| user.arn(account.number()))
    })
}
