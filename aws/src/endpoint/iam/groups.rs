//! Groups.

use super::super::paging::Paging;
use super::super::parameters::{GROUP, PATH, PREFIX, USER};
use super::super::xml::Xml;
use super::{Call, users};
use crate::account::{Account, Group, Holder, IamError};
use crate::names::AwsUser;

pub(super) fn describe(xml: &mut Xml, account: &Account, group: &Group) {
    xml.text("Path", &group.path).text("GroupName", &group.name);
    xml.text("GroupId", &group.id).text("Arn", &account.group_arn(group));
    xml.time("CreateDate", group.created);
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let path = parameters.optional("Path", &PATH).unwrap_or("/");
    let name = parameters.required("GroupName", &GROUP);
    parameters.finish()?;
    call.authorize("iam:CreateGroup", &call.arn(&format!("group{path}{name}")))?;
    let now = call.seconds();
    call.change().create_group(name, path, now)?;
    let mut xml = Xml::default();
    let group = call.account.group(name)?;
    xml.within("Group", |inside| describe(inside, call.account, group));
    Ok(xml)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let name = parameters.required("GroupName", &GROUP);
    let paging = Paging::read(&mut parameters);
    parameters.finish()?;
    call.authorize("iam:GetGroup", &call.account.holder_arn(Holder::Group(name)))?;
    let group = call.account.group(name)?;
    let members = call.account.users().filter(|user| user.is_in(name));
    let page = paging.page(members, |user| &user.key);
    let mut xml = Xml::default();
    xml.within("Group", |inside| describe(inside, call.account, group));
    xml.list("Users", &page.items, |member, user| {
        users::describe(member, call.account, user);
    });
    page.end(&mut xml);
    Ok(xml)
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let prefix = parameters.optional("PathPrefix", &PREFIX).unwrap_or("/");
    let paging = Paging::read(&mut parameters);
    parameters.finish()?;
    call.authorize("iam:ListGroups", &call.arn("group/"))?;
    let all = call
        .account
        .groups()
        .filter(|(_, group)| group.path.starts_with(prefix));
    let page = paging.page(all, |(key, _)| key);
    let mut xml = Xml::default();
    xml.list("Groups", &page.items, |member, (_, group)| {
        describe(member, call.account, group);
    });
    page.end(&mut xml);
    Ok(xml)
}

pub(super) fn of_user(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let user = parameters.required("UserName", &USER);
    let paging = Paging::read(&mut parameters);
    parameters.finish()?;
    let user = AwsUser::Iam(user.to_owned());
    call.authorize("iam:ListGroupsForUser", &call.user_arn(&user))?;
    let user = call.account.existing(&user)?;
    let all = call.account.groups().filter(|(_, group)| user.is_in(&group.name));
    let page = paging.page(all, |(key, _)| key);
    let mut xml = Xml::default();
    xml.list("Groups", &page.items, |member, (_, group)| {
        describe(member, call.account, group);
    });
    page.end(&mut xml);
    Ok(xml)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let name = parameters.required("GroupName", &GROUP);
    parameters.finish()?;
    call.authorize("iam:DeleteGroup", &call.account.holder_arn(Holder::Group(name)))?;
    call.change().delete_group(name)?;
    Ok(Xml::default())
}

pub(super) fn add_user(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let (group, user) = membership(call, "iam:AddUserToGroup")?;
    call.change().add_to_group(&user, group)?;
    Ok(Xml::default())
}

pub(super) fn remove_user(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let (group, user) = membership(call, "iam:RemoveUserFromGroup")?;
    call.change().remove_from_group(&user, group)?;
    Ok(Xml::default())
}

fn membership<'a>(call: &Call<'a>, action: &str) -> Result<(&'a str, AwsUser), IamError> {
    let mut parameters = call.parameters();
    let group = parameters.required("GroupName", &GROUP);
    let user = parameters.required("UserName", &USER);
    parameters.finish()?;
    call.authorize(action, &call.account.holder_arn(Holder::Group(group)))?;
    Ok((group, AwsUser::Iam(user.to_owned())))
}
