//! The secret that platform and key agree on, and how each protocol uses it (CTAP 2.3 §6.5.5.4, §6.5.6, §6.5.7).

use ciborium::Value;

use crate::host::Host;
use crate::host::client_pin::{PROTOCOLS, Protocol, Token, client_pin, cose_key, cp, permission};
use crate::host::ctap2::{make_credential, mc, status};
use crate::host::response::Response;
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.5.5.4":
        key_agreement_is_a_cose_key_and_nothing_else needs Pin,
        key_agreement_needs_a_protocol;
    "CTAP 2.3 §6.5.6":
        key_agreement_keys_change_with_the_power needs Pin,
        key_agreement_changes_with_a_wrong_pin_only needs Pin,
        a_key_that_is_no_point_is_refused needs Pin;
    "CTAP 2.3 §6.5.7":
        parameters_of_the_other_protocol_are_refused needs Tokens and ProtocolOne and ProtocolTwo;
}

/// The key agreement keys of all its protocols, as they are now; that of the best protocol comes last.
fn agreement_keys(host: &mut Host) -> Vec<Response> {
    let protocols = host.protocols().into_iter();
    protocols
        .map(|protocol| host.ctap2(client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, protocol as u8)))
        .collect()
}

fn key_agreement_is_a_cose_key_and_nothing_else(key: &Key) {
    let mut host = key.host();
    for protocol in host.protocols() {
        let response = host.ctap2(client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, protocol as u8));
        same!(response.ok().keys().collect::<Vec<_>>(), [&1]);
        // Reads the key, and refuses one of another form.
        host.agree(protocol);
    }
}

fn key_agreement_needs_a_protocol(key: &Key) {
    let mut host = key.host();
    host.denied(client_pin(0x02), status::MISSING_PARAMETER);
    for protocol in [0_u64, 3, u64::MAX] {
        let request = client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, protocol);
        host.denied(request, status::INVALID_PARAMETER);
    }
}

fn key_agreement_keys_change_with_the_power(key: &Key) {
    let mut host = key.host();
    let before = agreement_keys(&mut host);
    // Each protocol is described with a key of its own. One for both agrees on other secrets all the same.
    if let [one, two] = &before[..]
        && one == two
    {
        key.note("expected another key agreement key for each protocol, the key has one for both");
    }
    same!(agreement_keys(&mut host), before);
    key.power_cycle();
    let after = agreement_keys(&mut key.host());
    assert!(before.iter().all(|key| !after.contains(key)));
}

fn a_key_that_is_no_point_is_refused(key: &Key) {
    let mut host = key.host();
    let agreement = host.agree_by_best();
    let Value::Map(members) = agreement.platform_key.clone() else {
        panic!("a map");
    };
    let without_y = Value::Map(members[..4].to_vec());
    // What is no COSE key at all may be refused as such.
    let of_form: &[u8] = &[
        status::CBOR_UNEXPECTED_TYPE,
        status::INVALID_CBOR,
        status::MISSING_PARAMETER,
    ];
    for (wrong, others) in [
        (cose_key(&[1; 32], &[1; 32]), &[][..]),
        (cose_key(&[0; 32], &[0; 32]), &[]),
        (cose_key(&[0xFF; 32], &[0xFF; 32]), &[]),
        (cose_key(&[1; 31], &[1; 32]), of_form),
        (without_y, of_form),
    ] {
        let request = agreement.set_pin(key.pin()).with(cp::KEY_AGREEMENT, wrong);
        host.denied_or(request.clone(), status::INVALID_PARAMETER, others);
        // Also where the parameter is wrong: only the secret could tell.
        let request = request.with(cp::PIN_UV_AUTH_PARAM, vec![0; 32]);
        host.denied_or(request, status::INVALID_PARAMETER, others);
    }
    host.denied(
        agreement.set_pin(key.pin()).with(cp::KEY_AGREEMENT, 1),
        status::CBOR_UNEXPECTED_TYPE,
    );
}

fn key_agreement_changes_with_a_wrong_pin_only(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    let agreement = host.agree_by_best();
    let mut before = agreement_keys(&mut host);
    // The same key serves again after a success.
    for _ in 0..2 {
        status::is(host.ctap2(agreement.get_pin_token(key.pin())).status, status::OK);
        same!(agreement_keys(&mut host), before);
    }
    host.denied(agreement.get_pin_token(key.pins().wrong), status::PIN_INVALID);
    let mut after = agreement_keys(&mut host);
    differ!(after.pop(), before.pop());
    if after != before {
        key.note("expected that the key agreement key of the other protocol stays, the key answered another");
    }
    // The secret that was agreed on is no longer the key's: even the right PIN decrypts to something else.
    host.denied(agreement.get_pin_token(key.pin()), status::PIN_INVALID);
    status::is(host.try_pin(key.pin()), status::OK);
}

fn parameters_of_the_other_protocol_are_refused(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    let request = make_credential("example.com", b"1");
    for protocol in PROTOCOLS {
        let token = host.token_by(protocol, key.pin(), permission::MC, Some("example.com"));
        let whole = Token {
            protocol: Protocol::Two,
            token: token.token.clone(),
        };
        let half = Token {
            protocol: Protocol::One,
            ..whole.clone()
        };
        let other = match protocol {
            Protocol::One => whole,
            Protocol::Two => half,
        };
        // A parameter of the other protocol's length under this protocol's number.
        let wrong = other.on(request.clone()).with(mc::PIN_UV_AUTH_PROTOCOL, protocol as u8);
        host.denied(wrong, status::PIN_AUTH_INVALID);
        host.register(&token.on(request.clone()));
    }
}
