//! Assigning, resynchronising and removing devices.

use brasskey::client::ceremony::Protocol;

use super::browser::{Practice, between, named};
use super::passkey::{assign_key, register, soft_key};

const ASSIGN: &str = "/security-credentials/assign";

#[test]
fn an_app_is_assigned_with_two_consecutive_codes() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    assert!(browser.page.contains("id=\"no-mfa\""));
    browser.get(ASSIGN);
    browser.post(ASSIGN, &[("name", "phone"), ("kind", "app")]);
    assert!(browser.page.contains("src=\"data:image/png;base64,"));
    let secret = between(&browser.page, "id=\"secret-key\">", "<").unwrap();
    assert_eq!(secret.len(), 64, "{secret}");
    let app = "/security-credentials/assign/app";
    browser.post(app, &[("code1", "000000"), ("code2", "111111")]);
    assert!(
        browser
            .told()
            .starts_with("Authentication code for device is not valid."),
        "{}",
        browser.told()
    );
    assert!(browser.page.contains(&secret), "the same QR code, once more");
    let serial = format!("arn:aws:iam::{:012}:mfa/phone", practice.console.account_number());
    // As some apps show them.
    let spaced = |code: String| format!(" {} {} ", &code[..3], &code[3..]);
    let codes = [spaced(practice.code(&serial, -30)), spaced(practice.code(&serial, 0))];
    browser.post(app, &[("code1", &codes[0]), ("code2", &codes[1])]);
    assert_eq!(browser.path, "/security-credentials");
    assert!(
        browser
            .told()
            .contains("MFA device phone assigned. This session was signed in before")
    );
    assert!(browser.page.contains("data-kind=\"virtual\""));
    assert!(browser.page.contains("id=\"only-one\""));
    assert!(
        !browser.page.contains(&secret),
        "the secret is shown while it is set up, and never again"
    );
}

#[test]
fn an_app_that_is_given_up_leaves_nothing_behind() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    let count = || {
        practice
            .console
            .with_account(|account| account.virtual_devices().count())
            .unwrap()
    };
    let begin = |browser: &mut super::browser::Browser, name| {
        browser.get(ASSIGN);
        browser.post(ASSIGN, &[("name", name), ("kind", "app")]);
    };
    begin(&mut browser, "phone");
    assert_eq!(count(), 1);
    browser.post("/security-credentials/assign/cancel", &[]);
    assert_eq!((browser.path.as_str(), count()), ("/security-credentials", 0));
    // Nor does one that another begins in its place.
    begin(&mut browser, "phone");
    begin(&mut browser, "tablet");
    assert_eq!(count(), 1);
    browser.get("/security-credentials/assign/app");
    assert!(browser.page.contains("tablet"));
}

#[test]
fn a_hardware_token_is_assigned_by_its_serial_number() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    browser.get("/tokens");
    let (serial, first) = (browser.attribute("data-serial"), browser.attribute("data-code"));
    practice.pass(30);
    browser.get("/tokens");
    let second = browser.attribute("data-code");
    let token = "/security-credentials/assign/token";
    browser.get(ASSIGN);
    browser.post(ASSIGN, &[("name", "token"), ("kind", "token")]);
    browser.post(
        token,
        &[("serial", "GAHT00000000"), ("code1", &first), ("code2", &second)],
    );
    assert_eq!(browser.path, token);
    assert!(browser.page.contains("role=\"alert\""));
    browser.post(token, &[("serial", &serial), ("code1", &first), ("code2", &second)]);
    assert!(browser.page.contains("data-kind=\"hardware\""), "{}", browser.page);
    // Whoever has it reads its code also during the sign-in.
    browser.sign_out();
    practice.pass(60);
    browser.sign_in(&practice, "alice");
    browser.get("/tokens");
    let code = browser.attribute("data-code");
    browser.get("/signin/mfa");
    browser.post("/signin/mfa/code", &[("code", &code)]);
    assert_eq!(browser.path, "/home");
}

#[test]
fn names_are_those_that_iam_takes() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    browser.get(ASSIGN);
    for name in [
        "",
        "my key",
        "<script>alert(1)</script>",
        "schlüssel",
        "a\r\nb",
        &"a".repeat(129),
    ] {
        browser.post(ASSIGN, &[("name", name), ("kind", "app")]);
        assert!(
            browser.told().starts_with("AWS does not accept this name"),
            "{name}: {}",
            browser.told()
        );
        assert!(!browser.page.contains("alert(1)"));
    }
    browser.post(ASSIGN, &[("name", "key"), ("kind", "pigeon")]);
    assert_eq!(browser.told(), "Choose a kind of device.");
}

#[test]
fn a_user_has_eight_devices_of_any_kind_and_no_more() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    let (mut first, mut key) = (soft_key(), soft_key());
    assign_key(&mut browser, &mut first, "key-0", Protocol::Ctap2);
    for number in 1..8 {
        practice.assign_app(&mut browser, "alice", &format!("app-{number}"));
    }
    assert!(browser.page.contains("id=\"device-limit\""));
    assert!(!browser.page.contains("id=\"assign-mfa-device\""));
    browser.get(ASSIGN);
    browser.post(ASSIGN, &[("name", "ninth"), ("kind", "key")]);
    assert!(
        browser.told().contains("Cannot exceed quota for MFADevicesPerUser: 8"),
        "{}",
        browser.told()
    );
    // One was removed, the page for another was opened, and meanwhile the place was taken elsewhere.
    browser.get("/security-credentials");
    let serial = practice.serial("alice", "app-7");
    browser.post("/security-credentials/remove", &[("serial", &serial)]);
    browser.get(ASSIGN);
    browser.post(ASSIGN, &[("name", "ninth"), ("kind", "key")]);
    let answer = register(&browser, &mut key, Protocol::Ctap2).unwrap();
    let mut elsewhere = practice.browser();
    elsewhere.sign_in(&practice, "alice");
    assert_eq!(elsewhere.path, "/signin/mfa/way");
    practice
        .console
        .with_account(|account| {
            let device = account.create_virtual_device(&"app-8".parse().unwrap()).unwrap();
            let now = time::OffsetDateTime::from_unix_timestamp(practice.now()).unwrap();
            let totp = account.device(&device.serial).unwrap().totp().unwrap().clone();
            let codes = [practice.now(), practice.now() + 30].map(|at| totp.code(at));
            account.enable_device(&named("alice"), &device.serial, &codes[0], &codes[1], now)
        })
        .unwrap()
        .unwrap();
    browser.post(
        "/security-credentials/assign/key",
        &[("answer", &answer), ("error", "")],
    );
    assert!(browser.page.contains("id=\"error\""), "{}", browser.page);
}

#[test]
fn a_key_is_assigned_once_to_a_user() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    let mut key = soft_key();
    assign_key(&mut browser, &mut key, "key", Protocol::Ctap2);
    // A browser finds it out: the options name it.
    browser.get(ASSIGN);
    browser.post(ASSIGN, &[("name", "again"), ("kind", "key")]);
    assert!(register(&browser, &mut key, Protocol::Ctap2).is_err());
    browser.post(
        "/security-credentials/assign/key",
        &[("answer", ""), ("error", "InvalidStateError")],
    );
    assert!(
        browser
            .told()
            .starts_with("This security key is assigned to this user already.")
    );
    // Another one of the same name is the account's to refuse.
    browser.get(ASSIGN);
    browser.post(ASSIGN, &[("name", "key"), ("kind", "key")]);
    let answer = register(&browser, &mut soft_key(), Protocol::Ctap2).unwrap();
    browser.post(
        "/security-credentials/assign/key",
        &[("answer", &answer), ("error", "")],
    );
    assert_eq!(
        browser.told(),
        "MFADevice entity at the same path and name already exists."
    );
}

#[test]
fn a_device_is_resynchronised_and_removed() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    let serial = practice.assign_app(&mut browser, "alice", "phone");
    let query = form_query(&serial);
    browser.get(&format!("/security-credentials/resync?{query}"));
    let resync = "/security-credentials/resync";
    browser.post(resync, &[("serial", &serial), ("code1", "000000"), ("code2", "000000")]);
    assert!(
        browser
            .told()
            .starts_with("Authentication code for device is not valid.")
    );
    // The device is ten minutes ahead.
    let codes = [practice.code(&serial, 600), practice.code(&serial, 630)];
    browser.post(
        resync,
        &[("serial", &serial), ("code1", &codes[0]), ("code2", &codes[1])],
    );
    assert_eq!(browser.told(), "phone is in sync again.");
    let reply = browser.get(&format!("/security-credentials/remove?{query}"));
    assert_eq!(reply.status, 200);
    assert!(browser.page.contains("id=\"last-device\""));
    browser.post("/security-credentials/remove", &[("serial", &serial)]);
    assert_eq!(browser.told(), "phone is removed.");
    assert!(browser.page.contains("id=\"no-devices\""));
    let left = practice
        .console
        .with_account(|account| account.virtual_devices().count());
    assert_eq!(left.unwrap(), 0, "it is deleted, too");
    assert_eq!(
        browser.get(&format!("/security-credentials/remove?{query}")).status,
        404
    );
}

#[test]
fn an_administrator_helps_and_others_do_not() {
    let practice = Practice::start();
    let mut alice = practice.signed_in("alice");
    let serial = practice.assign_app(&mut alice, "alice", "phone");
    let query = form_query(&serial);
    for path in ["/users", "/users/admin", &format!("/users/admin/remove?{query}")] {
        let reply = alice.get(path);
        assert_eq!(reply.status, 403, "{path}");
        assert!(
            reply.body.contains("is not authorized to perform: iam:"),
            "{}",
            reply.body
        );
    }
    let mut admin = practice.signed_in("admin");
    admin.get("/users");
    assert!(admin.page.contains("data-user=\"alice\""));
    admin.get("/users/alice");
    assert!(admin.page.contains(&serial));
    assert_eq!(admin.get("/users/nobody").status, 404);
    admin.get(&format!("/users/alice/remove?{query}"));
    // The form of the wrong user changes nothing.
    assert_eq!(admin.send("/users/admin/remove", &[("serial", &serial)]).status, 404);
    admin.post("/users/alice/remove", &[("serial", &serial)]);
    assert_eq!(
        admin.told(),
        "phone of alice is removed. Have alice assign another device at once."
    );
    // Nobody else's form reaches it either.
    alice.get("/security-credentials");
    let serial = practice.assign_app(&mut admin, "admin", "admins");
    assert_eq!(
        alice
            .send("/security-credentials/remove", &[("serial", &serial)])
            .status,
        404
    );
    assert_eq!(alice.send("/users/admin/remove", &[("serial", &serial)]).status, 403);
    assert_eq!(practice.serial("admin", "admins"), serial);
}

fn form_query(serial: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("serial", serial).finish()
}
