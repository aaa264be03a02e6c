//! An account of one-time codes, and its record.
//!
//! ```text
//! version (1) ‖ type and hash (4 bits each) ‖ digits (1) ‖ properties (1) ‖ moving factor (8) ‖ length (1) ‖ name
//!     ‖ nonce (12) ‖ AES-256-GCM(secret) ‖ tag (16)
//! ```
//!
//! The associated data is everything before the nonce. So a secret opens for its own account alone, and a record that
//! was altered does not open at all. Each write seals anew.

use aes_gcm::{AeadInOut, Aes256Gcm};
use heapless::{String, Vec};
use rand_core::TryRng;
use zeroize::Zeroizing;

use crate::bytes::concat;
use crate::crypto::hmac::{HMAC_KEY_MAX, HmacHash, HmacKey};
use crate::limits::{OATH_DIGITS_MAX, OATH_DIGITS_MIN, OATH_NAME_MAX, STORAGE_KEY_MAX};
use crate::platform::{Storage, StorageError};
use crate::store::credential_id::locator;

/// Begins the keys of all accounts.
pub(super) const PREFIX: &[u8] = b"T";
const VERSION: u8 = 1;
const HEAD: usize = 13;
const NONCE: usize = 12;
const TAG: usize = 16;
const RECORD_MAX: usize = HEAD + OATH_NAME_MAX + NONCE + HMAC_KEY_MAX + TAG;

/// An account's record.
pub(super) type Record = Vec<u8, RECORD_MAX>;

/// An account's name, of 1 to [`OATH_NAME_MAX`] bytes: `[period/][issuer:]account`. The key does not look inside.
pub(crate) type Name = String<OATH_NAME_MAX>;

/// The key of an account's record: the beginning of the SHA-256 of its name. So a name has one record, and finding it
/// costs one read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AccountKey([u8; 1 + Self::LOCATOR]);

impl AccountKey {
    pub(super) const LOCATOR: usize = 16;

    /// Of the account with this name.
    pub(super) fn of(name: &str) -> Self {
        Self::at(&locator(name.as_bytes()))
    }

    pub(super) fn at(locator: &[u8; Self::LOCATOR]) -> Self {
        Self(concat(&[PREFIX, locator]))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn locator(&self) -> &[u8] {
        let [_, locator @ ..] = &self.0;
        locator
    }

    /// Whether there is a record, whatever it holds: no other key begins with this one.
    pub(super) fn is_there(&self, storage: &mut impl Storage) -> Result<bool, StorageError> {
        let mut found = [0; STORAGE_KEY_MAX];
        Ok(storage.next_key(&self.0, None, &mut found)?.is_some())
    }

    /// The first key of an account after `after`.
    pub(super) fn next(storage: &mut impl Storage, after: Option<&Self>) -> Result<Option<Self>, StorageError> {
        let mut found = [0; STORAGE_KEY_MAX];
        let Some(length) = storage.next_key(PREFIX, after.map(Self::bytes), &mut found)? else {
            return Ok(None);
        };
        let key = found.get(..length).and_then(|key| key.try_into().ok());
        key.map(|key| Some(Self(key))).ok_or(StorageError::Failed)
    }
}

/// What the codes of an account are made from, besides its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A counter on the key (RFC 4226).
    Hotp = 1,
    /// A time step, which the host says (RFC 6238).
    Totp = 2,
}

/// An account. Its secret is wiped when it is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: Name,
    pub(crate) kind: Kind,
    pub(crate) hash: HmacHash,
    /// How many digits its codes have. The key only tells it to the host.
    pub(crate) digits: u8,
    pub(crate) properties: Properties,
    /// The least value that the account still answers for: HOTP's counter; for TOTP it only counts where the time step
    /// must increase.
    pub(crate) moving_factor: u64,
    pub(crate) secret: HmacKey,
}

/// The property byte of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Properties {
    /// Each time step must be later than the one before.
    pub(crate) only_increasing: bool,
    /// Each code takes a touch.
    pub(crate) touch: bool,
}

impl Properties {
    /// `None` where a bit is set that has no meaning.
    pub(crate) fn decode(bits: u8) -> Option<Self> {
        (bits <= 0b11).then_some(Self {
            only_increasing: bits & 0b01 != 0,
            touch: bits & 0b10 != 0,
        })
    }

    fn encode(self) -> u8 {
        u8::from(self.only_increasing) | u8::from(self.touch) << 1
    }
}

impl Account {
    /// Type and hash in one byte, as hosts send them and lists show them.
    pub(crate) fn kind_and_hash(&self) -> u8 {
        (self.kind as u8) << 4 | self.hash.code()
    }

    /// Reads such a byte.
    pub(crate) fn decode_kind(byte: u8) -> Option<(Kind, HmacHash)> {
        let kind = match byte >> 4 {
            1 => Kind::Hotp,
            2 => Kind::Totp,
            _ => return None,
        };
        Some((kind, HmacHash::from_code(byte & 0x0f)?))
    }

    /// Whether the key makes codes of so many digits.
    pub(crate) fn may_have(digits: u8) -> bool {
        (OATH_DIGITS_MIN..=OATH_DIGITS_MAX).contains(&digits)
    }

    /// The record, sealed anew. `None` where the random number generator fails, or sealing, which no input causes.
    pub(super) fn encode(&self, sealing: &Aes256Gcm, rng: &mut impl TryRng) -> Option<Record> {
        let mut nonce = [0; NONCE];
        rng.try_fill_bytes(&mut nonce).ok()?;
        let head: [u8; HEAD] = concat(&[
            &[VERSION, self.kind_and_hash(), self.digits, self.properties.encode()],
            &self.moving_factor.to_be_bytes(),
            &[u8::try_from(self.name.len()).ok()?],
        ]);
        let mut record = Record::new();
        record.extend_from_slice(&head).ok()?;
        record.extend_from_slice(self.name.as_bytes()).ok()?;

        let mut secret = Zeroizing::new([0; HMAC_KEY_MAX]);
        let secret = secret.get_mut(..self.secret.bytes().len())?;
        secret.copy_from_slice(self.secret.bytes());
        let tag = sealing.encrypt_inout_detached((&nonce).into(), &record, (&mut *secret).into());
        let tag: [u8; TAG] = tag.ok()?.into();

        record.extend_from_slice(&nonce).ok()?;
        record.extend_from_slice(secret).ok()?;
        record.extend_from_slice(&tag).ok()?;
        Some(record)
    }

    /// Opens the record at `key`; `None` where it is damaged, or in another account's place.
    pub(super) fn decode(key: &AccountKey, record: &[u8], sealing: &Aes256Gcm) -> Option<Self> {
        let (&[VERSION, kind, digits, properties, ref factor @ .., length], rest) =
            record.split_first_chunk::<HEAD>()?
        else {
            return None;
        };
        let (name, rest) = rest.split_at_checked(length.into())?;
        let (associated, _) = record.split_at_checked(HEAD + name.len())?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE>()?;
        let (sealed, tag) = rest.split_last_chunk::<TAG>()?;

        let (kind, hash) = Self::decode_kind(kind)?;
        let name = read_name(name)?;
        if !Self::may_have(digits) || AccountKey::of(&name) != *key {
            return None;
        }
        let mut secret = Zeroizing::new([0; HMAC_KEY_MAX]);
        let secret = secret.get_mut(..sealed.len())?;
        secret.copy_from_slice(sealed);
        let opened = sealing.decrypt_inout_detached(nonce.into(), associated, (&mut *secret).into(), tag.into());
        opened.ok()?;
        Some(Self {
            name,
            kind,
            hash,
            digits,
            properties: Properties::decode(properties)?,
            moving_factor: u64::from_be_bytes(*factor),
            secret: HmacKey::new(secret)?,
        })
    }
}

/// A name as it may be: 1 to 64 bytes of UTF-8. YKOATH does not ask for UTF-8, but ykman lists nothing at all where a
/// name is none, and the user could not be shown what they touch the key for.
pub(crate) fn read_name(bytes: &[u8]) -> Option<Name> {
    let name = core::str::from_utf8(bytes).ok()?;
    (!name.is_empty()).then_some(())?;
    Name::try_from(name).ok()
}
