//! The endpoint's operations.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::credentials;
use super::guard::Refusal;
use crate::soft::{SoftKey, UserVerification};

/// The longest body, in bytes: room for a credential with the longest large blob.
const BODY_MAX: usize = 16 * 1024;
/// What to send to set a counter.
const COUNT: &str = "send {\"signCount\":7}";

/// A body that is still to come.
pub(super) struct Body {
    pub(super) body: Incoming,
    /// How long it may take.
    pub(super) patience: Duration,
}

#[derive(Serialize)]
struct Problem<'a> {
    error: &'a str,
    hint: &'a str,
}

/// What a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation<'a> {
    Button,
    Power,
    UserVerification,
    Credentials,
    /// One, by its ID in base64url.
    Credential(&'a str),
    Counter,
    State,
    Log,
}

impl<'a> Operation<'a> {
    fn at(path: &'a str) -> Option<Self> {
        if let Some(id) = path.strip_prefix("/v1/credentials/") {
            return Some(Self::Credential(id));
        }
        Some(match path {
            "/v1/button" => Self::Button,
            "/v1/power" => Self::Power,
            "/v1/user-verification" => Self::UserVerification,
            "/v1/credentials" => Self::Credentials,
            "/v1/counter" => Self::Counter,
            "/v1/state" => Self::State,
            "/v1/log" => Self::Log,
            _ => return None,
        })
    }

    /// The methods that it takes, as the header Allow lists them.
    fn methods(self) -> &'static str {
        match self {
            Self::Button | Self::Power | Self::UserVerification | Self::Counter => "POST",
            Self::Credentials => "GET, POST, DELETE",
            Self::Credential(_) => "PATCH, DELETE",
            Self::State | Self::Log => "GET",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Button {
    action: ButtonAction,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ButtonAction {
    Press,
    Release,
    Pulse,
    Deny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Power {
    action: PowerAction,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum PowerAction {
    Off,
    On,
    Cycle,
}

/// As WebDriver's Set User Verified (WebAuthn Level 3 §11.9).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct UserVerified {
    is_user_verified: bool,
}

#[derive(Serialize)]
struct Log {
    entries: Vec<crate::soft::LogEntry>,
}

/// Answers one request.
pub(super) async fn answer(
    key: &SoftKey,
    admitted: Result<(), Refusal>,
    parts: Parts,
    body: Body,
) -> Response<Full<Bytes>> {
    match perform(key, admitted, parts, body).await {
        Ok(body) => response(StatusCode::OK, body),
        Err(refusal) => {
            let problem = Problem {
                error: &refusal.error,
                hint: refusal.hint,
            };
            // Two strings always make JSON.
            let mut response = response(refusal.status, serde_json::to_vec(&problem).unwrap_or_default());
            if let Some((name, value)) = refusal.header {
                response.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            response
        }
    }
}

fn response(status: StatusCode, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Does what the request asks, where the guard admitted it, and returns what the key does then.
async fn perform(key: &SoftKey, admitted: Result<(), Refusal>, parts: Parts, body: Body) -> Result<Vec<u8>, Refusal> {
    admitted?;
    let operation = Operation::at(parts.uri.path()).ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "there is nothing at this path",
            "the paths are /v1/button, /v1/power, /v1/user-verification, /v1/credentials, /v1/counter, /v1/state and \
             /v1/log",
        )
    })?;
    if !operation.methods().split(", ").any(|method| parts.method == method) {
        return Err(wrong_method(operation));
    }
    match operation {
        Operation::Button => {
            match read::<Button>(body, "send {\"action\":\"press\"}, \"release\", \"pulse\" or \"deny\"")
                .await?
                .action
            {
                ButtonAction::Press => key.press(),
                ButtonAction::Release => key.release(),
                ButtonAction::Pulse => key.pulse(),
                ButtonAction::Deny => key.decline(),
            }
            json(&key.state())
        }
        Operation::Power => {
            let action = read::<Power>(body, "send {\"action\":\"off\"}, \"on\" or \"cycle\"")
                .await?
                .action;
            switch(key.clone(), action).await?;
            json(&key.state())
        }
        Operation::UserVerification => {
            let UserVerified { is_user_verified } = read(body, "send {\"isUserVerified\":true} or false").await?;
            if key.user_verification() != UserVerification::Control {
                return Err(Refusal::new(
                    StatusCode::CONFLICT,
                    "nobody tells this key who its user is",
                    "start the token with the user verification \"control\"",
                ));
            }
            key.set_user_verified(is_user_verified);
            json(&key.state())
        }
        Operation::Credentials if parts.method == Method::POST => {
            json(&credentials::inject(key, read(body, credentials::INJECT).await?).await?)
        }
        Operation::Credentials if parts.method == Method::DELETE => json(&credentials::delete(key, None).await?),
        Operation::Credentials => json(&credentials::list(key).await?),
        Operation::Credential(id) if parts.method == Method::DELETE => json(&credentials::delete(key, Some(id)).await?),
        Operation::Credential(id) => json(&credentials::set_count(key, Some(id), read(body, COUNT).await?).await?),
        Operation::Counter => json(&credentials::set_count(key, None, read(body, COUNT).await?).await?),
        Operation::State => json(&key.state()),
        Operation::Log => json(&Log { entries: key.log() }),
    }
}

fn wrong_method(operation: Operation<'_>) -> Refusal {
    let allow = operation.methods();
    let hint = match operation {
        Operation::Credentials => "use GET, POST or DELETE",
        Operation::Credential(_) => "use PATCH or DELETE",
        Operation::State | Operation::Log => "use GET",
        _ => "use POST",
    };
    Refusal {
        header: Some((ALLOW, allow)),
        ..Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this path does not take this method",
            hint,
        )
    }
}

/// Switches the key. On a thread of its own, since a running request has to end first.
async fn switch(key: SoftKey, action: PowerAction) -> Result<(), Refusal> {
    let switched = tokio::task::spawn_blocking(move || match action {
        PowerAction::Off => {
            key.power_off();
            Ok(())
        }
        PowerAction::On => key.power_on(),
        PowerAction::Cycle => key.power_cycle(),
    });
    let error = match switched.await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the key could not be switched".into(),
    };
    Err(Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        error,
        "look at what the token wrote to stderr, and start it again",
    ))
}

/// Reads a body as JSON.
async fn read<T: DeserializeOwned>(body: Body, hint: &'static str) -> Result<T, Refusal> {
    let Body { body, patience } = body;
    let collected = tokio::time::timeout(patience, Limited::new(body, BODY_MAX).collect()).await;
    let bytes = match collected {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            return Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the body is longer than 16384 bytes",
                hint,
            ));
        }
        Ok(Err(_)) => return Err(Refusal::new(StatusCode::BAD_REQUEST, "the body ended early", hint)),
        Err(_) => {
            return Err(Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                "the body did not come in time",
                hint,
            ));
        }
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("the body is not understood: {error}"),
            hint,
        )
    })
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(value).map_err(|error| {
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            error.to_string(),
            "this is a bug of brasskey: report it",
        )
    })
}
