//! What a caller may do.

use time::OffsetDateTime;

use super::caller::{Caller, Principal};
use super::error::IamError;
use super::sign_in::{REGION, timestamp};
use super::{Account, Role};
use crate::names::AwsUser;
use crate::policy::{Context, Decision, Document, Request, decide, trust, trusts_directly};

/// What policies say, for messages and pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Allowed.
    Allowed,
    /// A statement denies it.
    ExplicitDeny,
    /// Nothing allows it.
    ImplicitDeny,
}

impl From<Decision> for Verdict {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Allowed { .. } => Self::Allowed,
            Decision::ExplicitDeny { .. } => Self::ExplicitDeny,
            Decision::ImplicitDeny => Self::ImplicitDeny,
        }
    }
}

impl Account {
    /// Refuses what the caller's policies do not allow. Root may do everything: no policy binds it.
    ///
    /// # Errors
    /// AccessDenied, worded as AWS does.
    pub fn authorize(
        &self,
        caller: &Caller,
        action: &str,
        resource: &str,
        now: OffsetDateTime,
    ) -> Result<(), IamError> {
        match self.verdict(caller, action, resource, now) {
            Verdict::Allowed => Ok(()),
            why => Err(self.denied(caller, action, resource, Some(why))),
        }
    }

    /// What the caller's policies say.
    #[must_use]
    pub fn verdict(&self, caller: &Caller, action: &str, resource: &str, now: OffsetDateTime) -> Verdict {
        self.verdict_in(caller, action, resource, &self.context(caller, now))
    }

    /// The same where more is known of the call.
    pub(crate) fn verdict_in(&self, caller: &Caller, action: &str, resource: &str, context: &Context) -> Verdict {
        if caller.is_root() {
            return Verdict::Allowed;
        }
        let request = Request {
            action,
            resource,
            context,
        };
        let own = verdict(&self.policies_of(&caller.principal), &request);
        let session = caller.session.iter().flat_map(|session| &session.policies);
        let session: Vec<_> = session.map(String::as_str).collect();
        // A session's policies narrow what its principal may do (IAM User Guide, "Session policies").
        match (own, session.as_slice()) {
            (Verdict::Allowed, []) => Verdict::Allowed,
            (Verdict::Allowed, session) => verdict(session, &request),
            (own, _) => own,
        }
    }

    /// The error of a caller that may not do something.
    pub(crate) fn denied(&self, caller: &Caller, action: &str, resource: &str, why: Option<Verdict>) -> IamError {
        let arn = self.principal_arn(&caller.principal);
        let why = match why {
            Some(Verdict::ExplicitDeny) => " with an explicit deny in an identity-based policy".to_owned(),
            Some(_) => format!(" because no identity-based policy allows the {action} action"),
            None => String::new(),
        };
        let message = format!("User: {arn} is not authorized to perform: {action} on resource: {resource}{why}");
        IamError::new("AccessDenied", 403, message)
    }

    /// Whether a caller may assume a role: the role has to trust the caller, and the caller's policies have to allow
    /// it, unless the role trusts the caller by name.
    pub(crate) fn may_assume(&self, caller: &Caller, role: &Role, context: &Context) -> bool {
        let Ok(document) = Document::parse(&role.trust) else {
            return false;
        };
        let arn = self.principal_arn(&caller.principal);
        let is_trusted = trust(&document, &arn, self.number(), context).is_allowed();
        let own = match self.verdict_in(caller, "sts:AssumeRole", &self.role_arn(role), context) {
            Verdict::Allowed => true,
            Verdict::ExplicitDeny => false,
            Verdict::ImplicitDeny => trusts_directly(&document, &arn, context),
        };
        is_trusted && own
    }

    /// What policies know of a call (IAM User Guide, "AWS global condition context keys").
    pub(crate) fn context(&self, caller: &Caller, now: OffsetDateTime) -> Context {
        let now = now.unix_timestamp();
        let kind = match &caller.principal {
            Principal::User(AwsUser::Root) => "Account",
            Principal::User(AwsUser::Iam(_)) => "User",
            Principal::Role { .. } => "AssumedRole",
        };
        let arn = match &caller.principal {
            // The role's ARN, and not the session's.
            Principal::Role { name, .. } => self.role(name).map(|role| self.role_arn(role)).unwrap_or_default(),
            Principal::User(_) => self.principal_arn(&caller.principal),
        };
        let mut context = Context::new()
            .with("aws:CurrentTime", timestamp(now))
            .with("aws:EpochTime", now.to_string())
            .with("aws:PrincipalAccount", format!("{:012}", self.number()))
            .with("aws:PrincipalArn", arn)
            .with("aws:PrincipalIsAWSService", "false")
            .with("aws:PrincipalType", kind)
            .with("aws:RequestedRegion", REGION)
            .with("aws:ResourceAccount", format!("{:012}", self.number()))
            // As at AWS, where nothing is answered without TLS; the practice account is on loopback.
            .with("aws:SecureTransport", "true")
            .with("aws:SourceIp", "127.0.0.1")
            .with("aws:userid", self.principal_id(&caller.principal))
            .with("aws:ViaAWSService", "false");
        if let Principal::User(AwsUser::Iam(name)) = &caller.principal {
            context.insert("aws:username", name.as_str());
        }
        // Absent for long-term credentials: that is what policies go wrong about.
        if let Some(session) = &caller.session {
            context.insert("aws:MultiFactorAuthPresent", session.mfa.to_string());
            context.insert("aws:TokenIssueTime", timestamp(session.issued));
            if session.mfa {
                context.insert("aws:MultiFactorAuthAge", (now - session.issued).max(0).to_string());
            }
        }
        context
    }
}

/// What policies say to a request. One that cannot be read, which no operation lets in, allows nothing.
fn verdict(policies: &[&str], request: &Request<'_>) -> Verdict {
    let documents: Vec<_> = policies.iter().filter_map(|text| Document::parse(text).ok()).collect();
    let documents: Vec<_> = documents.iter().collect();
    decide(&documents, request).into()
}

#[cfg(test)]
mod tests;
