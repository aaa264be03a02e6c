//! Keys that the desktop's keyring keeps: the Secret Service (GNOME Keyring, KWallet), macOS Keychain, or the Windows
//! Credential Manager.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use keyring_core::{CredentialStore, Entry, Error};
use zeroize::Zeroizing;

use super::Key;
use super::header::ID;

/// The service under which the keyring has all our keys. Each has a random name too.
const SERVICE: &str = "brasskey";

/// Something that keeps secrets for the user.
#[derive(Clone, Debug)]
pub struct Keyring {
    store: Arc<CredentialStore>,
    /// It shows its user a text about each secret.
    labels: bool,
}

/// Why a keyring did not help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// There is none, or it does not answer.
    #[error("no desktop keyring can be used: {0}")]
    Absent(#[source] Error),
    /// Its user did not unlock it.
    #[error("the desktop keyring stays locked: {0}")]
    Locked(#[source] Error),
    /// It does not have the key.
    #[error("the desktop keyring does not have its key")]
    NoKey,
    /// This system, or this build, knows no keyring.
    #[error("this build of brasskey knows no desktop keyring")]
    Unsupported,
}

impl KeyringError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Absent(_) => {
                "run it in a desktop session with a keyring, such as GNOME Keyring or KWallet, or seal by a passphrase"
            }
            Self::Locked(_) => "unlock the keyring when it asks, and try again",
            Self::NoKey => {
                "only the keyring that it was sealed with opens it: use that user's session on that computer"
            }
            Self::Unsupported => "seal by a passphrase, or use another build",
        }
    }
}

impl From<Error> for KeyringError {
    fn from(error: Error) -> Self {
        match error {
            Error::NoEntry => Self::NoKey,
            Error::NoStorageAccess(_) => Self::Locked(error),
            _ => Self::Absent(error),
        }
    }
}

impl Keyring {
    /// The keyring of this process's desktop.
    ///
    /// # Errors
    /// [`KeyringError::Absent`] and [`KeyringError::Unsupported`].
    pub fn desktop() -> Result<Self, KeyringError> {
        desktop()
    }

    /// The key with this ID.
    pub(super) fn key(&self, id: &[u8; ID]) -> Result<Key, KeyringError> {
        let secret = Zeroizing::new(self.entry(id, None)?.get_secret()?);
        let key = <[u8; 32]>::try_from(&secret[..]).map_err(|_| KeyringError::NoKey)?;
        Ok(Zeroizing::new(key))
    }

    /// Keeps a key, for the state file at `path`.
    pub(super) fn keep(&self, id: &[u8; ID], path: &Path, key: &Key) -> Result<(), KeyringError> {
        Ok(self.entry(id, Some(path))?.set_secret(&**key)?)
    }

    fn entry(&self, id: &[u8; ID], path: Option<&Path>) -> Result<Entry, KeyringError> {
        let name = HEXLOWER.encode(id);
        // Where the path cannot be made absolute, no file can be opened.
        let path = path
            .filter(|_| self.labels)
            .and_then(|path| std::path::absolute(path).ok());
        let label = path.map(|path| format!("brasskey: {}", path.display()));
        let label = label.as_deref().map(|label| HashMap::from([("label", label)]));
        Ok(self.store.build(SERVICE, &name, label.as_ref())?)
    }
}

#[cfg(all(feature = "keyring", unix, not(target_vendor = "apple")))]
fn desktop() -> Result<Keyring, KeyringError> {
    Ok(Keyring {
        store: zbus_secret_service_keyring_store::Store::new()?,
        labels: true,
    })
}

#[cfg(all(feature = "keyring", target_os = "macos"))]
fn desktop() -> Result<Keyring, KeyringError> {
    Ok(Keyring {
        store: apple_native_keyring_store::keychain::Store::new()?,
        labels: false,
    })
}

#[cfg(all(feature = "keyring", windows))]
fn desktop() -> Result<Keyring, KeyringError> {
    Ok(Keyring {
        store: windows_native_keyring_store::Store::new()?,
        labels: false,
    })
}

#[cfg(not(all(
    feature = "keyring",
    any(windows, target_os = "macos", all(unix, not(target_vendor = "apple")))
)))]
fn desktop() -> Result<Keyring, KeyringError> {
    Err(KeyringError::Unsupported)
}

#[cfg(test)]
impl Keyring {
    /// One in memory, empty.
    pub(crate) fn in_memory() -> Self {
        Self {
            store: keyring_core::mock::Store::new().unwrap(),
            labels: false,
        }
    }
}
