//! What authenticatorConfig sets (CTAP 2.3 §6.11), until the next reset.
//!
//! One record of one length, `E ‖ epoch ‖ S`, so that each change of it is one atomic write, for which there is always
//! room:
//!
//! ```text
//! minimum PIN length (1) ‖ flags (1) ‖ number of RP IDs (1) ‖ SHA-256 of each RP ID (8 × 32)
//! ```

use heapless::Vec;

use crate::credential::Epoch;
use crate::limits::{MIN_PIN_LENGTH, MIN_PIN_LENGTH_RP_IDS};
use crate::platform::{Storage, StorageError};

const TAG: u8 = b'S';
const HEAD: usize = 3;
const SIZE: usize = HEAD + 32 * MIN_PIN_LENGTH_RP_IDS;

/// The bits of the record's flags. Never reuse one.
mod flag {
    pub(super) const ALWAYS_UV: u8 = 0x01;
    pub(super) const ENTERPRISE_ATTESTATION: u8 = 0x02;
    pub(super) const LONG_TOUCH_FOR_RESET: u8 = 0x04;
    pub(super) const PIN_COMPLEXITY: u8 = 0x08;
    pub(super) const ALL: u8 = 0x0f;
}

/// The RP IDs that may learn the minimum PIN length, by their SHA-256: compared, never shown.
pub type RpIdHashes = Vec<[u8; 32], MIN_PIN_LENGTH_RP_IDS>;

/// The settings. The default is that of a new key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `minPINLength`, in code points.
    pub min_pin_length: u8,
    /// `alwaysUv`: nothing is made or signed without user verification.
    pub always_uv: bool,
    /// `ep`: enterprise attestation is enabled.
    pub enterprise_attestation: bool,
    /// `longTouchForReset`: a reset takes a long touch.
    pub long_touch_for_reset: bool,
    /// `pinComplexityPolicy`: a new PIN may not be too simple.
    pub pin_complexity: bool,
    /// `minPinLengthRPIDs`.
    pub min_pin_length_rp_ids: RpIdHashes,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_pin_length: MIN_PIN_LENGTH,
            always_uv: false,
            enterprise_attestation: false,
            long_touch_for_reset: false,
            pin_complexity: false,
            min_pin_length_rp_ids: Vec::new(),
        }
    }
}

impl Settings {
    /// Reads the record.
    ///
    /// # Errors
    /// The storage's; [`StorageError::Failed`] also for a record that is damaged, which is not to be taken for none.
    pub fn read(storage: &mut impl Storage, epoch: Epoch) -> Result<Self, StorageError> {
        let mut record = [0; SIZE];
        match storage.read(&epoch.key(TAG), &mut record)? {
            None => Ok(Self::default()),
            Some(SIZE) => Self::decode(&record).ok_or(StorageError::Failed),
            Some(_) => Err(StorageError::Failed),
        }
    }

    fn decode(record: &[u8; SIZE]) -> Option<Self> {
        let (&[min_pin_length, flags, count], rp_ids) = record.split_first_chunk::<HEAD>()?;
        if flags > flag::ALL {
            return None;
        }
        let (rp_ids, _) = rp_ids.as_chunks();
        Some(Self {
            min_pin_length,
            always_uv: flags & flag::ALWAYS_UV != 0,
            enterprise_attestation: flags & flag::ENTERPRISE_ATTESTATION != 0,
            long_touch_for_reset: flags & flag::LONG_TOUCH_FOR_RESET != 0,
            pin_complexity: flags & flag::PIN_COMPLEXITY != 0,
            min_pin_length_rp_ids: Vec::from_slice(rp_ids.get(..count.into())?).ok()?,
        })
    }

    /// Writes the record, in one piece.
    ///
    /// # Errors
    /// The storage's.
    pub fn write(&self, storage: &mut impl Storage, epoch: Epoch) -> Result<(), StorageError> {
        let flags = [
            (self.always_uv, flag::ALWAYS_UV),
            (self.enterprise_attestation, flag::ENTERPRISE_ATTESTATION),
            (self.long_touch_for_reset, flag::LONG_TOUCH_FOR_RESET),
            (self.pin_complexity, flag::PIN_COMPLEXITY),
        ];
        let flags = flags
            .into_iter()
            .filter(|(is_set, _)| *is_set)
            .map(|(_, flag)| flag)
            .sum();
        let count = u8::try_from(self.min_pin_length_rp_ids.len()).map_err(|_| StorageError::Failed)?;
        let rp_ids = self.min_pin_length_rp_ids.iter().flatten();
        let mut record = [0; SIZE];
        let parts = [self.min_pin_length, flags, count].into_iter().chain(rp_ids.copied());
        record.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        storage.write(&epoch.key(TAG), &record)
    }

    /// Takes the record's place in a new epoch, see [`Pin::take_place`](crate::pin::Pin::take_place).
    ///
    /// # Errors
    /// The storage's.
    pub fn take_place(storage: &mut impl Storage, epoch: Epoch) -> Result<(), StorageError> {
        epoch.take_place(storage, TAG, |storage| Self::default().write(storage, epoch))
    }
}
