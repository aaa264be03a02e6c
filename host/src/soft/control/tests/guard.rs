//! Who may use the endpoint.

use super::*;

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
