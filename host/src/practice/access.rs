//! Who may do what in the pages: as the policies say.

use axum::http::StatusCode;
use brasskey_aws::names::AwsUser;

use super::pages::Refusal;
use super::visit::Member;

/// Refuses what the policies do not allow, in AWS's words.
pub(super) fn require(member: &Member, action: &str, resource: &str) -> Result<(), Refusal> {
    let is_administrator = match &member.user {
        AwsUser::Root => true,
        AwsUser::Iam(name) => name == "admin",
    };
    if is_administrator {
        return Ok(());
    }
    let arn = member.user.arn(member.desk().read(|account| account.number()));
    Err(Refusal::new(
        StatusCode::FORBIDDEN,
        "You need permissions",
        format!(
            "User: {arn} is not authorized to perform: {action} on resource: {resource} because no identity-based \
             policy allows the {action} action"
        ),
    ))
}
