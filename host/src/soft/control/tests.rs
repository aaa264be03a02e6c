//! Who may use the endpoint, and what it does.

mod credentials;
mod openapi;
mod user_verification;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use super::*;
use crate::soft::testing::{Client, GET_INFO, LONG, SELECTION, u2f_register};
use crate::soft::{Builder, Connection, Touch};
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
fn what_a_web_page_or_a_stranger_could_send_is_refused() {
    let fixture = Fixture::new();
    let host = fixture.waiting_host();
    let good = fixture.request("POST", "/v1/button", r#"{"action":"pulse"}"#);
    let port = fixture.port();
    let elsewhere = port.wrapping_add(1);
    let cases = [
        (403, good.clone().with("Origin", format!("http://127.0.0.1:{port}"))),
        (403, good.clone().with("Origin", "null")),
        (421, good.clone().but("Host", format!("evil.example:{port}"))),
        (421, good.clone().but("Host", format!("127.0.0.1:{elsewhere}"))),
        (421, good.clone().but("Host", "127.0.0.1")),
        (421, good.clone().but("Host", format!("127.0.0.1.evil.example:{port}"))),
        (421, good.clone().with("Host", format!("127.0.0.1:{port}"))),
        (421, good.clone().without("Host")),
        (401, good.clone().without("Authorization")),
        (401, good.clone().but("Authorization", format!("Bearer {TOKEN}0"))),
        (401, good.clone().but("Authorization", "Bearer 0123456789abcdeF")),
        (401, good.clone().but("Authorization", format!("Basic {TOKEN}"))),
        (401, good.clone().but("Authorization", TOKEN)),
        (401, good.clone().but("Authorization", "Bearer ")),
        (401, good.clone().with("Authorization", format!("Bearer {TOKEN}"))),
        (415, good.clone().without("Content-Type")),
        (415, good.clone().but("Content-Type", "text/plain")),
        (415, good.clone().but("Content-Type", "text/plain; application/json")),
        (
            415,
            fixture
                .request("GET", "/v1/state", "")
                .but("Content-Type", "text/plain"),
        ),
        (415, fixture.request("GET", "/v1/state", "").without("Content-Type")),
    ];
    for (expected, request) in cases {
        let (status, head, body) = fixture.send(&request);
        assert_eq!(status, expected, "{:?}", request.headers);
        assert!(body["error"].is_string() && body["hint"].is_string(), "{body}");
        assert!(!head.contains("access-control"), "{head}");
        assert_eq!(head.contains("www-authenticate: bearer"), status == 401, "{head}");
        assert!(!head.contains(TOKEN) && !body.to_string().contains(TOKEN));
    }
    // A preflight of a page gets no leave to go on.
    let preflight = fixture
        .request("OPTIONS", "/v1/button", "")
        .with("Origin", "https://evil.example");
    let (status, head, _) = fixture.send(&preflight.with("Access-Control-Request-Method", "POST"));
    assert_eq!(status, 403);
    assert!(!head.contains("access-control"), "{head}");

    assert!(fixture.key.state().waiting.is_some(), "nothing pressed the button");
    assert_eq!(fixture.send(&good).0, 200);
    assert_eq!(host.answer(command::CBOR).expect("an answer")[0], 0x00);
}

#[test]
fn every_loopback_name_and_spelling_is_accepted() {
    let fixture = Fixture::new();
    let port = fixture.port();
    let good = fixture.request("GET", "/v1/state", "");
    for request in [
        good.clone().but("Host", format!("localhost:{port}")),
        good.clone().but("Host", format!("LOCALHOST:{port}")),
        good.clone().but("Host", format!("[::1]:{port}")),
        good.clone().but("Authorization", format!("bearer {TOKEN}")),
        good.clone().but("Content-Type", "application/json; charset=utf-8"),
    ] {
        assert_eq!(fixture.send(&request).0, 200, "{:?}", request.headers);
    }
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

/// With clients that are dropped for being slow by nothing but the good one: no time helps it.
#[test]
fn who_shows_the_token_at_once_waits_for_nobody_who_does_not() {
    let fixture = Fixture::patient();
    let mut slow: Vec<_> = (0..300).map(|_| fixture.stream()).collect();
    for stream in &mut slow {
        stream.write_all(b"POST /v1/button HTTP/1.1\r\nHost: ").expect("send");
    }
    assert_eq!(fixture.get("/v1/state")["powered"], true);
    // Dripping is no better than silence.
    for round in 0..64 {
        for stream in &mut slow {
            // Those that were dropped are told by now, or soon.
            let _ = stream.write_all(b"1");
        }
        assert_eq!(fixture.get("/v1/state")["powered"], true, "round {round}");
    }
    // Who came before the others, and had sent all of it, is not pushed out by them.
    let good = fixture.request("GET", "/v1/state", "");
    let early: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = fixture.stream();
            stream.write_all(good.text().as_bytes()).expect("send");
            let mut stranger = fixture.stream();
            stranger.write_all(b"GET").expect("send");
            (stream, stranger)
        })
        .collect();
    for (stream, _) in early {
        assert_eq!(answer(stream).0, 200);
    }
}

/// Who has shown the token may take its time for the body.
#[test]
fn strangers_do_not_push_out_who_has_shown_the_token() {
    let fixture = Fixture::patient();
    let mut slow = fixture.stream();
    let whole = fixture.request("POST", "/v1/button", r#"{"action":"press"}"#).text();
    let (begun, rest) = whole.split_at(whole.len() - 1);
    slow.write_all(begun.as_bytes()).expect("send");
    // Served after it, so that it is known by now.
    assert_eq!(fixture.get("/v1/state")["held"], false);
    let strangers: Vec<_> = (0..300)
        .map(|_| {
            let mut stream = fixture.stream();
            stream.write_all(b"GET").expect("send");
            stream
        })
        .collect();
    assert_eq!(fixture.get("/v1/state")["held"], false);
    slow.write_all(rest.as_bytes()).expect("send");
    assert_eq!(answer(slow).0, 200);
    drop(strangers);
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let key = SoftKey::builder().build().expect("a key");
    let options = ControlOptions {
        address: "0.0.0.0:0".parse().expect("an address"),
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

#[test]
fn control_is_an_address_or_else_a_path() {
    for (text, address) in [
        ("127.0.0.1:8112", ControlAddress::Tcp(([127, 0, 0, 1], 8112).into())),
        ("/run/brasskey", ControlAddress::Unix("/run/brasskey".into())),
    ] {
        assert_eq!(text.parse(), Ok(address));
    }
}
