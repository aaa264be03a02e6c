//! What a form sent: read with limits, and only from a form of the same session.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::desk::Desk;
use super::guard::only;
use super::pages::Refusal;
use super::session::lock;
use super::visit::{Member, Visit};

/// The longest form, in bytes: room for an answer with a chain of attestation certificates.
const FORM_MAX: usize = 64 * 1024;
/// How long a body may take.
pub(super) const BODY_TIME: Duration = Duration::from_secs(15);

/// A form's fields by name. Passwords are among them.
#[derive(Default)]
pub(super) struct Fields(HashMap<String, Zeroizing<String>>);

impl Fields {
    /// A field; one that is missing is empty. What people type around names and codes is cut off.
    pub(super) fn trimmed(&self, name: &str) -> &str {
        self.get(name).trim()
    }

    /// A field as it was typed.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.as_str())
    }
}

/// A form that was sent from a page of the session that sent it.
pub(super) struct Post {
    pub(super) visit: Visit,
    pub(super) fields: Fields,
}

/// The same from somebody who is signed in.
pub(super) struct MemberPost {
    pub(super) member: Member,
    pub(super) fields: Fields,
}

impl FromRequest<Arc<Desk>> for Post {
    type Rejection = Refusal;

    async fn from_request(request: Request, desk: &Arc<Desk>) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, desk).await?;
        let is_form = only(&parts.headers, &CONTENT_TYPE).is_some_and(|kind| {
            let essence = kind.split(';').next().unwrap_or_default();
            essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        if !is_form {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "This is not what a form sends",
                "Use the forms of the pages.",
            ));
        }
        let fields = parse(&read(body, FORM_MAX).await?)?;
        let token = fields.get("csrf");
        let is_ours = visit
            .session
            .as_ref()
            .is_some_and(|session| lock(session).is_token(token));
        if !is_ours {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "This form is out of date",
                "Its session has ended, or another sign-in in this browser replaced it; and the pages need cookies. \
                 Nothing was changed: open the page again.",
            ));
        }
        Ok(Self { visit, fields })
    }
}

impl FromRequest<Arc<Desk>> for MemberPost {
    type Rejection = Refusal;

    async fn from_request(request: Request, desk: &Arc<Desk>) -> Result<Self, Refusal> {
        let Post { visit, fields } = Post::from_request(request, desk).await?;
        let member = Member::new(visit)?;
        Ok(Self { member, fields })
    }
}

/// Reads a body of at most `max` bytes that comes in time.
pub(super) async fn read(body: Body, max: usize) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    match tokio::time::timeout(BODY_TIME, Limited::new(body, max).collect()).await {
        Ok(Ok(body)) => Ok(Zeroizing::new(body.to_bytes().to_vec())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "This is longer than any form of these pages",
            "Nothing was changed.",
        )),
        Ok(Err(_)) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "The form ended early",
            "Nothing was changed.",
        )),
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "The form did not come in time",
            "Nothing was changed.",
        )),
    }
}

fn parse(body: &[u8]) -> Result<Fields, Refusal> {
    let mut fields = HashMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        let value = Zeroizing::new(value.into_owned());
        // Of two values, a check may read one and what follows the other.
        if fields.insert(name.into_owned(), value).is_some() {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "The form has a field twice",
                "Nothing was changed.",
            ));
        }
    }
    Ok(Fields(fields))
}
