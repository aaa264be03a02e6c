//! The endpoint's operations.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::soft::{SoftKey, UserVerification};

/// The longest body, in bytes.
const BODY_MAX: usize = 4096;

/// A body that comes yet.
pub(super) struct Body {
    pub(super) body: Incoming,
    /// How long it may take.
    pub(super) patience: Duration,
}

/// Why a request was not done.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: String,
    hint: &'static str,
    header: Option<(HeaderName, &'static str)>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, error: impl Into<String>, hint: &'static str) -> Self {
        let header = (status == StatusCode::UNAUTHORIZED).then_some((WWW_AUTHENTICATE, "Bearer"));
        Self {
            status,
            error: error.into(),
            hint,
            header,
        }
    }
}

#[derive(Serialize)]
struct Problem<'a> {
    error: &'a str,
    hint: &'a str,
}

/// What a path is for, and the one method it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Button,
    Power,
    UserVerification,
    State,
    Log,
}

impl Operation {
    fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/v1/button" => Self::Button,
            "/v1/power" => Self::Power,
            "/v1/user-verification" => Self::UserVerification,
            "/v1/state" => Self::State,
            "/v1/log" => Self::Log,
            _ => return None,
        })
    }

    fn method(self) -> Method {
        match self {
            Self::Button | Self::Power | Self::UserVerification => Method::POST,
            Self::State | Self::Log => Method::GET,
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

/// Where the guard admitted the request, does what it asks, and says what the key then does.
async fn perform(key: &SoftKey, admitted: Result<(), Refusal>, parts: Parts, body: Body) -> Result<Vec<u8>, Refusal> {
    admitted?;
    let operation = Operation::at(parts.uri.path()).ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "there is nothing at this path",
            "the paths are /v1/button, /v1/power, /v1/user-verification, /v1/state and /v1/log",
        )
    })?;
    if parts.method != operation.method() {
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
                    "start the token with --user-verification control",
                ));
            }
            key.set_user_verified(is_user_verified);
            json(&key.state())
        }
        Operation::State => json(&key.state()),
        Operation::Log => json(&Log { entries: key.log() }),
    }
}

fn wrong_method(operation: Operation) -> Refusal {
    let (hint, allow) = match operation {
        Operation::Button | Operation::Power | Operation::UserVerification => ("use POST", "POST"),
        Operation::State | Operation::Log => ("use GET", "GET"),
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

/// Switches the key; on a thread of its own, since a running request ends first.
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
                "the body is longer than 4096 bytes",
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
