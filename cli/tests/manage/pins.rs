//! PINs: set, tried, changed, and asked for.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::json;

use super::Home;

#[test]
fn a_pin_is_set_checked_and_changed() {
    let home = Home::with_token();
    assert_eq!(home.pass("pin status")["isSet"], false);
    assert_eq!(home.fail("pin verify --pin-env PIN").0, 5);
    assert_eq!(home.pass("pin set --new-pin-env PIN")["pin"], "set");
    assert_eq!(home.fail("pin set --new-pin-env PIN").0, 2);
    let status = home.pass("pin status");
    assert_eq!((&status["isSet"], &status["retries"]), (&json!(true), &json!(8)));

    let (code, error) = home.fail("pin verify --pin-env WRONG");
    assert_eq!(
        (code, &error["message"]),
        (5, &json!("the PIN is wrong: 7 tries are left"))
    );
    assert_eq!(home.pass("pin status")["retries"], 7);
    assert_eq!(home.pass("pin verify --pin-env PIN")["pin"], "right");
    assert_eq!(home.pass("pin status")["retries"], 8);

    // Both PINs on stdin, a line each, without an end to the last.
    let mut change = home
        .command("pin change --pin-fd 0 --new-pin-fd 0")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    change.stdin.take().unwrap().write_all(b"2468\r\n1357").unwrap();
    assert!(change.wait().unwrap().success());
    assert_eq!(home.pass("pin verify --pin-env WRONG")["pin"], "right");
}

#[test]
fn a_wrong_pin_takes_one_try_whatever_the_command_does() {
    let home = Home::with_pin();
    home.write("policy.toml", "always-uv = true\n\n[pin]\nmin-length = 6\n");
    home.passkey("");
    for arguments in [
        "selftest",
        "pin change --new-pin-env PIN",
        "credentials list",
        "config always-uv on",
        "policy apply policy.toml",
        "authenticate --uv required",
    ] {
        let output = home.run(&format!("{arguments} --pin-env WRONG"));
        let said = str::from_utf8(&output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{arguments}: {said}");
        assert!(said.contains("the PIN is wrong"), "{arguments}: {said}");
        assert_eq!(home.pass("pin status")["retries"], 7, "{arguments}");
        home.pass("pin verify --pin-env PIN");
    }
}

#[test]
fn a_blocked_pin_keeps_nobody_from_what_takes_none() {
    let home = Home::with_pin();
    home.pass("register");
    for _ in 0..8 {
        assert_eq!(home.fail("pin verify --pin-env WRONG").0, 5);
    }
    assert_eq!(home.pass("pin status")["retries"], 0);
    home.pass("authenticate");
    home.pass("register --name other --pin-env PIN --user bob");
    let (code, error) = home.fail("authenticate --uv required --pin-env PIN");
    assert_eq!(code, 5);
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.starts_with("what takes no PIN works as before"), "{hint}");
}

#[test]
fn a_pin_that_cannot_be_is_not_sent() {
    let home = Home::with_pin();
    for (arguments, code) in [
        ("pin verify --pin-env NO_SUCH", 2),
        ("pin verify --pin-fd 0", 2),
        ("pin verify --pin-env PIN --pin-fd 0", 2),
        ("pin verify 2468", 2),
    ] {
        assert_eq!(home.fail(arguments).0, code, "{arguments}");
    }
    let (code, error) = home.fail("pin verify --pin-fd 99");
    assert_eq!((code, &error["message"]), (2, &json!("file descriptor 99 is not open")));
    assert!(error["hint"].as_str().unwrap().contains("a pipe to 99"), "{error}");
    // A stray letter.
    let letter = home.command("pin verify --pin-env N").env("N", "n").output().unwrap();
    assert_eq!(letter.status.code(), Some(2));
    assert_eq!(home.pass("pin status")["retries"], 8);
    let short = home
        .command("pin change --pin-env PIN --new-pin-env SHORT")
        .env("SHORT", "123")
        .output()
        .unwrap();
    assert_eq!(short.status.code(), Some(2));
}

/// A process without a terminal is not left waiting for a PIN.
#[test]
fn nobody_is_asked_where_nobody_is() {
    let home = Home::with_pin();
    let mut alone = Command::new("setsid");
    alone
        .args(["--wait", env!("CARGO_BIN_EXE_brasskey"), "credentials", "list"])
        .args(["--touch", "auto", "--state", "state"])
        .current_dir(home.path())
        .env("HOME", home.path())
        .stdin(Stdio::null());
    let output = alone.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(str::from_utf8(&output.stderr).unwrap().contains("--pin-env"));
}

#[test]
fn a_pin_that_is_too_short_now_must_be_changed() {
    let home = Home::with_pin();
    let raised = home.pass("config min-pin-length 6 --pin-env PIN");
    assert_eq!(
        (&raised["changed"], &raised["pinMustBeChanged"]),
        (&json!(true), &json!(true))
    );
    let (code, error) = home.fail("credentials list --pin-env PIN");
    assert_eq!(
        (code, &error["hint"]),
        (5, &json!("change it with `brasskey pin change`"))
    );
    let change = home
        .command("pin change --pin-env PIN --new-pin-env LONG")
        .env("LONG", "864200")
        .output()
        .unwrap();
    assert!(change.status.success());
    assert_eq!(home.pass("pin status")["mustBeChanged"], false);
}
