//! Which file keeps a soft token's secrets.

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::Failure;
use crate::soft::{Name, paths};

/// The token whose file a command works on.
#[derive(Debug, Default, Args)]
pub(super) struct StateArgs {
    /// The file that holds the soft token's secrets; no token may be using it [default: token.redb in your data
    /// directory]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// The soft token of this name: the file that `brasskey token --name NAME` keeps its secrets in
    #[arg(long, value_name = "NAME", conflicts_with = "state")]
    name: Option<Name>,
}

impl StateArgs {
    /// The file, by a path that means the same everywhere.
    pub(super) fn file(&self) -> Result<PathBuf, Failure> {
        absolute(&state_file(self.state.as_deref(), self.name.as_ref())?)
    }
}

/// The state file: the one that was named, or the one of the token that was, or the one without a name.
pub(super) fn state_file(state: Option<&Path>, name: Option<&Name>) -> Result<PathBuf, Failure> {
    Ok(match (state, name) {
        (Some(state), _) => state.to_owned(),
        (None, Some(name)) => paths::named_state(name)?,
        (None, None) => paths::default_state()?,
    })
}

/// A path that means the same to whoever reads it elsewhere.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|source| Failure::System {
        what: format!("cannot find {}", path.display()),
        source,
    })
}
