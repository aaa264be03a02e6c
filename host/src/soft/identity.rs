//! The name and number of a soft key on USB, which tell it from others on the same computer.

use std::fmt;
use std::str::FromStr;

use brasskey_protocol::platform::{Storage, StorageError};
use brasskey_protocol::usb::{SERIAL_RECORD, SERIAL_SIZE};
use getrandom::SysRng;
use rand_core::TryRng as _;
use serde::Serialize;

/// The longest name, in characters.
const NAME_MAX: usize = 32;

/// The name and number that tell a key from others on the same computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name that its user gave it.
    pub name: Option<Name>,
    /// Its serial number.
    pub serial: Serial,
}

impl Identity {
    /// A key without a name.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn random() -> Result<Self, getrandom::Error> {
        Ok(Self {
            name: None,
            serial: Serial::random()?,
        })
    }

    /// The product string on USB.
    #[must_use]
    pub fn product(&self) -> String {
        product(self.name.as_ref())
    }
}

/// The product string on USB of a key with this name.
#[must_use]
pub(super) fn product(name: Option<&Name>) -> String {
    match name {
        Some(name) => format!("brasskey soft token ({name})"),
        None => "brasskey soft token".to_owned(),
    }
}

/// The name of a key: 1 to 32 ASCII letters, digits, `-`, `_` and `.`, where the first is a letter or digit. So it can
/// be a file name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Name(String);

impl Name {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text cannot be a name.
#[derive(Debug, thiserror::Error)]
#[error("a name has 1 to 32 letters, digits, `-`, `_` and `.`, and begins with a letter or digit")]
pub struct UnfitName;

impl FromStr for Name {
    type Err = UnfitName;

    fn from_str(text: &str) -> Result<Self, UnfitName> {
        let is_fit = text.len() <= NAME_MAX
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        is_fit.then(|| Self(text.to_owned())).ok_or(UnfitName)
    }
}

/// A serial number: [`SERIAL_SIZE`] random bytes, shown as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serial([u8; SERIAL_SIZE]);

impl Serial {
    /// A new number.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut number = [0; SERIAL_SIZE];
        SysRng.try_fill_bytes(&mut number)?;
        Ok(Self(number))
    }

    /// The number that `storage` keeps. The first call makes it. A reset of the key does not change it.
    ///
    /// # Errors
    /// [`StorageError`] where it can neither be read nor made.
    pub fn kept_in(storage: &mut impl Storage) -> Result<Self, StorageError> {
        let mut number = [0; SERIAL_SIZE];
        if storage.read(SERIAL_RECORD, &mut number)? == Some(number.len()) {
            return Ok(Self(number));
        }
        let fresh = Self::random().map_err(|_| StorageError::Failed)?;
        storage.write(SERIAL_RECORD, &fresh.0)?;
        Ok(fresh)
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soft::storage::{FileStorage, MemoryStorage};
    use crate::soft::testing::Client;
    use crate::soft::{SoftKey, Touch};

    /// authenticatorReset.
    const RESET: &[u8] = &[0x07];

    #[test]
    fn a_name_is_a_file_name_that_needs_no_quotes() {
        for fit in ["a", "work", "Work-2.old_one", "0", &"x".repeat(32)] {
            assert_eq!(fit.parse::<Name>().unwrap().as_str(), fit);
        }
        for unfit in ["", ".", "..", "-x", "a b", "a/b", "a\\b", "ä", "a\n", &"x".repeat(33)] {
            assert!(unfit.parse::<Name>().is_err(), "{unfit:?}");
        }
    }

    #[test]
    fn the_product_says_the_name() {
        let mut identity = Identity::random().unwrap();
        assert_eq!(identity.product(), "brasskey soft token");
        identity.name = Some("work".parse().unwrap());
        assert_eq!(identity.product(), "brasskey soft token (work)");
    }

    #[test]
    fn a_serial_number_stays_with_its_state_even_after_a_reset() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        let mut storage = FileStorage::open(&path).unwrap();
        let serial = Serial::kept_in(&mut storage).unwrap();
        assert_eq!(Serial::kept_in(&mut storage).unwrap(), serial);
        assert_ne!(Serial::kept_in(&mut MemoryStorage::new()).unwrap(), serial);

        let key = SoftKey::builder().touch(Touch::Auto).storage(storage).build();
        let host = Client::new(key.unwrap().connect());
        assert_eq!(host.status(RESET), 0x00);
        drop(host);
        assert_eq!(Serial::kept_in(&mut FileStorage::open(&path).unwrap()).unwrap(), serial);
    }

    #[test]
    fn a_serial_number_is_sixteen_digits() {
        let serial = Serial([0, 1, 2, 3, 0xAB, 0xCD, 0xEF, 0xFF]);
        assert_eq!(serial.to_string(), "00010203ABCDEFFF");
    }
}
