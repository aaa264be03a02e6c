//! authenticatorCredentialManagement (CTAP 2.3 §6.8).

use std::collections::BTreeMap;

use ciborium::Value;

use crate::host::cbor::{encode, map};
use crate::host::client_pin::{Token, permission};
use crate::host::ctap2::{Request, descriptor, extending, make_credential, make_discoverable, mc, status};
use crate::host::read::{Members, Read as _};
use crate::host::response::{Made, Response, member};
use crate::host::verify::sha256;
use crate::host::{Host, command};
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.8":
        a_token_is_always_needed needs Pin,
        missing_parameters_are_named_so needs Rk and Tokens and CredMgmt,
        wrong_parameters_are_refused needs Rk and Tokens and CredMgmt,
        unknown_subcommands_are_refused needs Tokens and CredMgmt,
        plain_credentials_are_not_listed needs Rk and Tokens and CredMgmt,
        the_persistent_token_lists needs Rk and Tokens and CredMgmt and Pcmr,
        a_cancelled_registration_is_not_listed needs Rk and Tokens and CredMgmt;
    "CTAP 2.3 §6.8.2":
        metadata_counts_credentials needs Rk and Tokens and CredMgmt;
    "CTAP 2.3 §6.8.3":
        relying_parties_are_listed needs Rk and Tokens and CredMgmt,
        an_empty_key_has_no_relying_parties needs Tokens and CredMgmt;
    "CTAP 2.3 §6.8.4":
        credentials_are_listed needs Rk and Tokens and CredMgmt,
        an_unknown_relying_party_has_no_credentials needs Rk and Tokens and CredMgmt,
        every_account_is_listed_once needs Rk and Tokens and CredMgmt,
        protection_levels_are_told needs Rk and Tokens and CredMgmt and CredProtect,
        large_blob_keys_and_payments_are_told needs Rk and Tokens and CredMgmt and LargeBlobKey and ThirdPartyPayment;
}

pub(super) const METADATA: u8 = 0x01;
pub(super) const RPS_BEGIN: u8 = 0x02;
pub(super) const RPS_NEXT: u8 = 0x03;
pub(super) const CREDENTIALS_BEGIN: u8 = 0x04;
pub(super) const CREDENTIALS_NEXT: u8 = 0x05;
pub(super) const DELETE: u8 = 0x06;
pub(super) const UPDATE: u8 = 0x07;

pub(super) fn with_pin(key: &Key) -> Host {
    let mut host = key.host();
    host.set_pin(key.pin());
    host
}

pub(super) fn cm(host: &mut Host) -> Token {
    host.token(permission::CM, None)
}

/// Makes a discoverable credential.
#[track_caller]
pub(super) fn made(host: &mut Host, rp_id: &str, user_id: &[u8]) -> Made {
    let token = host.token(permission::MC, Some(rp_id));
    host.register(&token.on(make_discoverable(rp_id, user_id)))
}

pub(super) fn bare(sub_command: u8) -> Request {
    Request::new(0x0A).with(0x01, sub_command)
}

pub(super) fn of_credential(id: &[u8]) -> Option<Value> {
    Some(Value::Map(vec![(2.into(), descriptor(id))]))
}

pub(super) fn of_rp(rp_id: &str) -> Option<Value> {
    Some(Value::Map(vec![(1.into(), sha256(rp_id.as_bytes()).to_vec().into())]))
}

/// What enumerateRPsBegin and its continuations answer.
#[track_caller]
fn relying_parties(host: &mut Host, token: &Token) -> Vec<String> {
    let mut response = host.ctap2(token.manage(RPS_BEGIN, None));
    let total: u64 = response.ok()[&5].number();
    let mut found = Vec::new();
    loop {
        let members = response.ok();
        assert!(members.keys().all(|key| matches!(key, 3..=5)), "{members:?}");
        let id = member(&members[&3], "id").text().to_owned();
        same!(members[&4], sha256(id.as_bytes()).to_vec().into());
        found.push(id);
        if found.len() as u64 == total {
            break;
        }
        response = host.ctap2(bare(RPS_NEXT));
        assert!(!response.ok().contains_key(&5), "the total comes once");
    }
    host.denied(bare(RPS_NEXT), status::NOT_ALLOWED);
    found.sort();
    found
}

/// What enumerateCredentialsBegin and its continuations answer, by user ID.
#[track_caller]
pub(super) fn credentials(host: &mut Host, token: &Token, rp_id: &str) -> BTreeMap<Vec<u8>, Members> {
    let mut response = host.ctap2(token.manage(CREDENTIALS_BEGIN, of_rp(rp_id)));
    let total: u64 = response.ok()[&9].number();
    let mut found = BTreeMap::new();
    for n in 1..=total {
        let mut members = response.ok().clone();
        same!(members.remove(&9).is_some(), n == 1, "the total comes once");
        assert!(
            members.keys().all(|key| matches!(key, 6..=8 | 0x0A..=0x0C)),
            "{members:?}"
        );
        let user = member(&members[&6], "id").bytes().clone();
        same!(found.insert(user, members), None, "an account twice");
        if n < total {
            response = host.ctap2(bare(CREDENTIALS_NEXT));
        }
    }
    host.denied(bare(CREDENTIALS_NEXT), status::NOT_ALLOWED);
    found
}

#[track_caller]
pub(super) fn counts(host: &mut Host, token: &Token) -> (u64, u64) {
    let response = host.ctap2(token.manage(METADATA, None));
    let members = response.ok();
    same!(members.keys().collect::<Vec<_>>(), [&1, &2]);
    let count = |key: u8| members[&key].number();
    (count(1), count(2))
}

fn a_token_is_always_needed(key: &Key) {
    let mut host = key.host();
    for _ in 0..2 {
        for sub_command in [METADATA, RPS_BEGIN, CREDENTIALS_BEGIN, DELETE, UPDATE] {
            host.denied(bare(sub_command), status::PUAT_REQUIRED);
        }
        if host.option("clientPin") == Some(false) {
            host.set_pin(key.pin());
        }
    }
}

fn missing_parameters_are_named_so(key: &Key) {
    let mut host = with_pin(key);
    let made = made(&mut host, "example.com", b"1");
    let token = cm(&mut host);
    host.denied(token.manage(METADATA, None).without(0x01), status::MISSING_PARAMETER);
    host.denied(token.manage(METADATA, None).without(0x03), status::MISSING_PARAMETER);
    let nothing = Some(Value::Map(Vec::new()));
    let user = Some(Value::Map(vec![(3.into(), map([("id", vec![b'1'].into())]))]));
    for (sub_command, params) in [
        (CREDENTIALS_BEGIN, None),
        (CREDENTIALS_BEGIN, nothing.clone()),
        (DELETE, None),
        (DELETE, nothing.clone()),
        (DELETE, of_rp("example.com")),
        (UPDATE, None),
        (UPDATE, nothing),
        (UPDATE, of_credential(&made.id)),
        (UPDATE, user),
    ] {
        let request = token.manage(sub_command, params);
        host.denied(request.clone(), status::MISSING_PARAMETER);
        // Before the token is looked at, though of two mistakes either may be named.
        let twice = request.with(0x04, vec![7; 32]);
        host.denied_or(twice, status::MISSING_PARAMETER, &[status::PIN_AUTH_INVALID]);
    }
}

fn wrong_parameters_are_refused(key: &Key) {
    let mut host = with_pin(key);
    made(&mut host, "example.com", b"1");
    let token = cm(&mut host);
    let request = token.manage(METADATA, None);
    for protocol in [0, 3] {
        host.denied(request.clone().with(0x03, protocol), status::INVALID_PARAMETER);
    }
    for length in [0, 16, 32, 33] {
        host.denied(request.clone().with(0x04, vec![0; length]), status::PIN_AUTH_INVALID);
    }
    host.denied(request.clone().with(0x01, RPS_BEGIN), status::PIN_AUTH_INVALID);
    host.denied(request.with(0x01, "1"), status::CBOR_UNEXPECTED_TYPE);
    for length in [0, 31, 33] {
        let params = Some(Value::Map(vec![(1.into(), vec![0; length].into())]));
        // The standard names no status for it.
        let others = &[status::INVALID_CBOR, status::INVALID_LENGTH, status::NO_CREDENTIALS];
        let request = token.manage(CREDENTIALS_BEGIN, params);
        host.denied_or(request, status::INVALID_PARAMETER, others);
    }
    let id = || ("id", Value::from(vec![7; 59]));
    for (sub_command, member, wrong) in [
        (CREDENTIALS_BEGIN, 1, 1.into()),
        (DELETE, 2, vec![7; 59].into()),
        (DELETE, 2, map([id()])),
        (DELETE, 2, map([("id", "id".into()), ("type", "public-key".into())])),
    ] {
        let params = Some(Value::Map(vec![(member.into(), wrong)]));
        host.denied(token.manage(sub_command, params), status::CBOR_UNEXPECTED_TYPE);
    }
    host.denied(token.manage(DELETE, Some("x".into())), status::CBOR_UNEXPECTED_TYPE);
    let other = token.manage(CREDENTIALS_BEGIN, of_rp("example.com"));
    host.denied(
        other.with(0x02, of_rp("example.org").expect("a map")),
        status::PIN_AUTH_INVALID,
    );
    let delete = token.manage(DELETE, of_credential(&[7; 59]));
    let another = of_credential(&[8; 59]).expect("a map");
    host.denied(delete.clone().with(0x02, another), status::PIN_AUTH_INVALID);
    // Members that nobody knows are authenticated too, as they were sent.
    let with = |unknown: u8| Value::Map(vec![(2.into(), descriptor(&[7; 59])), (9.into(), unknown.into())]);
    let request = token.manage(DELETE, Some(with(1)));
    host.denied(request.clone().with(0x02, with(2)), status::PIN_AUTH_INVALID);
    host.denied(request, status::NO_CREDENTIALS);
}

fn unknown_subcommands_are_refused(key: &Key) {
    let mut host = with_pin(key);
    let token = cm(&mut host);
    for sub_command in [0x00, 0x08, 0xFF] {
        host.denied(token.manage(sub_command, None), status::INVALID_SUBCOMMAND);
    }
    for sub_command in [0x101, 1_u64 << 40 | 1] {
        host.denied(bare(0).with(0x01, sub_command), status::INVALID_SUBCOMMAND);
    }
}

fn metadata_counts_credentials(key: &Key) {
    let mut host = with_pin(key);
    for existing in 0..3 {
        let token = cm(&mut host);
        let (count, remaining) = counts(&mut host, &token);
        same!(count, existing);
        assert!(remaining > 0);
        made(
            &mut host,
            "example.com",
            &[b'1' + u8::try_from(existing).expect("small")],
        );
    }
    // An account made anew is the same account.
    made(&mut host, "example.com", b"1");
    let token = cm(&mut host);
    same!(counts(&mut host, &token).0, 3);
}

fn relying_parties_are_listed(key: &Key) {
    let mut host = with_pin(key);
    for (rp_id, user) in [("example.com", b"1"), ("example.org", b"1"), ("example.com", b"2")] {
        made(&mut host, rp_id, user);
    }
    let token = cm(&mut host);
    same!(relying_parties(&mut host, &token), ["example.com", "example.org"]);
}

fn an_empty_key_has_no_relying_parties(key: &Key) {
    let mut host = with_pin(key);
    let token = cm(&mut host);
    host.denied(token.manage(RPS_BEGIN, None), status::NO_CREDENTIALS);
    same!(counts(&mut host, &token).0, 0);
}

fn credentials_are_listed(key: &Key) {
    let mut host = with_pin(key);
    let one = made(&mut host, "example.com", b"1");
    let token = host.token(permission::MC, Some("example.com"));
    let user = map([
        ("id", b"2".to_vec().into()),
        ("name", "bob".into()),
        ("displayName", "Bob".into()),
    ]);
    let two = host.register(&token.on(make_discoverable("example.com", b"2").with(mc::USER, user.clone())));
    made(&mut host, "example.org", b"3");

    let token = cm(&mut host);
    let found = credentials(&mut host, &token, "example.com");
    same!(found.len(), 2);
    for (made, user) in [
        (&one, map([("id", b"1".to_vec().into()), ("name", "alice".into())])),
        (&two, user),
    ] {
        let id = member(&user, "id").bytes();
        let members = &found[id];
        same!(members[&6], user);
        same!(members[&7], descriptor(&made.id));
        same!(encode(&members[&8]), made.public_key.cose);
        same!(members.get(&0x0B), None, "no largeBlobKey was asked for");
        // A level, and whether it is for payments, where the key knows these extensions.
        if let Some(level) = members.get(&0x0A) {
            same!(level, &1.into(), "credProtect");
        }
        if let Some(payment) = members.get(&0x0C) {
            same!(payment, &false.into(), "thirdPartyPayment");
        }
    }
}

fn an_unknown_relying_party_has_no_credentials(key: &Key) {
    let mut host = with_pin(key);
    made(&mut host, "example.com", b"1");
    let token = cm(&mut host);
    host.denied(
        token.manage(CREDENTIALS_BEGIN, of_rp("example.org")),
        status::NO_CREDENTIALS,
    );
    // A hash that is almost that of a relying party that is there.
    for byte in 0..32 {
        let mut hash = sha256(b"example.com");
        hash[byte] ^= 1;
        let params = Some(Value::Map(vec![(1.into(), hash.to_vec().into())]));
        host.denied(token.manage(CREDENTIALS_BEGIN, params), status::NO_CREDENTIALS);
    }
}

fn plain_credentials_are_not_listed(key: &Key) {
    let mut host = with_pin(key);
    let made = host.make(&make_credential("example.com", b"1"));
    let token = cm(&mut host);
    same!(counts(&mut host, &token).0, 0);
    host.denied(token.manage(RPS_BEGIN, None), status::NO_CREDENTIALS);
    host.denied(
        token.manage(CREDENTIALS_BEGIN, of_rp("example.com")),
        status::NO_CREDENTIALS,
    );
    host.denied(token.manage(DELETE, of_credential(&made.id)), status::NO_CREDENTIALS);
}

fn the_persistent_token_lists(key: &Key) {
    let mut host = with_pin(key);
    made(&mut host, "example.com", b"1");
    made(&mut host, "example.com", b"2");
    made(&mut host, "example.org", b"3");
    let persistent = host.token(permission::PCMR, None);
    key.power_cycle();
    let mut host = key.host();
    same!(counts(&mut host, &persistent).0, 3);
    same!(relying_parties(&mut host, &persistent), ["example.com", "example.org"]);
    same!(credentials(&mut host, &persistent, "example.com").len(), 2);
}

fn every_account_is_listed_once(key: &Key) {
    let mut host = key.host();
    let users: Vec<[u8; 1]> = (0..12).map(|n| [n]).collect();
    for user in &users {
        host.make(&make_discoverable("example.com", user));
    }
    for rp_id in ["a.example", "b.example", "c.example"] {
        host.make(&make_discoverable(rp_id, b"1"));
    }
    host.set_pin(key.pin());
    let token = cm(&mut host);
    same!(
        relying_parties(&mut host, &token),
        ["a.example", "b.example", "c.example", "example.com"]
    );
    let found = credentials(&mut host, &token, "example.com");
    assert!(found.keys().eq(users.iter().map(|user| &user[..])));
}

fn protection_levels_are_told(key: &Key) {
    let mut host = key.host();
    for level in [1_u8, 2, 3] {
        let request = make_discoverable("example.com", &[level]);
        host.register(&extending(request, [("credProtect", level.into())]));
    }
    host.set_pin(key.pin());
    let token = cm(&mut host);
    for (user, members) in credentials(&mut host, &token, "example.com") {
        same!(members[&0x0A], user[0].into());
    }
}

fn large_blob_keys_and_payments_are_told(key: &Key) {
    let mut host = key.host();
    let with = |user: &[u8], name| extending(make_discoverable("example.com", user), [(name, true.into())]);
    let blob = host.register(&with(b"1", "largeBlobKey"));
    host.register(&with(b"2", "thirdPartyPayment"));
    host.set_pin(key.pin());
    let token = cm(&mut host);
    let found = credentials(&mut host, &token, "example.com");
    let told = |user: &[u8]| (found[user].get(&0x0B).cloned(), found[user][&0x0C].clone());
    same!(told(b"1"), (blob.large_blob_key.map(Value::from), false.into()));
    same!(told(b"2"), (None, true.into()));
}

fn a_cancelled_registration_is_not_listed(key: &Key) {
    let mut host = key.host();
    host.asked(make_discoverable("example.com", b"1"));
    host.send(command::CANCEL, &[]);
    same!(host.answer(), Response::bare(status::KEEPALIVE_CANCEL));
    host.set_pin(key.pin());
    let token = cm(&mut host);
    host.denied(token.manage(RPS_BEGIN, None), status::NO_CREDENTIALS);
}
