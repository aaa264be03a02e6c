//! The files that the user names.

use std::fs;
use std::path::Path;

use brasskey_conformance::outcome::{Report, SCHEMA};

use crate::cli::failure::Failure;

fn failed(what: &str, file: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let what = format!("cannot {what} {}", file.display());
    move |source| Failure::System { what, source }
}

pub(super) fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(failed("write", file))
}

/// Checks and the reasons for which they may fail.
pub(super) fn exceptions(file: &Path) -> Result<Vec<(String, String)>, Failure> {
    let text = fs::read_to_string(file).map_err(failed("read", file))?;
    let table: std::collections::BTreeMap<String, String> = toml::from_str(&text).map_err(|error| {
        Failure::usage(
            format!("{} has no exceptions: {}", file.display(), error.message()),
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
    let unfit = || {
        Failure::usage(
            format!("{} is no report of this tool", file.display()),
            "`brasskey conformance --json` writes one to stdout",
        )
    };
    let report: Report = serde_json::from_str(&text).map_err(|_| unfit())?;
    match report.schema {
        SCHEMA => Ok(report),
        _ => Err(unfit()),
    }
}
