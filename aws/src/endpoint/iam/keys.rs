//! Access keys.

use super::super::paging::Paging;
use super::super::parameters::{KEY_ID, USER};
use super::super::xml::Xml;
use super::Call;
use crate::account::IamError;
use crate::names::AwsUser;

fn status(active: bool) -> &'static str {
    if active { "Active" } else { "Inactive" }
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let user = parameters.optional("UserName", &USER);
    parameters.finish()?;
    let user = call.user(user)?;
    call.authorize("iam:CreateAccessKey", &call.user_arn(&user))?;
    let now = call.seconds();
    let key = call.change().add_access_key(&user, now)?;
    let mut xml = Xml::default();
    xml.within("AccessKey", |inside| {
        inside.text("UserName", &user.to_string());
        inside.text("AccessKeyId", &key.id);
        inside.text("Status", status(key.active));
        inside.text("SecretAccessKey", key.secret.expose());
        inside.time("CreateDate", key.created);
    });
    Ok(xml)
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let user = parameters.optional("UserName", &USER);
    let paging = Paging::read(&mut parameters);
    parameters.finish()?;
    let user = call.user(user)?;
    call.authorize("iam:ListAccessKeys", &call.user_arn(&user))?;
    let mut keys: Vec<_> = call.account.existing(&user)?.access_keys.iter().collect();
    keys.sort_by(|a, b| a.id.cmp(&b.id));
    let page = paging.page(keys.into_iter(), |key| &key.id);
    let mut xml = Xml::default();
    xml.list("AccessKeyMetadata", &page.items, |member, key| {
        member.text("UserName", &user.to_string());
        member.text("AccessKeyId", &key.id);
        member.text("Status", status(key.active));
        member.time("CreateDate", key.created);
    });
    page.end(&mut xml);
    Ok(xml)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let user = parameters.optional("UserName", &USER);
    let key = parameters.required("AccessKeyId", &KEY_ID);
    let status = parameters.choice("Status", &["Active", "Inactive"]);
    if status.is_none() {
        parameters.miss("Status");
    }
    parameters.finish()?;
    let user = call.user(user)?;
    call.authorize("iam:UpdateAccessKey", &call.user_arn(&user))?;
    call.change().access_key_mut(&user, key)?.active = status == Some("Active");
    Ok(Xml::default())
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let user = parameters.optional("UserName", &USER);
    let key = parameters.required("AccessKeyId", &KEY_ID);
    parameters.finish()?;
    let user = call.user(user)?;
    call.authorize("iam:DeleteAccessKey", &call.user_arn(&user))?;
    call.change().delete_access_key(&user, key)?;
    Ok(Xml::default())
}

pub(super) fn last_used(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let id = parameters.required("AccessKeyId", &KEY_ID);
    parameters.finish()?;
    let found = call.account.access_key(id);
    let user = found.map(|(user, _)| user.clone());
    let resource = match &user {
        Some(user) => call.user_arn(user),
        None => call.user_arn(&AwsUser::Iam("*".to_owned())),
    };
    call.authorize("iam:GetAccessKeyLastUsed", &resource)?;
    // As AWS answers for the keys of another account, too: it says as little as it can.
    let (Some((_, key)), Some(user)) = (found, user) else {
        let caller = &call.caller;
        return Err(call.account.denied(caller, "iam:GetAccessKeyLastUsed", &resource, None));
    };
    let mut xml = Xml::default();
    xml.text("UserName", &user.to_string());
    xml.within("AccessKeyLastUsed", |inside| match &key.last_used {
        Some((used, service, region)) => {
            inside.time("LastUsedDate", *used);
            inside.text("ServiceName", service).text("Region", region);
        }
        None => {
            inside.text("ServiceName", "N/A").text("Region", "N/A");
        }
    });
    Ok(xml)
}
