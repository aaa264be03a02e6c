//! Attestation statements (WebAuthn Level 3 §8; CTAP 2.3 §6.1.2 step 19).

use cbor4ii::core::Value;

use crate::crypto::Algorithm;
use crate::crypto::sha256;
use crate::ctap2::attestation::Format;
use crate::limits::MAX_MESSAGE;
use crate::testing::attestation::{AAGUID, BATCH, certificate, point};
use crate::testing::cbor::{Tree, array, bytes, encode, int, map, text};
use crate::testing::key::{CONFIG, Key, Registration, verifies_p256};
use crate::testing::request::{
    HASH, RP, Request, get_assertion, get_info, make_credential, make_discoverable, parameter, reset,
};

fn preferring(formats: &[&str]) -> Request {
    let formats: std::vec::Vec<_> = formats.iter().map(|&format| text(format)).collect();
    make_credential(RP, b"alice").with(11, array(formats))
}

/// The statement is `packed`, by the batch certificate, over these authenticator data.
#[track_caller]
fn verify_batch_attestation(made: &Registration) {
    assert_eq!(made.answer.keys(), [1, 2, 3].map(int), "no epAtt");
    assert_eq!(made.answer.number(1), &text("packed"));
    let statement = made.answer.number(3);
    assert_eq!(statement.keys(), ["alg", "sig", "x5c"].map(text));
    assert_eq!(
        statement.member("alg"),
        &int(-7),
        "of the certificate, whatever the credential's"
    );
    assert_eq!(statement.member("x5c"), &array([bytes(certificate(&BATCH, 600))]));
    let message = [&made.auth_data.raw[..], &HASH].concat();
    let signature = statement.member("sig").as_bytes();
    assert!(verifies_p256(&point(&BATCH), &message, signature));
    assert_eq!(made.auth_data.attested.as_ref().unwrap().aaguid, AAGUID);
}

#[track_caller]
fn verify_fido_u2f(made: &Registration, signer: &[u8; 65]) {
    assert_eq!(made.answer.number(1), &text("fido-u2f"));
    let statement = made.answer.number(3);
    assert_eq!(statement.keys(), ["sig", "x5c"].map(text));
    let (x, y) = (made.cose_key.number(-2).as_bytes(), made.cose_key.number(-3).as_bytes());
    let message = [&[0][..], &sha256(&[RP.as_bytes()]), &HASH, &made.id, &[4], x, y].concat();
    assert!(verifies_p256(signer, &message, statement.member("sig").as_bytes()));
    let Value::Array(x5c) = statement.member("x5c") else {
        panic!("no x5c")
    };
    assert_eq!(x5c.len(), 1);
    assert!(x5c[0].as_bytes().windows(65).any(|window| window == signer));
    assert_eq!(made.auth_data.attested.as_ref().unwrap().aaguid, [0; 16]);
}

#[test]
fn a_key_with_a_batch_certificate_attests_every_algorithm_with_it() {
    for algorithm in Algorithm::SUPPORTED.iter().map(|one| one.cose()) {
        for request in [make_credential(RP, b"alice"), make_discoverable(RP, b"alice")] {
            let made = Key::with_batch()
                .made(&request.with(4, array([parameter(algorithm)])))
                .unwrap();
            verify_batch_attestation(&made);
            assert_eq!(made.cose_key.number(3), &int(algorithm));
        }
    }
}

#[test]
fn the_key_answers_with_the_aaguid_of_its_certificate() {
    let mut key = Key::with_batch();
    let info = key.send(&get_info()).unwrap().unwrap();
    assert_eq!(info.number(3).as_bytes(), AAGUID);
    assert_ne!(AAGUID, CONFIG.aaguid);
}

#[test]
fn a_reset_leaves_the_certificate_where_it_is() {
    let mut key = Key::with_batch();
    key.send(&reset()).unwrap();
    verify_batch_attestation(&key.register(RP));
    verify_batch_attestation(&key.restarted().register(RP));
}

#[test]
fn formats_are_chosen_by_preference_whatever_is_installed() {
    for mut key in [Key::new(), Key::with_batch()] {
        for (preference, format) in [
            (&["packed"][..], "packed"),
            (&["none"], "none"),
            (&["fido-u2f", "packed"], "fido-u2f"),
            (&["zzz"], "packed"),
            (&[], "packed"),
        ] {
            let made = key.made(&preferring(preference)).unwrap();
            assert_eq!(made.answer.number(1), &text(format));
            let is_empty = made.answer.number(3) == &map([]);
            assert_eq!(is_empty, format == "none");
        }
    }
}

#[test]
fn fido_u2f_is_signed_by_the_batch_certificate_or_by_the_public_one() {
    let mut key = Key::new();
    let made = key.made(&preferring(&["fido-u2f"])).unwrap();
    let x5c = made.answer.number(3).member("x5c").clone();
    let public = include_bytes!("../../store/u2f.der");
    assert_eq!(x5c, array([bytes(*public)]));
    let key_in_certificate = public
        .windows(65)
        .find(|window| window[0] == 4 && window_is_point(window));
    verify_fido_u2f(&made, key_in_certificate.unwrap().try_into().unwrap());

    let made = Key::with_batch().made(&preferring(&["fido-u2f"])).unwrap();
    verify_fido_u2f(&made, &point(&BATCH));
}

fn window_is_point(window: &[u8]) -> bool {
    p256::ecdsa::VerifyingKey::from_sec1_bytes(window).is_ok()
}

#[test]
fn fido_u2f_is_passed_over_for_what_u2f_cannot_sign() {
    for (preference, format) in [(&["fido-u2f"][..], "packed"), (&["fido-u2f", "none"], "none")] {
        let request = preferring(preference).with(4, array([parameter(-8)]));
        assert_eq!(Key::new().made(&request).unwrap().answer.number(1), &text(format));
    }
}

#[test]
fn a_credential_attested_as_u2f_signs_in_like_any_other() {
    let mut key = Key::with_batch();
    let made = key.made(&preferring(&["fido-u2f"])).unwrap();
    made.verify(RP, &key.asserted(&get_assertion(RP, &[&made.id])).unwrap());
}

#[test]
fn every_response_fits_a_message() {
    for mut key in [Key::new(), Key::with_batch()] {
        for algorithm in Algorithm::SUPPORTED {
            for format in Format::OFFERED {
                let request = preferring(&[format.identifier()]).with(4, array([parameter(algorithm.cose())]));
                let answer = key.made(&request).unwrap().answer;
                // The status byte comes before it.
                assert!(encode(&answer).len() < MAX_MESSAGE);
            }
        }
    }
}
