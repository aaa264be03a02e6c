//! What the endpoint does.

mod credentials;
mod guard;
mod openapi;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use super::*;
use crate::client::ctap2::Permissions;
use crate::client::{Key, Unwatched};
use crate::soft::testing::{Client, GET_INFO, LONG, SELECTION, u2f_register};
use crate::soft::{Builder, Connection, Touch, UserVerification};
use brasskey_protocol::ctaphid::command;

const TOKEN: &str = "0123456789abcdef";

/// A key with a control endpoint.
struct Fixture {
    key: SoftKey,
    server: ControlServer,
    _directory: tempfile::TempDir,
}

/// One request; every field can be made wrong.
#[derive(Clone)]
struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Fixture {
    fn new() -> Self {
        Self::at(|_| ControlAddress::Tcp((Ipv4Addr::LOCALHOST, 0).into()))
    }

    /// It waits longer for its clients than any test runs.
    fn patient() -> Self {
        let hours = Duration::from_secs(10_000);
        let timeouts = Timeouts {
            read: hours,
            whole: hours,
        };
        let address = |_: &std::path::Path| ControlAddress::Tcp((Ipv4Addr::LOCALHOST, 0).into());
        Self::with(SoftKey::builder(), address, timeouts)
    }

    fn at(address: impl FnOnce(&std::path::Path) -> ControlAddress) -> Self {
        Self::of(SoftKey::builder(), address)
    }

    fn of(builder: Builder, address: impl FnOnce(&std::path::Path) -> ControlAddress) -> Self {
        Self::with(builder, address, TIMEOUTS)
    }

    fn with(builder: Builder, address: impl FnOnce(&std::path::Path) -> ControlAddress, timeouts: Timeouts) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let token_file = directory.path().join("token");
        token_file::read_or_create(&token_file).expect("a private file");
        std::fs::write(&token_file, TOKEN).expect("a token");
        let key = builder.touch(Touch::Control).scripted_clock().build().expect("a key");
        let options = ControlOptions {
            address: address(directory.path()),
            token_file,
        };
        let server = ControlServer::start_with(&key, &options, timeouts).expect("a server");
        Self {
            key,
            server,
            _directory: directory,
        }
    }

    fn port(&self) -> u16 {
        match self.server.address() {
            ControlAddress::Tcp(address) => address.port(),
            ControlAddress::Unix(_) => panic!("no port"),
        }
    }

    fn request(&self, method: &'static str, path: &str, body: &str) -> Request {
        Request {
            method,
            path: path.into(),
            headers: vec![
                ("Host", format!("127.0.0.1:{}", self.port())),
                ("Authorization", format!("Bearer {TOKEN}")),
                ("Content-Type", "application/json".into()),
            ],
            body: body.into(),
        }
    }

    fn stream(&self) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port())).expect("connect");
        stream.set_read_timeout(Some(LONG)).expect("a timeout");
        stream
    }

    /// The status, the head and the body of the answer.
    fn send(&self, request: &Request) -> (u16, String, Value) {
        request.send(self.stream())
    }

    fn get(&self, path: &str) -> Value {
        let (status, _, body) = self.send(&self.request("GET", path, ""));
        assert_eq!(status, 200, "{body}");
        body
    }

    fn post(&self, path: &str, action: &str) -> Value {
        let body = json!({ "action": action }).to_string();
        let (status, _, body) = self.send(&self.request("POST", path, &body));
        assert_eq!(status, 200, "{body}");
        body
    }

    /// A host whose request waits for a touch.
    fn waiting_host(&self) -> Client<Connection> {
        let host = Client::new(self.key.connect());
        host.send(command::CBOR, SELECTION);
        self.key.wait_until_asked(LONG).expect("a request");
        host
    }
}

impl Request {
    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self
    }

    fn but(self, name: &'static str, value: impl Into<String>) -> Self {
        self.without(name).with(name, value)
    }

    fn send(&self, mut stream: impl Read + Write) -> (u16, String, Value) {
        stream.write_all(self.text().as_bytes()).expect("send");
        answer(stream)
    }

    /// As it is sent.
    fn text(&self) -> String {
        let Self {
            method,
            path,
            headers,
            body,
        } = self;
        let mut text = format!("{method} {path} HTTP/1.1\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.push_str(body);
        text
    }
}

/// The status, the head and the body that come from the server.
fn answer(mut stream: impl Read) -> (u16, String, Value) {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head
        .get(9..12)
        .and_then(|status| status.parse().ok())
        .expect("a status");
    (status, head.to_lowercase(), serde_json::from_str(body).expect("JSON"))
}

#[test]
fn what_is_not_understood_is_explained() {
    let fixture = Fixture::new();
    let long = format!(r#"{{"action":"pulse"{}}}"#, " ".repeat(20_000));
    for (expected, method, path, body) in [
        (404, "GET", "/", ""),
        (404, "GET", "/v1/button/", ""),
        (404, "POST", "/v2/button", "{}"),
        (405, "GET", "/v1/button", ""),
        (405, "DELETE", "/v1/log", ""),
        (405, "POST", "/v1/state", "{}"),
        (400, "POST", "/v1/button", ""),
        (400, "POST", "/v1/button", "press"),
        (400, "POST", "/v1/button", "{}"),
        (400, "POST", "/v1/button", r#"{"action":"hit"}"#),
        (400, "POST", "/v1/button", r#"{"action":"press","for":1}"#),
        (400, "POST", "/v1/power", r#"{"action":"press"}"#),
        (413, "POST", "/v1/button", &long),
    ] {
        let (status, head, body) = fixture.send(&fixture.request(method, path, body));
        assert_eq!(status, expected, "{method} {path}: {body}");
        assert!(body["error"].is_string() && body["hint"].is_string(), "{body}");
        assert_eq!(head.contains("\r\nallow: "), status == 405, "{head}");
    }
    assert!(!fixture.key.state().held);
}

#[test]
fn the_button_answers_the_request_that_waits() {
    let fixture = Fixture::new();
    assert_eq!(fixture.post("/v1/button", "press")["held"], true);
    let host = fixture.waiting_host();
    assert_eq!(fixture.get("/v1/state")["waiting"]["operation"], "select");
    assert_eq!(
        fixture.post("/v1/button", "press")["waiting"]["operation"],
        "select",
        "held before"
    );
    assert_eq!(fixture.post("/v1/button", "release")["held"], false);
    let state = fixture.post("/v1/button", "pulse");
    assert_eq!(state, json!({ "powered": true, "held": false, "waiting": null }));
    assert_eq!(host.answer(command::CBOR).expect("an answer")[0], 0x00);
    let log = fixture.get("/v1/log");
    assert_eq!(log["entries"][0]["command"], "authenticatorSelection");
    assert_eq!(log["entries"][0]["status"], "0x00");
}

#[test]
fn a_request_is_refused_at_once() {
    let fixture = Fixture::new();
    let host = fixture.waiting_host();
    assert_eq!(fixture.post("/v1/button", "deny")["waiting"], Value::Null);
    assert_eq!(host.answer(command::CBOR).expect("an answer")[0], 0x27);

    assert_eq!(host.status_word(&u2f_register(1)), 0x6985);
    assert_eq!(fixture.post("/v1/button", "deny")["waiting"], Value::Null);
    assert_eq!(host.status_word(&u2f_register(1)), 0x6982);
    assert_eq!(
        host.status_word(&u2f_register(1)),
        0x6985,
        "the next attempt is asked for anew"
    );
    assert_eq!(fixture.post("/v1/button", "pulse")["held"], false);
    assert_eq!(host.status_word(&u2f_register(1)), 0x9000);
}

#[test]
fn the_power_is_cut_and_comes_back() {
    let fixture = Fixture::new();
    let host = fixture.waiting_host();
    let off = json!({ "powered": false, "held": false, "waiting": null });
    assert_eq!(fixture.post("/v1/power", "off"), off);
    assert_eq!(fixture.get("/v1/state"), off);
    assert_eq!(fixture.post("/v1/power", "on")["powered"], true);
    assert!(host.exchange(command::PING, b"x").is_err(), "the channel is gone");
    assert_eq!(Client::new(fixture.key.connect()).status(GET_INFO), 0x00);
    assert_eq!(fixture.post("/v1/power", "cycle")["powered"], true);
}

#[test]
fn the_user_is_verified_as_was_said_last() {
    const PATH: &str = "/v1/user-verification";
    let refused = Fixture::new();
    let (status, _, body) = refused.send(&refused.request("POST", PATH, r#"{"isUserVerified":true}"#));
    assert_eq!(status, 409, "{body}");
    assert!(
        body["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("user verification \"control\""))
    );

    let loopback = |_: &std::path::Path| ControlAddress::Tcp((Ipv4Addr::LOCALHOST, 0).into());
    let fixture = Fixture::of(
        SoftKey::builder().user_verification(UserVerification::Control),
        loopback,
    );
    let mut key = Key::open(Box::new(fixture.key.connect())).expect("a key");
    let mut verified = || {
        key.token(Permissions::CREDENTIAL_MANAGEMENT, None, &mut Unwatched)
            .is_ok()
    };
    assert!(!verified());
    for (body, expected) in [
        (r#"{"isUserVerified":true}"#, true),
        (r#"{"isUserVerified":false}"#, false),
    ] {
        let (status, _, answer) = fixture.send(&fixture.request("POST", PATH, body));
        assert_eq!((status, &answer["powered"]), (200, &json!(true)), "{answer}");
        assert_eq!(verified(), expected);
    }
    for body in ["{}", r#"{"isUserVerified":1}"#, r#"{"isUserVerified":true,"more":1}"#] {
        assert_eq!(fixture.send(&fixture.request("POST", PATH, body)).0, 400, "{body}");
    }
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let key = SoftKey::builder().build().expect("a key");
    let options = ControlOptions {
        address: ControlAddress::Tcp((Ipv4Addr::UNSPECIFIED, 0).into()),
        token_file: directory.path().join("token"),
    };
    assert!(matches!(
        ControlServer::start(&key, &options),
        Err(Error::NotLoopback(_))
    ));
}

#[cfg(unix)]
#[test]
fn a_unix_socket_serves_its_user() {
    use std::os::unix::fs::MetadataExt;
    let fixture = Fixture::at(|directory| ControlAddress::Unix(directory.join("control")));
    let ControlAddress::Unix(path) = fixture.server.address().clone() else {
        panic!("a path")
    };
    assert_eq!(std::fs::metadata(&path).expect("a socket").mode() & 0o777, 0o600);
    let request = Request {
        method: "GET",
        path: "/v1/state".into(),
        headers: Vec::new(),
        body: String::new(),
    }
    .with("Authorization", format!("Bearer {TOKEN}"))
    .with("Content-Type", "application/json");
    for (expected, request) in [
        (200, request.clone().with("Host", "localhost")),
        (421, request.clone().with("Host", "evil.example")),
        (401, request.clone().with("Host", "localhost").without("Authorization")),
    ] {
        let stream = UnixStream::connect(&path).expect("connect");
        assert_eq!(request.send(stream).0, expected);
    }
    drop(fixture);
    assert!(!path.exists());
}
