//! Answers for the practice account as IAM, STS and CloudTrail do, by the Query protocol and JSON.
//!
//! Shapes, names and limits are those of the services' models (botocore, `service-2.json`); what the models do not say,
//! such as the words of errors, is what AWS is known to answer.

mod call;
mod cloudtrail;
mod form;
mod iam;
mod paging;
mod parameters;
mod signature;
mod sts;
mod xml;

use time::OffsetDateTime;

use self::call::{Call, Operation};
use self::form::Form;
use self::signature::Signed;
pub use self::signature::{Scope, authorization};
use self::xml::Xml;
use crate::account::{Account, IamError, random};

/// The longest body, in bytes: two policies of 131,072 characters, percent-encoded.
pub const MAX_BODY: usize = 1024 * 1024;

/// A request, as HTTP brings it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `POST`.
    pub method: &'a str,
    /// The path; that of all three services is `/`.
    pub path: &'a str,
    /// What follows `?`, as it came.
    pub query: &'a str,
    /// The headers, in the order in which they came.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The value of a header, by its name in lower case.
    fn header(&self, name: &str) -> Option<&'a str> {
        let mut all = self.headers.iter();
        all.find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }
}

/// An answer, to be sent.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body's type.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// For the header `x-amzn-RequestId`.
    pub request_id: String,
    /// Whether the account has to be saved.
    pub changed: bool,
}

/// A service that the endpoint answers for, by its name in a credential scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Iam,
    Sts,
    CloudTrail,
}

impl Service {
    fn name(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::CloudTrail => "cloudtrail",
        }
    }

    /// The version of the Query protocol's services.
    fn version(self) -> &'static str {
        match self {
            Self::Iam => "2010-05-08",
            _ => "2011-06-15",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Iam, Self::Sts, Self::CloudTrail]
            .into_iter()
            .find(|service| service.name() == name)
    }

    /// Which service a request is for, before anything of it is believed: so that errors have its form.
    fn guess(request: &Request<'_>) -> Self {
        let scope = request.header("authorization").and_then(signature::service);
        match scope.and_then(Self::named) {
            Some(service) => service,
            None if request.header("x-amz-target").is_some() => Self::CloudTrail,
            None => Self::Iam,
        }
    }
}

/// Answers a request: checks its signature, what it asks for, and what the caller may do.
///
/// A request with an `Origin` header comes from a web page, and is refused: no page has an account's access keys.
#[must_use]
pub fn answer(account: &mut Account, request: &Request<'_>, now: OffsetDateTime) -> Answer {
    let request_id = random::uuid().unwrap_or_default();
    let service = Service::guess(request);
    if service == Service::CloudTrail {
        return cloudtrail::answer(account, request, now, request_id);
    }
    let (result, changed) = query(account, service, request, now);
    let (status, body) = match result {
        Ok((action, result)) => (200, xml::success(service, &action, result, &request_id)),
        Err(error) => (error.status, xml::failure(service, &error, &request_id)),
    };
    Answer {
        changed: changed && status == 200,
        status,
        content_type: "text/xml",
        body: body.into_bytes(),
        request_id,
    }
}

/// The Query protocol: the name of the action, and what its result has.
fn query(
    account: &mut Account,
    service: Service,
    request: &Request<'_>,
    now: OffsetDateTime,
) -> (Result<(String, Xml), IamError>, bool) {
    let prepared = check(request).and_then(|()| {
        let signed = signature::verify(account, service, request, now)?;
        sts::check_session(service, &signed.caller)?;
        let form = Form::parse(request.body)?;
        let operation = operation(service, &form)?;
        Ok((signed, form, operation))
    });
    let (signed, form, (action, operation)) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return (Err(error), false),
    };
    let Signed { caller, key_id, region } = signed;
    account.note_use(&key_id, service.name(), &region, now);
    let mut call = Call::new(account, &caller, &form, now);
    let result = operation(&mut call);
    let changed = call.changed;
    (result.map(|result| (action, result)), changed)
}

/// What is asked of every request before anything else.
fn check(request: &Request<'_>) -> Result<(), IamError> {
    if request.header("origin").is_some() {
        let message = "Web pages have no business here: this endpoint is for programs with access keys.";
        return Err(IamError::new("AccessDenied", 403, message));
    }
    if request.method != "POST" || request.path != "/" || !request.query.is_empty() {
        let message = "The practice account answers to requests by POST at / only.";
        return Err(IamError::new("InvalidAction", 400, message));
    }
    match request.body.len() > MAX_BODY {
        true => Err(IamError::new(
            "RequestEntityTooLarge",
            413,
            "Request size exceeded the limit.",
        )),
        false => Ok(()),
    }
}

fn operation(service: Service, form: &Form) -> Result<(String, Operation), IamError> {
    let Some(action) = form.get("Action").filter(|action| !action.is_empty()) else {
        return Err(IamError::new(
            "MissingAction",
            400,
            "The request must contain the parameter Action.",
        ));
    };
    let version = form.get("Version").unwrap_or("NO_VERSION_SPECIFIED");
    let operation = match service {
        Service::Iam => iam::operation(action),
        _ => sts::operation(action),
    };
    match operation.filter(|_| version == service.version()) {
        Some(operation) => Ok((action.to_owned(), operation)),
        None => Err(IamError::new(
            "InvalidAction",
            400,
            format!("Could not find operation {action} for version {version}"),
        )),
    }
}

#[cfg(test)]
mod tests;
