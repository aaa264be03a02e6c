//! The files that the user names.

use std::fs::{self, OpenOptions};
use std::path::Path;

use brasskey_conformance::outcome::{Report, SCHEMA};
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::output::Output;

fn failed(what: &str, file: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let what = format!("cannot {what} {}", file.display());
    move |source| Failure::System { what, source }
}

/// Whether a report is printed.
pub(super) fn is_stdout(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// Looks whether the reports can be written, before the run: that may take somebody an hour.
pub(super) fn can_write(reports: [Option<&Path>; 2], output: &Output) -> Result<(), Failure> {
    let (printed, files): (Vec<_>, Vec<_>) = reports.into_iter().flatten().partition(|file| is_stdout(file));
    if printed.len() + usize::from(output.is_json()) > 1 {
        return Err(Failure::usage(
            "two reports would both be printed",
            "give --html or --junit a file",
        ));
    }
    for file in files {
        // A link that leads nowhere yet is the user's.
        let is_new = fs::symlink_metadata(file).is_err();
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(file);
        opened.map_err(failed("write", file))?;
        if is_new {
            fs::remove_file(file).map_err(failed("remove", file))?;
        }
    }
    Ok(())
}

pub(super) fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(failed("write", file))
}

/// Checks and the reasons for which they may fail.
pub(super) fn exceptions(file: &Path) -> Result<Vec<(String, String)>, Failure> {
    let text = fs::read_to_string(file).map_err(failed("read", file))?;
    let table: std::collections::BTreeMap<String, String> = toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(String::new(), |before| {
            format!(", line {}", before.matches('\n').count() + 1)
        });
        Failure::usage(
            format!("{}{line} is no exception: {}", file.display(), error.message()),
            "write lines of \"suite::check\" = \"reason\"",
        )
    })?;
    if let Some((name, _)) = table.iter().find(|(_, reason)| reason.trim().is_empty()) {
        return Err(Failure::usage(
            format!("the exception {name} has no reason"),
            "say why the key may fail this check",
        ));
    }
    Ok(table.into_iter().collect())
}

/// A report that --json wrote.
pub(super) fn report(file: &Path) -> Result<Report, Failure> {
    let text = fs::read_to_string(file).map_err(failed("read", file))?;
    let unfit = |what: &str| {
        Failure::usage(
            format!("{} is {what}", file.display()),
            "`brasskey conformance --json` writes one to stdout",
        )
    };
    // Another form may have other members.
    let value: Value = serde_json::from_str(&text).map_err(|_| unfit("no report of this tool"))?;
    match value["schema"].as_u64() {
        Some(schema) if schema == u64::from(SCHEMA) => {}
        Some(schema) => {
            return Err(unfit(&format!(
                "a report of form {schema}, and this tool reads form {SCHEMA}"
            )));
        }
        None => return Err(unfit("no report of this tool")),
    }
    serde_json::from_value(value).map_err(|_| unfit("no report of this tool"))
}
