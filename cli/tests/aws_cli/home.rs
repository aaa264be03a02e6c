//! A home with a program in place of the AWS CLI.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::program;

pub(crate) const SERIAL: &str = "arn:aws:iam::123456789012:mfa/work";
/// What STS answers with a session.
pub(crate) const SESSION: &str = r#"echo '{"Credentials": {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "secret",
"SessionToken": "token", "Expiration": "2099-01-01T00:00:00Z"}}'"#;

/// Notes each call, and runs the script `SERVICE-OPERATION` beside it; an operation that has none fails the test.
const PROGRAM: &str = r#"#!/bin/sh
here="${0%/*}"
[ "$1" = --version ] && { cat "$here/version"; exit; }
echo "$*" >> "$here/calls"
script="$here/$1-$2"
[ -e "$script" ] || { echo "unexpected: $*" >&2; exit 255; }
. "$script"
"#;
const IDENTITY: &str = r#"echo '{"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/alice"}'"#;

/// A home with a program `aws` on its PATH, and no terminal.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.path("bin")).unwrap();
        program::write(&home.path("bin/aws"), PROGRAM);
        home.answers("version", "aws-cli/2.33.0 Python/3.13 Linux/6.12");
        home.answers("sts-get-caller-identity", IDENTITY);
        home.answers("iam-list-mfa-devices", r#"echo '{"MFADevices": []}'"#);
        home.answers("iam-list-virtual-mfa-devices", r#"echo '{"VirtualMFADevices": []}'"#);
        home
    }

    /// A home whose soft token has the account of the device.
    pub(crate) fn with_account() -> Self {
        let home = Self::new();
        let output = home.run("oath add --device soft --name work@123456789012 --issuer AWS --secret-fd 0");
        assert!(output.status.success(), "{}", said(&output));
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn answers(&self, name: &str, script: &str) {
        fs::write(self.path("bin").join(name), script).unwrap();
    }

    pub(crate) fn refuses(&self, name: &str, words: &str) {
        self.answers(name, &format!("echo \"{words}\" >&2; exit 254"));
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        self.command_in(&["--wait"], arguments)
    }

    /// In a session of its own, as `flags` of setsid have it.
    pub(crate) fn command_in(&self, flags: &[&str], arguments: &str) -> Command {
        let mut command = Command::new("setsid");
        command
            .args(flags)
            .arg(env!("CARGO_BIN_EXE_brasskey"))
            .args(arguments.split(' '))
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.0.path())
            .env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()))
            .env("PCSCLITE_CSOCK_NAME", self.path("no-pcscd"))
            .env("SHELL", "/bin/bash")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn start(&self, arguments: &str) -> Child {
        let mut child = self.command(arguments).spawn().unwrap();
        // A command that needs none may have ended.
        let _ = child.stdin.take().unwrap().write_all(b"MZXW6YTBOI\n");
        child
    }

    pub(crate) fn run(&self, arguments: &str) -> Output {
        self.start(arguments).wait_with_output().unwrap()
    }

    /// What a command prints that succeeds.
    pub(crate) fn pass(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn json(&self, arguments: &str) -> Value {
        serde_json::from_str(&self.pass(arguments)).unwrap()
    }

    /// The exit code, and what a command says that fails.
    pub(crate) fn fail(&self, arguments: &str) -> (i32, String) {
        let output = self.run(arguments);
        let said = said(&output);
        assert!(said.contains("\nhint: "), "{arguments}: {said}");
        (output.status.code().unwrap(), said)
    }

    /// The operations that were called, which are forgotten then.
    pub(crate) fn operations(&self) -> Vec<String> {
        let calls = self.calls();
        calls
            .iter()
            .filter_map(|call| Some(call.split(' ').nth(1)?.to_owned()))
            .collect()
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        let file = self.path("bin/calls");
        let calls = fs::read_to_string(&file).unwrap_or_default();
        let _ = fs::remove_file(file);
        calls.lines().map(str::to_owned).collect()
    }
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
