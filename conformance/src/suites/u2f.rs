//! U2F raw messages (FIDO U2F Raw Message Formats v1.2), and credentials that U2F and CTAP2 share.

use crate::host::cbor::array;
use crate::host::ctap2::{
    algorithm, descriptors, get_assertion_by, make_credential, make_discoverable, mc, parameters, status,
};
use crate::host::response::flags;
use crate::host::u2f::{
    Authenticated, VERSION, authenticate, authenticate_data, control, extended, register, register_data, short, word,
};
use crate::host::verify::sha256;
use crate::key::Key;

checks! {
    "U2F Raw Message Formats v1.2 §6":
        version_is_u2f_v2;
    "U2F Raw Message Formats v1.2 §3.3":
        other_classes_and_instructions_are_refused;
    "U2F Raw Message Formats v1.2 §4":
        register_without_a_touch_says_so_at_once,
        register_makes_an_attested_credential,
        register_takes_64_bytes,
        a_touch_before_it_is_asked_for_is_none,
        a_touch_is_good_for_one_registration,
        a_touch_is_good_for_its_application_only [Should];
    "U2F Raw Message Formats v1.2 §5":
        a_touch_is_good_for_the_host_that_asked_only [Should],
        check_only_says_mine_and_nothing_else,
        check_only_refuses_a_foreign_handle,
        authenticate_without_a_touch_says_so_at_once,
        authenticate_signs_with_a_growing_counter,
        authenticate_without_enforcing_signs_without_a_touch,
        a_foreign_handle_is_refused_before_any_touch,
        authenticate_checks_lengths,
        authenticate_refuses_other_controls,
        a_touch_lasts_ten_seconds needs Clock;
    "U2F Raw Message Formats v1.2 §3":
        an_apdu_whose_length_contradicts_itself_is_refused,
        short_and_extended_encodings_mean_the_same;
    "CTAP 2.3 §10":
        a_u2f_registration_signs_in_by_ctap2 needs Ctap2,
        a_ctap2_credential_signs_in_by_u2f needs Ctap2,
        a_discoverable_credential_signs_in_by_u2f [Should] needs Ctap2 and Rk,
        an_eddsa_credential_is_foreign_to_u2f [Should] needs Ctap2 and EdDsa,
        a_touch_given_for_u2f_is_not_one_for_ctap2 needs Ctap2;
}

const APPLICATION: [u8; 32] = [0xA5; 32];

fn version_is_u2f_v2(key: &Key) {
    same!(key.host().u2f(VERSION), (b"U2F_V2".to_vec(), word::NO_ERROR));
}

fn other_classes_and_instructions_are_refused(key: &Key) {
    let mut host = key.host();
    for class in [0x01, 0x80, 0xFF] {
        let (data, word) = host.u2f(&[class, 3, 0, 0, 0, 0, 0]);
        assert!(data.is_empty(), "expected no data with a refusal of class {class:02x}");
        // FF is no class of ISO/IEC 7816-4, so what begins with it is no APDU.
        if class == 0xFF && word != word::NO_ERROR && word != word::CLA_NOT_SUPPORTED {
            key.other_choice("another status word than CLA_NOT_SUPPORTED");
        } else {
            word::is(word, word::CLA_NOT_SUPPORTED);
        }
    }
    // From 40 to BF they are a vendor's own.
    for instruction in [0x00].into_iter().chain(0x04..=0x3F).chain(0xC0..=0xFF) {
        host.u2f_denied(&[0, instruction, 0, 0, 0, 0, 0], word::INS_NOT_SUPPORTED);
    }
}

fn register_without_a_touch_says_so_at_once(key: &Key) {
    let mut host = key.host();
    for _ in 0..3 {
        host.u2f_denied(&register(&APPLICATION), word::CONDITIONS_NOT_SATISFIED);
    }
}

fn register_makes_an_attested_credential(key: &Key) {
    let mut host = key.host();
    let one = host.u2f_register(&APPLICATION);
    let other = host.u2f_register(&APPLICATION);
    differ!(one.key_handle, other.key_handle);
    differ!(one.public_key, other.public_key);
}

fn register_takes_64_bytes(key: &Key) {
    let mut host = key.host();
    for length in [0, 63, 65] {
        host.u2f_denied(&extended(0x01, 0, &vec![0; length]), word::WRONG_LENGTH);
    }
}

fn a_touch_before_it_is_asked_for_is_none(key: &Key) {
    let mut host = key.host();
    key.press();
    key.release();
    for _ in 0..2 {
        host.u2f_denied(&register(&APPLICATION), word::CONDITIONS_NOT_SATISFIED);
    }
}

fn a_touch_is_good_for_one_registration(key: &Key) {
    let mut host = key.host();
    host.u2f_register(&APPLICATION);
    host.u2f_denied(&register(&APPLICATION), word::CONDITIONS_NOT_SATISFIED);
}

fn a_touch_is_good_for_its_application_only(key: &Key) {
    let mut host = key.host();
    host.u2f_denied(&register(&APPLICATION), word::CONDITIONS_NOT_SATISFIED);
    key.touch();
    host.u2f_denied(&register(&[0x5A; 32]), word::CONDITIONS_NOT_SATISFIED);
}

fn a_touch_is_good_for_the_host_that_asked_only(key: &Key) {
    let (mut host, mut other) = (key.host(), key.host());
    let registered = host.u2f_register(&APPLICATION);
    let sign = authenticate(control::ENFORCE, &APPLICATION, &registered.key_handle);
    host.u2f_denied(&sign, word::CONDITIONS_NOT_SATISFIED);
    key.touch();
    for _ in 0..2 {
        other.u2f_denied(&sign, word::CONDITIONS_NOT_SATISFIED);
    }
    let (data, word) = host.u2f(&sign);
    word::is(word, word::NO_ERROR);
    let _ = Authenticated::of(&data, &APPLICATION, &registered.public_key);
}

fn check_only_says_mine_and_nothing_else(key: &Key) {
    let mut host = key.host();
    let registered = host.u2f_register(&APPLICATION);
    let check = authenticate(control::CHECK_ONLY, &APPLICATION, &registered.key_handle);
    host.u2f_denied(&check, word::CONDITIONS_NOT_SATISFIED);

    // A touch that waits to be used is neither used nor lost.
    let sign = authenticate(control::ENFORCE, &APPLICATION, &registered.key_handle);
    host.u2f_denied(&sign, word::CONDITIONS_NOT_SATISFIED);
    key.touch();
    host.u2f_denied(&check, word::CONDITIONS_NOT_SATISFIED);
    let (data, word) = host.u2f(&sign);
    word::is(word, word::NO_ERROR);
    let _ = Authenticated::of(&data, &APPLICATION, &registered.public_key);
}

fn check_only_refuses_a_foreign_handle(key: &Key) {
    let mut host = key.host();
    let handle = host.u2f_register(&APPLICATION).key_handle;
    host.u2f_denied(
        &authenticate(control::CHECK_ONLY, &[0x5A; 32], &handle),
        word::WRONG_DATA,
    );
    host.u2f_denied(
        &authenticate(control::CHECK_ONLY, &APPLICATION, &[7; 64]),
        word::WRONG_DATA,
    );
    host.u2f_denied(&authenticate(control::CHECK_ONLY, &APPLICATION, &[]), word::WRONG_DATA);
}

fn authenticate_without_a_touch_says_so_at_once(key: &Key) {
    let mut host = key.host();
    let handle = host.u2f_register(&APPLICATION).key_handle;
    for _ in 0..3 {
        host.u2f_denied(
            &authenticate(control::ENFORCE, &APPLICATION, &handle),
            word::CONDITIONS_NOT_SATISFIED,
        );
    }
}

fn authenticate_signs_with_a_growing_counter(key: &Key) {
    let mut host = key.host();
    let registered = host.u2f_register(&APPLICATION);
    let request = authenticate(control::ENFORCE, &APPLICATION, &registered.key_handle);
    let mut last = 0;
    for _ in 0..3 {
        let data = host.u2f_touched(&request);
        let signed = Authenticated::of(&data, &APPLICATION, &registered.public_key);
        same!(signed.user_presence, 0x01);
        assert!(signed.counter > last, "{} after {last}", signed.counter);
        last = signed.counter;
    }
}

fn authenticate_without_enforcing_signs_without_a_touch(key: &Key) {
    let mut host = key.host();
    let registered = host.u2f_register(&APPLICATION);
    let (data, word) = host.u2f(&authenticate(
        control::DONT_ENFORCE,
        &APPLICATION,
        &registered.key_handle,
    ));
    word::is(word, word::NO_ERROR);
    let signed = Authenticated::of(&data, &APPLICATION, &registered.public_key);
    same!(signed.user_presence, 0x00);
}

fn a_foreign_handle_is_refused_before_any_touch(key: &Key) {
    let mut host = key.host();
    let handle = host.u2f_register(&APPLICATION).key_handle;
    // §5 names both errors, and not which comes first: a touch before it is no use to anybody, and no harm.
    let foreign = authenticate(control::ENFORCE, &[0x5A; 32], &handle);
    let asks = host.u2f(&foreign) == (Vec::new(), word::CONDITIONS_NOT_SATISFIED);
    if asks {
        key.note("expected 6A80 WRONG_DATA for a foreign handle before a touch, the key asks for one");
        key.touch();
    }
    host.u2f_denied(&foreign, word::WRONG_DATA);
    for bit in [0, 8, 8 * handle.len() / 2, 8 * handle.len() - 1] {
        let mut altered = handle.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        for handle in [&altered[..], &[], &[0; 43], &[0; 255]] {
            let controls = [control::CHECK_ONLY, control::DONT_ENFORCE, control::ENFORCE];
            for control in &controls[..if asks { 2 } else { 3 }] {
                host.u2f_denied(&authenticate(*control, &APPLICATION, handle), word::WRONG_DATA);
            }
        }
    }
}

fn authenticate_checks_lengths(key: &Key) {
    let mut host = key.host();
    let handle = host.u2f_register(&APPLICATION).key_handle;
    let mut data = authenticate_data(&APPLICATION, &handle);
    data[64] += 1;
    host.u2f_denied(&extended(0x02, control::ENFORCE, &data), word::WRONG_LENGTH);
    data[64] -= 2;
    host.u2f_denied(&extended(0x02, control::ENFORCE, &data), word::WRONG_LENGTH);
    for length in [32, 64] {
        host.u2f_denied(&extended(0x02, control::ENFORCE, &data[..length]), word::WRONG_LENGTH);
    }
}

fn authenticate_refuses_other_controls(key: &Key) {
    let mut host = key.host();
    let handle = host.u2f_register(&APPLICATION).key_handle;
    let known = [control::ENFORCE, control::CHECK_ONLY, control::DONT_ENFORCE];
    for control in (0..=u8::MAX).filter(|control| !known.contains(control)) {
        let (data, word) = host.u2f(&authenticate(control, &APPLICATION, &handle));
        assert!(data.is_empty(), "expected no data with a refusal of P1 {control:02x}");
        match word {
            // The standard names none for it. 6B00 is ISO 7816's.
            word::WRONG_DATA | 0x6B00 => key.other_choice("another status word than INCORRECT_P1P2"),
            word => word::is(word, word::INCORRECT_P1P2),
        }
    }
}

fn an_apdu_whose_length_contradicts_itself_is_refused(key: &Key) {
    let mut host = key.host();
    let data = [0; 64];
    let valid = extended(0x01, 0, &data);
    for apdu in [
        &[0, 3, 0][..],
        &[0, 1, 0, 0, 64],
        &[0, 1, 0, 0, 0, 0, 64],
        &[0, 1, 0, 0, 0, 1],
        &valid[..valid.len() - 1],
        &valid[..valid.len() - 3],
        &[&valid[..], &[0]].concat(),
        &[&[0, 1, 0, 0, 65], &data[..]].concat(),
        &[&[0, 1, 0, 0, 64], &data[..], &[0, 0]].concat(),
    ] {
        let (data, word) = host.u2f(apdu);
        assert!(
            data.is_empty() && word != word::NO_ERROR,
            "expected a refusal of {apdu:02x?}"
        );
        // It is none of the standard's requests, and has to be refused; with which word is the key's choice.
        if word != word::WRONG_LENGTH {
            key.note(&format!(
                "expected status word 6700 WRONG_LENGTH, the key answered {word:04X}"
            ));
        }
    }
}

fn short_and_extended_encodings_mean_the_same(key: &Key) {
    let mut host = key.host();
    for version in [
        &[0, 3, 0, 0][..],
        &[0, 3, 0, 0, 0],
        &[0, 3, 0, 0, 6],
        VERSION,
        &[0, 3, 0, 0, 0, 0, 6],
        &[0, 3, 0, 0, 0, 0, 0, 0, 0],
    ] {
        same!(host.u2f(version), (b"U2F_V2".to_vec(), word::NO_ERROR));
    }
    match host.u2f(&extended(0x03, 0, b"x")) {
        // Data that U2F_VERSION does not have (§6).
        (_, word::NO_ERROR) => key.note("expected 6700 WRONG_LENGTH for data with U2F_VERSION, the key passes over it"),
        (_, word) => word::is(word, word::WRONG_LENGTH),
    }
    let handle = host.u2f_register(&APPLICATION).key_handle;
    let data = authenticate_data(&APPLICATION, &handle);
    for (encode, longest) in [(short as fn(u8, u8, &[u8]) -> Vec<u8>, 0xFF), (extended, 0xFFFF)] {
        // A long key handle fits into no short APDU.
        if data.len() <= longest {
            let with_le = encode(0x02, control::CHECK_ONLY, &data);
            host.u2f_denied(&with_le, word::CONDITIONS_NOT_SATISFIED);
            let le = if with_le[4] == 0 { 2 } else { 1 };
            host.u2f_denied(&with_le[..with_le.len() - le], word::CONDITIONS_NOT_SATISFIED);
            host.u2f_denied(&with_le[..with_le.len() - le - 1], word::WRONG_LENGTH);
        }
        host.u2f_denied(
            &encode(0x01, 0, &register_data(&APPLICATION)),
            word::CONDITIONS_NOT_SATISFIED,
        );
        host.u2f_denied(&encode(0x01, 0, &data[..63]), word::WRONG_LENGTH);
    }
}

fn a_u2f_registration_signs_in_by_ctap2(key: &Key) {
    let mut host = key.host();
    let registered = host.u2f_register(&sha256(b"example.com"));
    let assertion = host.assert(&get_assertion_by("example.com", &[&registered.key_handle]));
    same!(assertion.id, registered.key_handle);
    assertion.verify(&registered.public_key, "example.com", flags::UP);
    let list = descriptors(&[&registered.key_handle]);
    let excluding = make_credential("example.com", b"1").with(mc::EXCLUDE_LIST, list);
    status::is(host.touched(excluding).status, status::CREDENTIAL_EXCLUDED);
}

fn a_ctap2_credential_signs_in_by_u2f(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    let application = sha256(b"example.com");
    let data = host.u2f_touched(&authenticate(control::ENFORCE, &application, &made.id));
    let signed = Authenticated::of(&data, &application, &made.public_key);
    assert!(signed.counter > made.auth_data.sign_count);
    // There is one counter, whichever way it is used.
    let assertion = host.assert(&get_assertion_by("example.com", &[&made.id]));
    assert!(assertion.auth_data.sign_count > signed.counter);
}

fn a_discoverable_credential_signs_in_by_u2f(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_discoverable("example.com", b"1"));
    let application = sha256(b"example.com");
    let data = host.u2f_touched(&authenticate(control::ENFORCE, &application, &made.id));
    let _ = Authenticated::of(&data, &application, &made.public_key);
}

fn an_eddsa_credential_is_foreign_to_u2f(key: &Key) {
    let mut host = key.host();
    let request = make_credential("example.com", b"1");
    let made = host.make(&request.with(mc::PUB_KEY_CRED_PARAMS, array([parameters(algorithm::EDDSA)])));
    let check = authenticate(control::CHECK_ONLY, &sha256(b"example.com"), &made.id);
    host.u2f_denied(&check, word::WRONG_DATA);
}

fn a_touch_given_for_u2f_is_not_one_for_ctap2(key: &Key) {
    let mut host = key.host();
    host.u2f_denied(&register(&APPLICATION), word::CONDITIONS_NOT_SATISFIED);
    key.touch();
    // Asks anew, and what was given for U2F is gone.
    host.make(&make_credential("example.com", b"1"));
    host.u2f_denied(&register(&APPLICATION), word::CONDITIONS_NOT_SATISFIED);
}

fn a_touch_lasts_ten_seconds(key: &Key) {
    let mut host = key.host();
    host.u2f_denied(&register(&APPLICATION), word::CONDITIONS_NOT_SATISFIED);
    key.touch();
    key.advance(10_000);
    host.u2f_denied(&register(&APPLICATION), word::CONDITIONS_NOT_SATISFIED);
}
