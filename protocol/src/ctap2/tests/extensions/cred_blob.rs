use super::*;
use crate::limits::{COUNTER_BLOCK, CRED_BLOB_MAX};
use crate::testing::request::{discover, next_assertion, option};

fn with_blob(request: Request, blob: &[u8]) -> Request {
    making(request, [("credBlob", bytes(blob))])
}

/// The blob that the key answers with.
#[track_caller]
fn blob(key: &mut Key, request: Request) -> Vec<u8> {
    let assertion = key.asserted(&getting(request, [("credBlob", TRUE)])).unwrap();
    output(&assertion.auth_data, "credBlob").as_bytes().to_vec()
}

#[test]
fn a_blob_comes_back_as_it_went() {
    for sent in [&[7; CRED_BLOB_MAX][..], b"short", b""] {
        let mut key = Key::new();
        let made = key.made(&with_blob(make_discoverable(RP, b"alice"), sent)).unwrap();
        assert_eq!(output(&made.auth_data, "credBlob"), &TRUE);
        let mut key = key.restarted();
        assert_eq!(blob(&mut key, get_assertion(RP, &[&made.id])), sent);
        assert_eq!(blob(&mut key, discover(RP)), sent);
        assert_eq!(blob(&mut key, discover(RP).with(5, option("up", false))), sent);
    }
}

#[test]
fn a_blob_that_is_too_long_is_not_kept_and_the_credential_is_made() {
    let mut key = Key::new();
    let request = with_blob(make_discoverable(RP, b"alice"), &[7; CRED_BLOB_MAX + 1]);
    let made = key.made(&request).unwrap();
    assert_eq!(output(&made.auth_data, "credBlob"), &FALSE);
    assert_eq!(blob(&mut key, discover(RP)), b"");
}

#[test]
fn a_credential_that_is_not_discoverable_keeps_no_blob() {
    let mut key = Key::new();
    let made = key.made(&with_blob(make_credential(RP, b"alice"), b"blob")).unwrap();
    assert_eq!(output(&made.auth_data, "credBlob"), &FALSE);
    assert_eq!(blob(&mut key, get_assertion(RP, &[&made.id])), b"");
}

#[test]
fn a_credential_without_a_blob_has_an_empty_one() {
    let mut key = Key::new();
    key.register_discoverable(RP, b"alice");
    assert_eq!(blob(&mut key, discover(RP)), b"");
}

#[test]
fn a_blob_that_is_not_asked_for_is_not_told() {
    let mut key = Key::new();
    key.made(&with_blob(make_discoverable(RP, b"alice"), b"blob")).unwrap();
    is_silent(&key.asserted(&discover(RP)).unwrap().auth_data);
    let request = getting(discover(RP), [("credBlob", FALSE)]);
    is_silent(&key.asserted(&request).unwrap().auth_data);
}

#[test]
fn each_account_of_a_walk_has_its_own_blob() {
    let mut key = Key::new();
    for user in [b"alice", b"bobby"] {
        key.made(&with_blob(make_discoverable(RP, user), user)).unwrap();
    }
    assert_eq!(blob(&mut key, discover(RP)), b"bobby");
    let second = key.asserted(&next_assertion()).unwrap();
    assert_eq!(output(&second.auth_data, "credBlob"), &bytes(b"alice"));
}

#[test]
fn a_renewed_account_has_the_blob_of_its_new_credential() {
    let mut key = Key::new();
    key.made(&with_blob(make_discoverable(RP, b"alice"), b"old")).unwrap();
    key.register_discoverable(RP, b"alice");
    assert_eq!(blob(&mut key, discover(RP)), b"");
}

/// The counter writes the record anew, block by block.
#[test]
fn a_blob_outlives_the_use_of_its_credential() {
    let mut key = Key::new();
    key.made(&with_blob(make_discoverable(RP, b"alice"), b"blob")).unwrap();
    for _ in 0..=COUNTER_BLOCK {
        key.asserted(&discover(RP)).unwrap();
    }
    assert_eq!(blob(&mut key.restarted(), discover(RP)), b"blob");
}
