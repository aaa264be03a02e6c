//! Passwords for the console.

use super::super::parameters::{NEW_USER, PASSWORD};
use super::super::xml::Xml;
use super::Call;
use crate::account::{IamError, Principal, User};
use crate::names::AwsUser;

fn describe(user: &AwsUser, existing: &User) -> Result<Xml, IamError> {
    let (created, reset) = existing
        .login_profile()
        .ok_or_else(|| IamError::no_login_profile(user))?;
    let mut xml = Xml::default();
    xml.within("LoginProfile", |inside| {
        inside.text("UserName", &existing.name);
        inside.time("CreateDate", created);
        inside.shown("PasswordResetRequired", reset);
    });
    Ok(xml)
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let user = parameters.optional("UserName", &NEW_USER);
    let password = parameters.optional("Password", &PASSWORD);
    let reset = parameters.boolean("PasswordResetRequired").unwrap_or_default();
    // The model has it optional, for sessions of AssumeRoot, which the practice account does not have.
    if password.is_none() {
        parameters.miss("Password");
    }
    parameters.finish()?;
    let user = call.user(user)?;
    call.authorize("iam:CreateLoginProfile", &call.user_arn(&user))?;
    if call.account.existing(&user)?.has_password() {
        return Err(IamError::exists(format!(
            "Login Profile for user {user} already exists."
        )));
    }
    let now = call.now;
    let account = call.change();
    account.set_password(&user, password.unwrap_or_default(), now)?;
    account.require_password_reset(&user, reset)?;
    describe(&user, call.account.existing(&user)?)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let user = named(call, "iam:GetLoginProfile")?;
    describe(&user, call.account.existing(&user)?)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let user = named(call, "iam:DeleteLoginProfile")?;
    call.change().delete_password(&user)?;
    Ok(Xml::default())
}

/// The user of an operation that has no other parameter.
fn named(call: &Call<'_>, action: &str) -> Result<AwsUser, IamError> {
    let mut parameters = call.parameters();
    let user = parameters.optional("UserName", &NEW_USER);
    parameters.finish()?;
    let user = call.user(user)?;
    call.authorize(action, &call.user_arn(&user))?;
    Ok(user)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let user = parameters.required("UserName", &NEW_USER);
    let password = parameters.optional("Password", &PASSWORD);
    let reset = parameters.boolean("PasswordResetRequired");
    parameters.finish()?;
    let user = AwsUser::Iam(user.to_owned());
    call.authorize("iam:UpdateLoginProfile", &call.user_arn(&user))?;
    if !call.account.existing(&user)?.has_password() {
        return Err(IamError::no_login_profile(&user));
    }
    let now = call.now;
    let account = call.change();
    if let Some(password) = password {
        account.replace_password(&user, password, now)?;
    }
    if let Some(reset) = reset {
        account.require_password_reset(&user, reset)?;
    }
    Ok(Xml::default())
}

/// The caller's own.
pub(super) fn change(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let old = parameters.required("OldPassword", &PASSWORD);
    let new = parameters.required("NewPassword", &PASSWORD);
    parameters.finish()?;
    let Principal::User(user @ AwsUser::Iam(_)) = call.caller.principal.clone() else {
        let message = "Only IAM Users can change their own password";
        return Err(IamError::new("InvalidUserType", 400, message));
    };
    call.authorize("iam:ChangePassword", &call.user_arn(&user))?;
    let now = call.now;
    call.change().change_password(&user, old, new, now)?;
    Ok(Xml::default())
}
