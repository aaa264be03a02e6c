//! What authenticatorCredentialManagement changes (CTAP 2.3 §6.8.5, §6.8.6), and how getInfo tells of it (§6.4).

use ciborium::Value;

use super::credential_management::{DELETE, RPS_BEGIN, UPDATE, cm, counts, credentials, made, of_credential, with_pin};
use crate::host::Host;
use crate::host::cbor::map;
use crate::host::client_pin::{Token, permission};
use crate::host::ctap2::{descriptor, get_assertion, get_assertion_by, make_credential, status};
use crate::host::read::Read as _;
use crate::host::response::{Response, flags, member};
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.8":
        a_bound_token_manages_its_own_credentials_only needs Tokens and CredMgmt;
    "CTAP 2.3 §6.8.5":
        a_deleted_credential_is_gone needs Tokens and CredMgmt,
        an_unknown_credential_is_not_deleted needs Tokens and CredMgmt;
    "CTAP 2.3 §6.8.6":
        user_information_is_updated needs Tokens and CredMgmt,
        names_left_out_are_removed needs Tokens and CredMgmt,
        another_users_information_is_refused needs Tokens and CredMgmt;
    "CTAP 2.3 §6.4":
        the_store_state_changes_with_the_store needs Tokens and CredMgmt and Pcmr and StoreState,
        the_store_state_does_not_change_with_use needs Tokens and Pcmr and StoreState,
        room_is_counted needs Tokens and CredMgmt;
}

fn of_user(id: &[u8], user: Value) -> Option<Value> {
    Some(Value::Map(vec![(2.into(), descriptor(id)), (3.into(), user)]))
}

fn a_bound_token_manages_its_own_credentials_only(key: &Key) {
    let mut host = with_pin(key);
    let own = made(&mut host, "example.com", b"1");
    let other = made(&mut host, "example.org", b"2");
    let token = host.token(permission::CM, Some("example.com"));
    let user = || map([("id", b"2".to_vec().into()), ("name", "eve".into())]);
    // Of what is not there the standard can be read both ways.
    for (id, others) in [
        (&other.id[..], &[][..]),
        (&[7; 59], &[status::NO_CREDENTIALS]),
        (&[], &[status::NO_CREDENTIALS]),
    ] {
        for request in [
            token.manage(DELETE, of_credential(id)),
            token.manage(UPDATE, of_user(id, user())),
        ] {
            host.denied_or(request, status::PIN_AUTH_INVALID, others);
        }
    }
    same!(
        host.ctap2(token.manage(DELETE, of_credential(&own.id))),
        Response::bare(status::OK)
    );
    host.assert(&get_assertion("example.org"));
}

fn a_deleted_credential_is_gone(key: &Key) {
    let mut host = with_pin(key);
    let one = made(&mut host, "example.com", b"1");
    let two = made(&mut host, "example.com", b"2");
    let token = cm(&mut host);
    same!(
        host.ctap2(token.manage(DELETE, of_credential(&one.id))),
        Response::bare(status::OK)
    );
    host.denied(get_assertion_by("example.com", &[&one.id]), status::NO_CREDENTIALS);
    same!(host.assert(&get_assertion("example.com")).id, two.id);
    // Signing in has spent the token.
    let token = cm(&mut host);
    same!(counts(&mut host, &token).0, 1);
    host.denied(token.manage(DELETE, of_credential(&one.id)), status::NO_CREDENTIALS);
    // With its last credential the relying party goes.
    status::is(
        host.ctap2(token.manage(DELETE, of_credential(&two.id))).status,
        status::OK,
    );
    host.denied(token.manage(RPS_BEGIN, None), status::NO_CREDENTIALS);
    key.power_cycle();
    key.host().denied(get_assertion("example.com"), status::NO_CREDENTIALS);
}

fn an_unknown_credential_is_not_deleted(key: &Key) {
    let mut host = with_pin(key);
    let replaced = made(&mut host, "example.com", b"1");
    let made = made(&mut host, "example.com", b"1");
    let token = cm(&mut host);
    let of_another_type = map([("id", made.id.clone().into()), ("type", "password".into())]);
    let params = Some(Value::Map(vec![(2.into(), of_another_type)]));
    host.denied(token.manage(DELETE, params), status::NO_CREDENTIALS);
    let user = map([("id", b"1".to_vec().into())]);
    for id in [&[][..], &[7; 59], &[7; 300], &replaced.id, &made.id[1..]] {
        host.denied(token.manage(DELETE, of_credential(id)), status::NO_CREDENTIALS);
        host.denied(token.manage(UPDATE, of_user(id, user.clone())), status::NO_CREDENTIALS);
    }
}

fn user_information_is_updated(key: &Key) {
    let mut host = with_pin(key);
    let made = made(&mut host, "example.com", b"1");
    let user = map([
        ("id", b"1".to_vec().into()),
        ("name", "alice@example.com".into()),
        ("displayName", "Alice".into()),
    ]);
    let token = cm(&mut host);
    same!(
        host.ctap2(token.manage(UPDATE, of_user(&made.id, user.clone()))),
        Response::bare(status::OK)
    );
    let found = credentials(&mut host, &token, "example.com");
    same!(found[&b"1"[..]][&6], user);
    same!(found[&b"1"[..]][&7], descriptor(&made.id));
    let assertion = host.assert(&get_assertion_by("example.com", &[&made.id]));
    assertion.verify(&made.public_key, "example.com", flags::UP);
    key.power_cycle();
    let mut host = key.host();
    let token = cm(&mut host);
    same!(credentials(&mut host, &token, "example.com")[&b"1"[..]][&6], user);
}

fn names_left_out_are_removed(key: &Key) {
    let mut host = with_pin(key);
    let made = made(&mut host, "example.com", b"1");
    let id = || ("id", Value::from(b"1".to_vec()));
    let named = map([id(), ("name", "alice".into()), ("displayName", "Alice".into())]);
    let empty = map([id(), ("name", "".into()), ("displayName", "".into())]);
    for removing in [map([id()]), empty] {
        let token = cm(&mut host);
        for user in [&named, &removing] {
            let request = token.manage(UPDATE, of_user(&made.id, user.clone()));
            status::is(host.ctap2(request).status, status::OK);
        }
        let found = credentials(&mut host, &token, "example.com");
        same!(found[&b"1"[..]][&6], map([id()]));
    }
}

fn another_users_information_is_refused(key: &Key) {
    let mut host = with_pin(key);
    let made = made(&mut host, "example.com", b"1");
    let token = cm(&mut host);
    for id in [&b"2"[..], b"", b"11", &[b'1'; 65]] {
        let user = map([("id", id.to_vec().into()), ("name", "eve".into())]);
        // No user has an ID that is so long.
        let others = &[status::INVALID_CBOR, status::INVALID_LENGTH][..if id.len() > 64 { 2 } else { 0 }];
        let request = token.manage(UPDATE, of_user(&made.id, user));
        host.denied_or(request, status::INVALID_PARAMETER, others);
    }
    let found = credentials(&mut host, &token, "example.com");
    same!(member(&found[&b"1"[..]][&6], "name"), &"alice".into());
}

/// Decrypts a member of getInfo with the persistent token (§6.4).
#[track_caller]
fn plain(host: &mut Host, persistent: &Token, member: u8, info: &str) -> (Vec<u8>, Vec<u8>) {
    let value = host.info()[&member].bytes().clone();
    same!(value.len(), 32);
    let plain = crate::host::verify::decrypt_info(&persistent.token, info, &value);
    (value[..16].to_vec(), plain)
}

#[track_caller]
fn identifier(host: &mut Host, persistent: &Token) -> (Vec<u8>, Vec<u8>) {
    plain(host, persistent, 0x19, "encIdentifier")
}

#[track_caller]
fn store_state(host: &mut Host, persistent: &Token) -> Vec<u8> {
    plain(host, persistent, 0x1E, "encCredStoreState").1
}

fn the_store_state_changes_with_the_store(key: &Key) {
    let mut host = with_pin(key);
    let persistent = host.token(permission::PCMR, None);
    let mut seen = vec![store_state(&mut host, &persistent)];
    let mut changed = |host: &mut Host| {
        let state = store_state(host, &persistent);
        assert!(!seen.contains(&state));
        seen.push(state);
    };
    made(&mut host, "example.com", b"1");
    changed(&mut host);
    let made = made(&mut host, "example.com", b"1");
    changed(&mut host);
    let token = cm(&mut host);
    let user = map([("id", b"1".to_vec().into()), ("name", "bob".into())]);
    status::is(
        host.ctap2(token.manage(UPDATE, of_user(&made.id, user))).status,
        status::OK,
    );
    changed(&mut host);
    status::is(
        host.ctap2(token.manage(DELETE, of_credential(&made.id))).status,
        status::OK,
    );
    changed(&mut host);
}

fn the_store_state_does_not_change_with_use(key: &Key) {
    let mut host = with_pin(key);
    made(&mut host, "example.com", b"1");
    let persistent = host.token(permission::PCMR, None);
    let (iv, name) = identifier(&mut host, &persistent);
    let state = store_state(&mut host, &persistent);
    differ!(name, state);
    assert!([&name, &state].iter().all(|plain| **plain != [0; 16]));
    differ!(host.info()[&0x19], host.info()[&0x1E]);
    host.make(&make_credential("example.com", b"1"));
    host.assert(&get_assertion("example.com"));
    key.power_cycle();
    let mut host = key.host();
    same!(store_state(&mut host, &persistent), state);
    // The device is known by its identifier, and nobody else sees that it is the same one.
    let (another_iv, same_name) = identifier(&mut host, &persistent);
    differ!(iv, another_iv);
    same!(name, same_name);
}

fn room_is_counted(key: &Key) {
    let mut host = with_pin(key);
    // By getInfo, or where it does not tell by getCredsMetadata.
    let remaining = |host: &mut Host| -> u64 {
        let told = host.info().get(&0x14).map(|room| room.number());
        told.unwrap_or_else(|| {
            let token = cm(host);
            counts(host, &token).1
        })
    };
    let before = remaining(&mut host);
    let made = made(&mut host, "example.com", b"1");
    let after = remaining(&mut host);
    assert!(after < before, "{after} after {before}");
    let token = cm(&mut host);
    same!(counts(&mut host, &token), (1, after));
    status::is(
        host.ctap2(token.manage(DELETE, of_credential(&made.id))).status,
        status::OK,
    );
    // An estimate (§6.4): what is deleted need not be free at once.
    if remaining(&mut host) <= after {
        key.other_choice("a credential that is deleted makes no room at once");
    }
}
