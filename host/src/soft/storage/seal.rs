//! Sealed state files: a copy of the file alone is worthless.
//!
//! Each value of a record is sealed with a random data key, together with the record's key, so that nobody can swap
//! values. The data key is in the file's header, wrapped by a key that comes from a passphrase ([`kdf`]) or from the
//! desktop's keyring ([`keyring`]). Every new seal has a new data key. The keys of records are not sealed, because
//! records are found by the order of their keys.

pub(super) mod cipher;
mod header;
mod kdf;
mod keyring;
#[cfg(test)]
pub(super) mod tests;
#[cfg(feature = "full")]
mod vault;

use std::fmt;
use std::io;
use std::path::Path;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use self::cipher::Cipher;
pub(super) use self::header::Header;
use self::header::Lock;
use self::kdf::{Cost, Kdf};
pub use self::keyring::{Keyring, KeyringError};
#[cfg(feature = "full")]
pub(crate) use self::vault::Vault;
use super::StorageOpenProblem;

/// What somebody needs besides a state file to read its secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Seal {
    /// A passphrase
    Passphrase,
    /// The desktop's keyring
    Keyring,
    /// Nothing: the file alone is enough
    None,
}

impl Seal {
    /// Its name, as on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passphrase => "passphrase",
            Self::Keyring => "keyring",
            Self::None => "none",
        }
    }
}

/// A 256-bit key.
type Key = Zeroizing<[u8; 32]>;

/// The passphrase of a state file, in Normalization Form C. Zeroized when dropped.
pub struct Passphrase(Zeroizing<String>);

/// A passphrase without characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the passphrase is empty")]
pub struct EmptyPassphrase;

impl Passphrase {
    /// The passphrase as a person typed it, in any normalization form.
    ///
    /// # Errors
    /// [`EmptyPassphrase`].
    pub fn new(typed: &str) -> Result<Self, EmptyPassphrase> {
        // Normalization may triple the length, and a buffer that grows would leave copies behind.
        let mut text = Zeroizing::new(String::with_capacity(3 * typed.len()));
        text.extend(typed.nfc());
        match text.is_empty() {
            true => Err(EmptyPassphrase),
            false => Ok(Self(text)),
        }
    }

    /// Whether the other is the same. One person typed both, so the time that this takes tells nothing.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// Who opens a sealed file.
pub trait Unlock {
    /// The passphrase, or None where nobody gives one. `again` says that the last one was wrong.
    fn passphrase(&mut self, again: bool) -> Option<Passphrase>;

    /// The keyring that may have the key.
    ///
    /// # Errors
    /// [`KeyringError`] where there is none to use.
    fn keyring(&mut self) -> Result<Keyring, KeyringError> {
        Keyring::desktop()
    }
}

/// Opens files with the desktop's keyring, and knows no passphrase.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyringOnly;

impl Unlock for KeyringOnly {
    fn passphrase(&mut self, _again: bool) -> Option<Passphrase> {
        None
    }
}

/// A seal for a file.
pub struct NewSeal {
    pub(super) seal: Seal,
    pub(super) sealed: Option<(Header, Cipher)>,
}

impl NewSeal {
    /// No seal: the file holds secrets as they are.
    #[must_use]
    pub fn none() -> Self {
        Self {
            seal: Seal::None,
            sealed: None,
        }
    }

    /// A seal that `passphrase` opens. Making it takes some tenths of a second and 64 MiB, and so does opening it.
    ///
    /// # Errors
    /// [`StorageOpenProblem::Io`] where the system gives neither memory nor random numbers.
    pub fn passphrase(passphrase: &Passphrase) -> Result<Self, StorageOpenProblem> {
        Self::passphrase_at(Cost::RECOMMENDED, passphrase)
    }

    fn passphrase_at(cost: Cost, passphrase: &Passphrase) -> Result<Self, StorageOpenProblem> {
        let kdf = Kdf { cost, salt: random()? };
        let key = kdf.key(passphrase)?;
        Self::new(Seal::Passphrase, Lock::Passphrase(kdf), &key)
    }

    /// A seal that a key in `keyring` opens. The key is made there for the state file at `path`, and stays: copies of
    /// the file may need it.
    ///
    /// # Errors
    /// [`StorageOpenProblem::Keyring`], and [`StorageOpenProblem::Io`] where the system gives no random numbers.
    pub fn keyring(keyring: &Keyring, path: &Path) -> Result<Self, StorageOpenProblem> {
        let id = random()?;
        let key = Zeroizing::new(random()?);
        keyring.keep(&id, path, &key)?;
        Self::new(Seal::Keyring, Lock::Keyring(id), &key)
    }

    /// The header of the file, and the cipher of its records, where there is a seal.
    pub(super) fn into_parts(self) -> (Option<Vec<u8>>, Option<Cipher>) {
        self.sealed.map(|(header, cipher)| (header.encode(), cipher)).unzip()
    }

    fn new(seal: Seal, lock: Lock, key: &Key) -> Result<Self, StorageOpenProblem> {
        let data_key = Zeroizing::new(random()?);
        Ok(Self {
            seal,
            sealed: Some((Header::new(lock, key, &data_key)?, Cipher::new(&data_key))),
        })
    }
}

impl Header {
    /// What opens it.
    pub(super) fn seal(&self) -> Seal {
        match self.lock {
            Lock::Passphrase(_) => Seal::Passphrase,
            Lock::Keyring(_) => Seal::Keyring,
        }
    }

    /// The cipher of the records, with what `unlock` gives.
    pub(super) fn unlock(&self, unlock: &mut dyn Unlock) -> Result<Cipher, StorageOpenProblem> {
        let kdf = match &self.lock {
            Lock::Passphrase(kdf) => kdf,
            Lock::Keyring(id) => {
                let key = unlock.keyring()?.key(id)?;
                return self.unwrap(&key).ok_or(StorageOpenProblem::Corrupt);
            }
        };
        let mut tried = false;
        while let Some(passphrase) = unlock.passphrase(tried) {
            if let Some(cipher) = self.unwrap(&kdf.key(&passphrase)?) {
                return Ok(cipher);
            }
            tried = true;
        }
        Err(match tried {
            true => StorageOpenProblem::WrongPassphrase,
            false => StorageOpenProblem::PassphraseNeeded,
        })
    }
}

fn random<const N: usize>() -> Result<[u8; N], StorageOpenProblem> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| no_random_numbers())?;
    Ok(bytes)
}

fn no_random_numbers() -> StorageOpenProblem {
    StorageOpenProblem::Io(io::Error::other("the system has no random numbers"))
}
