//! Roles.

use super::super::paging::Paging;
use super::super::parameters::{DESCRIPTION, DOCUMENT, PATH, PREFIX, ROLE};
use super::super::xml::Xml;
use super::{Call, encode};
use crate::account::{Account, Holder, IamError, NewRole, Role, check_trust};

/// How long a role's sessions last at most where nobody says, in seconds.
const LONGEST_SESSION: i64 = 3600;

fn describe(xml: &mut Xml, account: &Account, role: &Role) {
    identify(xml, account, role);
    xml.optional("Description", role.description.as_deref());
    xml.shown("MaxSessionDuration", role.longest_session);
}

/// Which role it is, and who may assume it.
pub(super) fn identify(xml: &mut Xml, account: &Account, role: &Role) {
    xml.text("Path", &role.path).text("RoleName", &role.name);
    xml.text("RoleId", &role.id).text("Arn", &account.role_arn(role));
    xml.time("CreateDate", role.created);
    xml.text("AssumeRolePolicyDocument", &encode(&role.trust));
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let path = parameters.optional("Path", &PATH).unwrap_or("/");
    let name = parameters.required("RoleName", &ROLE);
    let trust = parameters.required("AssumeRolePolicyDocument", &DOCUMENT);
    let description = parameters.optional("Description", &DESCRIPTION);
    let longest = parameters.integer("MaxSessionDuration", 3600, 43_200);
    parameters.finish()?;
    call.authorize("iam:CreateRole", &call.arn(&format!("role{path}{name}")))?;
    check_trust(trust)?;
    let role = NewRole {
        name,
        path,
        description,
        longest_session: longest.unwrap_or(LONGEST_SESSION),
        trust,
    };
    let now = call.seconds();
    call.change().create_role(&role, now)?;
    let role = call.account.role(name)?;
    let mut xml = Xml::default();
    xml.within("Role", |inside| describe(inside, call.account, role));
    Ok(xml)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let name = named(call, "iam:GetRole")?;
    let role = call.account.role(name)?;
    let mut xml = Xml::default();
    xml.within("Role", |inside| {
        describe(inside, call.account, role);
        // The practice account has nothing that a role could be used for, and AWS says so with an empty element.
        inside.within("RoleLastUsed", |_| {});
    });
    Ok(xml)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let name = named(call, "iam:DeleteRole")?;
    call.change().delete_role(name)?;
    Ok(Xml::default())
}

fn named<'a>(call: &Call<'a>, action: &str) -> Result<&'a str, IamError> {
    let mut parameters = call.parameters();
    let name = parameters.required("RoleName", &ROLE);
    parameters.finish()?;
    call.authorize(action, &call.account.holder_arn(Holder::Role(name)))?;
    Ok(name)
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let prefix = parameters.optional("PathPrefix", &PREFIX).unwrap_or("/");
    let paging = Paging::read(&mut parameters);
    parameters.finish()?;
    call.authorize("iam:ListRoles", &call.arn("role/"))?;
    let all = call.account.roles().filter(|(_, role)| role.path.starts_with(prefix));
    let page = paging.page(all, |(key, _)| key);
    let mut xml = Xml::default();
    xml.list("Roles", &page.items, |member, (_, role)| {
        describe(member, call.account, role);
    });
    page.end(&mut xml);
    Ok(xml)
}

pub(super) fn update_trust(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let name = parameters.required("RoleName", &ROLE);
    let trust = parameters.required("PolicyDocument", &DOCUMENT);
    parameters.finish()?;
    call.authorize(
        "iam:UpdateAssumeRolePolicy",
        &call.account.holder_arn(Holder::Role(name)),
    )?;
    check_trust(trust)?;
    call.change().role_mut(name)?.trust = trust.to_owned();
    Ok(Xml::default())
}
