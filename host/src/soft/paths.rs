//! Where the soft token and the relying party keep their files unless told otherwise.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use super::Name;

/// The user has no home directory, so there is no place for files by default.
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
    in_data_dir("token.redb")
}

/// The state of a soft token that has a name: `NAME.redb` beside [`default_state`].
///
/// # Errors
/// [`NoHome`].
pub fn named_state(name: &Name) -> Result<PathBuf, NoHome> {
    in_data_dir(&format!("{name}.redb"))
}

/// The relying party's registrations: `relying-party.json` beside [`default_state`].
///
/// # Errors
/// [`NoHome`].
pub fn default_relying_party() -> Result<PathBuf, NoHome> {
    in_data_dir("relying-party.json")
}

/// The token of the control endpoint: `control-token` beside [`default_state`].
///
/// # Errors
/// [`NoHome`].
pub fn default_control_token() -> Result<PathBuf, NoHome> {
    in_data_dir("control-token")
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
}
