//! Whose a walk through relying parties or credentials is, and how long it lasts (CTAP 2.3 §6, stateful commands), and
//! the number that the preview of CTAP 2.1 had for all this.

use super::credential_management::{
    CREDENTIALS_BEGIN, CREDENTIALS_NEXT, DELETE, METADATA, RPS_BEGIN, RPS_NEXT, bare, cm, credentials, made,
    of_credential, of_rp, with_pin,
};
use crate::host::Host;
use crate::host::cbor::map;
use crate::host::client_pin::{Protocol, permission};
use crate::host::ctap2::{GET_INFO, make_discoverable, mc, status};
use crate::host::read::Read as _;
use crate::host::response::member;
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.8.4":
        a_second_walk_takes_the_place_of_the_first needs Tokens and CredMgmt,
        nothing_begun_is_nothing_to_continue needs Tokens,
        a_power_cycle_ends_a_walk needs Tokens and CredMgmt,
        a_change_of_the_pin_ends_a_walk needs Tokens and CredMgmt;
    "CTAP 2.3 §6":
        another_host_neither_continues_nor_ends_a_walk [Should] needs Tokens and CredMgmt,
        thirty_seconds_end_a_walk needs Clock and Tokens and CredMgmt;
    "CTAP 2.3 §6.8":
        a_bound_token_lists_its_own_credentials_only needs Tokens and CredMgmt,
        long_names_are_kept_or_cut_at_a_character needs Rk and Tokens and CredMgmt,
        the_previews_number_answers_the_same needs Tokens and CredMgmt,
        the_previews_number_takes_a_token_of_the_old_kind needs Tokens and CredMgmt and ProtocolOne;
}

fn a_second_walk_takes_the_place_of_the_first(key: &Key) {
    let mut host = with_pin(key);
    for (rp_id, user) in [
        ("example.com", b"1"),
        ("example.com", b"2"),
        ("example.org", b"3"),
        ("example.org", b"4"),
    ] {
        made(&mut host, rp_id, user);
    }
    let token = cm(&mut host);
    status::is(
        host.ctap2(token.manage(CREDENTIALS_BEGIN, of_rp("example.com"))).status,
        status::OK,
    );
    let found = credentials(&mut host, &token, "example.org");
    same!(found.keys().collect::<Vec<_>>(), [b"3", b"4"]);
    status::is(host.ctap2(token.manage(RPS_BEGIN, None)).status, status::OK);
    status::is(
        host.ctap2(token.manage(CREDENTIALS_BEGIN, of_rp("example.com"))).status,
        status::OK,
    );
    host.denied(bare(RPS_NEXT), status::NOT_ALLOWED);
}

fn nothing_begun_is_nothing_to_continue(key: &Key) {
    let mut host = with_pin(key);
    made(&mut host, "example.com", b"1");
    made(&mut host, "example.com", b"2");
    for sub_command in [RPS_NEXT, CREDENTIALS_NEXT] {
        host.denied(bare(sub_command), status::NOT_ALLOWED);
    }
}

fn walking(key: &Key) -> Host {
    let mut host = with_pin(key);
    made(&mut host, "example.com", b"1");
    made(&mut host, "example.com", b"2");
    let token = cm(&mut host);
    status::is(
        host.ctap2(token.manage(CREDENTIALS_BEGIN, of_rp("example.com"))).status,
        status::OK,
    );
    host
}

fn another_host_neither_continues_nor_ends_a_walk(key: &Key) {
    let (mut host, mut other) = (walking(key), key.host());
    for _ in 0..2 {
        other.denied(bare(CREDENTIALS_NEXT), status::NOT_ALLOWED);
        other.denied(bare(RPS_NEXT), status::NOT_ALLOWED);
    }
    status::is(host.ctap2(bare(CREDENTIALS_NEXT)).status, status::OK);

    made(&mut host, "example.org", b"1");
    let token = cm(&mut host);
    status::is(host.ctap2(token.manage(RPS_BEGIN, None)).status, status::OK);
    other.denied(bare(RPS_NEXT), status::NOT_ALLOWED);
    status::is(host.ctap2(bare(RPS_NEXT)).status, status::OK);
    host.denied(bare(RPS_NEXT), status::NOT_ALLOWED);
}

fn a_power_cycle_ends_a_walk(key: &Key) {
    walking(key);
    key.power_cycle();
    key.host().denied(bare(CREDENTIALS_NEXT), status::NOT_ALLOWED);
}

fn a_change_of_the_pin_ends_a_walk(key: &Key) {
    let mut host = walking(key);
    let agreement = host.agree_by_best();
    status::is(
        host.ctap2(agreement.change_pin(key.pin(), key.pins().second)).status,
        status::OK,
    );
    host.denied(bare(CREDENTIALS_NEXT), status::NOT_ALLOWED);
}

fn thirty_seconds_end_a_walk(key: &Key) {
    let mut host = walking(key);
    status::is(host.ctap2(GET_INFO).status, status::OK);
    key.advance(30_001);
    host.denied(bare(CREDENTIALS_NEXT), status::NOT_ALLOWED);
}

fn a_bound_token_lists_its_own_credentials_only(key: &Key) {
    let mut host = with_pin(key);
    made(&mut host, "example.com", b"1");
    made(&mut host, "example.org", b"2");
    let token = host.token(permission::CM, Some("example.com"));
    host.denied(token.manage(METADATA, None), status::PIN_AUTH_INVALID);
    host.denied(token.manage(RPS_BEGIN, None), status::PIN_AUTH_INVALID);
    host.denied(
        token.manage(CREDENTIALS_BEGIN, of_rp("example.org")),
        status::PIN_AUTH_INVALID,
    );
    // libfido2 lists with a token of this kind.
    same!(credentials(&mut host, &token, "example.com").len(), 1);
}

fn long_names_are_kept_or_cut_at_a_character(key: &Key) {
    let mut host = with_pin(key);
    // Of two, three and four bytes each, so that no length in bytes is a character's end in all of them.
    let names = ["é", "ह", "🔑"].map(|character| format!("a{}", character.repeat(60)));
    for name in &names {
        let user = map([
            ("id", b"1".to_vec().into()),
            ("name", name.as_str().into()),
            ("displayName", name.as_str().into()),
        ]);
        let token = host.token(permission::MC, Some("example.com"));
        host.register(&token.on(make_discoverable("example.com", b"1").with(mc::USER, user)));
        let token = cm(&mut host);
        let found = credentials(&mut host, &token, "example.com");
        for member_name in ["name", "displayName"] {
            // That it is UTF-8 is checked wherever an answer is read.
            let kept = member(&found[&b"1"[..]][&6], member_name).text();
            assert!(
                name.starts_with(kept) && (kept == name || kept.len() >= 61),
                "{member_name}: expected {name:?} or its first 64 bytes, to the end of a character, the key answered \
                 {kept:?}"
            );
        }
    }
}

/// The same as by the command's own number, where the token has the permission.
fn the_previews_number_answers_the_same(key: &Key) {
    let mut host = walking(key);
    made(&mut host, "example.org", b"1");
    let token = cm(&mut host);
    for request in [
        token.manage(METADATA, None),
        token.manage(RPS_BEGIN, None),
        bare(RPS_NEXT),
        token.manage(CREDENTIALS_BEGIN, of_rp("example.com")),
        bare(CREDENTIALS_NEXT),
    ] {
        // The steps of a walk go on, whichever number the one before had.
        let mut preview = request.encode();
        preview[0] = 0x41;
        match host.ctap2(preview).status {
            // No standard knows it, and our key has it for old hosts.
            status::INVALID_COMMAND => return key.other_choice("there is no such command"),
            answered => status::is(answered, status::OK),
        }
    }
    let own = host.ctap2(token.manage(CREDENTIALS_BEGIN, of_rp("example.com")));
    let mut preview = token.manage(CREDENTIALS_BEGIN, of_rp("example.com")).encode();
    preview[0] = 0x41;
    same!(host.ctap2(preview), own);
}

/// The request of python-fido2 0.8 and libfido2 to a key of CTAP 2.0, and what comes of it.
fn the_previews_number_takes_a_token_of_the_old_kind(key: &Key) {
    let mut host = with_pin(key);
    let made = made(&mut host, "example.com", b"1");
    let agreement = host.agree(Protocol::One);
    let response = host.ctap2(agreement.get_pin_token(key.pin()));
    let token = agreement.token(&response);
    let metadata = [
        &[0x41, 0xA3, 0x01, 0x01, 0x03, 0x01, 0x04, 0x50][..],
        &token.authenticate(&[&[0x01]]),
    ]
    .concat();
    let response = host.ctap2(metadata);
    if response.status != status::OK && host.option("credentialMgmtPreview").is_none() {
        return key.other_choice("what no standard knows is not served");
    }
    same!(response.ok()[&1], 1.into());
    // The command's own number goes by permissions, as ever.
    host.denied(token.manage(METADATA, None), status::PIN_AUTH_INVALID);
    host.denied(token.manage(DELETE, of_credential(&made.id)), status::PIN_AUTH_INVALID);
    let mut delete = token.manage(DELETE, of_credential(&made.id)).encode();
    delete[0] = 0x41;
    status::is(host.ctap2(delete).status, status::OK);
}
