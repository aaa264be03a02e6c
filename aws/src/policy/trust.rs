//! Who may assume a role: trust policies (IAM User Guide, "AWS JSON policy elements: Principal").

use super::context::Context;
use super::decide::{Decision, decide_with};
use super::document::{Document, Principal, Principals};

const ACTION: &str = "sts:AssumeRole";

/// What a role's trust policy says to `sts:AssumeRole` by a principal of an account.
///
/// Where only the principal's account is trusted ([`trusts_directly`] is false), a policy of the principal's own has
/// to allow the call too.
#[must_use]
pub fn trust(document: &Document, principal_arn: &str, account: u64, context: &Context) -> Decision {
    evaluate(document, context, |principals| {
        principals.cover(principal_arn, Some(account))
    })
}

/// Whether a trust policy allows `sts:AssumeRole` to a principal by name, and not only to its account.
#[must_use]
pub fn trusts_directly(document: &Document, principal_arn: &str, context: &Context) -> bool {
    evaluate(document, context, |principals| principals.cover(principal_arn, None)).is_allowed()
}

fn evaluate(document: &Document, context: &Context, covers: impl Fn(&Principals) -> bool) -> Decision {
    decide_with(&[document], |statement| {
        statement.resources.is_none()
            && statement.principals.as_ref().is_some_and(&covers)
            && statement.covers_action(ACTION, context)
            && statement.conditions_hold(context)
    })
}

impl Principals {
    /// With an account, also what names the account covers the principal.
    ///
    /// NotPrincipal: everybody who is not listed. For the exceptions AWS asks to name the account beside the user;
    /// here either is enough.
    pub(super) fn cover(&self, arn: &str, account: Option<u64>) -> bool {
        let listed = |principal: &Principal| match principal {
            Principal::Everybody => true,
            Principal::Aws(name) => name == arn || account.is_some_and(|account| names_account(name, account)),
            Principal::Other => false,
        };
        self.list.iter().any(listed) != self.negated
    }
}

/// Whether a principal is an account: its number, or the ARN of its root user.
fn names_account(principal: &str, account: u64) -> bool {
    let account = format!("{account:012}");
    principal == account
        || principal
            .strip_prefix("arn:aws")
            .and_then(|rest| rest.split_once(":iam::"))
            .is_some_and(|(_, rest)| rest.strip_suffix(":root") == Some(&account))
}
