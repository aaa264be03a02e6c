//! Policies of users, groups and roles: in them, and attached to them.

use super::super::paging::Paging;
use super::super::parameters::{ARN, DOCUMENT, POLICY, PREFIX, USER};
use super::super::xml::Xml;
use super::{Call, Kind, encode};
use crate::account::{Holder, IamError};

/// The name of the operation as policies know it: `iam:PutUserPolicy`.
fn action(verb: &str, kind: Kind, what: &str) -> String {
    let kind = kind.parameter().trim_end_matches("Name");
    format!("iam:{verb}{kind}{what}")
}

fn authorize(call: &Call<'_>, action: &str, holder: Holder<'_>) -> Result<(), IamError> {
    call.authorize(action, &call.account.holder_arn(holder))
}

pub(super) fn put(call: &mut Call<'_>, kind: Kind) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let holder = kind.holder(parameters.required(kind.parameter(), &USER));
    let name = parameters.required("PolicyName", &POLICY);
    let document = parameters.required("PolicyDocument", &DOCUMENT);
    parameters.finish()?;
    authorize(call, &action("Put", kind, "Policy"), holder)?;
    call.change().put_inline(holder, name, document)?;
    Ok(Xml::default())
}

pub(super) fn get(call: &mut Call<'_>, kind: Kind) -> Result<Xml, IamError> {
    let (holder, name) = named(call, kind, "Get")?;
    let document = call.account.inline(holder, name)?;
    let mut xml = Xml::default();
    xml.text(kind.parameter(), holder.name());
    xml.text("PolicyName", name);
    xml.text("PolicyDocument", &encode(document));
    Ok(xml)
}

pub(super) fn delete(call: &mut Call<'_>, kind: Kind) -> Result<Xml, IamError> {
    let (holder, name) = named(call, kind, "Delete")?;
    call.change().delete_inline(holder, name)?;
    Ok(Xml::default())
}

fn named<'a>(call: &Call<'a>, kind: Kind, verb: &str) -> Result<(Holder<'a>, &'a str), IamError> {
    let mut parameters = call.parameters();
    let holder = kind.holder(parameters.required(kind.parameter(), &USER));
    let name = parameters.required("PolicyName", &POLICY);
    parameters.finish()?;
    authorize(call, &action(verb, kind, "Policy"), holder)?;
    Ok((holder, name))
}

pub(super) fn list(call: &mut Call<'_>, kind: Kind) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let holder = kind.holder(parameters.required(kind.parameter(), &USER));
    let paging = Paging::read(&mut parameters);
    parameters.finish()?;
    authorize(call, &action("List", kind, "Policies"), holder)?;
    let names = call.account.grants(holder)?.inline.keys();
    let page = paging.page(names, |name| name);
    let mut xml = Xml::default();
    xml.within("PolicyNames", |names| {
        for name in &page.items {
            names.text("member", name);
        }
    });
    page.end(&mut xml);
    Ok(xml)
}

pub(super) fn attach(call: &mut Call<'_>, kind: Kind) -> Result<Xml, IamError> {
    let (holder, arn) = attachment(call, kind, "Attach")?;
    call.change().attach(holder, arn)?;
    Ok(Xml::default())
}

pub(super) fn detach(call: &mut Call<'_>, kind: Kind) -> Result<Xml, IamError> {
    let (holder, arn) = attachment(call, kind, "Detach")?;
    call.change().detach(holder, arn)?;
    Ok(Xml::default())
}

fn attachment<'a>(call: &Call<'a>, kind: Kind, verb: &str) -> Result<(Holder<'a>, &'a str), IamError> {
    let mut parameters = call.parameters();
    let holder = kind.holder(parameters.required(kind.parameter(), &USER));
    let arn = parameters.required("PolicyArn", &ARN);
    parameters.finish()?;
    authorize(call, &action(verb, kind, "Policy"), holder)?;
    Ok((holder, arn))
}

pub(super) fn list_attached(call: &mut Call<'_>, kind: Kind) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let holder = kind.holder(parameters.required(kind.parameter(), &USER));
    let prefix = parameters.optional("PathPrefix", &PREFIX).unwrap_or("/");
    let paging = Paging::read(&mut parameters);
    parameters.finish()?;
    authorize(call, &action("ListAttached", kind, "Policies"), holder)?;
    let path = |arn: &str| {
        arn.split_once(":policy")
            .is_some_and(|(_, path)| path.starts_with(prefix))
    };
    let arns = call.account.grants(holder)?.attached.iter().filter(|arn| path(arn));
    let page = paging.page(arns, |arn| arn);
    let mut xml = Xml::default();
    xml.list("AttachedPolicies", &page.items, |member, arn| {
        let name = arn.rsplit_once('/').map(|(_, name)| name);
        member
            .text("PolicyName", name.unwrap_or_default())
            .text("PolicyArn", arn);
    });
    page.end(&mut xml);
    Ok(xml)
}
