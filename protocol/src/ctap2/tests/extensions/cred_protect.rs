use super::*;
use crate::testing::key::Registration;
use crate::testing::request::{descriptor, discover, option};

/// A key with a discoverable credential of a level, which the answer tells.
fn with_level(level: i64) -> (Key, Registration) {
    let mut key = Key::new();
    let request = making(make_discoverable(RP, b"alice"), [("credProtect", int(level))]);
    let made = key.made(&request).unwrap();
    assert_eq!(output(&made.auth_data, "credProtect"), &int(level));
    (key, made)
}

#[track_caller]
fn signs(key: &mut Key, made: &Registration, request: &Request) -> bool {
    match key.asserted(request) {
        Ok(assertion) => {
            made.verify(RP, &assertion);
            true
        }
        Err(status) => {
            assert_eq!(status, Status::NoCredentials);
            false
        }
    }
}

/// Whether the key signs with it: by its ID, and by its relying party; both first without user verification, then with
/// it.
fn shows(key: &mut Key, made: &Registration) -> [[bool; 2]; 2] {
    let requests = [get_assertion(RP, &[&made.id]), discover(RP)];
    let unverified = requests.clone().map(|request| {
        let shown = signs(key, made, &request);
        let silent = request.with(5, option("up", false));
        assert_eq!(signs(key, made, &silent), shown, "a touch changes nothing");
        shown
    });
    let verified = requests.map(|request| {
        let request = verified(key, request);
        signs(key, made, &request)
    });
    [unverified, verified]
}

#[test]
fn level_one_shows_itself_to_everyone() {
    let (mut key, made) = with_level(1);
    assert_eq!(shows(&mut key, &made), [[true, true], [true, true]]);
}

#[test]
fn level_two_shows_itself_to_who_knows_its_id_or_verified_the_user() {
    let (mut key, made) = with_level(2);
    assert_eq!(shows(&mut key, &made), [[true, false], [true, true]]);
}

#[test]
fn level_three_shows_itself_only_with_user_verification() {
    let (mut key, made) = with_level(3);
    assert_eq!(shows(&mut key, &made), [[false, false], [true, true]]);
}

#[test]
fn without_the_extension_a_credential_shows_itself() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    is_silent(&made.auth_data);
    assert_eq!(shows(&mut key, &made), [[true, true], [true, true]]);
}

#[test]
fn a_credential_that_is_not_discoverable_has_its_level_too() {
    let mut key = Key::new();
    let request = making(make_credential(RP, b"alice"), [("credProtect", int(3))]);
    let made = key.made(&request).unwrap();
    let request = get_assertion(RP, &[&made.id]);
    assert!(!signs(&mut key, &made, &request));
    let request = verified(&mut key, request);
    assert!(signs(&mut key, &made, &request));
}

#[test]
fn level_three_excludes_only_who_verified_the_user() {
    let (mut key, made) = with_level(3);
    let excluding = make_credential(RP, b"bob").with(5, array([descriptor(&made.id)]));
    key.made(&excluding).unwrap();
    let excluding = verified(&mut key, excluding);
    assert_eq!(key.refusal(&excluding), Status::CredentialExcluded);
}

#[test]
fn hidden_accounts_are_not_counted() {
    let (mut key, _) = with_level(2);
    key.register_discoverable(RP, b"bob");
    let assertion = key.asserted(&discover(RP)).unwrap();
    assert_eq!(assertion.user_id(), b"bob");
    assert_eq!(assertion.number_of_credentials, None);
}

#[test]
fn there_are_three_levels() {
    for level in [0, 4, 0x101] {
        let request = making(make_credential(RP, b"alice"), [("credProtect", int(level))]);
        refused(&mut Key::new(), &request, Status::InvalidParameter);
    }
    let request = making(make_credential(RP, b"alice"), [("credProtect", int(-1))]);
    refused(&mut Key::new(), &request, Status::CborUnexpectedType);
}
