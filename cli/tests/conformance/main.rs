//! `brasskey conformance` as its user meets it.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
mod hands;
#[path = "../common/program.rs"]
mod program;
mod refusals;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, ChildStdout, Output, Stdio};
use std::thread;

use serde_json::Value;

use common::{brasskey, stderr};

fn run(home: &Path, arguments: &str) -> Output {
    brasskey(home, &format!("conformance {arguments}")).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

/// A soft token on UDP, with a control endpoint.
struct Token {
    child: Child,
    /// Open, so that the token can go on writing.
    _stdout: BufReader<ChildStdout>,
    device: String,
    control: String,
}

impl Token {
    fn start(home: &Path) -> Self {
        Self::touched_by(home, "control")
    }

    fn touched_by(home: &Path, touch: &str) -> Self {
        Self::with(home, &format!("--udp 127.0.0.1:0 --touch {touch}"))
    }

    fn with(home: &Path, flags: &str) -> Self {
        let arguments = &format!(
            "token {flags} --control 127.0.0.1:0 --control-token-file secret --json \
             --ephemeral"
        );
        let arguments: Vec<_> = arguments.split_whitespace().collect();
        let mut child = brasskey(home, &arguments.join(" "))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        Self {
            child,
            _stdout: stdout,
            device: ready["device"].as_str().unwrap().to_owned(),
            control: ready["control"].as_str().unwrap().to_owned(),
        }
    }

    fn flags(&self) -> String {
        format!(
            "--device {} --control {} --control-token-file secret",
            self.device, self.control
        )
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A key that is our token, but what it says is changed on the way.
fn changed(key: &str, change: fn(&mut [u8])) -> String {
    let key = key.strip_prefix("udp:").unwrap().to_owned();
    let front = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = front.local_addr().unwrap();
    thread::spawn(move || {
        let mut hosts = std::collections::HashMap::new();
        let mut report = [0; 64];
        while let Ok((_, host)) = front.recv_from(&mut report) {
            let back = hosts.entry(host).or_insert_with(|| {
                let back = UdpSocket::bind("127.0.0.1:0").unwrap();
                back.connect(&key).unwrap();
                let (from_key, to_host) = (back.try_clone().unwrap(), front.try_clone().unwrap());
                thread::spawn(move || {
                    let mut report = [0; 64];
                    while from_key.recv(&mut report).is_ok() {
                        change(&mut report);
                        // The host may be gone.
                        let _ = to_host.send_to(&report, host);
                    }
                });
                back
            });
            back.send(&report).unwrap();
        }
    });
    format!("udp:{address}")
}

/// PING answers with another byte, and getInfo names a version with markup in it.
fn break_it(report: &mut [u8]) {
    match report[4] {
        0x81 => report[7] ^= 1,
        0x90 => {
            if let Some(at) = report.windows(6).position(|window| window == b"U2F_V2") {
                report[at..at + 6].copy_from_slice(b"<b>&\x1b[");
            }
        }
        _ => {}
    }
}

fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap_or_else(|| panic!("{report}"));
    let mut checks = checks.iter();
    checks.find(|check| check["name"] == name).unwrap()
}

/// Nothing failed, something passed, and nothing was erased.
fn was_harmless(output: &Output, at_least: u64) -> Value {
    let report = json(output);
    let failed = || {
        let checks = report["checks"].as_array().unwrap().iter();
        checks.filter(|check| check["outcome"] == "fail").collect::<Vec<_>>()
    };
    assert_eq!(output.status.code(), Some(0), "{}: {:?}", stderr(output), failed());
    let passed = report["summary"]["pass"].as_u64().unwrap();
    assert!(passed >= at_least, "{}", report["summary"]);
    assert_eq!((&report["erased"], &report["left"]), (&false.into(), &Value::Null));
    assert!(!stderr(output).contains("as new"), "{}", stderr(output));
    report
}

/// A key that says yes or no by itself is held to what does not depend on that.
#[test]
fn a_key_that_waits_for_nobody_fails_nothing_for_that() {
    for (touch, why) in [("auto", "touches itself"), ("deny", "refuses every touch")] {
        let home = tempfile::tempdir().unwrap();
        let token = Token::touched_by(home.path(), touch);
        let hands = [format!("--device {}", token.device), token.flags()];
        for hands in hands {
            let report = was_harmless(&run(home.path(), &format!("{hands} --json")), 30);
            let check = check(&report, "ctaphid::cancel_ends_a_registration_once");
            assert_eq!(check["outcome"], "notTried");
            assert!(check["message"].as_str().unwrap().contains(why), "{check}");
        }
    }
}

/// What its owner has on a key stays there, whatever becomes of the checks.
#[test]
fn a_key_in_use_keeps_its_passkey_and_fails_nothing() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::touched_by(home.path(), "auto");
    let ask = |arguments: &str| {
        let output = brasskey(home.path(), &format!("{arguments} --device {}", token.device)).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments}: {}", stderr(&output));
    };
    ask("register --resident");
    for which in ["--json", "--json --only ctaphid::"] {
        let output = run(home.path(), &format!("{} {which}", token.flags()));
        was_harmless(&output, 0);
        ask("authenticate");
    }
}

#[test]
fn a_key_with_a_pin_fails_nothing_for_that() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::start(home.path());
    let mut pin = brasskey(
        home.path(),
        &format!("pin set --new-pin-env PIN --device {}", token.device),
    );
    let output = pin.env("PIN", "2468").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = was_harmless(&run(home.path(), &format!("{} --json", token.flags())), 50);
    let check = check(&report, "client_pin::a_fresh_key_has_eight_retries");
    assert_eq!(check["outcome"], "notTried", "{check}");
}

#[test]
fn what_is_safe_runs_without_a_question_and_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::start(home.path());
    let output = run(home.path(), &format!("{} --json", token.flags()));
    let report = json(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        report["summary"]["pass"].as_u64().unwrap() > 50,
        "{}",
        report["summary"]
    );
    assert_eq!((&report["erased"], &report["left"]), (&false.into(), &Value::Null));
    assert_eq!(
        check(&report, "reset::a_key_that_was_reset_works_as_before")["outcome"],
        "notTried"
    );
    let info = brasskey(home.path(), &format!("info --device {} --json", token.device))
        .output()
        .unwrap();
    let info = String::from_utf8(info.stdout).unwrap();
    assert!(info.contains("\"clientPin\": false"), "{info}");
}

#[test]
fn nothing_is_erased_without_consent() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::start(home.path());
    let output = run(home.path(), &format!("{} --erase", token.flags()));
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("add --yes"), "{}", stderr(&output));
    let named = run(home.path(), "--device soft:work --erase --yes");
    assert_eq!(named.status.code(), Some(2));
}

#[test]
fn a_key_that_may_be_erased_is_reset_between_checks_and_left_as_new() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::start(home.path());
    let only = "--only client_pin::*pin reset::everything_of_a_pin get_info";
    let output = run(home.path(), &format!("{} --erase --yes --json {only}", token.flags()));
    let report = json(&output);
    assert_eq!(output.status.code(), Some(0), "{}\n{report:#}", stderr(&output));
    assert!(stderr(&output).contains("the PIN 1234"), "{}", stderr(&output));
    assert_eq!((&report["erased"], &report["left"]), (&true.into(), &Value::Null));
    assert_eq!(
        check(&report, "reset::everything_of_a_pin_is_forgotten")["outcome"],
        "pass"
    );
    let status = brasskey(home.path(), &format!("pin status --device {} --json", token.device))
        .output()
        .unwrap();
    assert_eq!(json(&status)["isSet"], false, "{}", json(&status));
}

#[test]
fn a_key_that_errs_fails_in_every_report_and_a_reason_excepts_it() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::start(home.path());
    let device = changed(&token.device, break_it);
    let flags =
        format!("--device {device} --only ctaphid::ping by_hand::a_get --json --html page.html --junit junit.xml");
    let output = run(home.path(), &flags);
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("where another program may have used the key"),
        "{}",
        stderr(&output)
    );
    let report = json(&output);
    fs::write(home.path().join("broken.json"), &output.stdout).unwrap();
    let failed: Vec<_> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["outcome"] == "fail")
        .collect();
    assert!(!failed.is_empty());
    assert!(!failed[0]["exchange"].as_array().unwrap().is_empty());
    let message = failed[0]["message"].as_str().unwrap();
    assert!(
        message.contains("expected ") && !message.contains(".rs:") && message.chars().count() < 600,
        "{message}"
    );
    assert!(
        failed[0]["place"].as_str().unwrap().contains("conformance/src/"),
        "{}",
        failed[0]
    );
    assert_eq!(report["options"][0], "--only ctaphid::ping by_hand::a_get");
    assert!(report["begun"].as_str().unwrap().ends_with('Z'), "{report}");
    assert_eq!(
        check(&report, "by_hand::a_get_info_report_is_answered")["level"],
        "must"
    );

    let page = fs::read_to_string(home.path().join("page.html")).unwrap();
    assert!(
        page.contains("prefers-color-scheme") && !page.contains("<script") && !page.contains("<b>&"),
        "{page}"
    );
    assert!(
        !page.contains('\u{1b}') && page.contains("&lt;b"),
        "the version is there, escaped"
    );
    let name = failed[0]["name"].as_str().unwrap();
    let shown = name.replace('_', "_<wbr>").replace(':', ":<wbr>");
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    assert!(
        place("What the key does otherwise") < place(&shown) && place(&shown) < place("<h2>Areas"),
        "failures come first"
    );
    assert!(page.contains("--only ctaphid::ping by_hand::a_get"), "{page}");
    let junit = fs::read_to_string(home.path().join("junit.xml")).unwrap();
    assert_eq!(junit.matches("<failure ").count(), failed.len());
    assert!(
        junit.lines().all(|line| line.matches("<testcase ").count() < 2),
        "{junit}"
    );
    assert_eq!(
        junit.matches("<testcase ").count(),
        report["checks"].as_array().unwrap().len()
    );

    let mut exceptions = String::from("\"ctaphid::no_such_check\" = \"gone\"\n");
    for check in &failed {
        exceptions += &format!("{} = \"the echo is <b>meant</b> & right\"\n", check["name"]);
    }
    fs::write(home.path().join("exceptions.toml"), exceptions).unwrap();
    let output = run(
        home.path(),
        &format!("--device {device} --exceptions exceptions.toml --json --html excepted.html"),
    );
    let report = json(&output);
    let page = fs::read_to_string(home.path().join("excepted.html")).unwrap();
    assert!(page.contains("&lt;b&gt;meant&lt;/b&gt; &amp; right"), "{page}");
    assert_eq!(check(&report, name)["outcome"], "excepted");
    assert_eq!(check(&report, name)["exception"], "the echo is <b>meant</b> & right");
    assert_eq!(
        report["unknownExceptions"],
        serde_json::json!(["ctaphid::no_such_check"])
    );
    assert_eq!(report["staleExceptions"], serde_json::json!([]));

    // Another one: on the first one, channels that checks bring belong to the proxy.
    let other = tempfile::tempdir().unwrap();
    let sound = Token::start(other.path());
    let good = run(
        home.path(),
        &format!("--device {} --only ctaphid::ping by_hand::a_get --json", sound.device),
    );
    let unfit = |check: &&Value| check["outcome"] == "fail";
    let unfit: Vec<_> = json(&good)["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(unfit)
        .cloned()
        .collect();
    assert!(unfit.is_empty(), "{unfit:#?}");
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
    fs::write(home.path().join("good.json"), &good.stdout).unwrap();
    assert_eq!(run(home.path(), "diff broken.json good.json").status.code(), Some(0));
    let worse = run(home.path(), "diff good.json broken.json --json");
    assert_eq!(worse.status.code(), Some(6));
    assert_eq!(json(&worse)["worse"], failed.len());
    assert!(stderr(&worse).contains("worse than before"), "{}", stderr(&worse));
    fs::write(home.path().join("other.json"), r#"{"schema": 99}"#).unwrap();
    let other = run(home.path(), "diff good.json other.json");
    assert_eq!(other.status.code(), Some(2));
    assert!(stderr(&other).contains("form 99"), "{}", stderr(&other));
}

#[test]
fn a_key_that_goes_ends_the_run_and_what_it_may_hold_is_said() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::start(home.path());
    let arguments = format!(
        "conformance {} --erase --yes --only client_pin --html page.html",
        token.flags()
    );
    let mut child = brasskey(home.path(), &arguments)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    // The last that is said before the first check.
    while !said.ends_with("checks\n") {
        assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
    }
    drop(token);
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(5), "{said}");
    assert!(said.contains("is gone since the check client_pin::"), "{said}");
    // How far the first check came is a matter of luck.
    let is_told = said.contains("still has what a check left on it") || said.contains("no check has begun");
    assert!(is_told, "{said}");
    let page = fs::read_to_string(home.path().join("page.html")).unwrap();
    assert!(page.contains("The run was ended early") && page.contains("the key is gone"));
}

#[test]
fn what_would_run_is_listed() {
    let home = tempfile::tempdir().unwrap();
    let list = json(&run(home.path(), "--device soft --list --json"));
    let checks = list["checks"].as_array().unwrap();
    assert!(checks.len() > 200);
    assert!(checks.iter().all(|check| check["section"].is_string()));
    let shown = String::from_utf8(run(home.path(), "--device soft --list").stdout).unwrap();
    assert!(
        shown.contains(", 2 touches") && !shown.contains("touchs") && shown.trim_end().ends_with("minutes"),
        "{shown}"
    );
}
