//! Who asks: the session of a request, and the user who is signed in.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::{COOKIE, SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::response::Response;
use brasskey_aws::names::AwsUser;
use time::OffsetDateTime;

use super::desk::Desk;
use super::guard::only;
use super::pages::{Refusal, see_other};
use super::session::{Id, Notice, Shared, Stage, lock};

/// The longest description of a browser that is kept.
const AGENT_MAX: usize = 256;

/// A request's session, if it has one.
pub(super) struct Visit {
    pub(super) desk: Arc<Desk>,
    pub(super) id: Option<Id>,
    pub(super) session: Option<Shared>,
    /// The browser, as it calls itself.
    pub(super) agent: String,
}

impl FromRequestParts<Arc<Desk>> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Infallible> {
        let name = cookie_name(desk.port);
        let now = desk.now();
        let cookies = parts.headers.get_all(COOKIE).iter();
        let pairs = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        // Another program on this computer may have planted a cookie of the same name: ours is the one that is known.
        let found = {
            let mut sessions = lock(&desk.sessions);
            let mut ours = pairs.filter(|(other, _)| *other == name);
            ours.find_map(|(_, cookie)| sessions.find(cookie, now))
        };
        let (id, session) = found.unzip();
        let agent = only(&parts.headers, &USER_AGENT).unwrap_or_default();
        Ok(Self {
            desk: Arc::clone(desk),
            id,
            session,
            agent: agent.chars().take(AGENT_MAX).collect(),
        })
    }
}

impl Visit {
    /// Begins another session in place of this one, and answers with its cookie and what `answer` makes of it.
    pub(super) fn begin(self, stage: Stage, answer: impl FnOnce(Self) -> Response) -> Result<Response, Refusal> {
        let now = self.desk.now();
        let begun = lock(&self.desk.sessions).begin(self.id.as_ref(), stage, now);
        let (cookie, session) = begun.map_err(|error| Refusal::failure(&error))?;
        let name = cookie_name(self.desk.port);
        // Not Secure: the pages have no TLS, and browsers differ about localhost.
        let value = format!("{name}={}; Path=/; HttpOnly; SameSite=Strict", *cookie);
        let value = HeaderValue::try_from(value).map_err(|error| Refusal::failure(&error))?;
        let mut response = answer(Self {
            id: None,
            session: Some(session),
            ..self
        });
        response.headers_mut().insert(SET_COOKIE, value);
        Ok(response)
    }

    /// Shows something on the next page.
    pub(super) fn notify(&self, notice: Notice) {
        if let Some(session) = &self.session {
            lock(session).notice = Some(notice);
        }
    }

    /// How far the browser has come.
    pub(super) fn stage(&self) -> Stage {
        let session = self.session.as_ref();
        session.map_or(Stage::Stranger, |session| lock(session).stage.clone())
    }
}

/// Cookies know no ports: another practice account on this computer has one of its own.
fn cookie_name(port: u16) -> String {
    format!("brasskey-practice-{port}")
}

/// Somebody who is signed in.
pub(super) struct Member {
    pub(super) visit: Visit,
    pub(super) session: Shared,
    pub(super) id: Id,
    pub(super) user: AwsUser,
    /// The serial number of the device that the sign-in asked for.
    pub(super) device: Option<String>,
    pub(super) since: OffsetDateTime,
}

impl Member {
    pub(super) fn new(visit: Visit) -> Result<Self, Refusal> {
        let stage = visit.stage();
        let (Some(session), Some(id)) = (visit.session.clone(), visit.id) else {
            return Err(Refusal::Elsewhere("/signin"));
        };
        match stage {
            Stage::Stranger => Err(Refusal::Elsewhere("/signin")),
            Stage::Password(_) => Err(Refusal::Elsewhere("/signin/mfa")),
            Stage::SignedIn { user, device, since } => {
                // Somebody may have deleted the user through the endpoint.
                if visit.desk.read(|account| account.user(&user).is_none()) {
                    lock(&visit.desk.sessions).end(&id);
                    return Err(Refusal::Elsewhere("/signin"));
                }
                Ok(Self {
                    visit,
                    session,
                    id,
                    user,
                    device,
                    since,
                })
            }
        }
    }

    pub(super) fn desk(&self) -> &Desk {
        &self.visit.desk
    }

    /// What each form of the session carries.
    pub(super) fn csrf(&self) -> String {
        lock(&self.session).csrf.clone()
    }

    /// Shows something on the page that follows.
    pub(super) fn notify(&self, path: &str, notice: Notice) -> Response {
        self.visit.notify(notice);
        see_other(path)
    }
}

impl FromRequestParts<Arc<Desk>> for Member {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Refusal> {
        let visit = match Visit::from_request_parts(parts, desk).await {
            Ok(visit) => visit,
            Err(never) => match never {},
        };
        Self::new(visit)
    }
}
