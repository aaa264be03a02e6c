//! The list of credentials against a model that keeps them in a map.

use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

use cbor4ii::core::Value;
use proptest::prelude::*;

use crate::ctap2::Status;
use crate::testing::cbor::{Tree, map, text};
use crate::testing::key::Key;
use crate::testing::request::{RP, make_credential};

const RPS: [&str; 3] = [RP, "login.example.org", "other.example"];

/// A relying party and a user.
type Account = (String, u8);

/// A credential's ID, its public key and the user's name.
type Credential = (Vec<u8>, Value, Option<String>);

/// What a host can do to the discoverable credentials, by the numbers of a relying party and a user.
#[derive(Clone, Debug)]
enum Action {
    Register(usize, u8),
    RegisterListed(usize, u8),
    Rename(usize, u8, Option<String>),
    Delete(usize, u8),
    Restart,
}

fn action() -> impl Strategy<Value = Action> {
    let account = || (0..RPS.len(), 0..4_u8);
    prop_oneof![
        4 => account().prop_map(|(rp, user)| Action::Register(rp, user)),
        1 => account().prop_map(|(rp, user)| Action::RegisterListed(rp, user)),
        2 => (account(), proptest::option::of("[a-z]{0,70}")).prop_map(|((rp, user), name)| Action::Rename(rp, user, name)),
        2 => account().prop_map(|(rp, user)| Action::Delete(rp, user)),
        1 => Just(Action::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The key's list is that of a model that keeps its accounts in a map.
    #[test]
    fn whatever_is_done_the_list_is_that_of_a_plain_map(actions in proptest::collection::vec(action(), 1..24)) {
        let mut key = Key::new();
        let mut model: BTreeMap<Account, Credential> = BTreeMap::new();
        for action in actions {
            match action {
                Action::Register(rp, user) => {
                    let made = key.register_discoverable(RPS[rp], &[user]);
                    let name = Some(String::from("alice@example.com"));
                    model.insert((RPS[rp].into(), user), (made.id, made.cose_key, name));
                }
                Action::RegisterListed(rp, user) => {
                    key.send(&make_credential(RPS[rp], &[user])).unwrap();
                }
                Action::Rename(rp, user, name) => {
                    let Some((id, _, kept)) = model.get_mut(&(RPS[rp].into(), user)) else { continue };
                    let entity = match &name {
                        Some(name) => map([("id", Value::Bytes([user].into())), ("name", text(name.clone()))]),
                        None => map([("id", Value::Bytes([user].into()))]),
                    };
                    let manager = key.manager();
                    key.send(&manager.update(id, entity)).unwrap();
                    *kept = name.filter(|name| !name.is_empty()).map(|name| name.chars().take(64).collect());
                }
                Action::Delete(rp, user) => {
                    let manager = key.manager();
                    let removed = model.remove(&(RPS[rp].into(), user));
                    let expected = if removed.is_some() { Ok(None) } else { Err(Status::NoCredentials) };
                    let id = removed.map_or([7; 59].into(), |(id, ..)| id);
                    prop_assert_eq!(key.send(&manager.delete(&id)), expected);
                }
                Action::Restart => key = key.restarted(),
            }
        }
        let manager = key.manager();
        let mut listed = BTreeMap::new();
        for (rp_id, credentials) in key.listed(&manager) {
            for credential in credentials {
                let entity = credential.number(6);
                let name = entity.find(&text("name")).map(|name| String::from(name.as_text()));
                let id = credential.number(7).member("id").as_bytes().to_vec();
                let account = (rp_id.clone(), entity.member("id").as_bytes()[0]);
                prop_assert!(listed.insert(account, (id, credential.number(8).clone(), name)).is_none());
            }
        }
        prop_assert_eq!(&listed, &model);
        let existing = key.answer(&manager.metadata()).unwrap().number(1).as_int();
        prop_assert_eq!(usize::try_from(existing).unwrap(), model.len());
    }
}
