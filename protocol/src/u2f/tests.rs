use std::vec::Vec;

use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{DerSignature, VerifyingKey};
use proptest::prelude::*;

use super::*;
use crate::crypto::sha256;
use crate::platform::{Gesture, Operation};
use crate::testing::attestation::{BATCH, certificate, point};
use crate::testing::cbor::array;
use crate::testing::key::Key;
use crate::testing::platform::Prompt;
use crate::testing::request::{RP, descriptor, make_credential};

/// The certificate that proves nothing.
const PUBLIC_CERTIFICATE: &[u8] = include_bytes!("../store/u2f.der");
const CHALLENGE: [u8; 32] = [0xc4; 32];
const ENFORCE: u8 = 0x03;
const CHECK_ONLY: u8 = 0x07;
const DONT_ENFORCE: u8 = 0x08;

fn application() -> [u8; 32] {
    sha256(&[RP.as_bytes()])
}

/// A command in the extended encoding that CTAPHID hosts use, with an Le.
fn extended(instruction: u8, p1: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap().to_be_bytes();
    [&[0, instruction, p1, 0, 0], &length[..], data, &[0, 0]].concat()
}

fn register_apdu() -> Vec<u8> {
    extended(instruction::REGISTER, ENFORCE, &[CHALLENGE, application()].concat())
}

fn authentication(application: &[u8; 32], key_handle: &[u8]) -> Vec<u8> {
    let length = u8::try_from(key_handle.len()).unwrap();
    [&CHALLENGE, &application[..], &[length], key_handle].concat()
}

fn authenticate_apdu(p1: u8, key_handle: &[u8]) -> Vec<u8> {
    extended(
        instruction::AUTHENTICATE,
        p1,
        &authentication(&application(), key_handle),
    )
}

fn verifies(point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = VerifyingKey::from_sec1_bytes(point).unwrap();
    DerSignature::try_from(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

struct Registration {
    point: Vec<u8>,
    key_handle: Vec<u8>,
    certificate: Vec<u8>,
    signature: Vec<u8>,
}

impl Registration {
    /// 05 ‖ public key ‖ L ‖ key handle ‖ certificate ‖ signature (§4.3). The certificate's own head says its length.
    fn new(data: &[u8]) -> Self {
        let (head, rest) = data.split_at(67);
        assert_eq!((head[0], head[1]), (5, 4));
        let (key_handle, rest) = rest.split_at(head[66].into());
        assert_eq!(rest[..2], [0x30, 0x82]);
        let (certificate, signature) = rest.split_at(4 + usize::from(u16::from_be_bytes([rest[2], rest[3]])));
        Self {
            point: head[1..66].to_vec(),
            key_handle: key_handle.to_vec(),
            certificate: certificate.to_vec(),
            signature: signature.to_vec(),
        }
    }
}

fn register(key: &mut Key) -> Registration {
    key.user().touches = 1;
    Registration::new(&key.apdu(&register_apdu()).unwrap())
}

/// The counter of an authentication, whose signature is verified.
fn verified(made: &Registration, data: &[u8], user_presence: u8) -> u32 {
    let (head, signature) = data.split_at(5);
    assert_eq!(head[0], user_presence);
    let message = [&application(), head, &CHALLENGE].concat();
    assert!(verifies(&made.point, &message, signature));
    u32::from_be_bytes(head[1..].try_into().unwrap())
}

#[test]
fn an_apdu_whose_length_contradicts_itself_is_refused() {
    let data = [0; 64];
    let valid = extended(instruction::REGISTER, 0, &data);
    for apdu in [
        &[][..],
        &[0, 3, 0],
        &[0, 1, 0, 0, 64],
        &[0, 1, 0, 0, 0, 0, 64],
        &[0, 1, 0, 0, 0, 1],
        &valid[..valid.len() - 1],
        &valid[..valid.len() - 3],
        &[&valid[..], &[0]].concat(),
        &[&[0, 1, 0, 0, 65], &data[..]].concat(),
        &[&[0, 1, 0, 0, 64], &data[..], &[0, 0]].concat(),
    ] {
        assert_eq!(Key::new().apdu(apdu), Err(0x6700), "{apdu:02x?}");
    }
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
fn a_touch_registers_once() {
    let mut key = Key::new();
    let made = register(&mut key);
    let message = [&[0], &application()[..], &CHALLENGE, &made.key_handle, &made.point].concat();
    assert_eq!(made.certificate, PUBLIC_CERTIFICATE);
    let points = PUBLIC_CERTIFICATE.windows(65).filter(|window| window[0] == 4);
    let mut keys = points.filter(|point| VerifyingKey::from_sec1_bytes(point).is_ok());
    assert!(keys.any(|point| verifies(point, &message, &made.signature)));
    assert_eq!(key.apdu(&register_apdu()), Err(0x6985), "the touch is spent");
}

#[test]
fn a_key_with_a_batch_certificate_registers_with_it() {
    let mut key = Key::with_batch();
    let made = register(&mut key);
    let message = [&[0], &application()[..], &CHALLENGE, &made.key_handle, &made.point].concat();
    assert_eq!(made.certificate, certificate(&BATCH, 600));
    assert!(verifies(&point(&BATCH), &message, &made.signature));
}

#[test]
fn a_touch_authenticates_once_and_the_counter_grows() {
    let mut key = Key::new();
    let made = register(&mut key);
    let mut last = 0;
    for _ in 0..3 {
        assert_eq!(key.apdu(&authenticate_apdu(ENFORCE, &made.key_handle)), Err(0x6985));
        assert_eq!(key.user().prompts.last().unwrap().operation, Operation::Authenticate);
        key.user().touches = 1;
        let counter = verified(
            &made,
            &key.apdu(&authenticate_apdu(ENFORCE, &made.key_handle)).unwrap(),
            1,
        );
        assert!(counter > last);
        last = counter;
    }
    let counter = verified(
        &made,
        &key.apdu(&authenticate_apdu(DONT_ENFORCE, &made.key_handle)).unwrap(),
        0,
    );
    assert!(counter > last, "a signature without a touch counts too");
}

#[test]
fn a_touch_is_asked_for_by_the_channel_of_the_request() {
    let mut key = Key::new();
    let made = register(&mut key);
    let mut response = std::boxed::Box::new([0; MAX_MESSAGE]);
    for (channel, apdu) in [(7, register_apdu()), (8, authenticate_apdu(ENFORCE, &made.key_handle))] {
        key.0.u2f(channel, &apdu, &mut response);
        assert_eq!(key.user().polled_on, Some(channel));
    }
}

#[test]
fn checking_a_handle_spends_and_signs_nothing() {
    let mut key = Key::new();
    let made = register(&mut key);
    key.user().prompts.clear();
    key.user().touches = 1;
    let before = key.storage().records.clone();
    assert_eq!(key.apdu(&authenticate_apdu(CHECK_ONLY, &made.key_handle)), Err(0x6985));
    assert!(key.user().prompts.is_empty());
    assert_eq!(key.user().touches, 1);
    assert_eq!(key.storage().records, before);
}

#[test]
fn a_handle_that_is_not_the_applications_is_wrong_at_once() {
    let mut key = Key::new();
    let made = register(&mut key);
    let foreign = register(&mut Key::seeded(2));
    let mut altered = made.key_handle.clone();
    altered[20] ^= 1;
    key.user().prompts.clear();
    for p1 in [ENFORCE, CHECK_ONLY, DONT_ENFORCE, 0] {
        for handle in [&[][..], &[0; 43], &[0; 255], &foreign.key_handle, &altered] {
            assert_eq!(key.apdu(&authenticate_apdu(p1, handle)), Err(0x6a80));
        }
        let elsewhere = authentication(&[1; 32], &made.key_handle);
        let apdu = extended(instruction::AUTHENTICATE, p1, &elsewhere);
        assert_eq!(key.apdu(&apdu), Err(0x6a80));
    }
    assert!(key.user().prompts.is_empty());
}

#[test]
fn a_refusal_is_no_invitation_to_ask_again() {
    let mut key = Key::new();
    let made = register(&mut key);
    for apdu in [register_apdu(), authenticate_apdu(ENFORCE, &made.key_handle)] {
        key.user().refuses = true;
        let before = key.storage().records.clone();
        assert_eq!(key.apdu(&apdu), Err(0x6982));
        assert_eq!(key.storage().records, before);
        assert_eq!(key.apdu(&apdu), Err(0x6985), "it is told once");
    }
}

#[test]
fn a_registration_excludes_its_account_over_ctap2() {
    let mut key = Key::new();
    let made = register(&mut key);
    let excluded = descriptor(&made.key_handle);
    let request = make_credential(RP, b"alice").with(5, array([excluded]));
    assert_eq!(key.refusal(&request), Status::CredentialExcluded);
}

#[test]
fn failures_inside_are_unknown_errors_and_leave_no_signature() {
    let mut key = Key::new();
    let made = register(&mut key);
    key.user().touches = 2;
    key.storage_mut().broken = true;
    assert_eq!(key.apdu(&authenticate_apdu(ENFORCE, &made.key_handle)), Err(0x6f00));
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
        let made = register(&mut key);
        let mut apdu = authenticate_apdu(DONT_ENFORCE, &made.key_handle);
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
