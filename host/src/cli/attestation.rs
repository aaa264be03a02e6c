//! `brasskey attestation`: certificates and metadata for the soft token, to test a relying party's attestation checks.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use brasskey_protocol::store::StartError;
use brasskey_protocol::store::attestation::{InstallError, installed};
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};
use uuid::{Builder, Uuid};

use super::failure::Failure;
use super::info::get_info_members;
use super::json;
use super::layout::aaguid;
use super::output::{BOLD, Output};
use super::passphrase::SealArgs;
use super::state::{Missing, StateArgs, absolute};
use super::website::domain_name;
use crate::attestation_lab::{Issued, Lab, Model, statement};
use crate::client::Key;
use crate::private;
use crate::soft::{self, SoftKey, Touch};
use crate::text::escape;

/// `attestation` and what follows it.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a root, a batch and an enterprise certificate, install them in the soft token, and write its metadata
    Init(InitArgs),
}

/// The arguments of `attestation init`.
#[derive(Debug, ClapArgs)]
pub(super) struct InitArgs {
    /// The directory for certificates, keys and metadata; made if missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The token's model, an AAGUID [default: a new one]
    #[arg(long, value_name = "UUID")]
    aaguid: Option<Uuid>,

    /// The model's name
    #[arg(long, value_name = "NAME", default_value = "brasskey attestation lab")]
    model: String,

    /// The maker's name, in the certificates
    #[arg(long, value_name = "NAME", default_value = "brasskey attestation lab")]
    organization: String,

    /// The maker's country, in the certificates
    #[arg(long, value_name = "CODE", default_value = "SE")]
    country: String,

    /// A relying party that may ask for vendor-facilitated enterprise attestation; repeat it for several
    #[arg(long = "enterprise-rp-id", value_name = "DOMAIN", value_parser = domain_name)]
    enterprise_rp_ids: Vec<String>,

    #[command(flatten)]
    state: StateArgs,

    #[command(flatten)]
    seal: SealArgs,

    /// Replace files in the directory and certificates in the token that exist already
    #[arg(long)]
    force: bool,
}

pub(super) fn run(command: &Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Init(args) => init(args, output),
    }
}

fn init(args: &InitArgs, output: &Output) -> Result<(), Failure> {
    let lab = Lab::new(args.model()?).map_err(|error| Failure::usage(error.to_string(), error.hint()))?;
    let files = Files::in_directory(&args.out)?;
    let state = args.state.file(Missing::Make)?;
    let mut storage = args.seal.open(&state, output)?;
    if !args.force {
        files.check_missing()?;
        let found = installed(&mut storage).map_err(|error| soft::Error::Start(StartError::Storage(error)))?;
        if let Some(found) = found {
            return Err(Failure::usage(
                format!(
                    "the soft token has attestation certificates already, as model {}",
                    aaguid(found)
                ),
                "add --force to replace them, or choose another token with --token-name or --state",
            ));
        }
    }

    files.write_certificates(&lab)?;
    let rp_ids: Vec<&str> = args.enterprise_rp_ids.iter().map(String::as_str).collect();
    lab.install(&mut storage, &rp_ids).map_err(not_installed)?;
    let soft = SoftKey::builder().touch(Touch::Deny).storage(storage).build()?;
    let key = Key::open(Box::new(soft.connect()))?;
    let info = key
        .info()
        .ok_or_else(|| Failure::Verification("the soft token does not answer getInfo".to_owned()))?;
    write_private(
        &files.metadata,
        &statement_text(&statement(&lab, info, &get_info_members(info)))?,
    )?;

    let value = json!({
        "aaguid": aaguid(lab.model.aaguid),
        "state": state,
        "root": files.root,
        "batch": files.batch,
        "enterprise": files.enterprise,
        "metadata": files.metadata,
    });
    output.result(&value, |to| {
        writeln!(
            to,
            "{BOLD}The soft token is of model {} now{BOLD:#}",
            aaguid(lab.model.aaguid)
        )?;
        for (what, path) in [
            ("state", &state),
            ("root", &files.root.certificate),
            ("batch", &files.batch.certificate),
            ("enterprise", &files.enterprise.certificate),
            ("metadata", &files.metadata),
        ] {
            writeln!(to, "  {what:10}  {}", escape(&path.display().to_string()))?;
        }
        Ok(())
    })
}

fn not_installed(error: InstallError) -> Failure {
    match error {
        InstallError::Storage(error) => soft::Error::Start(StartError::Storage(error)).into(),
        error => Failure::usage(error.to_string(), "give fewer or shorter --enterprise-rp-id"),
    }
}

impl InitArgs {
    fn model(&self) -> Result<Model, Failure> {
        let aaguid = match self.aaguid {
            Some(aaguid) if aaguid.is_nil() => {
                return Err(Failure::usage(
                    "the AAGUID of zeros means that a key does not say its model",
                    "name another, or leave --aaguid out for a new one",
                ));
            }
            Some(aaguid) => aaguid,
            None => {
                let mut random = [0; 16];
                getrandom::fill(&mut random).map_err(|error| Failure::System {
                    what: "cannot make an AAGUID".to_owned(),
                    source: std::io::Error::other(error),
                })?;
                Builder::from_random_bytes(random).into_uuid()
            }
        };
        Ok(Model {
            aaguid: aaguid.into_bytes(),
            name: self.model.clone(),
            organization: self.organization.clone(),
            country: self.country.clone(),
        })
    }
}

/// A certificate and its key, as files.
#[derive(serde::Serialize)]
struct Pair {
    certificate: PathBuf,
    key: PathBuf,
}

/// The files that are written. Only the user may read them.
struct Files {
    root: Pair,
    batch: Pair,
    enterprise: Pair,
    metadata: PathBuf,
}

impl Files {
    /// The absolute paths, which mean the same in every directory.
    fn in_directory(directory: &Path) -> Result<Self, Failure> {
        let directory = absolute(directory)?;
        let pair = |name: &str| Pair {
            certificate: directory.join(format!("{name}.pem")),
            key: directory.join(format!("{name}-key.pem")),
        };
        Ok(Self {
            root: pair("root"),
            batch: pair("batch"),
            enterprise: pair("enterprise"),
            metadata: directory.join("metadata.json"),
        })
    }

    fn check_missing(&self) -> Result<(), Failure> {
        let pairs = [&self.root, &self.batch, &self.enterprise];
        let mut paths = pairs
            .into_iter()
            .flat_map(|pair| [&pair.certificate, &pair.key])
            .chain([&self.metadata]);
        match paths.find(|path| path.symlink_metadata().is_ok()) {
            None => Ok(()),
            Some(path) => Err(Failure::usage(
                format!("{} exists already", path.display()),
                "add --force to replace it, or name another directory",
            )),
        }
    }

    fn write_certificates(&self, lab: &Lab) -> Result<(), Failure> {
        if let Some(directory) = self.metadata.parent() {
            private::make_directory(directory).map_err(|source| Failure::System {
                what: format!("cannot make {}", directory.display()),
                source,
            })?;
        }
        let write = |pair: &Pair, issued: &Issued| -> Result<(), Failure> {
            write_private(&pair.certificate, issued.pem().as_bytes())?;
            write_private(&pair.key, issued.key_pem().as_bytes())
        };
        write(&self.root, &lab.root)?;
        write(&self.batch, &lab.batch)?;
        write(&self.enterprise, &lab.enterprise)
    }
}

/// Writes a file that only the user may read, in place of any old one, which others may have open.
fn write_private(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let write = || {
        match fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private::options().write(true).create_new(true).open(path)?;
        file.write_all(content)
    };
    write().map_err(|source| Failure::System {
        what: format!("cannot write {}", path.display()),
        source,
    })
}

fn statement_text(statement: &Value) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    json::write(&mut text, statement)?;
    Ok(text)
}
