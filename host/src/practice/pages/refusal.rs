//! Requests that are not done, as pages.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use brasskey_aws::account::IamError;
use maud::html;

use super::layout::{Frame, respond};
use super::see_other;
use crate::practice::error::Error;

/// Why a request was not done.
#[derive(Debug)]
pub(in crate::practice) enum Refusal {
    /// Another page is next.
    Elsewhere(&'static str),
    /// A page says what is wrong.
    Told {
        status: StatusCode,
        title: String,
        text: String,
    },
}

impl Refusal {
    pub(in crate::practice) fn new(status: StatusCode, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Told {
            status,
            title: title.into(),
            text: text.into(),
        }
    }

    /// What goes wrong inside.
    pub(in crate::practice) fn failure(error: &dyn std::fmt::Display) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The practice account failed",
            format!("Nothing was changed: {error}."),
        )
    }
}

impl From<std::convert::Infallible> for Refusal {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The practice account could not be kept",
            format!("Nothing was changed: {error}. {}.", error.hint()),
        )
    }
}

impl From<IamError> for Refusal {
    fn from(error: IamError) -> Self {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
        let title = match error.code {
            "AccessDenied" => "You need permissions",
            code => code,
        };
        Self::new(status, title, error.message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Elsewhere(path) => see_other(path),
            Self::Told { status, title, text } => {
                let main = html! {
                    h1 { (title) }
                    p #error-text { (text) }
                    p { a href="/" { "Go to the first page" } }
                };
                let mut response = respond(&Frame::default(), &title, &main);
                *response.status_mut() = status;
                response
            }
        }
    }
}
