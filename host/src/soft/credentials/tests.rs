//! Injected credentials, and a host that signs in with them.

use super::*;
use crate::client::ctap2::{GetAssertion, Value};
use crate::client::{Key, Unwatched};
use crate::soft::storage::FileStorage;
use crate::soft::testing::{Client, LONG, RESET, SELECTION};
use crate::soft::{Touch, UserVerification};
use crate::webauthn::CredentialDescriptor;
use brasskey_protocol::ctaphid::command;

fn key() -> SoftKey {
    SoftKey::builder().touch(Touch::Auto).build().expect("a key")
}

fn new(user_handle: Option<&[u8]>) -> NewCredential {
    let mut new = NewCredential::new("example.com", ImportedKey::from_bytes(-8, [7; 32])).expect("randomness");
    new.user_handle = user_handle.map(<[u8]>::to_vec);
    new
}

/// The counter and flags of a sign-in without an allow list.
fn sign_in(key: &SoftKey) -> (Vec<u8>, u8, u32) {
    let mut host = Key::open(Box::new(key.connect())).expect("a key");
    let assertion = host
        .send(
            &GetAssertion::new("example.com".to_owned(), [0; 32], Vec::new()),
            &mut Unwatched,
        )
        .expect("a sign-in");
    let (_, rest) = assertion.auth_data.split_at(32);
    let count = u32::from_be_bytes(rest[1..].try_into().expect("four bytes"));
    (assertion.credential.expect("an ID").id, rest[0], count)
}

#[test]
fn an_injected_credential_signs_in_and_is_listed_and_deleted() {
    let key = key();
    assert_eq!(key.credentials(), Ok(Vec::new()));
    let passkey = NewCredential {
        id: b"my own".to_vec(),
        user_name: Some("ada".to_owned()),
        sign_count: 9,
        ..new(Some(b"ada"))
    };
    let made = key.inject(&passkey).expect("injected");
    assert!(made.is_discoverable && made.injected && !made.backup_eligible);
    assert_eq!((&made.id[..], made.algorithm, made.sign_count), (&b"my own"[..], -8, 9));
    assert_eq!(made.public_key.len(), 42);
    assert_eq!(sign_in(&key), (b"my own".to_vec(), 0x01, 10));
    let hidden = key.inject(&new(None)).expect("injected");
    assert!(!hidden.is_discoverable);
    assert_eq!(key.credentials().expect("a list").len(), 2);

    key.set_sign_count(Some(b"my own"), 3).expect("set");
    assert_eq!(sign_in(&key).2, 4);
    key.set_sign_count(None, 70).expect("set");
    for unknown in [key.set_sign_count(Some(b"other"), 1), key.delete_credential(b"other")] {
        assert_eq!(unknown, Err(CredentialError::Unknown));
    }
    assert_eq!(key.inject(&passkey), Err(CredentialError::Import(ImportError::Exists)));
    key.delete_credential(b"my own").expect("deleted");
    assert_eq!(key.credentials().expect("a list"), [hidden]);
    assert_eq!(key.delete_credentials(), Ok(1));
}

#[test]
fn what_was_injected_lives_in_the_state_until_a_reset() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("state");
    let open = || {
        let storage = FileStorage::open(&path).expect("a state");
        SoftKey::builder()
            .touch(Touch::Auto)
            .storage(storage)
            .build()
            .expect("a key")
    };
    let key = open();
    key.inject(&new(Some(b"ada"))).expect("injected");
    drop(key);
    let key = open();
    assert_eq!(key.credentials().expect("a list").len(), 1);
    assert_eq!(Client::new(key.connect()).status(RESET), 0x00);
    assert_eq!(key.credentials(), Ok(Vec::new()));
}

#[test]
fn backup_flags_are_those_of_the_credential_and_the_key() {
    for (backup, flags) in [
        (Backup::Never, 0x09),
        (Backup::Eligible, 0x09),
        (Backup::BackedUp, 0x19),
    ] {
        let key = SoftKey::builder()
            .touch(Touch::Auto)
            .backup(backup)
            .build()
            .expect("a key");
        let new = NewCredential {
            backup_eligible: true,
            sign_count: 1,
            ..new(Some(b"ada"))
        };
        assert_eq!(key.inject(&new).expect("injected").backed_up, flags == 0x19);
        assert_eq!((sign_in(&key).1, sign_in(&key).2), (flags, 1));
    }
}

#[test]
fn a_large_blob_is_there_for_who_has_its_key() {
    let key = key();
    let [one, other] = [b"one", b"two"].map(|user| NewCredential {
        large_blob: Some(user.repeat(100)),
        ..new(Some(user))
    });
    assert!(key.inject(&one).expect("injected").has_large_blob_key);
    key.inject(&other).expect("injected");
    let mut host = Key::open(Box::new(key.connect())).expect("a key");
    let array = host.large_blobs(&mut Unwatched).expect("an array");
    assert_eq!(array.len(), 2);
    let listed = vec![CredentialDescriptor::new(one.id.clone())];
    let request = GetAssertion {
        extensions: vec![("largeBlobKey".to_owned(), Value::Bool(true))],
        ..GetAssertion::new("example.com".to_owned(), [0; 32], listed)
    };
    let large_blob_key = host
        .send(&request, &mut Unwatched)
        .expect("a sign-in")
        .large_blob_key
        .expect("a key");
    assert_eq!(array.get(&large_blob_key).expect("whole"), one.large_blob);

    // Nothing is left of one whose blob has no room, or that can have none.
    let long: Vec<u8> = (0..5000_u32)
        .flat_map(|number| (number.wrapping_mul(2_654_435_761)).to_be_bytes())
        .collect();
    let unfit = NewCredential {
        large_blob: Some(long),
        ..new(Some(b"one"))
    };
    assert_eq!(key.inject(&unfit), Err(CredentialError::LargeBlob));
    let unfit = NewCredential {
        large_blob: Some(vec![1]),
        ..new(None)
    };
    assert_eq!(key.inject(&unfit), Err(CredentialError::LargeBlobOfHidden));
    assert_eq!(key.credentials().expect("a list").len(), 2);
    assert_eq!(host.large_blobs(&mut Unwatched).expect("an array"), array);
}

#[test]
fn a_key_that_is_off_or_waits_for_its_user_says_so() {
    let key = SoftKey::builder().touch(Touch::Control).build().expect("a key");
    let host = Client::new(key.connect());
    host.send(command::CBOR, SELECTION);
    key.wait_until_asked(LONG).expect("a request");
    assert_eq!(key.credentials(), Err(CredentialError::Busy));
    key.pulse();
    assert_eq!(host.answer(command::CBOR).expect("an answer")[0], 0x00);
    assert_eq!(key.credentials(), Ok(Vec::new()));
    key.power_off();
    assert_eq!(key.inject(&new(None)), Err(CredentialError::Off));
}

#[test]
fn an_injected_passkey_is_managed_by_who_was_verified() {
    let key = SoftKey::builder()
        .touch(Touch::Auto)
        .user_verification(UserVerification::Always);
    let key = key.build().expect("a key");
    key.inject(&new(Some(b"ada"))).expect("injected");
    let mut host = Key::open(Box::new(key.connect())).expect("a key");
    let mut manager = host.manage_credentials(None, &mut Unwatched).expect("a manager");
    let listed = manager.list(&mut Unwatched).expect("a list");
    assert_eq!(
        listed.iter().map(|party| party.credentials.len()).collect::<Vec<_>>(),
        [1]
    );
}
