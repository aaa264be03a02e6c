//! The passkeys of the soft key, and of keys that speak only the preview.

use std::sync::{Arc, Mutex};

use super::*;
use crate::client::ctap2::{MakeCredential, Options, PublicKeyCredentialParameters};
use crate::client::fake::{FakeKey, Reply};
use crate::client::{Pin, PinRequest, Unwatched};
use crate::soft::{SoftKey, Touch};

/// Somebody who knows the PIN.
struct Owner;

impl Watch for Owner {}

impl UserInteraction for Owner {
    fn pin(&mut self, _: &PinRequest) -> Result<Pin, Error> {
        Ok(Pin::new("1234")?)
    }
}

/// A soft key with a PIN.
fn key() -> Key {
    let soft = SoftKey::builder().touch(Touch::Auto).build().unwrap();
    let mut key = Key::open(Box::new(soft.connect())).unwrap();
    key.set_pin(&Pin::new("1234").unwrap(), &mut Unwatched).unwrap();
    key
}

fn register(key: &mut Key, rp_id: &str, name: &str) -> Vec<u8> {
    let token = key
        .token(Permissions::MAKE_CREDENTIAL, Some(rp_id), &mut Owner)
        .unwrap();
    let rp = RelyingPartyEntity {
        id: rp_id.to_owned(),
        name: None,
    };
    let user = UserEntity {
        id: name.as_bytes().to_vec(),
        name: Some(name.to_owned()),
        display_name: None,
    };
    let request = MakeCredential {
        options: Options {
            rk: Some(true),
            ..Options::default()
        },
        extensions: vec![("largeBlobKey".to_owned(), crate::client::ctap2::Value::Bool(true))],
        pin_uv_auth: Some(token.authorize(&[&[7; 32]])),
        ..MakeCredential::new([7; 32], rp, user, vec![PublicKeyCredentialParameters::public_key(-7)])
    };
    let answer = key.send(&request, &mut Unwatched).unwrap();
    crate::webauthn::authenticator_data::credential_id(&answer.auth_data)
        .unwrap()
        .to_vec()
}

/// RP IDs and account names.
fn listed(key: &mut Key) -> Vec<(String, Vec<String>)> {
    let mut manager = key.manage_credentials(None, &mut Owner).unwrap();
    let mut listed: Vec<_> = manager
        .list(&mut Unwatched)
        .unwrap()
        .into_iter()
        .map(|stored| {
            let names = stored
                .credentials
                .into_iter()
                .filter_map(|credential| credential.user?.name);
            let mut names: Vec<_> = names.collect();
            names.sort();
            (stored.rp.unwrap().id, names)
        })
        .collect();
    listed.sort();
    listed
}

#[test]
fn passkeys_are_listed_renamed_and_deleted() {
    let mut key = key();
    assert_eq!(listed(&mut key), []);
    let alice = register(&mut key, "example.com", "alice");
    register(&mut key, "example.com", "bob");
    register(&mut key, "example.org", "carol");
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        listed(&mut key),
        [
            ("example.com".to_owned(), names(&["alice", "bob"])),
            ("example.org".to_owned(), names(&["carol"])),
        ]
    );

    let mut manager = key.manage_credentials(None, &mut Owner).unwrap();
    assert_eq!(manager.metadata(&mut Unwatched).unwrap().existing, 3);
    let renamed = UserEntity {
        id: b"alice".to_vec(),
        name: Some("adele".to_owned()),
        display_name: None,
    };
    manager.update(alice.clone(), renamed, &mut Unwatched).unwrap();
    assert_eq!(listed(&mut key)[0].1, names(&["adele", "bob"]));

    let mut manager = key.manage_credentials(None, &mut Owner).unwrap();
    manager.delete(alice.clone(), &mut Unwatched).unwrap();
    let again = manager.delete(alice, &mut Unwatched);
    assert!(matches!(
        again,
        Err(Error::Status {
            status: Status::NoCredentials,
            ..
        })
    ));
    assert_eq!(listed(&mut key)[0].1, names(&["bob"]));
}

/// A key that manages passkeys as the preview of CTAP 2.1 had it, with these answers.
fn preview(answers: &'static [&'static [u8]]) -> (FakeManager, Arc<Mutex<Vec<Vec<u8>>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    let mut answers = answers.iter();
    let key = FakeKey::key(move |_, request| {
        if request == [0x04] {
            let info = b"\x00\xA3\x01\x81\x6CFIDO_2_1_PRE\x03\x50AAAAAAAAAAAAAAAA\x04\xA1\x75credentialMgmtPreview\xF5";
            return Reply::Now(info.to_vec());
        }
        log.lock().unwrap().push(request.to_vec());
        Reply::Now(answers.next().unwrap().to_vec())
    });
    (FakeManager(key), asked)
}

struct FakeManager(Key);

impl FakeManager {
    fn manager(&mut self) -> Manager<'_> {
        let value = zeroize::Zeroizing::new(vec![7; 16]);
        Manager {
            key: &mut self.0,
            token: PinUvAuthToken::new(crate::client::PinProtocol::One, value).unwrap(),
            is_preview: true,
        }
    }
}

#[test]
fn a_key_with_the_preview_is_managed_by_its_command() {
    let hash: &[u8] = b"\x00\xA3\x03\xA1\x62id\x61a\x04\x58\x20AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\x05\x01";
    let (mut key, asked) = preview(Box::leak(Box::new([
        hash,
        b"\x00\xA2\x07\xA2\x62id\x41\x09\x64type\x6Apublic-key\x09\x01",
    ])));
    let mut manager = key.manager();
    let listed = manager.list(&mut Unwatched).unwrap();
    assert_eq!(listed[0].credentials[0].id, [9]);
    let user = UserEntity {
        id: vec![1],
        name: None,
        display_name: None,
    };
    assert!(matches!(
        manager.update(vec![9], user, &mut Unwatched),
        Err(Error::Unsupported { .. })
    ));
    assert!(asked.lock().unwrap().iter().all(|request| request[0] == 0x41));
}

#[test]
fn an_empty_key_says_so_in_one_of_two_ways() {
    for answer in [&b"\x2E"[..], b"\x00\xA1\x05\x00"] {
        let (mut key, _) = preview(Box::leak(Box::new([answer])));
        assert_eq!(key.manager().list(&mut Unwatched).unwrap(), []);
    }
}

#[test]
fn a_passkey_takes_its_large_blob_with_it() {
    let mut key = key();
    let mut stored = Vec::new();
    for (rp_id, name) in [("example.com", "alice"), ("example.org", "bob")] {
        register(&mut key, rp_id, name);
    }
    let mut manager = key
        .manage_credentials(Some(Permissions::LARGE_BLOB_WRITE), &mut Owner)
        .unwrap();
    stored.extend(manager.list(&mut Unwatched).unwrap());
    let blobs = |manager: &mut Manager<'_>| manager.parts().0.large_blobs(&mut Unwatched).unwrap();
    let mut array = blobs(&mut manager);
    for blob_key in large_blob_keys(&stored) {
        array.set(blob_key, b"data").unwrap();
    }
    let (key, token) = manager.parts();
    key.write_large_blobs(&array, Some(token), &mut Unwatched).unwrap();

    let [one, other] = [&stored[0].credentials[0], &stored[1].credentials[0]];
    let deletion = manager.delete_with_blob(one, &mut Unwatched).unwrap();
    assert!(matches!(deletion, BlobDeletion::Deleted));
    let left = blobs(&mut manager);
    assert_eq!(left.len(), 1);
    assert!(left.get(other.large_blob_key.as_ref().unwrap()).unwrap().is_some());
    // It is gone already, and so the passkey goes alone.
    let (key, token) = manager.parts();
    key.write_large_blobs(
        &crate::client::large_blobs::LargeBlobArray::default(),
        Some(token),
        &mut Unwatched,
    )
    .unwrap();
    let deletion = manager.delete_with_blob(other, &mut Unwatched).unwrap();
    assert!(matches!(deletion, BlobDeletion::None));
    assert_eq!(manager.list(&mut Unwatched).unwrap(), []);
}

#[test]
fn what_is_missing_is_malformed() {
    let (mut key, _) = preview(&[b"\x00\xA1\x05\x01"]);
    assert!(matches!(
        key.manager().list(&mut Unwatched),
        Err(Error::Malformed { .. })
    ));
    let (mut key, _) = preview(&[b"\x00"]);
    assert!(matches!(
        key.manager().metadata(&mut Unwatched),
        Err(Error::Malformed { .. })
    ));
}

#[test]
fn a_key_that_cannot_is_not_asked_for_a_pin() {
    let mut key = FakeKey::key(|_, _| Reply::Now(b"\x00\xA2\x01\x81\x68FIDO_2_0\x03\x50AAAAAAAAAAAAAAAA".to_vec()));
    assert!(matches!(
        key.manage_credentials(None, &mut Owner),
        Err(Error::Unsupported { .. })
    ));
}

/// A key of the preview that has this list of relying parties, then these passkeys for each, for ever.
fn endless(rps: &'static [u8], credentials: &'static [u8], distinct: bool) -> (FakeManager, Arc<Mutex<usize>>) {
    let asked = Arc::new(Mutex::new(0_usize));
    let count = asked.clone();
    let key = FakeKey::key(move |_, request| {
        if request == [0x04] {
            let info = b"\x00\xA3\x01\x81\x6CFIDO_2_1_PRE\x03\x50AAAAAAAAAAAAAAAA\x04\xA1\x75credentialMgmtPreview\xF5";
            return Reply::Now(info.to_vec());
        }
        let mut count = count.lock().unwrap();
        *count += 1;
        let subcommand = request[3];
        let mut answer = if subcommand < 4 { rps } else { credentials }.to_vec();
        if distinct {
            // The bytes `AAAA` are in what tells entries apart.
            let place = answer.windows(4).position(|window| window == b"AAAA").unwrap();
            answer[place..place + 4].copy_from_slice(&u32::try_from(*count).unwrap().to_be_bytes());
        }
        Reply::Now(answer)
    });
    (FakeManager(key), asked)
}

#[test]
fn lists_end_whatever_their_totals_say() {
    const ONE_RP: &[u8] = b"\x00\xA3\x03\xA1\x62id\x61a\x04\x58\x20AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\x05\x01";
    const MANY_RPS: &[u8] = b"\x00\xA3\x03\xA1\x62id\x61a\x04\x58\x20AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\x05\x19\x4E\x20";
    const ALL_RPS: &[u8] = b"\x00\xA3\x03\xA1\x62id\x61a\x04\x58\x20AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
          \x05\x1B\x00\x00\x00\x01\x00\x00\x00\x00";
    const MANY: &[u8] = b"\x00\xA2\x07\xA2\x62id\x44AAAA\x64type\x6Apublic-key\x09\x19\x4E\x20";
    const ALL: &[u8] = b"\x00\xA2\x07\xA2\x62id\x44AAAA\x64type\x6Apublic-key\x09\x1A\xFF\xFF\xFF\xFF";
    let cases = [
        (ALL_RPS, MANY, true, Malformed::TooLarge("totalRPs"), 1),
        (ONE_RP, ALL, true, Malformed::TooLarge("totalCredentials"), 2),
        (MANY_RPS, MANY, false, Malformed::Repeated("rpIDHash"), 2),
        (ONE_RP, MANY, false, Malformed::Repeated("credentialID"), 3),
        // Each relying party has as many passkeys as there may be in all.
        (MANY_RPS, MANY, true, Malformed::Endless, 40_001),
    ];
    for (rps, credentials, distinct, why, most) in cases {
        let (mut key, asked) = endless(rps, credentials, distinct);
        let refused = key.manager().list(&mut Unwatched).unwrap_err();
        assert!(
            matches!(refused, Error::Malformed { why: found, .. } if found == why),
            "{refused:?}"
        );
        assert!(*asked.lock().unwrap() <= most, "{why:?}");
    }
}
