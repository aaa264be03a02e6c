//! Managed policies.

use super::super::paging::Paging;
use super::super::parameters::{ARN, DESCRIPTION, DOCUMENT, PATH, POLICY, PREFIX, VERSION};
use super::super::xml::Xml;
use super::{Call, encode};
use crate::account::{AWS_POLICIES, Account, AwsPolicy, IamError, Managed};

/// When the policies of AWS were created, as far as answers have to say something.
const AWS_CREATED: i64 = 1_423_177_180;

/// One of the account's, or one of AWS's.
pub(super) enum Policy<'a> {
    Own(&'a Managed),
    Aws(&'static AwsPolicy),
}

fn find<'a>(account: &'a Account, arn: &str) -> Result<Policy<'a>, IamError> {
    match AWS_POLICIES.iter().find(|policy| policy.arn == arn) {
        Some(policy) => Ok(Policy::Aws(policy)),
        None => account.managed(arn).map(Policy::Own),
    }
}

pub(super) fn describe(xml: &mut Xml, account: &Account, arn: &str, policy: &Policy<'_>) {
    let (name, id, path, version, created, updated, description) = match policy {
        Policy::Own(own) => (
            own.name.as_str(),
            own.id.as_str(),
            own.path.as_str(),
            own.default,
            own.created,
            own.updated,
            own.description.as_deref(),
        ),
        Policy::Aws(aws) => (aws.name(), aws.id, "/", 1, AWS_CREATED, AWS_CREATED, None),
    };
    xml.text("PolicyName", name)
        .text("PolicyId", id)
        .text("Arn", arn)
        .text("Path", path);
    xml.shown("DefaultVersionId", format_args!("v{version}"));
    xml.shown("AttachmentCount", account.attachments(arn));
    xml.shown("PermissionsBoundaryUsageCount", 0);
    xml.shown("IsAttachable", true);
    xml.optional("Description", description);
    xml.time("CreateDate", created).time("UpdateDate", updated);
}

fn one(call: &Call<'_>, arn: &str) -> Result<Xml, IamError> {
    let policy = find(call.account, arn)?;
    let mut xml = Xml::default();
    xml.within("Policy", |inside| describe(inside, call.account, arn, &policy));
    Ok(xml)
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let path = parameters.optional("Path", &PATH).unwrap_or("/");
    let name = parameters.required("PolicyName", &POLICY);
    let document = parameters.required("PolicyDocument", &DOCUMENT);
    let description = parameters.optional("Description", &DESCRIPTION);
    parameters.finish()?;
    call.authorize("iam:CreatePolicy", &call.arn(&format!("policy{path}{name}")))?;
    let now = call.seconds();
    let arn = call.change().create_managed(path, name, description, document, now)?;
    one(call, &arn)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let arn = named(call, "iam:GetPolicy")?;
    one(call, arn)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let arn = named(call, "iam:DeletePolicy")?;
    call.change().delete_managed(arn)?;
    Ok(Xml::default())
}

fn named<'a>(call: &Call<'a>, action: &str) -> Result<&'a str, IamError> {
    let mut parameters = call.parameters();
    let arn = parameters.required("PolicyArn", &ARN);
    parameters.finish()?;
    call.authorize(action, arn)?;
    Ok(arn)
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let scope = parameters.choice("Scope", &["All", "AWS", "Local"]).unwrap_or("All");
    let attached = parameters.boolean("OnlyAttached").unwrap_or_default();
    let prefix = parameters.optional("PathPrefix", &PREFIX).unwrap_or("/");
    let usage = parameters.choice("PolicyUsageFilter", &["PermissionsPolicy", "PermissionsBoundary"]);
    let paging = Paging::read(&mut parameters);
    parameters.finish()?;
    call.authorize("iam:ListPolicies", &call.arn("policy/"))?;
    let account = &*call.account;
    let aws = AWS_POLICIES.iter().filter(|_| scope != "Local" && prefix == "/");
    let aws = aws.map(|policy| (policy.arn, Policy::Aws(policy)));
    let own = account
        .managed_policies()
        .filter(|(_, policy)| scope != "AWS" && policy.path.starts_with(prefix));
    let own = own.map(|(arn, policy)| (arn, Policy::Own(policy)));
    let is_used = |arn: &str| account.attachments(arn) > 0;
    let all = aws.chain(own).filter(|(arn, _)| !attached || is_used(arn));
    // The practice account has no permissions boundaries.
    let mut all: Vec<_> = all.filter(|_| usage != Some("PermissionsBoundary")).collect();
    all.sort_by_key(|(arn, _)| *arn);
    let page = paging.page(all.into_iter(), |(arn, _)| arn);
    let mut xml = Xml::default();
    xml.list("Policies", &page.items, |member, (arn, policy)| {
        describe(member, account, arn, policy);
    });
    page.end(&mut xml);
    Ok(xml)
}

fn version(xml: &mut Xml, number: u32, is_default: bool, created: i64, document: Option<&str>) {
    xml.optional("Document", document.map(encode).as_deref());
    xml.shown("VersionId", format_args!("v{number}"));
    xml.shown("IsDefaultVersion", is_default);
    xml.time("CreateDate", created);
}

/// All versions of a policy, each with its document.
pub(super) fn versions(xml: &mut Xml, policy: &Policy<'_>) {
    xml.within("PolicyVersionList", |list| match policy {
        Policy::Own(own) => {
            for (number, (document, created)) in &own.versions {
                list.within("member", |member| {
                    version(member, *number, *number == own.default, *created, Some(document));
                });
            }
        }
        Policy::Aws(aws) => {
            list.within("member", |member| {
                version(member, 1, true, AWS_CREATED, Some(aws.document));
            });
        }
    });
}

/// The number in `v1`.
fn number(version: &str) -> u32 {
    let digits = version.strip_prefix('v').unwrap_or_default();
    digits.parse().unwrap_or_default()
}

fn no_version(arn: &str, version: &str) -> IamError {
    IamError::no_such(format!(
        "Policy {arn} version {version} does not exist or is not attachable."
    ))
}

pub(super) fn create_version(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let arn = parameters.required("PolicyArn", &ARN);
    let document = parameters.required("PolicyDocument", &DOCUMENT);
    let is_default = parameters.boolean("SetAsDefault").unwrap_or_default();
    parameters.finish()?;
    call.authorize("iam:CreatePolicyVersion", arn)?;
    let now = call.seconds();
    let number = call.change().add_version(arn, document, is_default, now)?;
    let mut xml = Xml::default();
    xml.within("PolicyVersion", |inside| version(inside, number, is_default, now, None));
    Ok(xml)
}

pub(super) fn get_version(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let (arn, wanted) = with_version(call, "iam:GetPolicyVersion")?;
    let mut xml = Xml::default();
    let missing = || no_version(arn, wanted);
    match find(call.account, arn)? {
        Policy::Own(own) => {
            let number = number(wanted);
            let (document, created) = own.versions.get(&number).ok_or_else(missing)?;
            xml.within("PolicyVersion", |inside| {
                version(inside, number, number == own.default, *created, Some(document));
            });
        }
        Policy::Aws(aws) if wanted == "v1" => {
            xml.within("PolicyVersion", |inside| {
                version(inside, 1, true, AWS_CREATED, Some(aws.document));
            });
        }
        Policy::Aws(_) => return Err(missing()),
    }
    Ok(xml)
}

pub(super) fn list_versions(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let arn = parameters.required("PolicyArn", &ARN);
    let paging = Paging::read(&mut parameters);
    parameters.finish()?;
    call.authorize("iam:ListPolicyVersions", arn)?;
    let all: Vec<_> = match find(call.account, arn)? {
        Policy::Own(own) => {
            let of = |(number, (_, created)): (&u32, &(String, i64))| (*number, *number == own.default, *created);
            own.versions.iter().map(of).collect()
        }
        Policy::Aws(_) => vec![(1, true, AWS_CREATED)],
    };
    let all = all.into_iter().map(|all| (format!("{:010}", all.0), all));
    let page = paging.page(all, |(key, _)| key);
    let mut xml = Xml::default();
    xml.list("Versions", &page.items, |member, (_, (number, is_default, created))| {
        version(member, *number, *is_default, *created, None);
    });
    page.end(&mut xml);
    Ok(xml)
}

pub(super) fn delete_version(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let (arn, wanted) = with_version(call, "iam:DeletePolicyVersion")?;
    let policy = call.change().managed_mut(arn)?;
    let number = number(wanted);
    if number == policy.default {
        return Err(IamError::conflict("Cannot delete the default version of a policy."));
    }
    match policy.versions.remove(&number) {
        Some(_) => Ok(Xml::default()),
        None => Err(no_version(arn, wanted)),
    }
}

pub(super) fn set_default(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let (arn, wanted) = with_version(call, "iam:SetDefaultPolicyVersion")?;
    let now = call.seconds();
    let policy = call.change().managed_mut(arn)?;
    let number = number(wanted);
    if !policy.versions.contains_key(&number) {
        return Err(no_version(arn, wanted));
    }
    policy.default = number;
    policy.updated = now;
    Ok(Xml::default())
}

fn with_version<'a>(call: &Call<'a>, action: &str) -> Result<(&'a str, &'a str), IamError> {
    let mut parameters = call.parameters();
    let arn = parameters.required("PolicyArn", &ARN);
    let version = parameters.required("VersionId", &VERSION);
    parameters.finish()?;
    call.authorize(action, arn)?;
    Ok((arn, version))
}
