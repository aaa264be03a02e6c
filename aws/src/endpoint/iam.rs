//! The operations of IAM.

mod account;
mod details;
mod groups;
mod keys;
mod login;
mod managed;
mod mfa;
mod policies;
mod roles;
mod simulate;
mod users;

use super::call::{Call, Operation};
use crate::account::Holder;

/// Whose policies an operation is about; the parameter that names it is `UserName`, `GroupName` or `RoleName`.
#[derive(Clone, Copy)]
enum Kind {
    User,
    Group,
    Role,
}

impl Kind {
    fn parameter(self) -> &'static str {
        match self {
            Self::User => "UserName",
            Self::Group => "GroupName",
            Self::Role => "RoleName",
        }
    }

    fn holder(self, name: &str) -> Holder<'_> {
        match self {
            Self::User => Holder::User(name),
            Self::Group => Holder::Group(name),
            Self::Role => Holder::Role(name),
        }
    }
}

/// The operation of this name.
pub(super) fn operation(action: &str) -> Option<Operation> {
    use Kind::{Group, Role, User};
    Some(match action {
        "CreateVirtualMFADevice" => mfa::create_virtual,
        "DeactivateMFADevice" => mfa::deactivate,
        "DeleteVirtualMFADevice" => mfa::delete_virtual,
        "EnableMFADevice" => mfa::enable,
        "GetMFADevice" => mfa::get,
        "ListMFADevices" => mfa::list,
        "ListVirtualMFADevices" => mfa::list_virtual,
        "ResyncMFADevice" => mfa::resync,

        "CreateUser" => users::create,
        "DeleteUser" => users::delete,
        "GetUser" => users::get,
        "ListUsers" => users::list,
        "UpdateUser" => users::update,

        "ChangePassword" => login::change,
        "CreateLoginProfile" => login::create,
        "DeleteLoginProfile" => login::delete,
        "GetLoginProfile" => login::get,
        "UpdateLoginProfile" => login::update,

        "CreateAccessKey" => keys::create,
        "DeleteAccessKey" => keys::delete,
        "GetAccessKeyLastUsed" => keys::last_used,
        "ListAccessKeys" => keys::list,
        "UpdateAccessKey" => keys::update,

        "AddUserToGroup" => groups::add_user,
        "CreateGroup" => groups::create,
        "DeleteGroup" => groups::delete,
        "GetGroup" => groups::get,
        "ListGroups" => groups::list,
        "ListGroupsForUser" => groups::of_user,
        "RemoveUserFromGroup" => groups::remove_user,

        "CreateRole" => roles::create,
        "DeleteRole" => roles::delete,
        "GetRole" => roles::get,
        "ListRoles" => roles::list,
        "UpdateAssumeRolePolicy" => roles::update_trust,

        "PutUserPolicy" => |call| policies::put(call, User),
        "PutGroupPolicy" => |call| policies::put(call, Group),
        "PutRolePolicy" => |call| policies::put(call, Role),
        "GetUserPolicy" => |call| policies::get(call, User),
        "GetGroupPolicy" => |call| policies::get(call, Group),
        "GetRolePolicy" => |call| policies::get(call, Role),
        "DeleteUserPolicy" => |call| policies::delete(call, User),
        "DeleteGroupPolicy" => |call| policies::delete(call, Group),
        "DeleteRolePolicy" => |call| policies::delete(call, Role),
        "ListUserPolicies" => |call| policies::list(call, User),
        "ListGroupPolicies" => |call| policies::list(call, Group),
        "ListRolePolicies" => |call| policies::list(call, Role),
        "AttachUserPolicy" => |call| policies::attach(call, User),
        "AttachGroupPolicy" => |call| policies::attach(call, Group),
        "AttachRolePolicy" => |call| policies::attach(call, Role),
        "DetachUserPolicy" => |call| policies::detach(call, User),
        "DetachGroupPolicy" => |call| policies::detach(call, Group),
        "DetachRolePolicy" => |call| policies::detach(call, Role),
        "ListAttachedUserPolicies" => |call| policies::list_attached(call, User),
        "ListAttachedGroupPolicies" => |call| policies::list_attached(call, Group),
        "ListAttachedRolePolicies" => |call| policies::list_attached(call, Role),

        "CreatePolicy" => managed::create,
        "CreatePolicyVersion" => managed::create_version,
        "DeletePolicy" => managed::delete,
        "DeletePolicyVersion" => managed::delete_version,
        "GetPolicy" => managed::get,
        "GetPolicyVersion" => managed::get_version,
        "ListPolicies" => managed::list,
        "ListPolicyVersions" => managed::list_versions,
        "SetDefaultPolicyVersion" => managed::set_default,

        "GenerateCredentialReport" => account::generate_report,
        "GetAccountAuthorizationDetails" => details::list,
        "GetAccountPasswordPolicy" => account::password_policy,
        "GetAccountSummary" => account::summary,
        "GetCredentialReport" => account::report,
        "ListAccountAliases" => account::aliases,
        "ListOrganizationsFeatures" => account::organizations_features,

        "SimulateCustomPolicy" => simulate::custom,
        "SimulatePrincipalPolicy" => simulate::principal,
        _ => return None,
    })
}

/// A policy document as answers have it: percent-encoded (RFC 3986).
fn encode(document: &str) -> String {
    use std::fmt::Write as _;

    let mut encoded = String::with_capacity(document.len() * 2);
    for byte in document.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            byte => _ = write!(encoded, "%{byte:02X}"),
        }
    }
    encoded
}
