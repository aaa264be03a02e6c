//! Several accounts at one website, on one key.

use brasskey_protocol::ctaphid::RequestKind;

use super::super::tests::{creation, key, request};
use super::super::{create, get};
use super::*;
use crate::client::fake::{FakeKey, Reply};
use crate::client::{Malformed, Pin, PinRequest, Unwatched, Watch};

/// Somebody with the PIN, who means the account of this name, and what they were asked.
struct Visitor(&'static str, Vec<Vec<Option<String>>>);

impl Watch for Visitor {}

impl UserInteraction for Visitor {
    fn pin(&mut self, _: &PinRequest) -> Result<Pin, Error> {
        Ok(Pin::new("1234")?)
    }

    fn account(&mut self, accounts: &[PasskeyAccount]) -> Result<Option<usize>, Error> {
        let name = |account: &PasskeyAccount| account.user.clone()?.name;
        let names: Vec<_> = accounts.iter().map(name).collect();
        let found = names.iter().position(|name| name.as_deref() == Some(self.0));
        self.1.push(names);
        Ok(found)
    }
}

fn origin() -> Origin {
    Origin::parse("https://example.com").unwrap()
}

fn register(key: &mut Key, name: &str) -> Vec<u8> {
    let mut options = creation(Requirement::Required, Requirement::Required);
    options.user.id = name.as_bytes().to_vec();
    options.user.name = Some(name.to_owned());
    let mut visitor = Visitor("", vec![]);
    let answer = create(key, &options, &origin(), Protocol::Ctap2, &mut visitor).unwrap();
    answer.credential_id
}

#[test]
fn every_account_can_sign_in_and_not_the_newest_alone() {
    let mut key = key(Some("1234"));
    let names = ["alice", "bob", "carol"];
    let ids = names.map(|name| register(&mut key, name));
    let options = request(Requirement::Required, &[]);
    for (name, id) in names.into_iter().zip(&ids) {
        let mut visitor = Visitor(name, vec![]);
        let answer = get(&mut key, &options, &origin(), Protocol::Ctap2, &mut visitor).unwrap();
        assert_eq!(answer.credential_id, *id);
        assert_eq!(answer.user_handle.as_deref(), Some(name.as_bytes()));
        let newest_first = ["carol", "bob", "alice"].map(|name| Some(name.to_owned()));
        assert_eq!(visitor.1, [newest_first.to_vec()], "asked once");
    }
    let mut stranger = Visitor("mallory", vec![]);
    let refused = get(&mut key, &options, &origin(), Protocol::Ctap2, &mut stranger);
    assert!(matches!(refused, Err(CeremonyError::NoCredentials)));
    // Whoever has no opinion gets the newest, as before.
    let options = request(Requirement::Discouraged, &[]);
    let answer = get(&mut key, &options, &origin(), Protocol::Ctap2, &mut Unwatched).unwrap();
    assert_eq!(answer.credential_id, ids[2]);
    // Where the website names credentials there is nothing to choose.
    let options = request(Requirement::Required, &[&ids[0], &ids[1]]);
    let mut visitor = Visitor("nobody", vec![]);
    get(&mut key, &options, &origin(), Protocol::Ctap2, &mut visitor).unwrap();
    assert!(visitor.1.is_empty());
}

#[test]
fn assertions_without_end_end() {
    for (total, why) in [
        (
            &b"\x1B\x00\x00\x00\x01\x00\x00\x00\x00"[..],
            Malformed::TooLarge("numberOfCredentials"),
        ),
        (b"\x19\x01\x00", Malformed::Repeated("credential")),
    ] {
        let answer = [
            &b"\x00\xA4\x01\xA2\x62id\x41\x09\x64type\x6Apublic-key\x02\x58\x25"[..],
            &[0; 37],
            b"\x03\x41\x00\x05",
            total,
        ]
        .concat();
        let mut count = 0;
        let mut key = FakeKey::key(move |kind, request| {
            assert_eq!(kind, RequestKind::Cbor);
            Reply::Now(match request {
                [0x04] => b"\x00\xA2\x01\x81\x68FIDO_2_0\x03\x50AAAAAAAAAAAAAAAA".to_vec(),
                _ => {
                    count += 1;
                    assert!(count <= 2);
                    answer.clone()
                }
            })
        });
        let options = request(Requirement::Discouraged, &[]);
        let refused = get(&mut key, &options, &origin(), Protocol::Ctap2, &mut Unwatched).unwrap_err();
        assert!(
            matches!(refused, CeremonyError::Key(Error::Malformed { why: found, .. }) if found == why),
            "{refused:?}"
        );
    }
}
