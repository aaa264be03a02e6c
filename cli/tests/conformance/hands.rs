//! Who touches the key: commands, nobody, and other programs beside.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::*;

/// A script in the home.
fn script(home: &Path, name: &str, text: &str) {
    program::write(&home.join(name), &format!("#!/bin/bash\n{text}\n"));
}

/// What asks the control endpoint for an action, without a program that not every computer has.
fn post(token: &Token, home: &Path, path: &str, action: &str) -> String {
    let place = token.control.strip_prefix("http://").unwrap().trim_end_matches('/');
    let (host, port) = place.rsplit_once(':').unwrap();
    let secret = fs::read_to_string(home.join("secret")).unwrap();
    let body = format!(r#"{{"action":"{action}"}}"#);
    let head = format!(
        "POST {path} HTTP/1.0\\r\\nHost: {place}\\r\\nAuthorization: Bearer {}\\r\\nConnection: close\\r\\n\
         Content-Type: application/json\\r\\nContent-Length: {}\\r\\n\\r\\n",
        secret.trim(),
        body.len()
    );
    format!("exec 3<>/dev/tcp/{host}/{port}; printf '{head}{body}' >&3; head -n 1 <&3 | grep -q ' 200 '")
}

/// A relay for this token: a command that touches it, and one that unplugs it.
fn relay(token: &Token, home: &Path) {
    script(home, "touch.sh", &post(token, home, "/v1/button", "pulse"));
    script(home, "replug.sh", &post(token, home, "/v1/power", "cycle"));
}

fn with_outcome<'a>(report: &'a Value, outcome: &str) -> Vec<&'a Value> {
    let checks = report["checks"].as_array().unwrap_or_else(|| panic!("{report}"));
    checks.iter().filter(|check| check["outcome"] == outcome).collect()
}

#[test]
fn a_command_touches_a_key_of_u2f_that_is_asked_meanwhile() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::start(home.path());
    relay(&token, home.path());
    let flags = format!("--device {} --touch-command ./touch.sh --json", token.device);
    let output = run(home.path(), &format!("{flags} --only u2f:: selection::"));
    let report = json(&output);
    assert_eq!(output.status.code(), Some(0), "{}\n{report:#}", stderr(&output));
    assert!(with_outcome(&report, "pass").len() > 15, "{report:#}");

    // Longer than a key waits for a host that does not ask again.
    script(home.path(), "slow.sh", "sleep 2; exec ./touch.sh");
    let flags = format!("--device {} --touch-command ./slow.sh --json", token.device);
    let output = run(home.path(), &format!("{flags} --only u2f::a_touch_is_good_for_one"));
    let report = json(&output);
    assert_eq!(output.status.code(), Some(0), "{}\n{report:#}", stderr(&output));
}

#[test]
fn a_command_cannot_keep_its_finger_on_the_key_and_nothing_panics() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::start(home.path());
    relay(&token, home.path());
    let flags = format!(
        "--device {} --touch-command ./touch.sh --replug-command ./replug.sh",
        token.device
    );
    let output = run(home.path(), &format!("{flags} --erase --yes --only config:: --json"));
    let report = json(&output);
    assert_eq!(output.status.code(), Some(0), "{}\n{report:#}", stderr(&output));
    let long = check(&report, "config::a_long_touch_is_asked_for_when_turned_on");
    assert_eq!(long["outcome"], "notTried");
    assert!(long["message"].as_str().unwrap().contains("finger"), "{long:#}");
    assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    assert!(with_outcome(&report, "pass").len() > 5, "{report:#}");
}

#[test]
fn a_control_endpoint_is_an_address_of_this_computer_or_a_path() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::start(home.path());
    let control = |place: &str| {
        let flags = "--control-token-file secret --only selection:: --json";
        run(
            home.path(),
            &format!("--device {} --control {place} {flags}", token.device),
        )
    };
    for (place, said) in [
        (
            "localhost",
            "--control localhost is no control endpoint: it has no port\nhint: ",
        ),
        ("http://127.0.0.1:99999/", "its port is not a number"),
        ("http://192.0.2.1:80", "must be on this computer"),
    ] {
        let output = control(place);
        assert_eq!(output.status.code(), Some(2), "{place}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{place}: {}", stderr(&output));
    }
    let output = control(&token.control.replace("127.0.0.1", "localhost"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn a_command_that_fails_ends_the_run_and_is_named() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::start(home.path());
    for command in ["false", "./no-such-command"] {
        let flags = format!(
            "--device {} --touch-command {command} --only selection:: --json",
            token.device
        );
        let output = run(home.path(), &flags);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let named = format!("the command `{command}` failed");
        assert!(stderr(&output).contains(&named), "{}", stderr(&output));
        let report = json(&output);
        assert!(with_outcome(&report, "fail").is_empty(), "{report:#}");
        assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    }
}

#[test]
fn a_key_that_goes_away_has_failed_no_check() {
    let home = tempfile::tempdir().unwrap();
    // The end of a connection tells at once that the key is gone.
    let token = Token::with(home.path(), "--unix key --touch control");
    script(home.path(), "touch.sh", &format!("kill -9 {}", token.child.id()));
    let flags = format!(
        "--device {} --touch-command ./touch.sh --only selection:: --json",
        token.device
    );
    let output = run(home.path(), &flags);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    let said = "is gone since the check selection::a_touch_selects_the_key";
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
    let report = json(&output);
    assert!(with_outcome(&report, "fail").is_empty(), "{report:#}");
    assert_eq!(report["interrupted"], true);
}

#[test]
fn a_run_that_tries_nothing_does_not_pass_and_says_why() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::start(home.path());
    let output = run(home.path(), &format!("--device {} --only reset", token.device));
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("not one of the checks"), "{}", stderr(&output));
    let shown = String::from_utf8(output.stdout).unwrap();
    let (_, reasons) = shown.split_once("not tried, and why:\n").unwrap();
    assert!(reasons.contains("  it changes the key: --erase\n"), "{reasons}");
    // What is only for other keys is not missed.
    let output = run(home.path(), &format!("--device {} --only built_in_uv", token.device));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

/// The first PING is answered as if another program had the key.
fn be_busy_once(report: &mut [u8]) {
    static PINGS: AtomicUsize = AtomicUsize::new(0);
    if report[4] == 0x81 && PINGS.fetch_add(1, Ordering::Relaxed) == 0 {
        report[4..8].copy_from_slice(&[0xBF, 0, 1, 0x06]);
        report[8..].fill(0);
    }
}

#[test]
fn a_check_is_repeated_where_another_program_used_the_key() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::start(home.path());
    let device = changed(&token.device, be_busy_once);
    let output = run(home.path(), &format!("--device {device} --only ctaphid::ping --json"));
    assert_eq!(output.status.code(), Some(0), "{}", json(&output));
    assert!(!with_outcome(&json(&output), "pass").is_empty());
}

/// The first interrupt makes the key as new, for which somebody has to touch it. The second one waits for nobody.
#[test]
fn a_second_interrupt_ends_the_run_at_once_and_says_what_stays_on_the_key() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::start(home.path());
    relay(&token, home.path());
    // Only the reset before the check is touched for.
    script(
        home.path(),
        "once.sh",
        "mkdir touched 2>/dev/null && exec ./touch.sh; echo asked >&2; exec sleep 120",
    );
    let arguments = format!(
        "conformance --device {} --touch-command ./once.sh --replug-command ./replug.sh --erase --yes --only \
         user_verification::a_plain_credential_needs_no_pin",
        token.device
    );
    let mut child = brasskey(home.path(), &arguments)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let process = Pid::from_raw(child.id().try_into().unwrap());
    let (mut said, mut errors) = (String::new(), BufReader::new(child.stderr.take().unwrap()));
    let mut interrupt_after = |line: &str| {
        let begin = said.len();
        while !said[begin..].ends_with(line) {
            assert_ne!(errors.read_line(&mut said).unwrap(), 0, "{said}");
        }
        kill(process, Signal::SIGINT).unwrap();
    };
    interrupt_after("asked\n");
    interrupt_after("making the key as new\nasked\n");
    let begun = Instant::now();
    // It ends with the last program that can write there: the command that touches is ended, too.
    errors.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{said}");
    let left = format!(
        "the PIN 1234, which may be blocked: `brasskey reset --device {}`",
        token.device
    );
    assert!(said.contains(&left), "{said}");
    let status = brasskey(home.path(), &format!("pin status --device {} --json", token.device)).output();
    assert_eq!(json(&status.unwrap())["isSet"], true, "{said}");
}
