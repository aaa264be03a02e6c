//! `brasskey info`: everything that a key says about itself, explained.

mod facts;
mod sections;

use std::io::{self, Write};

use clap::Args as ClapArgs;
use serde_json::{Map, Value};

use super::device::{self, DeviceArgs};
use super::failure::Failure;
use super::layout::columns;
use super::output::{BAD, BOLD, Output};
use crate::client;
use crate::client::ctap2::Info;
use crate::decode::words;
use facts::Facts;
use sections::Section;

/// The arguments of `info`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    device: DeviceArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = device::open(&args.device, output)?;
    let facts = Facts::of(&opened.key, &opened.label);
    output.result(&facts, |to| show(&facts, to))?;
    match opened.key.ctap2_info() {
        Err(error @ client::Error::GetInfo(_)) => Err(Failure::Verification(error.to_string())),
        _ => Ok(()),
    }
}

/// The name of a COSE algorithm.
pub(super) fn algorithm_name(id: i64) -> Option<&'static str> {
    let known = words::ALGORITHMS.iter().find(|(known, ..)| *known == id);
    known.map(|(_, name, _)| *name)
}

/// The number of a COSE algorithm, in capital letters or not.
pub(super) fn algorithm_id(name: &str) -> Option<i64> {
    let known = words::ALGORITHMS
        .iter()
        .find(|(_, known, _)| known.eq_ignore_ascii_case(name));
    known.map(|(id, ..)| *id)
}

/// authenticatorGetInfo's answer, as `--json` shows it.
pub(super) fn get_info_members(info: &Info) -> Map<String, Value> {
    match serde_json::to_value(facts::GetInfo(info)) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// Heading, sections and warnings.
fn show(facts: &Facts<'_>, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "{BOLD}{}{BOLD:#}", facts.device)?;
    let sections = sections::of(facts);
    // The same first column in all sections, so that the page has one margin.
    let names = sections
        .iter()
        .flat_map(|section| &section.rows)
        .filter_map(|row| row.first());
    let margin = names.map(|name| name.chars().count()).max().unwrap_or(0);
    for Section { title, rows } in &sections {
        writeln!(to, "\n{BOLD}{title}{BOLD:#}")?;
        let padded = rows.iter().map(|row| {
            let mut cells = row.iter();
            let name = cells.next().map(|name| format!("  {name:margin$}"));
            name.into_iter().chain(cells.cloned())
        });
        writeln!(to, "{}", columns(padded).trim_fmt())?;
    }
    if !facts.warnings.is_empty() {
        writeln!(to, "\n{BAD}Warnings{BAD:#}")?;
    }
    for warning in &facts.warnings {
        writeln!(to, "  {warning}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
