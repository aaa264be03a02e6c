//! Sealed state files: what makes the file alone worthless to whoever copies it.
//!
//! Each value of a record is sealed with a random data key, bound to the record's key, so that values cannot change
//! places. The data key lies in the file's header, wrapped by a key that a passphrase gives ([`kdf`]) or that the
//! desktop's keyring keeps ([`keyring`]). Every new seal has a new data key. The keys of records stay in the clear: they
//! are looked up by order.

pub(super) mod cipher;
mod header;
mod kdf;
mod keyring;
#[cfg(test)]
pub(super) mod tests;

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
use super::StorageOpenProblem;

/// What it takes, beside a state file, to read the secrets in it.
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

/// A passphrase without a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the passphrase is empty")]
pub struct EmptyPassphrase;

impl Passphrase {
    /// The passphrase that a person typed, in whatever form their keyboard gives it.
    ///
    /// # Errors
    /// [`EmptyPassphrase`].
    pub fn new(typed: &str) -> Result<Self, EmptyPassphrase> {
        // Normalization may triple the length; growing would leave copies behind.
        let mut text = Zeroizing::new(String::with_capacity(3 * typed.len()));
        text.extend(typed.nfc());
        match text.is_empty() {
            true => Err(EmptyPassphrase),
            false => Ok(Self(text)),
        }
    }

    /// Whether the other is the same. Both are the same person's, so time is no matter.
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
    /// The passphrase, or None where nobody gives one. `again` where the one before was wrong.
    fn passphrase(&mut self, again: bool) -> Option<Passphrase>;

    /// The keyring that may have the key.
    ///
    /// # Errors
    /// [`KeyringError`].
    fn keyring(&mut self) -> Result<Keyring, KeyringError> {
        Keyring::desktop()
    }
}

/// Knows no passphrase, and has the desktop's keyring.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyringOnly;

impl Unlock for KeyringOnly {
    fn passphrase(&mut self, _again: bool) -> Option<Passphrase> {
        None
    }
}

/// A seal to be put on a file.
pub struct NewSeal {
    pub(super) seal: Seal,
    pub(super) sealed: Option<(Header, Cipher)>,
}

impl NewSeal {
    /// No seal: secrets lie in the file as they are.
    #[must_use]
    pub fn none() -> Self {
        Self {
            seal: Seal::None,
            sealed: None,
        }
    }

    /// A seal that `passphrase` opens. It takes some tenths of a second and 64 MiB, as each try to open it will.
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

    /// A seal that a key in `keyring` opens, made there for the state file at `path`. It stays there: copies of the file
    /// may need it.
    ///
    /// # Errors
    /// [`StorageOpenProblem::Keyring`], and [`StorageOpenProblem::Io`] where the system gives no random numbers.
    pub fn keyring(keyring: &Keyring, path: &Path) -> Result<Self, StorageOpenProblem> {
        let id = random()?;
        let key = Zeroizing::new(random()?);
        keyring.keep(&id, path, &key)?;
        Self::new(Seal::Keyring, Lock::Keyring(id), &key)
    }

    /// The header of the file, and what seals its records; none where there is no seal.
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
    /// What it takes to open it.
    pub(super) fn seal(&self) -> Seal {
        match self.lock {
            Lock::Passphrase(_) => Seal::Passphrase,
            Lock::Keyring(_) => Seal::Keyring,
        }
    }

    /// The cipher of the records, by what `unlock` gives.
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
