//! Who may use the control endpoint: a local program that can read the token file, and no web page.

use std::net::SocketAddr;

use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, ORIGIN, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::{HeaderMap, StatusCode};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::ControlAddress;

/// Why a request was not done.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) error: String,
    pub(super) hint: &'static str,
    pub(super) header: Option<(HeaderName, &'static str)>,
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

/// The rules for every request.
pub(super) struct Guard {
    control_token: Zeroizing<String>,
    /// The values that a Host header may have.
    hosts: Vec<String>,
}

impl Guard {
    pub(super) fn new(control_token: Zeroizing<String>, address: &ControlAddress) -> Self {
        let names = ["127.0.0.1", "localhost", "[::1]"].map(str::to_owned);
        let hosts = match address {
            ControlAddress::Tcp(address) => hosts(address, &names),
            ControlAddress::Unix(_) => names.into(),
        };
        Self { control_token, hosts }
    }

    /// Checks everything but the body.
    pub(super) fn check(&self, parts: &Parts) -> Result<(), Refusal> {
        let headers = &parts.headers;
        // A page's requests carry an Origin, or are too simple for one, and then carry no bearer token.
        if headers.contains_key(ORIGIN) {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "requests from web pages are refused",
                "send the request from a program, without an Origin header",
            ));
        }
        // A page can make its own name point here (DNS rebinding), but cannot change the Host header.
        if !only(headers, &HOST).is_some_and(|host| self.is_host(host)) {
            return Err(Refusal::new(
                StatusCode::MISDIRECTED_REQUEST,
                "the Host header does not name this endpoint",
                "send the request to the address of the ready line",
            ));
        }
        if !only(headers, &AUTHORIZATION).is_some_and(|value| self.is_authorized(value)) {
            return Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "the token is missing or wrong",
                "send Authorization: Bearer and the text of the control token file",
            ));
        }
        // Also for requests without a body: no form and no link can send this.
        if !only(headers, &CONTENT_TYPE).is_some_and(is_json) {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the content type is not JSON",
                "send Content-Type: application/json",
            ));
        }
        Ok(())
    }

    fn is_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host))
    }

    fn is_authorized(&self, value: &str) -> bool {
        // RFC 9110 §11.1: the scheme is case-insensitive.
        value.split_once(' ').is_some_and(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("Bearer")
                && bool::from(token.trim_start().as_bytes().ct_eq(self.control_token.as_bytes()))
        })
    }
}

/// The loopback names with the right port. Port 80 may be left out (RFC 9110 §4.2.1).
fn hosts(address: &SocketAddr, names: &[String; 3]) -> Vec<String> {
    let port = address.port();
    let mut hosts: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
    hosts.push(address.to_string());
    if port == 80 {
        hosts.extend_from_slice(names);
    }
    hosts
}

/// The header's value, where it comes once: of two values, a proxy may use one and a server the other.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// `application/json`, with or without parameters.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
