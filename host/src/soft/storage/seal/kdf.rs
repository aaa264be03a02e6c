//! Argon2id (RFC 9106): a key from a passphrase.

use std::io;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroizing;

use super::{Key, Passphrase, StorageOpenProblem};

/// Bytes of a salt (RFC 9106 §4).
pub(super) const SALT: usize = 16;

/// What each guess of the passphrase costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    /// In KiB.
    pub(super) memory: u32,
    /// Passes over the memory.
    pub(super) passes: u32,
    /// Lanes, which can be computed at the same time.
    pub(super) lanes: u32,
}

impl Cost {
    /// The second recommended option of RFC 9106 §4.
    pub(super) const RECOMMENDED: Self = Self {
        memory: 64 * 1024,
        passes: 3,
        lanes: 4,
    };
    /// The most that a file may ask for: a changed file must not occupy the computer that reads it.
    const MOST: Self = Self {
        memory: 1024 * 1024,
        passes: 16,
        lanes: 16,
    };

    /// The parameters, where they are within the limits of the RFC and of this program.
    fn params(self) -> Option<Params> {
        let within =
            self.memory <= Self::MOST.memory && self.passes <= Self::MOST.passes && self.lanes <= Self::MOST.lanes;
        match within {
            true => Params::new(self.memory, self.passes, self.lanes, Some(size_of::<Key>())).ok(),
            false => None,
        }
    }
}

/// How to compute a key from a passphrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kdf {
    pub(super) cost: Cost,
    pub(super) salt: [u8; SALT],
}

impl Kdf {
    pub(super) fn key(&self, passphrase: &Passphrase) -> Result<Key, StorageOpenProblem> {
        let params = self.cost.params().ok_or(StorageOpenProblem::Corrupt)?;
        // The library would not clear its own memory.
        let mut memory = Zeroizing::new(Vec::new());
        memory
            .try_reserve_exact(params.block_count())
            .map_err(|_| StorageOpenProblem::Io(io::ErrorKind::OutOfMemory.into()))?;
        memory.resize(params.block_count(), Block::new());
        let mut key = Key::default();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(passphrase.0.as_bytes(), &self.salt, &mut *key, &mut memory[..])
            .map_err(|_| StorageOpenProblem::Corrupt)?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Cost = Cost {
        memory: 32,
        passes: 3,
        lanes: 4,
    };

    fn key(cost: Cost) -> Result<Key, StorageOpenProblem> {
        Kdf {
            cost,
            salt: *b"brasskey's salt.",
        }
        .key(&Passphrase::new("caf\u{e9}").unwrap())
    }

    /// Computed with argon2-cffi 25.1.0, which is the reference implementation.
    #[test]
    fn the_key_is_that_of_the_reference_implementation() {
        assert_eq!(
            *key(SMALL).unwrap(),
            [
                0x26, 0x4b, 0xd1, 0x5b, 0x0d, 0x62, 0x1c, 0xf8, 0xb2, 0x9a, 0xc8, 0xa4, 0x58, 0xf1, 0x91, 0x1e, 0xe8,
                0xfc, 0x60, 0xb2, 0xc5, 0xf9, 0xb6, 0x8b, 0x88, 0x93, 0x41, 0xd9, 0xa0, 0x20, 0x1c, 0x03
            ]
        );
    }

    #[test]
    fn no_file_has_all_the_memory_or_all_the_time() {
        for cost in [
            Cost {
                memory: u32::MAX,
                ..SMALL
            },
            Cost { memory: 0, ..SMALL },
            Cost {
                passes: u32::MAX,
                ..SMALL
            },
            Cost { passes: 0, ..SMALL },
            Cost {
                lanes: u32::MAX,
                ..SMALL
            },
            Cost { lanes: 0, ..SMALL },
        ] {
            assert!(matches!(key(cost), Err(StorageOpenProblem::Corrupt)), "{cost:?}");
        }
    }
}
