use std::vec::Vec;

use brasskey_conformance::host::u2f::{self as host, control};
use proptest::prelude::*;

use super::*;
use crate::crypto::sha256;
use crate::platform::{Gesture, Operation};
use crate::testing::key::Key;
use crate::testing::platform::Prompt;
use crate::testing::request::RP;

fn application() -> [u8; 32] {
    sha256(&[RP.as_bytes()])
}

fn register_apdu() -> Vec<u8> {
    host::register(&application())
}

fn authenticate_apdu(p1: u8, key_handle: &[u8]) -> Vec<u8> {
    host::authenticate(p1, &application(), key_handle)
}

/// The key handle of a new registration: what follows the public key and its own length (§4.3).
fn register(key: &mut Key) -> Vec<u8> {
    key.user().touches = 1;
    let data = key.apdu(&register_apdu()).unwrap();
    data[67..67 + usize::from(data[66])].to_vec()
}

#[test]
fn registering_without_a_touch_says_that_one_is_needed() {
    let mut key = Key::new();
    assert_eq!(key.apdu(&register_apdu()), Err(0x6985));
    let prompt = Prompt {
        operation: Operation::Register,
        gesture: Gesture::Touch,
        rp_id: None,
        application: Some(application()),
        user: None,
        deadline: None,
    };
    assert_eq!(key.user().prompts, [prompt]);
}

#[test]
fn a_touch_is_asked_for_by_the_channel_of_the_request() {
    let mut key = Key::new();
    let key_handle = register(&mut key);
    let mut response = std::boxed::Box::new([0; MAX_MESSAGE]);
    for (channel, apdu) in [
        (7, register_apdu()),
        (8, authenticate_apdu(control::ENFORCE, &key_handle)),
    ] {
        key.0.u2f(channel, &apdu, &mut response);
        assert_eq!(key.user().polled_on, Some(channel));
    }
}

#[test]
fn checking_a_handle_spends_and_signs_nothing() {
    let mut key = Key::new();
    let key_handle = register(&mut key);
    key.user().prompts.clear();
    key.user().touches = 1;
    let before = key.storage().records.clone();
    assert_eq!(
        key.apdu(&authenticate_apdu(control::CHECK_ONLY, &key_handle)),
        Err(0x6985)
    );
    assert!(key.user().prompts.is_empty());
    assert_eq!(key.user().touches, 1);
    assert_eq!(key.storage().records, before);
}

#[test]
fn a_refusal_is_no_invitation_to_ask_again() {
    let mut key = Key::new();
    let key_handle = register(&mut key);
    for apdu in [register_apdu(), authenticate_apdu(control::ENFORCE, &key_handle)] {
        key.user().refuses = true;
        let before = key.storage().records.clone();
        assert_eq!(key.apdu(&apdu), Err(0x6982));
        assert_eq!(key.storage().records, before);
        assert_eq!(key.apdu(&apdu), Err(0x6985), "it is told once");
    }
}

#[test]
fn failures_inside_are_unknown_errors_and_leave_no_signature() {
    let mut key = Key::new();
    let key_handle = register(&mut key);
    key.user().touches = 2;
    key.storage_mut().broken = true;
    assert_eq!(key.apdu(&authenticate_apdu(control::ENFORCE, &key_handle)), Err(0x6f00));
    key.storage_mut().broken = false;
    key.0.rng.inner_mut().broken = true;
    assert_eq!(key.apdu(&register_apdu()), Err(0x6f00));
    key.0.rng.inner_mut().broken = false;
    assert_eq!(key.apdu(&[0, 3, 0, 0]), Err(0x6f00), "until the next power-up");
    assert!(key.restarted().apdu(&[0, 3, 0, 0]).is_ok());
}

const WORDS: [u16; 8] = [0x9000, 0x6700, 0x6985, 0x6a80, 0x6a86, 0x6d00, 0x6e00, 0x6f00];

proptest! {
    #[test]
    fn arbitrary_apdus_get_a_defined_word_and_change_nothing(
        apdu in proptest::collection::vec(any::<u8>(), 0..300),
        plausible: bool,
    ) {
        let mut apdu = apdu;
        if plausible && apdu.len() > 2 {
            apdu[0] = 0;
            apdu[1] %= 4;
        }
        let mut key = Key::new();
        let before = key.storage().records.clone();
        let answer = key.apdu(&apdu);
        prop_assert!(answer.is_ok() || WORDS.contains(&answer.clone().unwrap_err()));
        prop_assert_eq!(&key.storage().records, &before);
    }

    #[test]
    fn a_bent_authentication_signs_only_for_the_handle_it_was_given(position in 0_usize..117, flip in 1..=u8::MAX) {
        let mut key = Key::new();
        let key_handle = register(&mut key);
        let mut apdu = authenticate_apdu(control::DONT_ENFORCE, &key_handle);
        apdu[position] ^= flip;
        let before = key.storage().records.clone();
        match key.apdu(&apdu) {
            // What may change: P2, the challenge, Le.
            Ok(_) => prop_assert!(position == 3 || (7..39).contains(&position) || position >= 115),
            Err(word) => {
                prop_assert!(WORDS.contains(&word));
                prop_assert_eq!(&key.storage().records, &before);
            }
        }
    }
}
