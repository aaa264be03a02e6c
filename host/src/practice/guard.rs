//! Which requests are looked at, and what every answer says to browsers.
//!
//! No other website may use this one: each request names a loopback host with our port (a name that points here by DNS
//! rebinding does not), and what changes something comes from our own pages.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, LOCATION, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::desk::Desk;
use super::pages::{Refusal, endpoint};

/// What a browser may load, run and send: our own style sheet and script, pictures that are in the page, our forms.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action \
                      'self'; frame-ancestors 'none'; base-uri 'none'";

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// How a request that may be looked at goes on.
enum Way {
    Page,
    Endpoint,
    /// To the same page at `localhost`.
    There(HeaderValue),
}

/// Stands before everything else.
pub(super) async fn stand(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let mut response = match way(&desk, &request) {
        Ok(Way::Page) => next.run(request).await,
        Ok(Way::Endpoint) => return endpoint::answer(desk, request).await,
        Ok(Way::There(location)) => (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, location)]).into_response(),
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    let mut set = |name, value| drop(headers.insert(name, HeaderValue::from_static(value)));
    set(CONTENT_SECURITY_POLICY, POLICY);
    set(CACHE_CONTROL, "no-store");
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(X_FRAME_OPTIONS, "DENY");
    // Not `no-referrer`: with that, browsers send `Origin: null` with our own forms.
    set(REFERRER_POLICY, "same-origin");
    set(OPENER_POLICY, "same-origin");
    set(RESOURCE_POLICY, "same-origin");
    set(
        PERMISSIONS_POLICY,
        "publickey-credentials-create=(self), publickey-credentials-get=(self)",
    );
    response
}

fn way(desk: &Desk, request: &Request) -> Result<Way, Refusal> {
    let headers = request.headers();
    let host = only(headers, &HOST).ok_or_else(misdirected)?;
    let name = host_name(host, desk.port).ok_or_else(misdirected)?;
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_signed = headers
        .get(AUTHORIZATION)
        .is_some_and(|value| value.as_bytes().starts_with(b"AWS4-HMAC-SHA256"));
    if !is_safe && request.uri().path() == "/" && is_signed {
        return Ok(Way::Endpoint);
    }
    if is_safe && name != Name::Localhost {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let location = HeaderValue::try_from(format!("{}{path}", desk.origin.as_str()));
        return location.map(Way::There).map_err(|_| misdirected());
    }
    // Browsers send the origin with each form.
    if !is_safe && only(headers, &ORIGIN) != Some(desk.origin.as_str()) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "This did not come from a page of this practice account",
            "Another website may have sent it, or a program without an Origin header. Nothing was changed.",
        ));
    }
    Ok(Way::Page)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Localhost,
    Address,
}

/// Which of our names it is, with the right port; port 80 may be left out (RFC 9110 §4.2.1).
fn host_name(host: &str, port: u16) -> Option<Name> {
    let given = match host.strip_suffix(&format!(":{port}")) {
        Some(name) => name,
        None if port == 80 => host,
        None => return None,
    };
    match given {
        "127.0.0.1" | "[::1]" => Some(Name::Address),
        name if name.eq_ignore_ascii_case("localhost") => Some(Name::Localhost),
        _ => None,
    }
}

fn misdirected() -> Refusal {
    Refusal::new(
        StatusCode::MISDIRECTED_REQUEST,
        "This address is not that of the practice account",
        "Open the address that `brasskey aws console` printed when it started.",
    )
}

/// The header's value, where it comes once: of two values, a proxy may use one and a server the other.
pub(super) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}
