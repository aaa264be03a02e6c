//! `brasskey info`: everything that a key says about itself, explained.

mod facts;
mod models;
mod notices;
mod sections;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use serde_json::{Map, Value};
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::device::{self, DeviceArgs};
use super::failure::Failure;
use super::layout::columns;
use super::output::{BAD, BOLD, Output, WARNING};
use crate::client;
use crate::client::ctap2::Info;
use crate::decode::words;
use crate::mds::{self, Blob, BlobError};
use facts::Facts;
use sections::Section;

/// The arguments of `info`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The FIDO Alliance's metadata, for the key's model and its status: the file from https://mds.fidoalliance.org
    #[arg(long, value_name = "FILE")]
    mds: Option<PathBuf>,

    /// The root that the metadata must lead to, in PEM or DER [default: GlobalSign Root CA - R3 of this computer]
    #[arg(long, value_name = "FILE", requires = "mds")]
    mds_root: Option<PathBuf>,

    #[command(flatten)]
    device: DeviceArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = device::open(&args.device, output)?;
    let mut facts = Facts::of(&opened.key, &opened.label);
    let blob = args.blob(output)?;
    facts.know_model(blob.as_ref());
    output.result(&facts, |to| show(&facts, to))?;
    match opened.key.ctap2_info() {
        Err(error @ client::Error::GetInfo(_)) => Err(Failure::Verification(error.to_string())),
        _ => Ok(()),
    }
}

/// Where systems keep the root of the alliance's metadata.
const ROOTS: [&str; 2] = [
    "/etc/ssl/certs/GlobalSign_Root_CA_-_R3.pem",
    "/usr/share/ca-certificates/mozilla/GlobalSign_Root_CA_-_R3.crt",
];

impl Args {
    /// The metadata, verified.
    fn blob(&self, output: &Output) -> Result<Option<Blob>, Failure> {
        let Some(file) = &self.mds else {
            return Ok(None);
        };
        let given = self.mds_root.as_deref();
        let root = given.or_else(|| ROOTS.iter().map(Path::new).find(|file| file.exists()));
        let root = root.ok_or_else(|| {
            Failure::usage(
                "the metadata take a root certificate, and this computer has no GlobalSign Root CA - R3",
                "get root-r3.crt from GlobalSign, and name it with --mds-root",
            )
        })?;
        let jwt = read(file)?;
        let blob = mds::verify(&String::from_utf8_lossy(&jwt), &certificates(root)?).map_err(|why| {
            let why = match why {
                BlobError::Root => format!("its certificates do not lead to the root in {}", root.display()),
                why => why.to_string(),
            };
            Failure::usage(
                format!("the metadata file {} is not to be believed: {why}", file.display()),
                "get it anew from https://mds.fidoalliance.org, or name its root with --mds-root",
            )
        })?;
        let today = time::OffsetDateTime::now_utc().date();
        let today = format!("{:04}-{:02}-{:02}", today.year(), u8::from(today.month()), today.day());
        if blob.is_outdated(&today) {
            output.notice(&format!(
                "warning: the metadata are outdated: there have been newer ones since {}",
                crate::text::escape(&blob.next_update)
            ));
        }
        Ok(Some(blob))
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|source| Failure::System {
        what: format!("cannot read {}", file.display()),
        source,
    })
}

/// The certificates of a file, in DER.
fn certificates(file: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let bytes = read(file)?;
    let blocks = Pem::iter_from_buffer(&bytes).flatten();
    let found: Vec<_> = blocks
        .filter(|block| block.label == "CERTIFICATE")
        .map(|block| block.contents)
        .collect();
    match (found.is_empty(), X509Certificate::from_der(&bytes)) {
        (false, _) => Ok(found),
        (true, Ok(_)) => Ok(vec![bytes]),
        (true, Err(_)) => Err(Failure::usage(
            format!("there is no certificate in {}", file.display()),
            "name a root certificate in PEM or DER with --mds-root",
        )),
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
    if !facts.notices.is_empty() {
        writeln!(to, "\n{WARNING}What websites may trip over{WARNING:#}")?;
    }
    for notice in &facts.notices {
        writeln!(to, "  {notice}")?;
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
