//! Users.

use super::super::paging::Paging;
use super::super::parameters::{NEW_USER, PATH, PREFIX, USER};
use super::super::xml::Xml;
use super::Call;
use crate::account::{Account, IamError, User};
use crate::names::AwsUser;

/// How many users an account may have (IAM User Guide, "IAM and AWS STS quotas").
const MAX_USERS: usize = 5000;

/// What answers say of a user.
pub(super) fn describe(xml: &mut Xml, account: &Account, user: &User) {
    identify(xml, account, user);
    if let Some(used) = user.password_last_used() {
        xml.time("PasswordLastUsed", used);
    }
}

/// Who a user is. Root has neither name nor path.
pub(super) fn identify(xml: &mut Xml, account: &Account, user: &User) {
    let arn = account.user_arn(user);
    if AwsUser::from_arn(&arn).is_none_or(|(_, user)| user != AwsUser::Root) {
        xml.text("Path", &user.path).text("UserName", &user.name);
    }
    xml.text("UserId", &user.id)
        .text("Arn", &arn)
        .time("CreateDate", user.created);
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let path = parameters.optional("Path", &PATH).unwrap_or("/");
    let name = parameters.required("UserName", &NEW_USER);
    parameters.finish()?;
    call.authorize("iam:CreateUser", &call.arn(&format!("user{path}{name}")))?;
    if call.account.user_count() >= MAX_USERS {
        return Err(IamError::limit("UsersPerAccount", MAX_USERS));
    }
    let now = call.seconds();
    call.change().add_user(name, path, now)?;
    one(call, &AwsUser::Iam(name.to_owned()))
}

fn one(call: &Call<'_>, user: &AwsUser) -> Result<Xml, IamError> {
    let user = call.account.existing(user)?;
    let mut xml = Xml::default();
    xml.within("User", |inside| describe(inside, call.account, user));
    Ok(xml)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let user = parameters.optional("UserName", &USER);
    parameters.finish()?;
    let user = call.user(user)?;
    call.authorize("iam:GetUser", &call.user_arn(&user))?;
    one(call, &user)
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let prefix = parameters.optional("PathPrefix", &PREFIX).unwrap_or("/");
    let paging = Paging::read(&mut parameters);
    parameters.finish()?;
    call.authorize("iam:ListUsers", &call.arn("user/"))?;
    let all = call.account.users().filter(|user| user.path.starts_with(prefix));
    let page = paging.page(all, |user| &user.key);
    let mut xml = Xml::default();
    xml.list("Users", &page.items, |member, user| {
        describe(member, call.account, user);
    });
    page.end(&mut xml);
    Ok(xml)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let user = parameters.required("UserName", &USER);
    let path = parameters.optional("NewPath", &PATH);
    let name = parameters.optional("NewUserName", &NEW_USER);
    parameters.finish()?;
    let user = AwsUser::Iam(user.to_owned());
    call.authorize("iam:UpdateUser", &call.user_arn(&user))?;
    let existing = call.account.existing(&user)?;
    let path = path.unwrap_or(&existing.path).to_owned();
    let name = name.unwrap_or(&existing.name).to_owned();
    call.change().rename_user(&user, &name, &path)?;
    Ok(Xml::default())
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let user = parameters.required("UserName", &USER);
    parameters.finish()?;
    let user = AwsUser::Iam(user.to_owned());
    call.authorize("iam:DeleteUser", &call.user_arn(&user))?;
    call.change().delete_user(&user)?;
    Ok(Xml::default())
}
