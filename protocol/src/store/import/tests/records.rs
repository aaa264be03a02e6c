//! What whoever has the key in its process reads and replaces.

use std::vec;

use super::*;
use crate::authenticator::Backup;
use crate::ctap2::command::LARGE_BLOBS;
use crate::limits::LARGE_BLOB_ARRAY_MAX;
use crate::testing::request::{Request, make_discoverable, manage, map};

#[test]
fn what_an_owner_of_the_key_sees_is_what_a_relying_party_knows() {
    let mut key = Key::new();
    key.0.config.backup = Backup::BackedUp;
    let request = make_discoverable(RP, b"ada").with(6, map([("largeBlobKey", true.into())]));
    let made = key.made(request).unwrap();
    let mut found = Vec::new();
    key.0
        .each_recorded(|key, account| {
            found.push((key.public_key_of(account).unwrap(), key.large_blob_key_of(account)));
        })
        .unwrap();
    let (public_key, large_blob_key) = found.pop().unwrap();
    let id = get_assertion_by(RP, &[&made.id]);
    let assertion = key.asserted(&id).unwrap();
    let known = PublicKey::of(&decode_canonical(&public_key));
    // UP: what of a backup is said is no matter of the key pair.
    assertion.verify(&known, RP, 0x01);
    assert_eq!(made.large_blob_key.unwrap(), large_blob_key[..]);
    assert_eq!(key.0.backup(), Backup::BackedUp);
}

#[test]
fn large_blobs_are_replaced_whole() {
    let mut key = Key::new();
    let array = |key: &mut Key| {
        let all = Request::new(LARGE_BLOBS)
            .with(1, LARGE_BLOB_ARRAY_MAX as u64)
            .with(3, 0);
        key.answer(all).unwrap()[&1].as_bytes().unwrap().clone()
    };
    for length in [20, 17, LARGE_BLOB_ARRAY_MAX] {
        let new = vec![length.to_le_bytes()[0]; length];
        assert_eq!(key.0.replace_large_blobs(&new), Ok(()));
        assert_eq!(array(&mut key), new);
    }
    let too_long = [0; LARGE_BLOB_ARRAY_MAX + 1];
    assert_eq!(key.0.replace_large_blobs(&too_long), Err(StorageError::Full));
    assert_eq!(array(&mut key).len(), LARGE_BLOB_ARRAY_MAX);
}

#[test]
fn one_of_a_relying_party_with_a_long_id_is_listed_for_it() {
    let mut key = Key::new();
    let long = "x".repeat(300);
    let import = Import {
        rp_id: &long,
        ..passkey(b"an id", b"ada")
    };
    key.0.import(&import).unwrap();
    let manager = key.manager();
    let parties = key.walk(&manager.relying_parties(), &manage(0x03, None), 0x05);
    assert_eq!(parties[0][&0x04], sha256(&[long.as_bytes()])[..].into());
}
