//! Sessions, headers, and text from outside.

use super::browser::{Practice, between};

#[test]
fn every_answer_says_what_browsers_may_do_with_it() {
    let practice = Practice::start();
    let browser = practice.signed_in("alice");
    for path in [
        "/",
        "/signin",
        "/home",
        "/style.css",
        "/webauthn.js",
        "/icon.svg",
        "/nowhere",
        "/users",
    ] {
        let reply = browser.request("GET", path, &browser.headers(), "");
        let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action \
         'self'; \
                      frame-ancestors 'none'; base-uri 'none'";
        for (name, value) in [
            ("content-security-policy", policy),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name).as_deref(), Some(value), "{path}: {name}");
        }
    }
}

#[test]
fn every_page_says_that_it_is_not_aws_and_needs_nothing_that_the_policy_forbids() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("root");
    practice.assign_app(&mut browser, "root", "phone");
    let (serial, name) = (practice.serial("root", "phone"), "phone");
    for path in [
        "/home".to_owned(),
        "/this-session".to_owned(),
        "/password".to_owned(),
        "/security-credentials".to_owned(),
        "/security-credentials/assign".to_owned(),
        format!("/security-credentials/resync?serial={serial}"),
        format!("/security-credentials/remove?serial={serial}"),
        "/users".to_owned(),
        "/users/alice".to_owned(),
        "/history".to_owned(),
        "/checks".to_owned(),
        "/tokens".to_owned(),
        "/lost-device".to_owned(),
        "/nowhere".to_owned(),
    ] {
        browser.get(&path);
        let page = &browser.page;
        assert!(page.contains("<strong>This is not AWS.</strong>"), "{path}");
        assert!(
            page.contains("<html lang=\"en\">") && page.contains("<main id=\"main\""),
            "{path}"
        );
        for forbidden in [
            " style=",
            "<style",
            " onclick",
            " onload",
            "javascript:",
            "src=\"http",
            "href=\"http",
        ] {
            assert!(!page.contains(forbidden), "{path}: {forbidden}");
        }
        let inline = page
            .split("<script")
            .skip(1)
            .filter(|rest| !rest.starts_with(" src=\"/"));
        assert_eq!(inline.count(), 0, "{path}");
        // Each field has a label.
        for field in page
            .split("<input ")
            .skip(1)
            .filter(|field| !field.contains("type=\"hidden\""))
        {
            let id = between(field, "id=\"", "\"").unwrap();
            assert!(page.contains(&format!("<label for=\"{id}\">")), "{path}: {id}");
        }
    }
    assert!(!browser.page.contains(name));
}

#[test]
fn a_cookie_is_private_and_changes_with_what_it_may_do() {
    let practice = Practice::start();
    let mut browser = practice.browser();
    let reply = browser.get("/signin");
    let planted = reply.header("set-cookie").unwrap();
    let (pair, attributes) = planted.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Strict");
    let (name, value) = pair.split_once('=').unwrap();
    assert!(name.starts_with("brasskey-practice-"));
    assert_eq!(value.len(), 43, "256 bits");

    // Somebody who planted it has nothing of it after the sign-in.
    let mut attacker = practice.browser();
    attacker.cookie.clone_from(&browser.cookie);
    browser.sign_in(&practice, "alice");
    assert_ne!(browser.cookie, attacker.cookie);
    attacker.get("/home");
    assert_eq!(attacker.path, "/signin");

    // A value that the server did not make is not taken over.
    attacker.cookie = Some(format!("{name}=chosen"));
    let reply = attacker.get("/signin");
    assert!(!reply.header("set-cookie").unwrap().contains("chosen"));

    // Nor does an unknown one hide the session.
    let ours = browser.cookie.clone().unwrap();
    browser.cookie = Some(format!("{name}=planted; {ours}"));
    browser.get("/home");
    assert_eq!(browser.path, "/home");

    // What is over is over on the server, too.
    browser.cookie = Some(ours.clone());
    browser.sign_out();
    let mut thief = practice.browser();
    thief.cookie = Some(ours);
    thief.get("/home");
    assert_eq!(thief.path, "/signin");
}

#[test]
fn a_session_ends_by_itself() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    practice.pass(29 * 60);
    browser.get("/home");
    assert_eq!(browser.path, "/home");
    practice.pass(30 * 60);
    let token = browser.token();
    assert_eq!(browser.send("/signout", &[]).status, 403);
    browser.get("/home");
    assert_eq!(browser.path, "/signin");
    assert_ne!(browser.token(), token);
}

#[test]
fn a_user_who_is_gone_is_signed_out_and_a_sign_in_keeps_no_names() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    // Text of a browser is shown as text.
    browser.agent = "\u{202e}</code><script>alert(1)</script>&\u{7}"
        .chars()
        .filter(|c| !c.is_control())
        .collect();
    browser.sign_out();
    browser.agent = "</code><script>alert(1)</script>&amp;".to_owned();
    browser.sign_in(&practice, "alice");
    browser.get("/history");
    assert!(
        browser.page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;"),
        "{}",
        browser.page
    );
    assert!(!browser.page.contains("<script>alert"));
}
