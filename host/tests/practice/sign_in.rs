//! Signing in, with and without devices, and what the history says of it.

use brasskey::client::ceremony::Protocol;
use serde_json::Value;

use super::browser::{Browser, Practice, between};
use super::passkey::{assign_key, sign, soft_key};

const INCORRECT: &str = "Your authentication information is incorrect. Please try again.";

/// The records of the history, newest first.
fn history(browser: &mut Browser) -> Vec<Value> {
    browser.get("/history");
    let mut records = Vec::new();
    let mut rest = browser.page.as_str();
    while let Some((_, after)) = rest.split_once("<pre tabindex=\"0\"><code>") {
        let (json, after) = after.split_once("</code>").unwrap();
        records.push(serde_json::from_str(&json.replace("&quot;", "\"")).unwrap());
        rest = after;
    }
    records
}

#[test]
fn a_key_signs_in_by_ctap2_and_by_u2f() {
    for protocol in [Protocol::Ctap2, Protocol::U2f] {
        let practice = Practice::start();
        let mut browser = practice.signed_in("alice");
        let mut key = soft_key();
        assign_key(&mut browser, &mut key, "key", protocol);
        let serial = practice.serial("alice", "key");
        let prefix = format!(
            "arn:aws:iam::{:012}:u2f/user/alice/key-",
            practice.console.account_number()
        );
        assert!(serial.starts_with(&prefix), "{serial}");
        // Twice, so that the counter is kept.
        for _ in 0..2 {
            browser.sign_out();
            browser.sign_in(&practice, "alice");
            assert_eq!(browser.path, "/signin/mfa");
            let answer = sign(&browser, &mut key, protocol).unwrap();
            browser.post("/signin/mfa/key", &[("answer", &answer), ("error", "")]);
            assert_eq!(browser.path, "/home", "{}", browser.page);
        }
        let records = history(&mut browser);
        assert_eq!(records[0]["eventName"], "ConsoleLogin");
        assert_eq!(records[0]["additionalEventData"]["MFAUsed"], "Yes");
        assert_eq!(records[0]["additionalEventData"]["MFAIdentifier"], *serial);
        assert_eq!(records[0]["userAgent"], "Mozilla/5.0 (a test)");
        assert_eq!(records[1]["eventName"], "CheckMfa");
        assert_eq!(records[1]["additionalEventData"]["MfaType"], "U2F MFA");
        browser.get("/checks/1");
        assert!(
            browser
                .page
                .contains("Registration of a security key: <span class=\"good\">accepted")
        );
        browser.get("/checks/3");
        assert!(
            browser.page.contains("data-check=\"counter\" data-outcome=\"passed\""),
            "{}",
            browser.page
        );
        assert_eq!(browser.get("/checks/4").status, 404);
    }
}

#[test]
fn a_wrong_key_and_a_replayed_answer_are_refused() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    let mut key = soft_key();
    assign_key(&mut browser, &mut key, "key", Protocol::Ctap2);
    browser.sign_out();
    browser.sign_in(&practice, "alice");
    let answer = sign(&browser, &mut key, Protocol::Ctap2).unwrap();
    // Opening the page again asks anew: the old answer is for another challenge.
    browser.get("/signin/mfa");
    browser.post("/signin/mfa/key", &[("answer", &answer), ("error", "")]);
    assert_eq!(browser.told(), "The security key was not accepted: a check failed.");
    browser.get(&browser.attribute("id=\"notice-link\" href").clone());
    assert!(
        browser
            .page
            .contains("data-check=\"challenge\" data-outcome=\"failed\""),
        "{}",
        browser.page
    );

    // Another user's key.
    let mut admin = practice.signed_in("admin");
    let mut other = soft_key();
    assign_key(&mut admin, &mut other, "key", Protocol::Ctap2);
    admin.sign_out();
    admin.sign_in(&practice, "admin");
    let answer = sign(&admin, &mut other, Protocol::Ctap2).unwrap();
    browser.get("/signin/mfa");
    assert!(
        sign(&browser, &mut other, Protocol::Ctap2).is_err(),
        "it has no such credential"
    );
    browser.post("/signin/mfa/key", &[("answer", &answer), ("error", "")]);
    assert_eq!(browser.told(), "The security key was not accepted: a check failed.");
    assert_eq!(browser.get("/home").status, 200);
    assert_eq!(browser.path, "/signin/mfa");

    // The challenge is used up by whatever answers it.
    let answer = sign(&browser, &mut key, Protocol::Ctap2).unwrap();
    let token = browser.token();
    browser.send("/signin/mfa/key", &[("answer", ""), ("error", "NotAllowedError")]);
    browser.page = format!("name=\"csrf\" value=\"{token}\"");
    browser.send("/signin/mfa/key", &[("answer", &answer), ("error", "")]);
    browser.get("/signin/mfa");
    assert_eq!(
        browser.told(),
        "This page was used already, or another one replaced it. Try again."
    );
}

#[test]
fn what_the_browser_refuses_is_told_in_plain_words() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    let mut key = soft_key();
    assign_key(&mut browser, &mut key, "key", Protocol::Ctap2);
    browser.sign_out();
    browser.sign_in(&practice, "alice");
    for (error, start) in [
        (
            "NotAllowedError",
            "No security key answered: the dialogue was cancelled",
        ),
        ("SecurityError", "The browser does not let this page use security keys."),
        ("unsupported", "This browser has no WebAuthn"),
        ("<b>", "The browser could not use a security key."),
    ] {
        browser.post("/signin/mfa/key", &[("answer", ""), ("error", error)]);
        assert!(browser.told().starts_with(start), "{error}: {}", browser.told());
    }
    browser.post("/signin/mfa/key", &[("answer", "{}"), ("error", "")]);
    assert!(browser.told().starts_with("The answer of the browser cannot be read."));
}

#[test]
fn one_of_several_devices_is_chosen() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    let mut key = soft_key();
    assign_key(&mut browser, &mut key, "key", Protocol::Ctap2);
    let serial = practice.assign_app(&mut browser, "alice", "phone");
    browser.sign_out();
    browser.sign_in(&practice, "alice");
    assert_eq!(browser.path, "/signin/mfa/way");
    browser.post("/signin/mfa/way", &[("way", "security-key")]);
    assert!(browser.page.contains("id=\"use-key\"") && browser.page.contains("id=\"another-way\""));
    browser.get("/signin/mfa/way");
    assert_eq!(
        browser
            .send("/signin/mfa/way", &[("way", "arn:aws:iam::1:mfa/none")])
            .status,
        400
    );
    browser.post("/signin/mfa/way", &[("way", &serial)]);
    assert!(
        browser
            .page
            .contains("id=\"mfa-device\">phone</strong>, your authenticator app.")
    );

    let code = practice.code(&serial, 0);
    browser.post("/signin/mfa/code", &[("code", &code)]);
    assert_eq!(browser.path, "/home");
    let records = history(&mut browser);
    assert_eq!(records[0]["additionalEventData"]["MFAIdentifier"], *serial);
    // The code is used up.
    browser.sign_out();
    browser.sign_in(&practice, "alice");
    browser.post("/signin/mfa/way", &[("way", &serial)]);
    browser.post("/signin/mfa/code", &[("code", &code)]);
    assert!(browser.told().starts_with(INCORRECT), "{}", browser.told());
    practice.pass(30);
    browser.post("/signin/mfa/code", &[("code", &practice.code(&serial, 0))]);
    assert_eq!(browser.path, "/home");
    let records = history(&mut browser);
    assert_eq!(records[2]["responseElements"]["ConsoleLogin"], "Failure");
    assert_eq!(records[3]["responseElements"]["CheckMfa"], "Failure");
}

#[test]
fn root_signs_in_by_e_mail() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("root");
    assert_eq!(browser.path, "/home");
    browser.get("/security-credentials");
    assert!(browser.page.contains("Security credentials of the root user"));
    let serial = practice.assign_app(&mut browser, "root", "phone");
    browser.sign_out();
    browser.sign_in(&practice, "root");
    browser.post("/signin/mfa/code", &[("code", &practice.code(&serial, 0))]);
    let records = history(&mut browser);
    assert_eq!(records[0]["userIdentity"]["type"], "Root");
    assert_eq!(records[0]["additionalEventData"]["MFAUsed"], "YES");
    assert_eq!(browser.get("/users").status, 200);
}

#[test]
fn a_session_from_before_is_never_asked() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    let verdict = |browser: &mut Browser| {
        browser.get("/this-session");
        browser.attribute("data-verdict")
    };
    assert_eq!(verdict(&mut browser), "none");
    let serial = practice.assign_app(&mut browser, "alice", "phone");
    assert_eq!(verdict(&mut browser), "cached");
    browser.post("/signout", &[]);
    assert_eq!(browser.path, "/signin");
    assert!(browser.told().starts_with("You are signed out."));
    browser.sign_in(&practice, "alice");
    assert_eq!(browser.path, "/signin/mfa");
    browser.post("/signin/mfa/code", &[("code", &practice.code(&serial, 0))]);
    assert_eq!(verdict(&mut browser), "mfa");
}

#[test]
fn nobody_is_told_what_was_wrong() {
    let practice = Practice::start();
    let mut browser = practice.browser();
    let tries = [
        ("alice", "wrong"),
        ("nobody", "wrong"),
        ("<i>", "wrong"),
        ("Alice", "wrong"),
        ("root", "wrong"),
    ];
    for (user, password) in tries {
        browser.sign_in_with(&practice, user, password);
        assert_eq!(browser.told(), INCORRECT, "{user}");
    }
    // The name is there again, and not as markup.
    browser.sign_in_with(&practice, "\"><script>alert(1)</script>", "wrong");
    assert!(browser.page.contains("&quot;&gt;&lt;script&gt;"), "{}", browser.page);
    browser.sign_in(&practice, "admin");
    let failures = history(&mut browser);
    let hidden = failures
        .iter()
        .filter(|record| record["userIdentity"]["userName"] == "HIDDEN_DUE_TO_SECURITY_REASONS");
    assert_eq!(hidden.count(), 4);
    assert_eq!(failures[1]["responseElements"]["ConsoleLogin"], "Failure");
}

#[test]
fn who_tries_too_often_waits() {
    let practice = Practice::start();
    let mut browser = practice.browser();
    for _ in 0..5 {
        browser.sign_in_with(&practice, "alice", "wrong");
        assert_eq!(browser.told(), INCORRECT);
    }
    browser.sign_in(&practice, "alice");
    assert_eq!(
        browser.told(),
        "Too many failed attempts. Wait 30 seconds, and try again."
    );
    practice.pass(30);
    browser.sign_in(&practice, "alice");
    assert_eq!(browser.path, "/home");

    let serial = practice.assign_app(&mut browser, "alice", "phone");
    browser.sign_out();
    browser.sign_in(&practice, "alice");
    for _ in 0..5 {
        browser.post("/signin/mfa/code", &[("code", "000000")]);
        assert!(browser.told().starts_with(INCORRECT));
    }
    let code = practice.code(&serial, 0);
    browser.post("/signin/mfa/code", &[("code", &code)]);
    assert!(browser.told().starts_with("Too many failed attempts."));
    // Another session of the same user waits, too.
    let mut second = practice.signed_in("alice");
    second.post("/signin/mfa/code", &[("code", &code)]);
    assert!(second.told().starts_with("Too many failed attempts."));
}

#[test]
fn a_changed_password_counts_everywhere() {
    let practice = Practice::start();
    let mut elsewhere = practice.signed_in("alice");
    let mut browser = practice.signed_in("alice");
    let old = practice.password("alice");
    browser.get("/password");
    let change = |browser: &mut Browser, old: &str, new: &str, again: &str| {
        browser.post("/password", &[("old", old), ("new", new), ("again", again)]);
        browser.told()
    };
    assert_eq!(
        change(&mut browser, &old, "Practice-1", "Practice-2"),
        "The two new passwords are not the same."
    );
    assert_eq!(
        change(&mut browser, "wrong", "Practice-1", "Practice-1"),
        "The old password was incorrect."
    );
    assert!(change(&mut browser, &old, "short", "short").contains("Password"));
    let done = change(&mut browser, &old, "Practice-1", "Practice-1");
    assert_eq!(done, "The password is changed, and your other sessions have ended.");
    elsewhere.get("/home");
    assert_eq!(elsewhere.path, "/signin");
    let first = practice.console.first_credentials();
    assert!(
        first
            .users
            .iter()
            .any(|user| user.name == "alice" && user.password.is_none())
    );
    browser.sign_out();
    browser.sign_in_with(&practice, "alice", "Practice-1");
    assert_eq!(browser.path, "/home");
}

#[test]
fn what_a_lost_device_means_is_told_to_everybody() {
    let practice = Practice::start();
    let mut browser = practice.browser();
    assert_eq!(browser.get("/lost-device").status, 200);
    assert!(
        between(&browser.page, "id=\"no-recovery-codes\"", "</p>")
            .unwrap()
            .contains("no recovery codes")
    );
}
