//! Who may write.

use super::*;
use crate::limits::TOKEN_MAX_USAGE;
use crate::store::Settings;
use crate::testing::pin::{ACFG, CM, GA, LBW, MC, Token};
use crate::testing::request::{RP, make_credential};

/// What the token signs: CTAP 2.3 §6.10.2.
fn message(fragment: &[u8], offset: u32) -> Vec<u8> {
    let hash = sha256(&[fragment]);
    [&[0xff; 32][..], &[0x0c, 0x00], &offset.to_le_bytes(), &hash].concat()
}

fn authorized(token: &Token, request: Request, fragment: &[u8], offset: u32) -> Request {
    let param = token.param(&[&message(fragment, offset)]);
    request.with(5, param).with(6, int(2))
}

#[test]
fn without_a_pin_anyone_may_write() {
    let mut key = Key::new();
    write(&mut key, &array(100, 0), 40).unwrap();
    // The key does not look at a param then.
    let request = first(&array(100, 1), 100).with(5, bytes([0; 16])).with(6, int(1));
    key.send(&request).unwrap();
    assert_eq!(stored(&mut key), array(100, 1));
}

#[test]
fn with_a_pin_each_fragment_needs_its_proof_and_one_token_is_good_for_all() {
    let mut key = Key::with_pin();
    let token = key.token(LBW, None);
    let array = array(3000, 0);
    let (one, rest) = array.split_at(1000);
    let (two, three) = rest.split_at(1000);
    for (request, fragment, offset) in [
        (first(one, 3000), one, 0),
        (next(two, 1000), two, 1000),
        (next(three, 2000), three, 2000),
    ] {
        key.send(&authorized(&token, request, fragment, offset)).unwrap();
    }
    assert_eq!(stored(&mut key), array, "reading needs none");
    // Nor does this spend it.
    key.send(&authorized(&token, first(&INITIAL, 17), &INITIAL, 0)).unwrap();
    assert_eq!(stored(&mut key), INITIAL);
}

#[test]
fn a_fragment_without_its_proof_is_refused() {
    let mut key = Key::with_pin();
    let token = key.token(LBW, None);
    let array = array(100, 0);
    let valid = authorized(&token, first(&array, 100), &array, 0);
    let other_offset = token.param(&[&message(&array, 1)]);
    let other_fragment = token.param(&[&message(&array[1..], 0)]);
    for (request, status) in [
        (first(&array, 100), Status::PuatRequired),
        (first(&array, 100).with(6, int(2)), Status::PuatRequired),
        (valid.clone().without(6), Status::MissingParameter),
        (valid.clone().with(6, int(3)), Status::InvalidParameter),
        (valid.clone().with(6, int(1)), Status::PinAuthInvalid),
        (valid.clone().with(5, bytes([0; 32])), Status::PinAuthInvalid),
        (valid.clone().with(5, bytes([])), Status::PinAuthInvalid),
        (valid.clone().with(5, other_offset), Status::PinAuthInvalid),
        (valid.clone().with(5, other_fragment), Status::PinAuthInvalid),
    ] {
        assert_eq!(key.refusal(&request), status, "{request:?}");
        assert_eq!(records(&key), 0);
    }
    key.send(&valid).unwrap();
}

#[test]
fn a_token_needs_the_permission() {
    let mut key = Key::with_pin();
    let token = key.token(MC | GA | CM | ACFG, Some(RP));
    let array = array(100, 0);
    let request = authorized(&token, first(&array, 100), &array, 0);
    assert_eq!(key.refusal(&request), Status::PinAuthInvalid);
}

#[test]
fn a_ceremony_leaves_the_permission() {
    let mut key = Key::with_pin();
    let token = key.token(MC | LBW, Some(RP));
    let request = token.sign(make_credential(RP, b"alice"));
    key.made(&request).unwrap();
    assert_eq!(key.refusal(&request), Status::PinAuthInvalid, "spent");
    let array = array(100, 0);
    key.send(&authorized(&token, first(&array, 100), &array, 0)).unwrap();
}

#[test]
fn a_sequence_ends_with_the_token_that_authorized_it() {
    let mut key = Key::with_pin();
    let array = array(100, 0);
    let (one, two) = array.split_at(40);
    let token = key.token(LBW, None);
    let begin = authorized(&token, first(one, 100), one, 0);
    key.send(&begin).unwrap();
    key.at(TOKEN_MAX_USAGE).send(&begin).unwrap();
    key.at(TOKEN_MAX_USAGE + 1);
    let request = authorized(&token, next(two, 40), two, 40);
    assert_eq!(key.refusal(&request), Status::InvalidSeq);
    assert_eq!(stored(&mut key), INITIAL);
}

#[test]
fn always_uv_wants_a_token_also_without_a_pin() {
    let mut key = Key::new();
    let settings = Settings {
        always_uv: true,
        ..Settings::default()
    };
    key.0.store.write_settings(&settings).unwrap();
    assert_eq!(key.refusal(&first(&array(100, 0), 100)), Status::PuatRequired);
    assert_eq!(stored(&mut key), INITIAL);
}
