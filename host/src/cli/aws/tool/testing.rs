//! A program in place of the AWS CLI: for tests.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::consent::Consent;
use super::{Aws, AwsArgs, Version, scratch};

/// A directory with the program and its answers. Each call is noted.
pub(in crate::cli) struct FakeAws(TempDir);

/// `SERVICE OPERATION …`: notes itself, and runs the script `SERVICE-OPERATION`; what has none fails.
const PROGRAM: &str = r#"#!/bin/sh
echo "$*" >> "${0%/*}/calls"
script="${0%/*}/$1-$2"
[ -e "$script" ] || { echo "unexpected: $*" >&2; exit 255; }
. "$script"
"#;

impl FakeAws {
    pub(in crate::cli) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [text, program] = ["text", "aws"].map(|name| directory.path().join(name));
        fs::write(&text, PROGRAM).unwrap();
        fs::set_permissions(&text, fs::Permissions::from_mode(0o700)).unwrap();
        // What a test has open for writing, a child of another test may have open, too: then nobody can run it.
        let copied = Command::new("cp").args([&text, &program]).status().unwrap();
        assert!(copied.success());
        Self(directory)
    }

    pub(in crate::cli) fn path(&self) -> &Path {
        self.0.path()
    }

    /// What an operation runs.
    pub(in crate::cli) fn answers(&self, operation: &str, script: &str) {
        fs::write(self.path().join(operation.replace(' ', "-")), script).unwrap();
    }

    /// An operation that AWS refuses, in the CLI's words.
    pub(in crate::cli) fn refuses(&self, operation: &str, code: &str, name: &str) {
        let words = format!("An error occurred ({code}) when calling the {name} operation: no");
        self.answers(operation, &format!("echo '{words}' >&2; exit 254"));
    }

    /// The calls so far, which are forgotten then.
    pub(in crate::cli) fn calls(&self) -> Vec<String> {
        let file = self.path().join("calls");
        let calls = fs::read_to_string(&file).unwrap_or_default();
        let _ = fs::remove_file(file);
        calls.lines().map(str::to_owned).collect()
    }

    pub(in crate::cli) fn aws(&self) -> Aws {
        Aws {
            program: self.path().join("aws"),
            args: AwsArgs::default(),
            version: Version::parse("aws-cli/2.33.0").unwrap(),
            variables: Vec::new(),
            scratch: scratch().unwrap(),
        }
    }
}

/// The consent that tests have.
pub(in crate::cli) fn consent() -> Consent {
    Consent::of_tests()
}
