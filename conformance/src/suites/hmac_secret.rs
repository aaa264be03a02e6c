//! The extensions hmac-secret and hmac-secret-mc (CTAP 2.3 §12.7, §12.8).

use ciborium::Value;

use crate::host::Host;
use crate::host::cbor::map;
use crate::host::client_pin::{Agreement, Protocol, permission};
use crate::host::ctap2::{
    GET_NEXT_ASSERTION, Request, extending, ga, get_assertion, get_assertion_by, make_credential, make_discoverable,
    status,
};
use crate::host::read::Read as _;
use crate::host::response::{Assertion, Made, flags};
use crate::key::Key;

checks! {
    "CTAP 2.3 §12.7":
        a_credential_says_that_it_has_secrets needs Rk,
        what_is_not_asked_for_is_not_answered,
        one_salt_gives_one_secret needs Rk and Pin,
        two_salts_give_two_secrets needs Pin,
        secrets_belong_to_their_credential needs Pin,
        the_verified_user_has_other_secrets needs Tokens,
        no_protocol_is_protocol_one needs Pin and ProtocolOne,
        a_salt_has_32_bytes needs Pin,
        wrong_parameters_are_refused needs Pin and ProtocolTwo,
        it_needs_user_presence needs Pin,
        every_account_of_a_walk_has_its_secret needs Rk and Pin,
        a_secret_survives_a_power_cycle needs Pin;
    "CTAP 2.3 §12.8":
        a_new_credential_gives_its_secret_at_once needs Tokens and HmacSecretMc,
        at_creation_it_needs_hmac_secret_too needs Pin and HmacSecretMc,
        at_creation_wrong_parameters_leave_nothing needs Rk and Pin and HmacSecretMc;
}

const SALT: [u8; 32] = [0x11; 32];
const ANOTHER: [u8; 32] = [0x22; 32];

/// The same input with one member changed or left out.
fn altered(input: &Value, key: i64, value: Option<Value>) -> Value {
    let mut members = input.entries().clone();
    members.retain(|(name, _)| *name != key.into());
    if let Some(value) = value {
        let at = members.iter().filter(|(name, _)| {
            let name: i128 = name.as_integer().expect("an integer").into();
            name < key.into()
        });
        let at = at.count();
        members.insert(at, (key.into(), value));
    }
    Value::Map(members)
}

fn asking(request: Request, input: Value) -> Request {
    extending(request, [("hmac-secret", input)])
}

/// Signs in and decrypts what the extension answers.
#[track_caller]
fn secrets(host: &mut Host, protocol: Protocol, request: &Request, salts: &[u8]) -> Vec<u8> {
    let agreement = host.agree(protocol);
    let assertion = host.assert(&asking(request.clone(), agreement.salts(salts)));
    decrypted(&agreement, &assertion, salts.len())
}

#[track_caller]
fn best_secrets(host: &mut Host, request: &Request, salts: &[u8]) -> Vec<u8> {
    let protocol = host.best_protocol();
    secrets(host, protocol, request, salts)
}

#[track_caller]
fn decrypted(agreement: &Agreement, assertion: &Assertion, length: usize) -> Vec<u8> {
    let output = assertion.auth_data.extension("hmac-secret").expect("an output");
    let output = output.bytes();
    let overhead = match agreement.protocol {
        Protocol::One => 0,
        Protocol::Two => 16,
    };
    same!(output.len(), length + overhead);
    agreement.decrypt(output)
}

fn by(made: &Made) -> Request {
    get_assertion_by("example.com", &[&made.id])
}

fn a_credential_says_that_it_has_secrets(key: &Key) {
    let mut host = key.host();
    for request in [
        make_credential("example.com", b"1"),
        make_discoverable("example.com", b"1"),
    ] {
        let made = host.register(&asking(request, true.into()));
        let output = map([("hmac-secret", true.into())]);
        same!(made.auth_data.extensions, Some(output));
    }
}

fn what_is_not_asked_for_is_not_answered(key: &Key) {
    let mut host = key.host();
    let request = make_credential("example.com", b"1");
    let declined = host.register(&asking(request.clone(), false.into()));
    if declined.auth_data.extensions == Some(map([("hmac-secret", false.into())])) {
        key.other_choice("the key says that there are no secrets");
    } else {
        same!(declined.auth_data.extensions, None);
    }
    for wrong in ["yes".into(), 1.into(), map([])] {
        host.denied(asking(request.clone(), wrong), status::CBOR_UNEXPECTED_TYPE);
    }
}

fn one_salt_gives_one_secret(key: &Key) {
    let mut host = key.host();
    for request in [
        make_credential("example.com", b"1"),
        make_discoverable("example.com", b"1"),
    ] {
        let made = host.register(&asking(request, true.into()));
        let one = best_secrets(&mut host, &by(&made), &SALT);
        for protocol in host.protocols() {
            same!(secrets(&mut host, protocol, &by(&made), &SALT), one);
        }
        differ!(best_secrets(&mut host, &by(&made), &ANOTHER), one);
    }
}

fn two_salts_give_two_secrets(key: &Key) {
    let mut host = key.host();
    let made = host.register(&asking(make_credential("example.com", b"1"), true.into()));
    let both = [SALT, ANOTHER].concat();
    for protocol in host.protocols() {
        let two = secrets(&mut host, protocol, &by(&made), &both);
        same!(two[..32], secrets(&mut host, protocol, &by(&made), &SALT));
        same!(two[32..], secrets(&mut host, protocol, &by(&made), &ANOTHER));
    }
}

fn secrets_belong_to_their_credential(key: &Key) {
    let mut host = key.host();
    let made: Vec<_> = (0..2)
        .map(|_| host.register(&asking(make_credential("example.com", b"1"), true.into())))
        .collect();
    differ!(
        best_secrets(&mut host, &by(&made[0]), &SALT),
        best_secrets(&mut host, &by(&made[1]), &SALT)
    );
}

fn the_verified_user_has_other_secrets(key: &Key) {
    let mut host = key.host();
    let made = host.register(&asking(make_credential("example.com", b"1"), true.into()));
    let without = best_secrets(&mut host, &by(&made), &SALT);
    host.set_pin(key.pin());
    let verified = |host: &mut Host| {
        let request = host.token(permission::GA, Some("example.com")).on(by(&made));
        best_secrets(host, &request, &SALT)
    };
    let with = verified(&mut host);
    differ!(with, without);
    same!(verified(&mut host), with);
    same!(best_secrets(&mut host, &by(&made), &SALT), without);
}

fn no_protocol_is_protocol_one(key: &Key) {
    let mut host = key.host();
    let made = host.register(&asking(make_credential("example.com", b"1"), true.into()));
    let expected = secrets(&mut host, Protocol::One, &by(&made), &SALT);
    let agreement = host.agree(Protocol::One);
    let input = altered(&agreement.salts(&SALT), 4, None);
    let assertion = host.assert(&asking(by(&made), input));
    same!(decrypted(&agreement, &assertion, 32), expected);
}

fn a_salt_has_32_bytes(key: &Key) {
    let mut host = key.host();
    let made = host.register(&asking(make_credential("example.com", b"1"), true.into()));
    for protocol in host.protocols() {
        let agreement = host.agree(protocol);
        for length in [0, 16, 48, 80, 96] {
            let request = asking(by(&made), agreement.salts(&vec![0; length]));
            refused(
                &mut host,
                &format!("{length} bytes"),
                request,
                status::INVALID_PARAMETER,
                OF_SALTS,
            );
        }
        // No whole blocks, and less than an IV.
        for length in [15, 31, 33] {
            let request = asking(by(&made), agreement.encrypted_salts(vec![1; length]));
            let others = &[OF_SALTS, &[status::INVALID_OPTION]].concat();
            refused(
                &mut host,
                &format!("{length} bytes"),
                request,
                status::INVALID_PARAMETER,
                others,
            );
        }
    }
}

/// How salts of another length may be refused, too: CTAP 2.0 named no status for it.
const OF_SALTS: &[u8] = &[status::INVALID_LENGTH, status::INVALID_CBOR];

/// A request is refused, whether before the touch or after: the standard collects user presence first.
#[track_caller]
fn refused(host: &mut Host, what: &str, request: Request, expected: u8, others: &[u8]) {
    let response = host.touched_if_asked(request);
    host.is_refusal_or(what, &response, expected, others);
}

fn wrong_parameters_are_refused(key: &Key) {
    let mut host = key.host();
    let made = host.register(&asking(make_credential("example.com", b"1"), true.into()));
    let agreement = host.agree_by_best();
    let right = agreement.salts(&SALT);
    // Another protocol's secret does not verify, where the key knows that protocol at all.
    let of_protocol_one = match host.protocols().contains(&Protocol::One) {
        true => status::PIN_AUTH_INVALID,
        false => status::INVALID_PARAMETER,
    };
    for (member, value, expected) in [
        (1, None, status::MISSING_PARAMETER),
        (2, None, status::MISSING_PARAMETER),
        (3, None, status::MISSING_PARAMETER),
        (3, Some(vec![0; 32].into()), status::PIN_AUTH_INVALID),
        (3, Some(vec![0; 16].into()), status::PIN_AUTH_INVALID),
        (3, Some(Value::Bytes(Vec::new())), status::PIN_AUTH_INVALID),
        (4, Some(1.into()), of_protocol_one),
        (4, None, of_protocol_one),
        (4, Some(0.into()), status::INVALID_PARAMETER),
        (4, Some(3.into()), status::INVALID_PARAMETER),
        (1, Some("x".into()), status::CBOR_UNEXPECTED_TYPE),
        (2, Some("x".into()), status::CBOR_UNEXPECTED_TYPE),
        (3, Some(1.into()), status::CBOR_UNEXPECTED_TYPE),
        (4, Some("x".into()), status::CBOR_UNEXPECTED_TYPE),
        (1, Some(map([])), status::INVALID_PARAMETER),
        (
            1,
            Some(crate::host::client_pin::cose_key(&[1; 32], &[1; 32])),
            status::INVALID_PARAMETER,
        ),
    ] {
        let request = asking(by(&made), altered(&right, member, value.clone()));
        let what = format!("member {member} as {value:?}");
        // What is no COSE key at all may be refused as such.
        let others = match &value {
            Some(Value::Map(members)) if members.is_empty() => &[status::MISSING_PARAMETER, status::INVALID_CBOR][..],
            _ => &[],
        };
        refused(&mut host, &what, request, expected, others);
    }
    let no_map = asking(by(&made), true.into());
    refused(&mut host, "no map", no_map, status::CBOR_UNEXPECTED_TYPE, &[]);
    // Where there is no credential, salts are not looked at.
    let nobody = asking(get_assertion("example.org"), agreement.salts(&[1; 16]));
    refused(&mut host, "no credential", nobody, status::NO_CREDENTIALS, &[]);
}

fn it_needs_user_presence(key: &Key) {
    let mut host = key.host();
    let made = host.register(&asking(make_credential("example.com", b"1"), true.into()));
    let agreement = host.agree_by_best();
    let request = asking(by(&made), agreement.salts(&SALT));
    host.denied(
        request.with(ga::OPTIONS, map([("up", false.into())])),
        status::UNSUPPORTED_OPTION,
    );
}

fn every_account_of_a_walk_has_its_secret(key: &Key) {
    let mut host = key.host();
    let made: Vec<_> = [b"1", b"2"]
        .iter()
        .map(|user| host.register(&asking(make_discoverable("example.com", *user), true.into())))
        .collect();
    let agreement = host.agree_by_best();
    let first = host.assert(&asking(get_assertion("example.com"), agreement.salts(&SALT)));
    let next = Assertion::of(&host.ctap2(GET_NEXT_ASSERTION));
    for (assertion, made) in [(first, &made[1]), (next, &made[0])] {
        assertion.verify(&made.public_key, "example.com", flags::UP | flags::ED);
        same!(
            decrypted(&agreement, &assertion, 32),
            best_secrets(&mut host, &by(made), &SALT)
        );
    }
}

fn a_secret_survives_a_power_cycle(key: &Key) {
    let mut host = key.host();
    let made = host.register(&asking(make_credential("example.com", b"1"), true.into()));
    let before = best_secrets(&mut host, &by(&made), &SALT);
    key.power_cycle();
    same!(best_secrets(&mut key.host(), &by(&made), &SALT), before);
}

/// hmac-secret and hmac-secret-mc in one request.
fn at_creation(request: Request, enabled: bool, input: Value) -> Request {
    extending(request, [("hmac-secret", enabled.into()), ("hmac-secret-mc", input)])
}

fn a_new_credential_gives_its_secret_at_once(key: &Key) {
    let mut host = key.host();
    let salts = [SALT, ANOTHER].concat();
    for verified in [false, true] {
        if verified {
            host.set_pin(key.pin());
        }
        for protocol in host.protocols() {
            for salts in [&salts[..32], &salts] {
                let agreement = host.agree(protocol);
                let request = at_creation(make_credential("example.com", b"1"), true, agreement.salts(salts));
                let request = match verified {
                    true => host.token(permission::MC, Some("example.com")).on(request),
                    false => request,
                };
                let made = host.register(&request);
                let output = made.auth_data.extension("hmac-secret-mc").expect("an output");
                let secret = agreement.decrypt(output.bytes());
                same!(made.auth_data.extension("hmac-secret"), Some(&true.into()));
                let later = match verified {
                    true => host.token(permission::GA, Some("example.com")).on(by(&made)),
                    false => by(&made),
                };
                same!(secrets(&mut host, protocol, &later, salts), secret);
                if verified {
                    differ!(secrets(&mut host, protocol, &by(&made), salts), secret);
                }
            }
        }
    }
}

fn at_creation_it_needs_hmac_secret_too(key: &Key) {
    let mut host = key.host();
    let agreement = host.agree_by_best();
    let request = make_credential("example.com", b"1");
    let alone = extending(request.clone(), [("hmac-secret-mc", agreement.salts(&SALT))]);
    refused(&mut host, "without hmac-secret", alone, status::MISSING_PARAMETER, &[]);
    let declined = at_creation(request, false, agreement.salts(&SALT));
    refused(
        &mut host,
        "with hmac-secret false",
        declined,
        status::MISSING_PARAMETER,
        &[],
    );
}

fn at_creation_wrong_parameters_leave_nothing(key: &Key) {
    let mut host = key.host();
    let agreement = host.agree_by_best();
    let right = agreement.salts(&SALT);
    for (wrong, expected, others) in [
        (true.into(), status::CBOR_UNEXPECTED_TYPE, &[][..]),
        (agreement.salts(&[0; 16]), status::INVALID_PARAMETER, OF_SALTS),
        (agreement.salts(&[0; 48]), status::INVALID_PARAMETER, OF_SALTS),
        (
            altered(&right, 3, Some(vec![0; 32].into())),
            status::PIN_AUTH_INVALID,
            &[],
        ),
        (altered(&right, 1, None), status::MISSING_PARAMETER, &[]),
    ] {
        let request = at_creation(make_discoverable("example.com", b"1"), true, wrong);
        refused(&mut host, "at creation", request, expected, others);
    }
    host.denied(get_assertion("example.com"), status::NO_CREDENTIALS);
}
