//! Records: of the settings and of the PIN, where what no version wrote is refused, and the longest of a credential.

use super::*;
use crate::limits::{
    CRED_BLOB_MAX, PIN_RETRIES, RP_ID_MAX, SEALED_CREDENTIAL_ID, STORAGE_VALUE_MAX, USER_ID_MAX, USER_NAME_MAX,
    UV_RETRIES,
};
use crate::store::record::{RECORD_MAX, Record};

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

#[test]
fn the_longest_record_of_a_credential_has_the_room_that_is_kept_for_it() {
    let (rp_id, name) = ("x".repeat(RP_ID_MAX), "y".repeat(USER_NAME_MAX));
    let record = Record {
        id: &[1; SEALED_CREDENTIAL_ID],
        rp_id: &rp_id,
        user_id: &[2; USER_ID_MAX],
        user_name: Some(&name),
        user_display_name: Some(&name),
        sequence: u32::MAX,
        counter_reserved: u32::MAX,
        cred_blob: &[3; CRED_BLOB_MAX],
        rp_id_hash: Some(&[4; 32]),
        imported: None,
    };
    let length = record.encode(&mut [0; STORAGE_VALUE_MAX]).unwrap();
    assert!(
        (RECORD_MAX - 16..=RECORD_MAX).contains(&length),
        "{length} of {RECORD_MAX}"
    );
}
