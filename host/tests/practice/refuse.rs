//! What the server refuses to look at.

use std::net::TcpStream;

use super::browser::{Browser, Practice, Reply};

/// Pages that need somebody who is signed in.
const INSIDE: [&str; 14] = [
    "/home",
    "/this-session",
    "/password",
    "/security-credentials",
    "/security-credentials/assign",
    "/security-credentials/assign/app",
    "/security-credentials/assign/token",
    "/security-credentials/assign/key",
    "/security-credentials/resync?serial=x",
    "/security-credentials/remove?serial=x",
    "/users",
    "/users/alice",
    "/users/alice/remove?serial=x",
    "/history",
];

fn port(browser: &Browser) -> String {
    browser.origin.rsplit(':').next().unwrap().to_owned()
}

fn is_plain(reply: &Reply) -> bool {
    reply
        .header("content-security-policy")
        .is_some_and(|policy| policy.starts_with("default-src 'none'"))
}

#[test]
fn only_our_names_are_answered() {
    let practice = Practice::start();
    let browser = practice.browser();
    let port = port(&browser);
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        "localhost".to_owned(),
        "localhost:1".to_owned(),
        format!("localhost.evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("[::2]:{port}"),
    ] {
        let reply = browser.request("GET", "/signin", &format!("Host: {host}\r\n"), "");
        assert_eq!(reply.status, 421, "{host}");
        assert!(is_plain(&reply));
    }
    let twice = format!("Host: localhost:{port}\r\nHost: evil.example\r\n");
    assert_eq!(browser.request("GET", "/signin", &twice, "").status, 421);
    assert_eq!(browser.request("GET", "/signin", "", "").status, 421);
    let capitals = format!("Host: LOCALHOST:{port}\r\n");
    assert_eq!(browser.request("GET", "/signin", &capitals, "").status, 200);
}

#[test]
fn pages_at_an_address_go_to_localhost() {
    let practice = Practice::start();
    let browser = practice.browser();
    let port = port(&browser);
    for host in ["127.0.0.1", "[::1]"] {
        let reply = browser.request("GET", "/signin?a=b", &format!("Host: {host}:{port}\r\n"), "");
        assert_eq!(reply.status, 307);
        assert_eq!(
            reply.header("location").unwrap(),
            format!("{}/signin?a=b", browser.origin)
        );
        assert!(is_plain(&reply));
    }
    // What would be another header stays in the address.
    let reply = browser.request(
        "GET",
        "/%0d%0aX-Planted:%201",
        &format!("Host: 127.0.0.1:{port}\r\n"),
        "",
    );
    assert_eq!(
        reply.header("location").unwrap(),
        format!("{}/%0d%0aX-Planted:%201", browser.origin)
    );
    assert_eq!(reply.header("x-planted"), None);
    let reply = browser.request("GET", "//evil.example", &format!("Host: 127.0.0.1:{port}\r\n"), "");
    assert_eq!(
        reply.header("location").unwrap(),
        format!("{}//evil.example", browser.origin)
    );
}

#[test]
fn forms_of_other_websites_are_refused() {
    let practice = Practice::start();
    let mut browser = practice.browser();
    browser.get("/signin");
    let (ours, token) = (browser.origin.clone(), browser.token());
    let account = format!("{:012}", practice.console.account_number());
    let password = practice.password("alice");
    let form = format!("csrf={token}&account={account}&username=alice&password={password}");
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    let send = |origin: &str| {
        let headers = format!("{}{kind}{origin}", browser.headers());
        browser.request("POST", "/signin", &headers, &form)
    };
    let longer = format!("Origin: {ours}.evil.example\r\n");
    let twice = format!("Origin: {ours}\r\nOrigin: {ours}\r\n");
    for origin in [
        "",
        "Origin: null\r\n",
        "Origin: http://evil.example\r\n",
        "Origin: http://localhost:1\r\n",
        &longer,
        &twice,
    ] {
        let reply = send(origin);
        assert_eq!(reply.status, 403, "{origin}");
        assert!(reply.header("set-cookie").is_none());
    }
    let reply = send(&format!("Origin: {ours}\r\n"));
    assert_eq!(
        (reply.status, reply.header("location").as_deref()),
        (303, Some("/home"))
    );
}

#[test]
fn a_form_needs_the_token_of_its_own_session() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    let mut other = practice.signed_in("admin");
    browser.get("/home");
    other.get("/home");
    let ours = browser.page.clone();
    browser.page = other.page.clone();
    assert_eq!(browser.send("/signout", &[]).status, 403);
    browser.page = "name=\"csrf\" value=\"\"".to_owned();
    assert_eq!(browser.send("/signout", &[]).status, 403);
    // Without its cookie a token is worth nothing.
    browser.page = ours;
    let cookie = browser.cookie.take();
    assert_eq!(browser.send("/signout", &[]).status, 403);
    browser.cookie = cookie;
    assert_eq!(browser.send("/signout", &[]).status, 303);
}

#[test]
fn forms_are_short_and_are_forms() {
    let practice = Practice::start();
    let mut browser = practice.browser();
    browser.get("/signin");
    let base = format!("{}Origin: {}\r\n", browser.headers(), browser.origin);
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    let post = |headers: &str, body: &str| {
        browser
            .request("POST", "/signin", &format!("{base}{headers}"), body)
            .status
    };
    let token = browser.token();
    assert_eq!(post("Content-Type: text/plain\r\n", &format!("csrf={token}")), 415);
    assert_eq!(post("Content-Type: application/json\r\n", "{}"), 415);
    assert_eq!(post("", &format!("csrf={token}")), 415);
    assert_eq!(post(kind, &format!("csrf={token}&csrf={token}")), 400);
    assert_eq!(post(kind, &format!("csrf={token}&x={}", "a".repeat(64 * 1024))), 413);
    assert_eq!(post(kind, "%ff%00&=&;"), 403);
    assert_eq!(
        post(kind, &format!("csrf={token}&password={}", "a".repeat(50_000))),
        303
    );
}

#[test]
fn methods_and_paths_that_are_nothing_are_refused() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    let headers = format!("{}Origin: {}\r\n", browser.headers(), browser.origin);
    for (method, path, status) in [
        ("PUT", "/home", 405),
        ("DELETE", "/home", 405),
        ("POST", "/home", 405),
        ("GET", "/signout", 405),
        ("OPTIONS", "/home", 405),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd", 404),
        ("GET", "/style.css/../../Cargo.toml", 404),
        ("GET", "/users/..%2f..%2fetc%2fpasswd", 403),
        ("GET", "/checks/18446744073709551616", 404),
        ("GET", "/checks/-1", 404),
        ("GET", "/%00", 404),
    ] {
        let reply = browser.request(method, path, &headers, "");
        assert_eq!(reply.status, status, "{method} {path}");
        assert!(is_plain(&reply), "{method} {path}");
        assert!(!reply.body.contains("root:"));
    }
    let reply = browser.get("/users/%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    assert!(!reply.body.contains("<script>alert"), "{}", reply.body);
}

#[test]
fn strangers_see_the_sign_in_only() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    practice.assign_app(&mut browser, "alice", "phone");
    browser.sign_out();
    let mut stranger = practice.browser();
    let mut halfway = practice.signed_in("alice");
    assert_eq!(halfway.path, "/signin/mfa");
    for path in INSIDE {
        stranger.get(path);
        assert_eq!(stranger.path, "/signin", "{path}");
        halfway.get(path);
        assert_eq!(halfway.path, "/signin/mfa", "{path}");
    }
    for path in ["/checks", "/tokens", "/signin/mfa", "/signin/mfa/way"] {
        stranger.get(path);
        assert_eq!(stranger.path, "/signin", "{path}");
    }
    // Nor does a form get further.
    assert_eq!(
        halfway
            .send("/security-credentials/remove", &[("serial", "x")])
            .header("location")
            .unwrap(),
        "/signin/mfa"
    );
    stranger.get("/signin");
    let reply = stranger.send("/signin/mfa/code", &[("code", "000000")]);
    assert_eq!(reply.header("location").unwrap(), "/signin");
}

#[test]
fn clients_that_say_nothing_keep_nobody_out() {
    let practice = Practice::start();
    let mut browser = practice.browser();
    let port: u16 = port(&browser).parse().unwrap();
    let silent: Vec<TcpStream> = (0..200)
        .map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap())
        .collect();
    assert_eq!(browser.get("/signin").status, 200);
    drop(silent);
    // Nor do those that stop in the middle of a form.
    let unfinished = format!(
        "{}Origin: {}\r\nContent-Length: 9\r\n\r\n",
        browser.headers(),
        browser.origin
    );
    let halves: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            std::io::Write::write_all(&mut stream, format!("POST /signin HTTP/1.1\r\n{unfinished}").as_bytes())
                .unwrap();
            stream
        })
        .collect();
    assert_eq!(browser.get("/signin").status, 200);
    drop(halves);
}

#[test]
fn dropping_it_ends_it_while_clients_are_connected() {
    let practice = Practice::start();
    let port: u16 = port(&practice.browser()).parse().unwrap();
    let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    drop(practice);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    drop(client);
}
