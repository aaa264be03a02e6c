//! CTAP2 messages (CTAP 2.3 §8): canonical or refused. That the answers are canonical is checked here; whatever else an
//! answer says is read [leniently](Form) elsewhere.

use ciborium::Value;

use crate::host::Host;
use crate::host::cbor::{Form, array, map, reading};
use crate::host::client_pin::permission;
use crate::host::ctap2::{
    GET_INFO, GET_NEXT_ASSERTION, algorithm, extending, get_assertion, get_assertion_by, make_credential,
    make_discoverable, mc, parameters, status,
};
use crate::host::response::{Assertion, Made};
use crate::key::Key;
use crate::suites::credential_management::of_rp;

checks! {
    "CTAP 2.3 §8.1":
        unknown_commands_are_refused,
        a_missing_map_misses_its_parameters;
    "CTAP 2.3 §8":
        answers_are_canonical,
        answers_about_accounts_are_canonical needs Rk,
        what_is_not_canonical_is_refused [Should],
        a_duplicate_key_is_refused [Should],
        nesting_ends_at_four [Should],
        unknown_parameters_are_ignored,
        every_truncation_is_refused;
    "CTAP 2.3 §11.2.4":
        the_longest_message_is_accepted;
    "CTAP 2.3 §8.2":
        every_short_body_has_a_defined_answer,
        every_flipped_bit_has_a_defined_answer needs Rk;
    "CTAP 2.3 §6.1.2":
        a_huge_pin_protocol_is_refused,
        an_algorithm_beyond_64_bits_is_one_that_nobody_offers [Should];
}

fn unknown_commands_are_refused(key: &Key) {
    let mut host = key.host();
    for command in [0x00, 0x03, 0x05, 0x09, 0x0E, 0x40, 0x42, 0x7E, 0xFF] {
        host.denied([command], status::INVALID_COMMAND);
        host.denied([command, 0xA0], status::INVALID_COMMAND);
    }
}

fn a_missing_map_misses_its_parameters(key: &Key) {
    let mut host = key.host();
    for command in [0x01, 0x02, 0x06, 0x0D] {
        // No map is not well-formed, either; and not every key has a PIN, or settings.
        let others = [status::INVALID_CBOR, status::INVALID_COMMAND];
        let others = if command > 0x02 { &others[..] } else { &others[..1] };
        host.denied_or([command], status::MISSING_PARAMETER, others);
        host.denied_or([command, 0xA0], status::MISSING_PARAMETER, &others[1..]);
    }
}

/// Of a key that keeps nothing of it.
fn answers_are_canonical(key: &Key) {
    reading(Form::Strict, || {
        let mut host = key.host();
        let info = host.info();
        if info.contains_key(&0x04) && host.option("clientPin").is_some() {
            for protocol in host.protocols() {
                host.agree(protocol);
            }
            host.pin_retries();
        }
        let made = host.register(&make_credential("example.com", b"1"));
        host.assert(&get_assertion_by("example.com", &[&made.id]));
    });
}

/// Of accounts, and of what a token opens.
fn answers_about_accounts_are_canonical(key: &Key) {
    reading(Form::Strict, || {
        let mut host = key.host();
        for user in [b"1", b"2"] {
            host.register(&make_discoverable("example.com", user));
        }
        if host.assert(&get_assertion("example.com")).number_of_credentials == Some(2) {
            let _ = Assertion::of(&host.ctap2(GET_NEXT_ASSERTION));
        }
        let has_tokens = ["pinUvAuthToken", "credMgmt"].map(|option| host.option(option)) == [Some(true); 2];
        if host.option("clientPin").is_some() && has_tokens {
            host.set_pin(key.pin());
            let token = host.token(permission::CM, None);
            for request in [
                token.manage(0x01, None),
                token.manage(0x02, None),
                token.manage(0x04, of_rp("example.com")),
            ] {
                let _ = host.ctap2(request);
            }
        }
    });
}

/// A getAssertion in pieces: `02 a2 01 6b "example.com" 02 5820 hash`.
struct Pieces {
    head: Vec<u8>,
    rp_id: Vec<u8>,
    hash: Vec<u8>,
}

impl Pieces {
    fn new() -> Self {
        let whole = get_assertion("example.com").encode();
        Self {
            head: whole[..2].to_vec(),
            rp_id: whole[2..15].to_vec(),
            hash: whole[15..].to_vec(),
        }
    }

    fn join(&self, pieces: &[&[u8]]) -> Vec<u8> {
        [&self.head, &pieces.concat()[..]].concat()
    }
}

fn what_is_not_canonical_is_refused(key: &Key) {
    let mut host = key.host();
    let it = Pieces::new();
    let (rp_id, hash) = (&it.rp_id[..], &it.hash[..]);
    // As it should be, for comparison.
    host.denied(it.join(&[rp_id, hash]), status::NO_CREDENTIALS);
    let malformed = [
        ("out of order", it.join(&[hash, rp_id])),
        ("an indefinite map", [&[0x02, 0xBF], rp_id, hash, &[0xFF]].concat()),
        ("an indefinite string", it.join(&[b"\x01\x7f\x6bexample.com\xff", hash])),
        ("a longer key", it.join(&[&[0x18], rp_id, hash])),
        ("a longer length", it.join(&[b"\x01\x78\x0bexample.com", hash])),
        ("a longer map", [&[0x02, 0xB8, 0x02], rp_id, hash].concat()),
        ("a tag", it.join(&[&[0x01, 0xC0], &rp_id[1..], hash])),
        ("not UTF-8", it.join(&[b"\x01\x62\xff\xfe", hash])),
        ("something behind", it.join(&[rp_id, hash, &[0x00]])),
        ("a break alone", vec![0x02, 0xFF]),
        ("a reserved length", vec![0x02, 0xBC]),
    ];
    for (what, request) in malformed {
        host.denied_as(what, request, status::INVALID_CBOR);
    }
    // Well-formed, but not what the member is.
    for command in [0x01, 0x02, 0x06, 0x0D] {
        for no_map in [0x80, 0x01] {
            host.denied([command, no_map], status::CBOR_UNEXPECTED_TYPE);
        }
    }
    host.denied(it.join(&[b"\x01\xf9\x00\x00", hash]), status::CBOR_UNEXPECTED_TYPE);
}

fn a_duplicate_key_is_refused(key: &Key) {
    let it = Pieces::new();
    let request = [&[0x02, 0xA3], &it.rp_id[..], &it.rp_id, &it.hash].concat();
    key.host().denied(request, status::INVALID_CBOR);
}

fn nesting_ends_at_four(key: &Key) {
    let mut host = key.host();
    // In a member that the key does not know, so that nothing but the depth matters; the request's map is the first.
    let four = array([array([array([])])]);
    host.denied(
        get_assertion("example.com").with(0x17, four.clone()),
        status::NO_CREDENTIALS,
    );
    host.denied(
        get_assertion("example.com").with(0x17, array([four])),
        status::INVALID_CBOR,
    );
    let abyss = [
        &[0x02, 0xA1, 0x01][..],
        &vec![0x81; host.longest_message() - 24],
        &[0x00],
    ]
    .concat();
    host.denied(abyss, status::INVALID_CBOR);
}

fn unknown_parameters_are_ignored(key: &Key) {
    let mut host = key.host();
    host.make(&make_credential("example.com", b"1").with(0x20, 1));
    host.denied(get_assertion("example.com").with(0x20, 1), status::NO_CREDENTIALS);
}

fn the_longest_message_is_accepted(key: &Key) {
    let mut host = key.host();
    // In an extension that the key does not know, which is to be ignored (§12).
    let request = |padding: usize| {
        let padding = Value::from(vec![0; padding]);
        extending(make_credential("example.com", b"1"), [("padding", padding)])
    };
    let longest = host.longest_message();
    let padding = longest + 500 - request(500).encode().len();
    let request = request(padding);
    same!(request.encode().len(), longest);
    host.make(&request);
}

/// Whatever the request is, the key answers with a status that the standard defines.
#[track_caller]
fn anything(host: &mut Host, request: &[u8]) {
    const DEFINED: [u8; 20] = [
        0x00, 0x01, 0x02, 0x03, 0x11, 0x12, 0x14, 0x15, 0x19, 0x26, 0x27, 0x2B, 0x2C, 0x2E, 0x2F, 0x30, 0x33, 0x35,
        0x36, 0x3E,
    ];
    let status = host.touched_if_asked(request).status;
    assert!(
        DEFINED.contains(&status),
        "expected a status of this command, the key answered {} to {request:02x?}",
        status::named(status)
    );
}

fn every_short_body_has_a_defined_answer(key: &Key) {
    let mut host = key.host();
    for command in [0x01, 0x02, 0x04, 0x06, 0x08, 0x09, 0x0A, 0x0C, 0x0D, 0x40, 0x41] {
        for byte in 0..=u8::MAX {
            anything(&mut host, &[command, byte]);
        }
    }
    host.ping();
}

fn every_flipped_bit_has_a_defined_answer(key: &Key) {
    let mut host = key.host();
    let request = make_discoverable("example.com", b"1").encode();
    for (at, bit) in (1..request.len()).zip((0..8).cycle()) {
        let mut altered = request.clone();
        altered[at] ^= 1 << bit;
        anything(&mut host, &altered);
    }
    status::is(host.ctap2(GET_INFO).status, status::OK);
}

fn every_truncation_is_refused(key: &Key) {
    let mut host = key.host();
    let request = make_credential("example.com", b"1").encode();
    for length in 2..request.len() {
        host.denied(&request[..length], status::INVALID_CBOR);
    }
    Made::of(&host.touched(request)).verify();
}

fn a_huge_pin_protocol_is_refused(key: &Key) {
    let mut host = key.host();
    let request = make_credential("example.com", b"1").with(mc::PIN_UV_AUTH_PARAM, vec![0; 16]);
    let protocols: [(Value, u8); 3] = [
        (u64::MAX.into(), status::INVALID_PARAMETER),
        ((-1).into(), status::CBOR_UNEXPECTED_TYPE),
        ("1".into(), status::CBOR_UNEXPECTED_TYPE),
    ];
    for (protocol, status) in protocols {
        host.denied(request.clone().with(mc::PIN_UV_AUTH_PROTOCOL, protocol), status);
    }
}

fn an_algorithm_beyond_64_bits_is_one_that_nobody_offers(key: &Key) {
    let mut host = key.host();
    let lowest = ciborium::value::Integer::try_from(-1 - i128::from(u64::MAX)).expect("an integer of CBOR");
    for beyond in [Value::from(u64::MAX), Value::Integer(lowest)] {
        let vast = map([("alg", beyond), ("type", "public-key".into())]);
        let offering = |entries| make_credential("example.com", b"1").with(mc::PUB_KEY_CRED_PARAMS, entries);
        host.denied(offering(array([vast.clone()])), status::UNSUPPORTED_ALGORITHM);
        let made = host.make(&offering(array([vast, parameters(algorithm::ES256)])));
        same!(made.public_key.algorithm, algorithm::ES256);
    }
}
