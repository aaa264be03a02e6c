//! What is refused before anything is lost, and who is blamed where a run cannot go on.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};

use super::*;

fn succeeds(home: &Path, arguments: &str) {
    let output = brasskey(home, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", stderr(&output));
}

/// A website's sign-in with the passkey that was on the key before.
fn signs_in(home: &Path, device: &str) {
    succeeds(
        home,
        &format!("authenticate --device {device} --registrations first.json"),
    );
}

#[test]
fn a_key_that_no_check_is_for_is_not_erased() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::touched_by(home.path(), "auto");
    let device = &token.device;
    succeeds(
        home.path(),
        &format!("register --device {device} --resident --attestation none --registrations first.json"),
    );
    let of_cards = format!("{} --only iso7816:: --erase --yes", token.flags());
    let output = run(home.path(), &of_cards);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!stderr(&output).contains("as new"), "{}", stderr(&output));
    signs_in(home.path(), device);

    // Nobody unplugs it.
    let output = run(
        home.path(),
        &format!("--device {device} --only power_cuts:: --erase --yes"),
    );
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(
        !said.contains("as new") && !said.contains("what a check left"),
        "{said}"
    );
    signs_in(home.path(), device);
}

#[test]
fn a_key_that_nobody_can_reset_is_not_erased() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::touched_by(home.path(), "auto");
    let output = run(
        home.path(),
        &format!("--device {} --only get_info:: --erase --yes", token.device),
    );
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("--replug-command"), "{}", stderr(&output));
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_the_run() {
    let home = tempfile::tempdir().unwrap();
    for flags in ["--html nowhere/x.html", "--junit .", "--html nowhere/x.html --json"] {
        let output = run(home.path(), &format!("--device soft --only ctaphid:: {flags}"));
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(!stderr(&output).contains("checks"), "{}", stderr(&output));
    }
    let output = run(home.path(), "--device unix:nowhere --html page.html");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(!home.path().join("page.html").exists(), "a run that never began");
    // A link to where the page is to be stays.
    std::os::unix::fs::symlink("later.html", home.path().join("link.html")).unwrap();
    run(home.path(), "--device unix:nowhere --html link.html");
    assert!(home.path().join("link.html").is_symlink());
}

#[test]
fn a_report_is_printed_in_place_of_the_summary() {
    let home = tempfile::tempdir().unwrap();
    let output = run(
        home.path(),
        "--device soft --only ctaphid:: --html - --junit report.xml",
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>"));
    assert!(home.path().join("report.xml").exists());
    for both in ["--html - --junit -", "--html - --json"] {
        let output = run(home.path(), &format!("--device soft {both}"));
        assert_eq!(output.status.code(), Some(2), "{both}: {}", stderr(&output));
    }
}

#[test]
fn what_would_be_ignored_is_refused() {
    let home = tempfile::tempdir().unwrap();
    for (flags, word) in [
        ("--device soft --only get_info:: no_such_check", "no_such_check"),
        ("--device soft --list --html x.html", "--html"),
        ("--device soft --control 127.0.0.1:1", "soft token in memory"),
    ] {
        let output = run(home.path(), flags);
        assert_eq!(output.status.code(), Some(2), "{flags}: {}", stderr(&output));
        assert!(stderr(&output).contains(word), "{}", stderr(&output));
    }
}

#[test]
fn an_exception_that_is_none_is_told_by_its_line() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("x.toml"), "\"a::b\" = \"c\"\n\n\"a::c\" = 5\n").unwrap();
    let output = run(home.path(), "--device soft --exceptions x.toml");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("x.toml, line 3"), "{}", stderr(&output));
}

/// A control endpoint that answers some requests as the token's own does, and then is gone.
fn endpoint(token: &Token, requests: usize) -> String {
    let theirs = token
        .control
        .strip_prefix("http://")
        .unwrap()
        .trim_end_matches('/')
        .to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let ours = address.clone();
    thread::spawn(move || {
        for host in listener.incoming().take(requests) {
            let (mut host, mut there) = (host.unwrap(), TcpStream::connect(&theirs).unwrap());
            // The whole request comes at once. The token's endpoint wants its own name in it.
            let mut request = [0; 4096];
            let length = host.read(&mut request).unwrap();
            let request = String::from_utf8(request[..length].to_vec()).unwrap();
            there.write_all(request.replace(&ours, &theirs).as_bytes()).unwrap();
            std::io::copy(&mut there, &mut host).unwrap();
        }
    });
    address
}

#[test]
fn a_control_endpoint_that_goes_ends_the_run_and_the_key_is_not_blamed() {
    for requests in [1, 2, 3, 4] {
        let home = tempfile::tempdir().unwrap();
        // A button that nobody releases stays pressed.
        let token = Token::start(home.path());
        let control = endpoint(&token, requests);
        let flags = format!(
            "--device {} --control {control} --control-token-file secret --only selection:: get_assertion:: --json",
            token.device
        );
        let output = run(home.path(), &flags);
        assert_eq!(output.status.code(), Some(1), "{requests}: {}", stderr(&output));
        assert!(
            stderr(&output).contains("control endpoint failed"),
            "{}",
            stderr(&output)
        );
        let report = json(&output);
        assert_eq!(report["summary"]["fail"], 0, "{report:#}");
    }
}

#[test]
fn a_control_endpoint_that_refuses_is_told_from_one_that_is_not_there() {
    let home = tempfile::tempdir().unwrap();
    let token = Token::start(home.path());
    fs::write(home.path().join("other"), "wrong").unwrap();
    let with = |control: &str, file: &str| {
        let flags = format!(
            "--device {} --control {control} --control-token-file {file}",
            token.device
        );
        let output = run(home.path(), &flags);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        stderr(&output).to_owned()
    };
    let said = with(&token.control, "other");
    assert!(
        said.contains("refuses") && said.contains("--control-token-file"),
        "{said}"
    );
    let said = with("127.0.0.1:9", "secret");
    assert!(
        said.contains("does not answer") && said.contains("token --control"),
        "{said}"
    );
}
