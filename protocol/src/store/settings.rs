//! What authenticatorConfig sets (CTAP 2.3 §6.11), until the next reset.
//!
//! It is one record of one length, `E ‖ epoch ‖ S`. So each change is one atomic write, and there is always room for
//! it:
//!
//! ```text
//! minimum PIN length (1) ‖ flags (1) ‖ number of RP IDs (1) ‖ SHA-256 of each RP ID (8 × 32)
//! ```

use heapless::Vec;

use crate::bytes::concat;
use crate::limits::{MIN_PIN_LENGTH, MIN_PIN_LENGTH_RP_IDS};

/// The kind of the record.
pub(super) const TAG: u8 = b'S';
const HEAD: usize = 3;
pub(super) const SIZE: usize = HEAD + 32 * MIN_PIN_LENGTH_RP_IDS;

/// The bits of the record's flags. Never reuse one.
mod flag {
    pub(super) const ALWAYS_UV: u8 = 0x01;
    pub(super) const ENTERPRISE_ATTESTATION: u8 = 0x02;
    pub(super) const LONG_TOUCH_FOR_RESET: u8 = 0x04;
    pub(super) const PIN_COMPLEXITY: u8 = 0x08;
    pub(super) const ALL: u8 = 0x0f;
}

/// The RP IDs that may learn the minimum PIN length, by their SHA-256: compared, never shown.
pub(crate) type RpIdHashes = Vec<[u8; 32], MIN_PIN_LENGTH_RP_IDS>;

/// The settings. The default is that of a new key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `minPINLength`, in code points.
    pub(crate) min_pin_length: u8,
    /// `alwaysUv`: nothing is made or signed without user verification.
    pub(crate) always_uv: bool,
    /// `ep`: enterprise attestation is enabled.
    pub(crate) enterprise_attestation: bool,
    /// `longTouchForReset`: a reset takes a long touch.
    pub(crate) long_touch_for_reset: bool,
    /// `pinComplexityPolicy`: a new PIN may not be too simple.
    pub(crate) pin_complexity: bool,
    /// `minPinLengthRPIDs`.
    pub(crate) min_pin_length_rp_ids: RpIdHashes,
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
    /// `None` where no version of this key wrote the record.
    pub(super) fn decode(record: &[u8; SIZE]) -> Option<Self> {
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

    pub(super) fn encode(&self) -> [u8; SIZE] {
        let flag = |is_set, flag| if is_set { flag } else { 0 };
        let flags = flag(self.always_uv, flag::ALWAYS_UV)
            | flag(self.enterprise_attestation, flag::ENTERPRISE_ATTESTATION)
            | flag(self.long_touch_for_reset, flag::LONG_TOUCH_FOR_RESET)
            | flag(self.pin_complexity, flag::PIN_COMPLEXITY);
        let mut rp_ids = [[0; 32]; MIN_PIN_LENGTH_RP_IDS];
        let mut count = 0;
        for (place, rp_id) in rp_ids.iter_mut().zip(&self.min_pin_length_rp_ids) {
            *place = *rp_id;
            count += 1;
        }
        concat(&[&[self.min_pin_length, flags, count], rp_ids.as_flattened()])
    }
}
