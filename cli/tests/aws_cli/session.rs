//! Sessions.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Stdio;

use nix::pty::{Winsize, openpty};
use serde_json::Value;

use crate::home::{Home, SERIAL, SESSION, said};

#[test]
fn a_session_is_printed_kept_and_forgotten() {
    let home = Home::with_account();
    home.answers("sts-get-session-token", SESSION);
    let session = format!("aws session --serial {SERIAL} --device soft --touch auto");
    let json = home.json(&session);
    assert_eq!(
        (&json["Version"], &json["AccessKeyId"]),
        (&Value::from(1), &Value::from("ASIAEXAMPLE"))
    );
    let calls = home.calls();
    assert!(
        calls[0].contains(&format!("--serial-number {SERIAL} --token-code ")),
        "{calls:?}"
    );
    // The second comes from the file.
    assert_eq!(home.json(&session), json);
    assert_eq!(home.calls(), Vec::<String>::new());
    let exports = home.pass(&format!("{session} --env --region eu-west-1"));
    assert!(
        exports.contains("export AWS_SESSION_TOKEN='token'\n") && exports.contains("'eu-west-1'"),
        "{exports}"
    );
    assert_eq!(
        home.json(&format!("aws session --forget --serial {SERIAL} --json"))["forgotten"],
        1
    );
    assert_eq!(home.json("aws session --forget --json")["forgotten"], 0);
}

#[test]
fn one_touch_serves_all_who_wait_for_it() {
    let home = Home::with_account();
    home.answers("sts-assume-role", SESSION);
    let session = format!(
        "aws session --serial {SERIAL} --role arn:aws:iam::123456789012:role/x --external-id id --duration 900 \
         --device soft --touch auto"
    )
    .replace("         ", "");
    let children: Vec<_> = (0..5).map(|_| home.start(&session)).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    let calls = home.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(
        calls[0].starts_with(
            "sts assume-role --role-arn arn:aws:iam::123456789012:role/x --role-session-name brasskey --external-id id \
             --duration-seconds 900 --serial-number"
        ),
        "{calls:?}"
    );
}

#[test]
fn a_command_has_the_credentials_and_its_exit_code_is_ours() {
    let home = Home::with_account();
    home.answers("sts-get-session-token", SESSION);
    home.answers("configure-get", "[ $3 = region ] && echo eu-north-1");
    let mut command = home.command(&format!("aws session --serial {SERIAL} --device soft --touch auto --"));
    command.args(["sh", "-c", "echo $AWS_ACCESS_KEY_ID $AWS_REGION $AWS_PROFILE; exit 42"]);
    let output = command.env("AWS_PROFILE", "work").output().unwrap();
    assert_eq!(output.status.code(), Some(42), "{}", said(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ASIAEXAMPLE eu-north-1\n");
    assert!(home.calls()[0].contains("--profile work"));
    home.answers("configure-get", "[ $3 = endpoint_url ] && echo http://127.0.0.1:8222");
    let session = format!("aws session --serial {SERIAL} --device soft --touch auto");
    let exported = home.pass(&format!("{session} --env"));
    assert!(
        exported.contains("export AWS_ENDPOINT_URL='http://127.0.0.1:8222'\n"),
        "{exported}"
    );
    let mut command = home.command(&format!("{session} --"));
    command.args(["sh", "-c", "echo $AWS_ENDPOINT_URL"]);
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "http://127.0.0.1:8222\n");
    home.answers(
        "configure-get",
        "case $3 in endpoint_url) echo http://127.0.0.1:1;; ignore_*) echo TRUE;; *) false;; esac",
    );
    let exported = home.pass(&format!("{session} --env"));
    assert!(
        exported.contains("export AWS_IGNORE_CONFIGURED_ENDPOINT_URLS='true'\n") && !exported.contains("ENDPOINT_URL="),
        "{exported}"
    );
    let (code, said) = home.fail(&format!(
        "aws session --serial {SERIAL} --device soft --touch auto -- /no/program"
    ));
    assert!(code == 1 && said.contains("cannot run /no/program"), "{said}");
}

#[test]
fn what_cannot_be_a_session_is_refused_before_a_touch() {
    let home = Home::new();
    let (code, said) = home.fail("aws session --serial arn:aws:iam::123456789012:u2f/user/alice/k-ABC");
    assert!(code == 2 && said.contains("aws login"), "{said}");
    let (code, said) = home.fail(&format!("aws session --serial {SERIAL} --duration 60"));
    assert!(code == 2 && said.contains("900"), "{said}");
    let (code, said) = home.fail(&format!(
        "aws session --serial {SERIAL} --role arn:aws:iam::1:role/x --duration 50000"
    ));
    assert!(code == 2 && said.contains("43200"), "{said}");
    let (code, said) = home.fail("aws session --serial GAHT12345678");
    assert!(code == 2 && said.contains("--name"), "{said}");
    let (code, said) = home.fail("aws session");
    assert!(code == 2 && said.contains("--serial"), "{said}");
    assert_eq!(home.calls(), Vec::<String>::new());
}

#[test]
fn a_profile_that_is_its_own_source_is_an_error() {
    let home = Home::with_account();
    let session = format!("aws session --serial {SERIAL} --device soft --touch auto");
    // The profile of the AWS CLI that runs here gets its credentials from this command.
    home.answers(
        "sts-get-session-token",
        &format!(
            "{} {session} 2>&1 >/dev/null | sed '1s/^/Error when retrieving credentials from \
                  custom-process: /' >&2; exit 255",
            env!("CARGO_BIN_EXE_brasskey")
        ),
    );
    let (code, said) = home.fail(&session);
    assert!(code == 7 && said.contains("goes in a circle"), "{said}");
    assert_eq!(home.operations(), ["get-session-token"]);
    let (code, said) = home.fail(&format!("{session} --configure mfa --source-profile mfa"));
    assert!(code == 2 && said.contains("from itself"), "{said}");
}

#[test]
fn a_code_that_somebody_was_shown_is_not_sent_again() {
    let home = Home::with_account();
    let noted = || {
        let files = std::fs::read_dir(home.path(".local/share/brasskey/aws-sessions"));
        let names = files
            .into_iter()
            .flatten()
            .map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".step")).count()
    };
    home.pass("oath code --device soft");
    assert_eq!(noted(), 0, "a list of all is only looked at");
    home.pass("oath code work --device soft");
    // One for each partition.
    assert_eq!(noted(), 3);
}

#[test]
fn a_profile_is_shown_and_written() {
    let home = Home::new();
    home.answers(
        "configure-get",
        "case \"$3 $5\" in 'region work') echo eu-north-1;; 'endpoint_url work') echo http://[::1]:1;; \
         'services work') echo local;; *) false;; esac",
    );
    home.answers("configure-set", "true");
    let configure = format!("aws session --configure mfa --serial {SERIAL} --duration 3600 --source-profile work");
    let printed = home.pass(&format!("{configure} --dry-run"));
    assert!(
        printed.contains("aws configure set region eu-north-1 --profile mfa"),
        "{printed}"
    );
    assert!(!home.operations().contains(&"set".to_owned()));
    let json = home.json(&format!("{configure} --yes --json"));
    let process = json["credentialProcess"].as_str().unwrap();
    let expected = format!("/brasskey aws session --serial {SERIAL} --duration 3600 --source-profile work");
    assert!(process.ends_with(&expected), "{process}");
    let set: Vec<_> = home
        .calls()
        .into_iter()
        .filter(|call| call.starts_with("configure set"))
        .collect();
    assert_eq!(set.len(), 4);
    assert_eq!(set[2], "configure set endpoint_url http://[::1]:1 --profile mfa");
    assert_eq!(
        set[0],
        format!("configure set credential_process {process} --profile mfa")
    );
    assert_eq!(set[3], "configure set services local --profile mfa");
    // Endpoints that are ignored there are not used here.
    home.answers(
        "configure-get",
        "case \"$3 $5\" in 'endpoint_url work') echo http://[::1]:1;; \
         'ignore_configured_endpoint_urls work') echo true;; *) false;; esac",
    );
    let printed = home.pass(&format!("{configure} --dry-run"));
    assert!(
        printed.contains("set ignore_configured_endpoint_urls true --profile mfa")
            && !printed.contains("endpoint_url http"),
        "{printed}"
    );
    home.answers("configure-get", "echo AKIAEXAMPLE");
    let (code, said) = home.fail(&format!("{configure} --yes"));
    assert!(code == 2 && said.contains("access key of its own"), "{said}");
}

#[test]
fn a_code_that_aws_refuses_is_said_in_plain_words() {
    let home = Home::with_account();
    home.refuses(
        "sts-get-session-token",
        "An error occurred (AccessDenied) when calling the GetSessionToken operation: MultiFactorAuthentication failed \
         with invalid MFA one time pass code. ",
    );
    let (code, said) = home.fail(&format!("aws session --serial {SERIAL} --device soft --touch auto"));
    assert!(
        code == 7 && said.contains("good once") && said.contains("brasskey aws resync"),
        "{said}"
    );
}

#[test]
fn a_touch_is_asked_for_on_the_terminal_while_stdout_and_stderr_are_taken() {
    let home = Home::new();
    home.pass("oath add --device soft --name work@123456789012 --issuer AWS --require-touch --secret-fd 0");
    home.answers("sts-get-session-token", SESSION);
    let size = Winsize {
        ws_row: 40,
        ws_col: 500,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(&size, None).unwrap();
    let session = format!("aws session --serial {SERIAL} --source-profile work --device soft");
    let child = home
        .command_in(&["--ctty", "--wait"], &session)
        .stdin(Stdio::from(pty.slave))
        .spawn()
        .unwrap();
    let mut terminal = File::from(pty.master);
    let (mut shown, mut bytes) = (String::new(), [0; 1024]);
    while !shown.contains("n = refuse]") {
        let length = terminal.read(&mut bytes).unwrap();
        shown.push_str(&String::from_utf8_lossy(&bytes[..length]));
    }
    assert!(
        shown.contains("touch the security key for a code of AWS:work@123456789012, for the profile work"),
        "{shown}"
    );
    terminal.write_all(b"\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["Version"], 1);
    assert!(home.calls()[0].contains("--profile work"));
}
