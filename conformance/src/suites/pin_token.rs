//! Tokens: permissions, bindings and their lives (CTAP 2.3 §6.5.2.1, §6.5.5.7).

mod state;

use crate::host::Host;
use crate::host::cbor::map;
use crate::host::client_pin::{Protocol, configure, cp, permission};
use crate::host::ctap2::{
    Request, blob_array, ga, get_assertion, make_credential, make_discoverable, set_fragment, status,
};
use crate::host::read::Read as _;
use crate::host::response::flags;
use crate::key::Key;
use state::{
    a_new_token_ends_the_one_before, a_silent_assertion_spends_nothing, a_token_lives_ten_minutes,
    a_token_not_used_for_thirty_seconds_ends, a_token_serves_one_ceremony, a_touch_that_is_refused_spends_nothing,
    blobs_may_be_written_after_a_ceremony,
};

checks! {
    "CTAP 2.3 §6.5.5.7.1":
        a_token_of_the_old_kind_serves_both_ceremonies needs Rk and Pin,
        a_token_of_the_old_kind_has_no_permissions_to_name needs Tokens,
        a_token_of_the_old_kind_binds_itself needs Rk and Tokens and CredMgmt and Config and AlwaysUv;
    "CTAP 2.3 §6.5.5.7.2":
        permissions_must_be_named needs Tokens,
        a_token_without_a_relying_party_binds_itself needs Rk and Tokens and CredMgmt and Config and AlwaysUv,
        other_permissions_need_none needs Tokens and Pcmr and Config and LargeBlobs,
        permissions_that_the_key_has_no_use_for_are_refused needs Tokens and NoBio,
        unknown_permissions_are_ignored needs Tokens and CredMgmt,
        the_persistent_token_comes_alone needs Tokens and Pcmr and Config,
        a_forced_change_gives_no_token needs Tokens and Pcmr and Config and SetMinPinLength and AlwaysUv;
    "CTAP 2.3 §6.5.5.7":
        the_persistent_token_leaves_the_others_alone needs Tokens and CredMgmt and Pcmr,
        the_persistent_token_reads_and_does_not_write needs Rk and Tokens and CredMgmt and Pcmr and Config and AlwaysUv,
        the_persistent_token_is_the_same_for_all needs Tokens and Pcmr and ProtocolOne and ProtocolTwo,
        a_token_without_the_permission_is_refused needs Rk and Tokens and CredMgmt and LargeBlobs and Config
            and AlwaysUv,
        a_token_is_for_its_relying_party needs Rk and Tokens;
    "CTAP 2.3 §6.5.2.1":
        a_new_token_ends_the_one_before needs Tokens and CredMgmt,
        a_token_serves_one_ceremony needs Rk and Tokens and CredMgmt and Config and AlwaysUv,
        a_touch_that_is_refused_spends_nothing needs Decline and Tokens,
        a_silent_assertion_spends_nothing needs Rk and Tokens,
        blobs_may_be_written_after_a_ceremony needs Rk and Tokens and LargeBlobs,
        a_token_not_used_for_thirty_seconds_ends needs Clock and Tokens and CredMgmt,
        a_token_lives_ten_minutes needs Clock and Tokens and CredMgmt;
}

fn with_pin(key: &Key) -> Host {
    let mut host = key.host();
    host.set_pin(key.pin());
    host
}

fn made(host: &mut Host, request: &Request) -> bool {
    host.register(request).auth_data.flags & flags::UV != 0
}

fn a_token_of_the_old_kind_serves_both_ceremonies(key: &Key) {
    let mut host = with_pin(key);
    for protocol in host.protocols() {
        for request in [make_discoverable("example.com", b"1"), get_assertion("example.com")] {
            let agreement = host.agree(protocol);
            let response = host.ctap2(agreement.get_pin_token(key.pin()));
            let token = agreement.token(&response);
            let response = host.touched(token.on(request));
            let auth_data = response.ok()[&2].bytes();
            same!(auth_data[32] & (flags::UP | flags::UV), flags::UP | flags::UV);
        }
    }
}

fn a_token_of_the_old_kind_has_no_permissions_to_name(key: &Key) {
    let mut host = with_pin(key);
    let (all, _) = host.pin_retries();
    let agreement = host.agree_by_best();
    let request = agreement.get_pin_token(key.pin());
    for permissions in [0, permission::MC] {
        host.denied(
            request.clone().with(cp::PERMISSIONS, permissions),
            status::INVALID_PARAMETER,
        );
    }
    host.denied(request.with(cp::RP_ID, "example.com"), status::INVALID_PARAMETER);
    same!(host.pin_retries(), (all, false));
}

fn permissions_must_be_named(key: &Key) {
    let mut host = with_pin(key);
    let agreement = host.agree_by_best();
    let request = agreement.get_token(key.pin(), 0, None);
    host.denied(request.clone(), status::INVALID_PARAMETER);
    host.denied(request.without(cp::PERMISSIONS), status::MISSING_PARAMETER);
}

fn a_token_without_a_relying_party_binds_itself(key: &Key) {
    let mut host = with_pin(key);
    let unbound = host.agree_by_best().get_token(key.pin(), permission::MC, None);
    // §6.5.5.7.2 leaves it to platforms to name one.
    if let 0x02 | 0x14 = host.ctap2(unbound).status {
        return key.other_choice("a token for ceremonies needs a relying party");
    }
    for rp_id in ["example.com", "example.org"] {
        let token = host.token(permission::MC, None);
        assert!(made(&mut host, &token.on(make_discoverable(rp_id, b"1"))));
    }
    let token = host.token(permission::GA | permission::CM, None);
    status::is(host.ctap2(token.manage(0x02, None)).status, status::OK);
    let silent = |rp_id| get_assertion(rp_id).with(ga::OPTIONS, map([("up", false.into())]));
    status::is(host.ctap2(token.on(silent("example.com"))).status, status::OK);
    for request in [
        token.on(silent("example.org")),
        token.manage(0x02, None),
        token.manage(0x04, Some(rp_id_hash("example.org"))),
    ] {
        host.denied(request, status::PIN_AUTH_INVALID);
    }
    status::is(host.touched(token.on(get_assertion("example.com"))).status, status::OK);
    host.denied(token.on(get_assertion("example.com")), status::PIN_AUTH_INVALID);
    // It may do what was asked for, and no more.
    let token = host.token(permission::GA, None);
    for request in [
        token.on(make_credential("example.com", b"1")),
        token.manage(0x01, None),
        token.configure(0x02, None),
    ] {
        host.denied(request, status::PIN_AUTH_INVALID);
    }
    let token = host.token(permission::MC | permission::GA, None);
    status::is(host.ctap2(token.on(silent("example.com"))).status, status::OK);
    host.denied(token.on(make_credential("example.org", b"1")), status::PIN_AUTH_INVALID);
}

fn other_permissions_need_none(key: &Key) {
    let mut host = with_pin(key);
    for permissions in [permission::CM, permission::ACFG, permission::LBW, permission::PCMR] {
        host.token(permissions, None);
    }
}

fn permissions_that_the_key_has_no_use_for_are_refused(key: &Key) {
    let mut host = with_pin(key);
    let (all, _) = host.pin_retries();
    let agreement = host.agree_by_best();
    let mut useless = vec![permission::BE, permission::BE | permission::CM];
    for (option, permission) in [
        ("credMgmt", permission::CM),
        ("largeBlobs", permission::LBW),
        ("authnrCfg", permission::ACFG),
        ("perCredMgmtRO", permission::PCMR),
    ] {
        if host.option(option) != Some(true) {
            useless.push(permission);
        }
    }
    for permissions in useless {
        // Before the PIN is tried.
        for pin in [key.pin(), key.pins().wrong] {
            // CTAP 2.1 does not know pcmr. Without what it ignores there is none left to ask for.
            let others = &[status::INVALID_PARAMETER][..usize::from(permissions == permission::PCMR)];
            let request = agreement.get_token(pin, permissions, None);
            host.denied_or(request, status::UNAUTHORIZED_PERMISSION, others);
        }
    }
    same!(host.pin_retries(), (all, false));
}

fn unknown_permissions_are_ignored(key: &Key) {
    let mut host = with_pin(key);
    let token = host.token(0x80 | permission::CM, None);
    status::is(host.ctap2(token.manage(0x01, None)).status, status::OK);
    let agreement = host.agree_by_best();
    let request = agreement.get_token(key.pin(), 0, None);
    let response = host.ctap2(request.with(cp::PERMISSIONS, 1 << 63 | u64::from(permission::CM)));
    if let status::INVALID_CBOR | status::CBOR_UNEXPECTED_TYPE = response.status {
        return key.note("expected that permissions of 64 bits are read, the key refuses so long a number");
    }
    let token = agreement.token(&response);
    status::is(host.ctap2(token.manage(0x01, None)).status, status::OK);
}

fn the_persistent_token_comes_alone(key: &Key) {
    let mut host = with_pin(key);
    let (all, _) = host.pin_retries();
    let agreement = host.agree_by_best();
    for other in [permission::MC, permission::CM, permission::ACFG, permission::LBW] {
        for pin in [key.pin(), key.pins().wrong] {
            host.denied(
                agreement.get_token(pin, permission::PCMR | other, Some("example.com")),
                status::UNAUTHORIZED_PERMISSION,
            );
        }
    }
    same!(host.pin_retries(), (all, false));
}

fn the_persistent_token_leaves_the_others_alone(key: &Key) {
    let mut host = with_pin(key);
    let token = host.token(permission::CM, None);
    host.token(permission::PCMR, None);
    status::is(host.ctap2(token.manage(0x01, None)).status, status::OK);
}

fn the_persistent_token_reads_and_does_not_write(key: &Key) {
    let mut host = with_pin(key);
    let token = host.token(permission::MC, Some("example.com"));
    let made = host.register(&token.on(make_discoverable("example.com", b"1")));
    let persistent = host.token(permission::PCMR, None);
    key.power_cycle();
    let mut host = key.host();
    for sub_command in [0x01, 0x02] {
        status::is(host.ctap2(persistent.manage(sub_command, None)).status, status::OK);
    }
    let credential = ciborium::Value::Map(vec![(2.into(), crate::host::ctap2::descriptor(&made.id))]);
    host.denied(persistent.manage(0x06, Some(credential)), status::PIN_AUTH_INVALID);
    host.denied(
        persistent.on(make_credential("example.com", b"1")),
        status::PIN_AUTH_INVALID,
    );
    host.denied(persistent.on(get_assertion("example.com")), status::PIN_AUTH_INVALID);
    host.denied(persistent.configure(0x02, None), status::PIN_AUTH_INVALID);
}

fn the_persistent_token_is_the_same_for_all(key: &Key) {
    let mut host = with_pin(key);
    let two = host.token(permission::PCMR, None);
    key.power_cycle();
    let one = key.host().token_by(Protocol::One, key.pin(), permission::PCMR, None);
    same!(one.token, two.token);
}

fn rp_id_hash(rp_id: &str) -> ciborium::Value {
    let hash = crate::host::verify::sha256(rp_id.as_bytes());
    ciborium::Value::Map(vec![(1.into(), hash.to_vec().into())])
}

fn a_token_without_the_permission_is_refused(key: &Key) {
    let mut host = with_pin(key);
    let token = host.token(permission::GA, Some("example.com"));
    host.denied(token.on(make_credential("example.com", b"1")), status::PIN_AUTH_INVALID);
    host.denied(token.manage(0x02, None), status::PIN_AUTH_INVALID);
    host.denied(token.configure(0x02, None), status::PIN_AUTH_INVALID);
    let array = blob_array(b"\x80");
    let request = set_fragment(0, &array, Some(array.len()));
    host.denied(token.set_blob(request, 0, &array), status::PIN_AUTH_INVALID);

    let token = host.token(permission::MC, Some("example.com"));
    host.register(&token.on(make_discoverable("example.com", b"1")));
    let token = host.token(permission::MC, Some("example.com"));
    host.denied(token.on(get_assertion("example.com")), status::PIN_AUTH_INVALID);
    let token = host.token(permission::CM, None);
    host.denied(token.on(get_assertion("example.com")), status::PIN_AUTH_INVALID);
}

fn a_token_is_for_its_relying_party(key: &Key) {
    let mut host = with_pin(key);
    let token = host.token(permission::MC | permission::GA, Some("example.com"));
    host.denied(token.on(make_credential("example.org", b"1")), status::PIN_AUTH_INVALID);
    assert!(made(&mut host, &token.on(make_discoverable("example.com", b"1"))));
    let token = host.token(permission::MC | permission::GA, Some("example.org"));
    host.denied(token.on(get_assertion("example.com")), status::PIN_AUTH_INVALID);
}

fn a_token_of_the_old_kind_binds_itself(key: &Key) {
    let mut host = with_pin(key);
    let token = host.token(permission::MC, Some("example.com"));
    host.register(&token.on(make_discoverable("example.com", b"1")));
    let token = host.token(permission::MC, Some("example.org"));
    host.register(&token.on(make_discoverable("example.org", b"1")));

    let agreement = host.agree_by_best();
    let response = host.ctap2(agreement.get_pin_token(key.pin()));
    let token = agreement.token(&response);
    // A silent assertion binds it and spends nothing.
    let silent = |rp_id| get_assertion(rp_id).with(ga::OPTIONS, map([("up", false.into())]));
    status::is(host.ctap2(token.on(silent("example.com"))).status, status::OK);
    host.denied(token.on(silent("example.org")), status::PIN_AUTH_INVALID);
    status::is(host.ctap2(token.on(silent("example.com"))).status, status::OK);
    for request in [
        token.on(make_credential("example.org", b"1")),
        token.manage(0x01, None),
        token.configure(0x02, None),
    ] {
        host.denied(request, status::PIN_AUTH_INVALID);
    }
    assert!(made(&mut host, &token.on(make_credential("example.com", b"1"))));
}

fn a_forced_change_gives_no_token(key: &Key) {
    let mut host = with_pin(key);
    let (all, _) = host.pin_retries();
    let token = host.token(permission::ACFG, None);
    let force = ciborium::Value::Map(vec![(3.into(), true.into())]);
    status::is(host.ctap2(token.configure(0x03, Some(force))).status, status::OK);
    // The token that asked for it is gone too.
    host.denied(token.configure(0x02, None), status::PIN_AUTH_INVALID);
    same!(host.info()[&0x0C], true.into());
    for protocol in host.protocols() {
        let agreement = host.agree(protocol);
        for permissions in [permission::CM, permission::PCMR] {
            let request = agreement.get_token(key.pin(), permissions, None);
            host.denied(request, status::PIN_POLICY_VIOLATION);
        }
        host.denied(agreement.get_pin_token(key.pin()), status::PIN_INVALID);
    }
    same!(host.pin_retries(), (all, false));
    host.denied(configure(0x02, None), status::PUAT_REQUIRED);

    let agreement = host.agree_by_best();
    host.denied(agreement.change_pin(key.pin(), key.pin()), status::PIN_POLICY_VIOLATION);
    same!(host.info()[&0x0C], true.into());
    let agreement = host.agree_by_best();
    status::is(
        host.ctap2(agreement.change_pin(key.pin(), key.pins().second)).status,
        status::OK,
    );
    differ!(host.info().get(&0x0C), Some(&true.into()));
    status::is(host.try_pin(key.pins().second), status::OK);
}
