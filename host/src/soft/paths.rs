//! Where the soft token and the relying party keep their files unless told otherwise.

use std::fs;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::Name;
use super::identity::product;
use crate::transport::DeviceSpec;

/// The end of a state file's name.
const STATE_SUFFIX: &str = ".redb";

/// The user has no home directory, so there is no default place for files.
#[derive(Debug, thiserror::Error)]
#[error("this user has no home directory to keep files in")]
pub struct NoHome;

impl NoHome {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        "set HOME, or name the file"
    }
}

/// The soft token's state: `$XDG_DATA_HOME/brasskey/token.redb` on Linux, the same below `Application Support` on
/// macOS and below `%APPDATA%` on Windows.
///
/// # Errors
/// [`NoHome`].
pub fn default_state() -> Result<PathBuf, NoHome> {
    in_data_dir(&format!("token{STATE_SUFFIX}"))
}

/// The state of a soft token that has a name: `NAME.redb` beside [`default_state`].
///
/// # Errors
/// [`NoHome`].
pub fn named_state(name: &Name) -> Result<PathBuf, NoHome> {
    in_data_dir(&format!("{name}{STATE_SUFFIX}"))
}

/// A soft token with its state file in the default place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownToken {
    /// Its name. None for the one that is used where no name is given.
    pub name: Option<Name>,
    /// Its state file.
    pub state: PathBuf,
}

impl KnownToken {
    /// The value of `--device` that means it.
    #[must_use]
    pub fn device(&self) -> String {
        DeviceSpec::Soft(self.name.clone()).to_string()
    }

    /// Its product string on USB.
    #[must_use]
    pub fn product(&self) -> String {
        product(self.name.as_ref())
    }
}

/// The soft tokens of the user that have a state file, as [`default_state`] and [`named_state`] name it. The one
/// without a name comes first. Empty where there is no such directory.
#[must_use]
pub fn soft_tokens() -> Vec<KnownToken> {
    default_state().map_or_else(|_| Vec::new(), |default| tokens_beside(&default))
}

fn tokens_beside(default: &Path) -> Vec<KnownToken> {
    let entries = default.parent().and_then(|directory| fs::read_dir(directory).ok());
    let mut tokens: Vec<KnownToken> = entries
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter_map(|entry| {
            let state = entry.path();
            let name: Name = entry.file_name().to_str()?.strip_suffix(STATE_SUFFIX)?.parse().ok()?;
            let name = (state != default).then_some(name);
            Some(KnownToken { name, state })
        })
        .collect();
    tokens.sort_by_key(|token| token.name.as_ref().map(ToString::to_string));
    tokens
}

/// The relying party's registrations: `relying-party.json` beside [`default_state`].
///
/// # Errors
/// [`NoHome`].
pub fn default_relying_party() -> Result<PathBuf, NoHome> {
    in_data_dir("relying-party.json")
}

/// The bearer token of the control endpoint: `control-token` beside [`default_state`].
///
/// # Errors
/// [`NoHome`].
pub fn default_control_token() -> Result<PathBuf, NoHome> {
    in_data_dir("control-token")
}

/// The sessions of `brasskey aws session`: the directory `aws-sessions` beside [`default_state`].
///
/// # Errors
/// [`NoHome`].
pub fn default_aws_sessions() -> Result<PathBuf, NoHome> {
    in_data_dir("aws-sessions")
}

fn in_data_dir(name: &str) -> Result<PathBuf, NoHome> {
    let base = etcetera::base_strategy::choose_native_strategy().map_err(|_| NoHome)?;
    Ok(base.data_dir().join("brasskey").join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_share_one_directory_of_our_own() {
        let state = default_state().unwrap();
        let relying_party = default_relying_party().unwrap();
        assert!(state.is_absolute() && state.ends_with("brasskey/token.redb"));
        assert!(relying_party.ends_with("brasskey/relying-party.json"));
        assert_eq!(state.parent(), relying_party.parent());
        let named = named_state(&"work".parse().unwrap()).unwrap();
        assert_eq!(named, state.with_file_name("work.redb"));
    }

    #[test]
    fn the_soft_tokens_are_the_state_files_there_are() {
        let directory = tempfile::tempdir().unwrap();
        let default = directory.path().join("token.redb");
        assert_eq!(tokens_beside(&directory.path().join("missing/token.redb")), []);
        for name in [
            "work.redb",
            "token.redb",
            "a.redb",
            "token.redb.owner",
            "a b.redb",
            ".redb",
            "relying-party.json",
        ] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        fs::create_dir(directory.path().join("directory.redb")).unwrap();
        let tokens = tokens_beside(&default);
        let devices: Vec<String> = tokens.iter().map(KnownToken::device).collect();
        assert_eq!(devices, ["soft", "soft:a", "soft:work"]);
        assert_eq!(tokens[2].state, directory.path().join("work.redb"));
    }
}
