//! The pages, one file each, and which address is which.

mod assign;
mod assign_key;
mod checks;
mod codes;
pub(super) mod endpoint;
mod history;
mod home;
mod layout;
mod lost;
mod mfa;
mod password;
mod refusal;
mod remove;
mod resync;
mod security_credentials;
mod sign_in;
mod this_session;
mod time;
mod tokens;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

pub(super) use self::refusal::Refusal;
use super::desk::Desk;
use super::guard;
use super::session::Notice;

/// What a handler answers.
type Answer = Result<Response, Refusal>;

/// All addresses.
pub(super) fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/", get(home::entrance))
        .route("/signin", get(sign_in::user_page).post(sign_in::user))
        .route("/signin/root", get(sign_in::root_page).post(sign_in::root))
        .route("/signin/mfa", get(mfa::page))
        .route("/signin/mfa/way", get(mfa::ways).post(mfa::choose))
        .route("/signin/mfa/code", post(mfa::code))
        .route("/signin/mfa/key", post(mfa::key))
        .route("/signout", post(sign_in::sign_out))
        .route("/home", get(home::page))
        .route("/this-session", get(this_session::page))
        .route("/password", get(password::page).post(password::change))
        .route("/security-credentials", get(security_credentials::page))
        .route("/security-credentials/assign", get(assign::page).post(assign::begin))
        .route(
            "/security-credentials/assign/app",
            get(assign::app_page).post(assign::app),
        )
        .route(
            "/security-credentials/assign/token",
            get(assign::token_page).post(assign::token),
        )
        .route(
            "/security-credentials/assign/key",
            get(assign_key::page).post(assign_key::register),
        )
        .route("/security-credentials/assign/cancel", post(assign::cancel))
        .route("/security-credentials/resync", get(resync::page).post(resync::resync))
        .route("/security-credentials/remove", get(remove::page).post(remove::remove))
        .route("/users", get(users::list))
        .route("/users/{name}", get(users::page))
        .route("/users/{name}/remove", get(users::remove_page).post(users::remove))
        .route("/history", get(history::page))
        .route("/checks", get(checks::list))
        .route("/checks/{number}", get(checks::page))
        .route("/tokens", get(tokens::page))
        .route("/lost-device", get(lost::page))
        .route("/style.css", get(style))
        .route("/webauthn.js", get(script))
        .route("/icon.svg", get(icon))
        .fallback(nowhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(&desk), guard::stand))
        .with_state(desk)
}

async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("../assets/style.css"))
}

async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("../assets/webauthn.js"))
}

async fn icon() -> Response {
    file("image/svg+xml", include_str!("../assets/icon.svg"))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind)], text).into_response()
}

async fn nowhere() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "There is no such page",
        "The practice account has a page for each step of the guides, and no more.",
    )
}

async fn wrong_method() -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "This page is not used in this way",
        "Open it in a browser.",
    )
}

/// Sends the browser to another of our pages, by GET. `path` is ASCII without line breaks.
pub(super) fn see_other(path: &str) -> Response {
    let location = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
}

/// `path?serial=SERIAL`.
fn with_serial(path: &str, serial: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("serial", serial);
    format!("{path}?{}", query.finish())
}

fn success(text: impl Into<String>) -> Notice {
    Notice {
        text: text.into(),
        ..Notice::default()
    }
}

fn error(text: impl Into<String>) -> Notice {
    Notice {
        is_error: true,
        text: text.into(),
        link: None,
    }
}
