//! Users, groups, roles and policies, with all that belongs to them, in one list.

use std::collections::BTreeSet;

use super::super::paging::Paging;
use super::super::xml::Xml;
use super::managed::{self, Policy};
use super::{Call, encode, groups, roles, users};
use crate::account::{AWS_POLICIES, Account, Grants, Group, IamError, Role, User};

/// What `Filter` may have.
const FILTERS: [&str; 5] = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];

/// Something of the list.
enum Item<'a> {
    User(&'a User),
    Group(&'a Group),
    Role(&'a Role),
    Policy(&'a str, Policy<'a>),
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let filter = parameters.choices("Filter", &FILTERS);
    let paging = Paging::read(&mut parameters);
    parameters.finish()?;
    call.authorize("iam:GetAccountAuthorizationDetails", "*")?;
    let account = &*call.account;
    let all = items(account, |kind| filter.is_empty() || filter.contains(&kind));
    let page = paging.page(all.into_iter(), |(key, _)| key);
    let mut xml = Xml::default();
    let items = || page.items.iter().map(|(_, item)| item);
    let of_users = items().filter_map(|item| if let Item::User(user) = item { Some(*user) } else { None });
    xml.list("UserDetailList", of_users, |member, one| user(member, account, one));
    let of_groups = items().filter_map(|item| {
        if let Item::Group(group) = item {
            Some(*group)
        } else {
            None
        }
    });
    xml.list("GroupDetailList", of_groups, |member, group| {
        groups::describe(member, account, group);
        grants(member, "GroupPolicyList", &group.grants);
    });
    let of_roles = items().filter_map(|item| if let Item::Role(role) = item { Some(*role) } else { None });
    xml.list("RoleDetailList", of_roles, |member, one| role(member, account, one));
    let policies = items().filter_map(|item| match item {
        Item::Policy(arn, policy) => Some((*arn, policy)),
        _ => None,
    });
    xml.list("Policies", policies, |member, (arn, policy)| {
        managed::describe(member, account, arn, policy);
        managed::versions(member, policy);
    });
    page.end(&mut xml);
    Ok(xml)
}

/// All that is wanted, sorted by a key.
fn items<'a>(account: &'a Account, wants: impl Fn(&str) -> bool) -> Vec<(String, Item<'a>)> {
    let mut items = Vec::new();
    if wants("User") {
        items.extend(account.users().map(|user| (format!("1{}", user.key), Item::User(user))));
    }
    if wants("Group") {
        items.extend(
            account
                .groups()
                .map(|(key, group)| (format!("2{key}"), Item::Group(group))),
        );
    }
    if wants("Role") {
        items.extend(account.roles().map(|(key, role)| (format!("3{key}"), Item::Role(role))));
    }
    if wants("LocalManagedPolicy") {
        let own = account.managed_policies();
        items.extend(own.map(|(arn, policy)| (format!("4{arn}"), Item::Policy(arn, Policy::Own(policy)))));
    }
    if wants("AWSManagedPolicy") {
        // Assumed: AWS's documentation does not say so, and its example has only policies that are attached.
        let aws = AWS_POLICIES.iter().filter(|policy| account.attachments(policy.arn) > 0);
        items.extend(aws.map(|policy| {
            (
                format!("5{}", policy.arn),
                Item::Policy(policy.arn, Policy::Aws(policy)),
            )
        }));
    }
    items.sort_by(|(a, _), (b, _)| a.cmp(b));
    items
}

fn user(xml: &mut Xml, account: &Account, user: &User) {
    users::identify(xml, account, user);
    let names = account.groups().filter(|(_, group)| user.is_in(&group.name));
    let names: BTreeSet<_> = names.map(|(_, group)| group.name.as_str()).collect();
    xml.within("GroupList", |list| {
        for name in names {
            list.text("member", name);
        }
    });
    grants(xml, "UserPolicyList", &user.grants);
}

fn role(xml: &mut Xml, account: &Account, role: &Role) {
    roles::identify(xml, account, role);
    xml.within("InstanceProfileList", |_| {});
    grants(xml, "RolePolicyList", &role.grants);
    // As for GetRole.
    xml.within("RoleLastUsed", |_| {});
}

/// The policies in a user, group or role, and those attached to it.
fn grants(xml: &mut Xml, inline: &str, grants: &Grants) {
    xml.list(inline, &grants.inline, |member, (name, document)| {
        member
            .text("PolicyName", name)
            .text("PolicyDocument", &encode(document));
    });
    xml.list("AttachedManagedPolicies", &grants.attached, |member, arn| {
        let name = arn.rsplit_once('/').map(|(_, name)| name);
        member
            .text("PolicyName", name.unwrap_or_default())
            .text("PolicyArn", arn);
    });
}
