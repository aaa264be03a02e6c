//! Records of the settings and of the PIN: what no version wrote is refused.

use super::*;
use crate::limits::{PIN_RETRIES, UV_RETRIES};

#[test]
fn settings_are_read_as_they_were_written() {
    for flags in 0..16_u8 {
        let settings = Settings {
            min_pin_length: 4 + flags,
            always_uv: flags & 1 != 0,
            enterprise_attestation: flags & 2 != 0,
            long_touch_for_reset: flags & 4 != 0,
            pin_complexity: flags & 8 != 0,
            min_pin_length_rp_ids: (0..flags % 9).map(|rp_id| [rp_id; 32]).collect(),
        };
        assert_eq!(Settings::decode(&settings.encode()), Some(settings));
    }
    for flags in 16..=255 {
        let mut record = Settings::default().encode();
        record[1] = flags;
        assert_eq!(Settings::decode(&record), None, "{flags}");
    }
}

#[test]
fn retries_that_no_version_wrote_are_refused() {
    let record = |retries, uv_failures| {
        let mut pin = Pin::NONE;
        (pin.retries, pin.uv_failures) = (retries, uv_failures);
        Pin::decode(&pin.encode()).map(|pin| (pin.retries, pin.uv_failures))
    };
    assert_eq!(record(PIN_RETRIES, UV_RETRIES), Some((PIN_RETRIES, UV_RETRIES)));
    assert_eq!(record(PIN_RETRIES + 1, UV_RETRIES), None);
    assert_eq!(record(PIN_RETRIES, UV_RETRIES + 1), None);
}
