//! PINs, passkeys, large blobs, settings, policies and resets, as a script meets them: one process after the other,
//! with the soft token in a file.
#![cfg(unix)]

mod passkeys;
mod pins;
mod settings;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A home with a soft token that has the PIN in `PIN`.
struct Home(TempDir);

const PIN: &str = "2468";

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With a token that knows nothing but a registration of somebody else.
    fn with_token() -> Self {
        let home = Self::new();
        home.pass("register --user nobody");
        home
    }

    fn with_pin() -> Self {
        let home = Self::new();
        home.pass("pin set --new-pin-env PIN");
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_brasskey"));
        command
            .args(arguments.split(' '))
            .args(["--touch", "auto", "--state", "state", "--json"])
            .current_dir(self.path())
            .env("HOME", self.path())
            .env("PIN", PIN)
            .env("WRONG", "1357")
            .env_remove("XDG_DATA_HOME")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The result of a command that succeeds.
    fn pass(&self, arguments: &str) -> Value {
        let output = self.run(arguments);
        let said = str::from_utf8(&output.stderr).unwrap();
        assert!(output.status.success(), "{arguments}: {said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The exit code and the error of a command that fails.
    fn fail(&self, arguments: &str) -> (i32, Value) {
        let output = self.run(arguments);
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        let code = output.status.code().unwrap();
        assert_eq!(value["error"]["exitCode"], code, "{arguments}");
        (code, value["error"].clone())
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// Registers a passkey, and returns its ID in hexadecimal.
    fn passkey(&self, flags: &str) -> String {
        self.pass(&format!("register --resident --pin-env PIN{flags}"));
        let listed = self.pass("credentials list --pin-env PIN");
        let credential = &listed["relyingParties"][0]["credentials"][0];
        credential["id"].as_str().unwrap().to_owned()
    }
}
