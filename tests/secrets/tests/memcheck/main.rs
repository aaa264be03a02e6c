//! Each operation of `secrets` under memcheck, which may complain only where an exception says why. All that an
//! operation names it must also need: then its secrets were there. What leaks on purpose must be found.

mod exceptions;
mod report;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::process::{Command, Output};

use brasskey_secrets::{LEAKS, OPERATIONS, Operation};
use libtest_mimic::{Arguments, Failed, Trial};

use exceptions::EXCEPTIONS;
use report::{Finding, Frame, findings};

fn main() {
    let operation = |operation: &'static Operation| Trial::test(operation.name, move || holds(operation));
    let leak = |leak: &'static Operation| Trial::test(format!("found: {}", leak.name), move || is_found(leak));
    let trials = OPERATIONS.iter().map(operation).chain(LEAKS.iter().map(leak));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

/// Memcheck's complaints, of an operation that did what it should.
fn watched(operation: &Operation) -> Result<Vec<Finding>, Failed> {
    let ran = Command::new("valgrind")
        .args(["--quiet", "--error-limit=no", "--num-callers=60", "--fullpath-after="])
        .args([env!("CARGO_BIN_EXE_secrets"), operation.name])
        .output();
    let Output { status, stderr, .. } = ran.map_err(|error| match error.kind() {
        ErrorKind::NotFound => "valgrind is missing: install it".into(),
        _ => error.to_string(),
    })?;
    let printed = String::from_utf8_lossy(&stderr);
    if !status.success() {
        return Err(printed.into());
    }
    Ok(findings(&printed))
}

fn holds(operation: &Operation) -> Result<(), Failed> {
    let (mut needed, mut leaks) = (BTreeSet::new(), String::new());
    for finding in watched(operation)? {
        match exception(&finding) {
            Some(name) => {
                needed.insert(name);
            }
            None => describe(&mut leaks, &finding),
        }
    }
    if !leaks.is_empty() {
        return Err(format!("something depends on a secret:\n{leaks}").into());
    }
    let named: BTreeSet<_> = operation.exceptions.iter().copied().collect();
    if named != needed {
        return Err(format!("the operation names the exceptions {named:?}, and needs {needed:?}").into());
    }
    Ok(())
}

/// The name of the exception that says why this is none.
fn exception(finding: &Finding) -> Option<&'static str> {
    let innermost = finding.frames.iter().find(|frame| !frame.is_of_rust_itself());
    let of_the_core = finding.frames.iter().find(|frame| frame.is_of_the_core());
    let places: Vec<_> = innermost
        .into_iter()
        .chain(of_the_core)
        .map(|frame| (frame, frame.text()))
        .collect();
    let covers = |&(path, text): &(&str, &str)| {
        let (part, end) = path.split_once('*').unwrap_or(("", path));
        let is_it = |(frame, line): &(&Frame, String)| {
            frame.path.contains(part) && frame.path.ends_with(end) && line.contains(text)
        };
        places.iter().any(is_it)
    };
    let found = EXCEPTIONS.iter().find(|exception| exception.places.iter().any(covers));
    found.map(|exception| exception.name)
}

fn describe(to: &mut String, finding: &Finding) {
    let _ = writeln!(to, "{}", finding.what);
    let until_main = finding
        .frames
        .iter()
        .take_while(|frame| frame.function != "secrets::main");
    for frame in until_main {
        let Frame { function, path, line } = frame;
        let _ = writeln!(to, "    {function}, {path}:{line}: {}", frame.text());
    }
}

fn is_found(leak: &Operation) -> Result<(), Failed> {
    let found = watched(leak)?;
    let is_there = |frame: &Frame| frame.path.ends_with("/tests/secrets/src/leaks.rs");
    if found.iter().any(|finding| finding.frames.iter().any(is_there)) {
        return Ok(());
    }
    Err("memcheck finds nothing wrong with it".into())
}
