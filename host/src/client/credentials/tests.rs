//! The passkeys of the soft key, and of keys that speak only the preview.

use std::sync::{Arc, Mutex};

use super::*;
use crate::client::ctap2::{MakeCredential, Options, PublicKeyCredentialParameters};
use crate::client::fake::{FakeKey, Reply};
use crate::client::{Pin, PinRequest};
use crate::soft::{SoftKey, Touch};

/// Somebody who knows the PIN.
struct Owner;

impl Watch for Owner {
    fn pin(&mut self, _: &PinRequest) -> Result<Pin, Error> {
        Ok(Pin::new("1234")?)
    }
}

/// A soft key with a PIN.
fn key() -> Key {
    let soft = SoftKey::builder().touch(Touch::Auto).build().unwrap();
    let mut key = Key::open(Box::new(soft.connect())).unwrap();
    key.set_pin(&Pin::new("1234").unwrap(), &mut ()).unwrap();
    key
}

fn register(key: &mut Key, rp_id: &str, name: &str) -> Vec<u8> {
    let token = key
        .token(Permissions::MAKE_CREDENTIAL, Some(rp_id), &mut Owner)
        .unwrap();
    let rp = RelyingParty {
        id: rp_id.to_owned(),
        name: None,
    };
    let user = User {
        id: name.as_bytes().to_vec(),
        name: Some(name.to_owned()),
        display_name: None,
    };
    let request = MakeCredential {
        options: Options {
            rk: Some(true),
            ..Options::default()
        },
        pin_uv_auth: Some(token.authorize(&[&[7; 32]])),
        ..MakeCredential::new([7; 32], rp, user, vec![PublicKeyCredentialParameters::public_key(-7)])
    };
    let answer = key.send(&request, &mut ()).unwrap();
    crate::client::webauthn::response::credential_id(&answer.auth_data)
        .unwrap()
        .to_vec()
}

/// RP IDs and account names.
fn listed(key: &mut Key) -> Vec<(String, Vec<String>)> {
    let mut manager = key.manage_credentials(None, &mut Owner).unwrap();
    let mut listed: Vec<_> = manager
        .list(&mut ())
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
    assert_eq!(manager.metadata(&mut ()).unwrap().existing, 3);
    let renamed = User {
        id: b"alice".to_vec(),
        name: Some("adele".to_owned()),
        display_name: None,
    };
    manager.update(alice.clone(), renamed, &mut ()).unwrap();
    assert_eq!(listed(&mut key)[0].1, names(&["adele", "bob"]));

    let mut manager = key.manage_credentials(None, &mut Owner).unwrap();
    manager.delete(alice.clone(), &mut ()).unwrap();
    let again = manager.delete(alice, &mut ());
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
    let listed = manager.list(&mut ()).unwrap();
    assert_eq!(listed[0].credentials[0].id, [9]);
    let user = User {
        id: vec![1],
        name: None,
        display_name: None,
    };
    assert!(matches!(
        manager.update(vec![9], user, &mut ()),
        Err(Error::Unsupported { .. })
    ));
    assert!(asked.lock().unwrap().iter().all(|request| request[0] == 0x41));
}

#[test]
fn an_empty_key_says_so_in_one_of_two_ways() {
    for answer in [&b"\x2E"[..], b"\x00\xA1\x05\x00"] {
        let (mut key, _) = preview(Box::leak(Box::new([answer])));
        assert_eq!(key.manager().list(&mut ()).unwrap(), []);
    }
}

#[test]
fn what_is_missing_is_malformed() {
    let (mut key, _) = preview(&[b"\x00\xA1\x05\x01"]);
    assert!(matches!(key.manager().list(&mut ()), Err(Error::Malformed { .. })));
    let (mut key, _) = preview(&[b"\x00"]);
    assert!(matches!(key.manager().metadata(&mut ()), Err(Error::Malformed { .. })));
}

#[test]
fn a_key_that_cannot_is_not_asked_for_a_pin() {
    let mut key = FakeKey::key(|_, _| Reply::Now(b"\x00\xA2\x01\x81\x68FIDO_2_0\x03\x50AAAAAAAAAAAAAAAA".to_vec()));
    assert!(matches!(
        key.manage_credentials(None, &mut Owner),
        Err(Error::Unsupported { .. })
    ));
}
