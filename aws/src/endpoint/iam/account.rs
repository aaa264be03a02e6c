//! What is the account's: summary, credential report, password policy, aliases.

use data_encoding::BASE64;

use super::super::paging::Paging;
use super::super::xml::Xml;
use super::Call;
use crate::account::{IamError, ReportState};

pub(super) fn summary(call: &mut Call<'_>) -> Result<Xml, IamError> {
    call.authorize("iam:GetAccountSummary", "*")?;
    let mut xml = Xml::default();
    xml.within("SummaryMap", |map| {
        for (name, number) in call.account.summary() {
            map.within("entry", |entry| {
                entry.text("key", name).shown("value", number);
            });
        }
    });
    Ok(xml)
}

pub(super) fn generate_report(call: &mut Call<'_>) -> Result<Xml, IamError> {
    call.authorize("iam:GenerateCredentialReport", "*")?;
    let now = call.now;
    let mut xml = Xml::default();
    match call.change().generate_report(now)? {
        ReportState::Started => {
            xml.text("Description", "No report exists. Starting a new report generation task");
            xml.text("State", "STARTED");
        }
        ReportState::Complete => {
            xml.text("State", "COMPLETE");
        }
    }
    Ok(xml)
}

pub(super) fn report(call: &mut Call<'_>) -> Result<Xml, IamError> {
    call.authorize("iam:GetCredentialReport", "*")?;
    let (content, generated) = call.account.report(call.now)?;
    let mut xml = Xml::default();
    xml.text("Content", &BASE64.encode(content.as_bytes()));
    xml.text("ReportFormat", "text/csv");
    xml.time("GeneratedTime", generated);
    Ok(xml)
}

/// The account has AWS's default one, which is not one that somebody set.
pub(super) fn password_policy(call: &mut Call<'_>) -> Result<Xml, IamError> {
    call.authorize("iam:GetAccountPasswordPolicy", "*")?;
    let domain = call.account.number();
    Err(IamError::no_such(format!(
        "The Password Policy with domain name {domain:012} cannot be found."
    )))
}

pub(super) fn aliases(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let paging = Paging::read(&mut parameters);
    parameters.finish()?;
    call.authorize("iam:ListAccountAliases", "*")?;
    let page = paging.page(std::iter::empty::<&str>(), |alias| alias);
    let mut xml = Xml::default();
    xml.within("AccountAliases", |_| {});
    page.end(&mut xml);
    Ok(xml)
}

/// The account is in no organization.
pub(super) fn organizations_features(call: &mut Call<'_>) -> Result<Xml, IamError> {
    call.authorize("iam:ListOrganizationsFeatures", "*")?;
    Err(IamError::new(
        "OrganizationNotFoundException",
        400,
        "The request was rejected because your account is not a member of an organization.",
    ))
}
