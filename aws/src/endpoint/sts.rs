//! The operations of STS.

use super::Service;
use super::call::{Call, Operation};
use super::parameters::{ARN, CODE, DOCUMENT, EXTERNAL_ID, KEY_ID, Parameters, SERIAL, SESSION_NAME};
use super::xml::Xml;
use crate::account::{Caller, Credentials, IamError, Principal, Session, Verdict, check_document};
use crate::names::AwsUser;
use crate::policy::Context;

/// How long a session of GetSessionToken lasts where nobody says, in seconds.
const USER_SESSION: i64 = 43_200;
/// How long one of root's lasts, and one of a role where nobody says; the longest of a role that a role assumes.
const HOUR: i64 = 3600;

pub(super) fn operation(action: &str) -> Option<Operation> {
    Some(match action {
        "AssumeRole" => assume_role,
        "GetAccessKeyInfo" => access_key_info,
        "GetCallerIdentity" => caller_identity,
        "GetSessionToken" => session_token,
        _ => return None,
    })
}

/// Sessions of GetSessionToken call no operation of IAM unless they began with MFA (STS API Reference).
pub(super) fn check_session(service: Service, caller: &Caller) -> Result<(), IamError> {
    let is_users = matches!(caller.principal, Principal::User(_));
    match &caller.session {
        Some(session) if service == Service::Iam && is_users && !session.mfa => Err(IamError::new(
            "InvalidClientTokenId",
            403,
            "The security token included in the request is invalid",
        )),
        _ => Ok(()),
    }
}

/// Needs no permission, and nothing forbids it.
fn caller_identity(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let principal = &call.caller.principal;
    let mut xml = Xml::default();
    xml.text("Arn", &call.account.principal_arn(principal));
    xml.text("UserId", &call.account.principal_id(principal));
    xml.text("Account", &format!("{:012}", call.account.number()));
    Ok(xml)
}

fn access_key_info(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let id = parameters.required("AccessKeyId", &KEY_ID);
    parameters.finish()?;
    call.authorize("sts:GetAccessKeyInfo", "*")?;
    if call.account.access_key(id).is_none() {
        return Err(IamError::validation("Invalid Access Key ID"));
    }
    let mut xml = Xml::default();
    xml.text("Account", &format!("{:012}", call.account.number()));
    Ok(xml)
}

/// The two parameters of MFA.
fn mfa<'a>(parameters: &mut Parameters<'a>) -> (Option<&'a str>, Option<&'a str>) {
    let serial = parameters.optional("SerialNumber", &SERIAL);
    (serial, parameters.optional("TokenCode", &CODE))
}

/// Takes the code of the caller's device. Security keys have none.
fn check_mfa(call: &mut Call<'_>, mfa: (Option<&str>, Option<&str>)) -> Result<bool, IamError> {
    let denied = |why: &str| {
        let message = format!("MultiFactorAuthentication failed{why}");
        IamError::new("AccessDenied", 403, message)
    };
    let (serial, code) = match mfa {
        (None, None) => return Ok(false),
        (Some(serial), Some(code)) => (serial, code),
        _ => return Err(denied(", must provide both MFA serial number and one time pass code.")),
    };
    let unable = ", unable to validate MFA code.  Please verify your MFA serial number is valid and associated with \
                  this user.";
    let Principal::User(user) = call.caller.principal.clone() else {
        return Err(denied(unable));
    };
    let now = call.now;
    match call.change().verify_code(&user, serial, code, now) {
        Ok(()) => Ok(true),
        Err(error) if error.code == "NoSuchEntity" => Err(denied(unable)),
        // AWS's ends with a space.
        Err(_) => Err(denied(" with invalid MFA one time pass code. ")),
    }
}

fn write(xml: &mut Xml, credentials: &Credentials) {
    xml.within("Credentials", |inside| {
        inside.text("AccessKeyId", &credentials.access_key_id);
        inside.text("SecretAccessKey", credentials.secret.expose());
        inside.text("SessionToken", &credentials.token);
        inside.time("Expiration", credentials.expires);
    });
}

/// Needs no permission, but can be denied.
fn session_token(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let duration = parameters.integer("DurationSeconds", 900, 129_600);
    let mfa = mfa(&mut parameters);
    parameters.finish()?;
    if call.caller.session.is_some() {
        let message = "Cannot call GetSessionToken with session credentials";
        return Err(IamError::new("AccessDenied", 403, message));
    }
    let verdict = call.account.verdict(call.caller, "sts:GetSessionToken", "*", call.now);
    if verdict == Verdict::ExplicitDeny {
        let caller = call.caller;
        return Err(call.account.denied(caller, "sts:GetSessionToken", "*", Some(verdict)));
    }
    let mfa = check_mfa(call, mfa)?;
    // "If the duration is longer than one hour, the session for AWS account owners defaults to one hour."
    let duration = match call.caller.principal == Principal::User(AwsUser::Root) {
        true => duration.unwrap_or(HOUR).min(HOUR),
        false => duration.unwrap_or(USER_SESSION),
    };
    let now = call.seconds();
    let session = Session {
        issued: now,
        mfa,
        policies: Vec::new(),
    };
    let credentials = call
        .account
        .issue(call.caller.principal.clone(), session, now + duration)?;
    let mut xml = Xml::default();
    write(&mut xml, &credentials);
    Ok(xml)
}

fn assume_role(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let arn = parameters.required("RoleArn", &ARN);
    let session_name = parameters.required("RoleSessionName", &SESSION_NAME);
    let policy = parameters.optional("Policy", &DOCUMENT);
    let external_id = parameters.optional("ExternalId", &EXTERNAL_ID);
    let duration = parameters.integer("DurationSeconds", 900, 43_200);
    let mfa = mfa(&mut parameters);
    parameters.finish()?;
    if call.caller.principal == Principal::User(AwsUser::Root) {
        let message = "Roles may not be assumed by root accounts.";
        return Err(IamError::new("AccessDenied", 403, message));
    }
    if let Some(policy) = policy {
        check_document(policy)?;
    }
    let verified = check_mfa(call, mfa)?;
    let mut context = call
        .account
        .context(call.caller, call.now)
        .with("sts:RoleSessionName", session_name);
    if let Some(external_id) = external_id {
        context.insert("sts:ExternalId", external_id);
    }
    let mfa = verified || call.caller.session.as_ref().is_some_and(|session| session.mfa);
    if verified {
        context.insert("aws:MultiFactorAuthPresent", "true");
        context.insert("aws:MultiFactorAuthAge", "0");
    }
    let (name, longest) = trusted(call, arn, &context)?;
    let is_chained = matches!(call.caller.principal, Principal::Role { .. });
    let duration = duration.unwrap_or(HOUR);
    if is_chained && duration > HOUR {
        return Err(IamError::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ));
    }
    if duration > longest {
        return Err(IamError::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    let now = call.seconds();
    let principal = Principal::Role {
        name,
        session: session_name.to_owned(),
    };
    let session = Session {
        issued: now,
        // AWS's guide is of two minds whether a role's session knows of MFA; CloudTrail's `mfaAuthenticated` does.
        mfa,
        policies: policy.map(str::to_owned).into_iter().collect(),
    };
    let credentials = call.account.issue(principal.clone(), session, now + duration)?;
    let mut xml = Xml::default();
    xml.within("AssumedRoleUser", |inside| {
        inside.text("AssumedRoleId", &call.account.principal_id(&principal));
        inside.text("Arn", &call.account.principal_arn(&principal));
    });
    write(&mut xml, &credentials);
    if let Some(policy) = policy {
        xml.shown("PackedPolicySize", (policy.len() * 100).div_ceil(2048).min(100));
    }
    Ok(xml)
}

/// The role that the caller may assume: its name, and how long its sessions last at most. A role that is not there is
/// none that the caller may assume.
fn trusted(call: &Call<'_>, arn: &str, context: &Context) -> Result<(String, i64), IamError> {
    let name = arn.rsplit_once('/').map(|(_, name)| name).unwrap_or_default();
    let role = call.account.role(name).ok();
    let role =
        role.filter(|role| call.account.role_arn(role) == arn && call.account.may_assume(call.caller, role, context));
    match role {
        Some(role) => Ok((role.name.clone(), role.longest_session)),
        None => Err(call.account.denied(call.caller, "sts:AssumeRole", arn, None)),
    }
}
