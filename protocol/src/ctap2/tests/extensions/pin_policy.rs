//! minPinLength and pinComplexityPolicy, which answer the same relying parties.

use super::*;
use crate::crypto::sha256;
use crate::store::Settings;

fn set(key: &mut Key, change: impl FnOnce(&mut Settings)) {
    let mut settings = key.0.store.settings().unwrap();
    change(&mut settings);
    key.0.store.write_settings(&settings).unwrap();
}

/// Puts the relying party on the list.
pub(super) fn let_it_know(key: &mut Key, rp_id: &str) {
    set(key, |settings| {
        let hash = sha256(&[rp_id.as_bytes()]);
        settings.min_pin_length_rp_ids.push(hash).unwrap();
    });
}

fn asking(rp_id: &str, name: &str) -> Request {
    making(make_credential(rp_id, b"alice"), [(name, TRUE)])
}

#[test]
fn a_relying_party_on_the_list_learns_the_policy_as_it_is_now() {
    let mut key = Key::new();
    let_it_know(&mut key, "first.example");
    let_it_know(&mut key, RP);
    for (min_pin_length, complexity) in [(4, false), (9, true)] {
        set(&mut key, |settings| {
            settings.min_pin_length = min_pin_length;
            settings.pin_complexity = complexity;
        });
        let made = key.made(&asking(RP, "minPinLength")).unwrap();
        assert_eq!(output(&made.auth_data, "minPinLength"), &int(min_pin_length.into()));
        let made = key.made(&asking(RP, "pinComplexityPolicy")).unwrap();
        assert_eq!(output(&made.auth_data, "pinComplexityPolicy"), &Value::Bool(complexity));
    }
}

#[test]
fn another_relying_party_learns_nothing_and_gets_its_credential() {
    let mut key = Key::new();
    let_it_know(&mut key, "other.example");
    for name in ["minPinLength", "pinComplexityPolicy"] {
        is_silent(&key.made(&asking(RP, name)).unwrap().auth_data);
    }
}

#[test]
fn a_policy_that_is_not_asked_for_is_not_told() {
    let mut key = Key::new();
    let_it_know(&mut key, RP);
    is_silent(&key.register(RP).auth_data);
    let inputs = [("minPinLength", FALSE), ("pinComplexityPolicy", FALSE)];
    let made = key.made(&making(make_credential(RP, b"alice"), inputs)).unwrap();
    is_silent(&made.auth_data);
}
