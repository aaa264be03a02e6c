//! The seal on kept sessions: by a key in the desktop's keyring, where there is one.

use std::env::var_os;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::soft::storage::{Keyring, KeyringError, Vault};

/// How long the keyring may take, which may ask its user to unlock it. A session is worth a touch, no more.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which keyring.
#[derive(Clone, Debug)]
pub(super) enum Seal {
    /// The desktop's.
    Desktop,
    /// This one.
    #[cfg(test)]
    Of(Keyring),
    /// None: the files hold their secrets as they are.
    None,
}

impl Seal {
    /// The desktop's keyring, where this process is part of a desktop's session.
    pub(super) fn usual() -> Self {
        let session = || {
            ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"]
                .into_iter()
                .any(|name| var_os(name).is_some())
        };
        match cfg!(any(windows, target_vendor = "apple")) || session() {
            true => Self::Desktop,
            false => Self::None,
        }
    }

    fn keyring(&self) -> Option<Result<Keyring, KeyringError>> {
        match self {
            Self::Desktop => Some(Keyring::desktop()),
            #[cfg(test)]
            Self::Of(keyring) => Some(Ok(keyring.clone())),
            Self::None => None,
        }
    }

    /// The secret, sealed with the key that `known`, something sealed before, was sealed with; a new one is made
    /// where there is none. Nothing where no keyring helps.
    pub(super) fn seal(
        &self,
        directory: &Path,
        known: Option<&[u8]>,
        context: &[u8],
        secret: &[u8],
    ) -> Option<Vec<u8>> {
        let (seal, directory, known) = (self.clone(), directory.to_owned(), known.map(<[u8]>::to_vec));
        let vault = in_time(move || seal.vault(&directory, known.as_deref()))??;
        vault.seal(context, secret)
    }

    fn vault(&self, directory: &Path, known: Option<&[u8]>) -> Option<Vault> {
        let keyring = self.keyring()?.ok()?;
        let of_known = known.and_then(Vault::id_of).map(|id| Vault::of(&keyring, id));
        match of_known {
            Some(Ok(vault)) => Some(vault),
            // The keyring is another one than before, or lost it.
            None | Some(Err(KeyringError::NoKey)) => Vault::make(&keyring, directory).ok(),
            Some(Err(_)) => None,
        }
    }

    /// What says which key something was sealed with.
    pub(super) fn head(sealed: &[u8]) -> Option<&[u8]> {
        Vault::head_of(sealed)
    }

    /// Whether bytes are sealed.
    pub(super) fn is_on(kept: &[u8]) -> bool {
        Vault::id_of(kept).is_some()
    }

    /// Opens what [`Self::seal`] sealed.
    pub(super) fn open(&self, context: &[u8], kept: Zeroizing<Vec<u8>>) -> Option<Zeroizing<Vec<u8>>> {
        let (seal, id) = (self.clone(), *Vault::id_of(&kept)?);
        let vault = in_time(move || Vault::of(&seal.keyring()?.ok()?, &id).ok())??;
        vault.unseal(context, kept)
    }
}

/// Asks on a thread of its own, which is left behind where no answer comes.
fn in_time<T: Send + 'static>(ask: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = sync_channel(1);
    thread::Builder::new()
        .name("brasskey-keyring".to_owned())
        .spawn(move || sender.send(ask()))
        .ok()?;
    receiver.recv_timeout(PATIENCE).ok()
}
