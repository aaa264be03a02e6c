//! What a host sends is right, or wrong in one byte: PINs, tokens and access codes. See `constant_time.rs`.

use brasskey_conformance::host::Host;
use brasskey_conformance::host::cbor::map;
use brasskey_conformance::host::client_pin::{Protocol, permission};
use brasskey_conformance::host::command;
use brasskey_conformance::host::ctap2::{ga, get_assertion_by, make_credential, status};
use brasskey_conformance::host::oath::{AccessCode, apdu, authenticate, instruction, object, objects, tag};
use brasskey_tests::chip::{Call, Outcome, Plan, Trial, Workbench};

use super::attempt::RP_ID;
use super::constant_time::{COMPARE, MAC_KEY, SCRATCH, compare, constant, parts, random, secrets};

crate::checks! {
    pins,
    tokens_of_protocol_one,
    tokens_of_protocol_two,
    access_codes,
    an_early_return_is_found,
}

const PIN: &str = "2580";
const AUTHENTICATE: &str = "brasskey_protocol::crypto::MacKey::authenticate";

/// The first byte of `expected` is wrong, the last, or each of them in turn, or none.
fn guesses(expected: &[u8], at: usize) -> [Vec<u8>; 4] {
    let wrong_at = |place: usize| {
        let mut guess = expected.to_vec();
        guess[place] ^= 1 << (at % 8);
        guess
    };
    let last = expected.len() - 1;
    [
        expected.to_vec(),
        wrong_at(0),
        wrong_at(last),
        wrong_at(at % expected.len()),
    ]
}

/// By what everybody sees: whether the guess was right.
fn outcome(is_right: bool, found: bool) -> String {
    assert_eq!(found, is_right);
    if is_right { "right" } else { "wrong" }.into()
}

/// A key with a PIN is about to compare a guess with it: the call, and a trial for each secret and guess.
fn with_pins(check: impl FnOnce(Call<'_>, &[Trial], &dyn Fn(usize, &Outcome) -> String)) {
    let bench = Workbench::new();
    let mut host = bench.host();
    host.set_pin(PIN);
    let ask = |host: &mut Host| {
        let request = host.agree(Protocol::Two).get_pin_token(PIN);
        host.begin(request);
        bench.call("store::pin::Pin::matches")
    };
    // Inside, the key is what HMACs are made with, and the right one is compared with what is stored.
    let call = ask(&mut host).inner(AUTHENTICATE);
    let device = call.argument(1);
    let stored = call.inner(COMPARE).argument(2);
    assert_eq!(host.answer().status, status::OK);

    let call = ask(&mut host);
    let hash = call.argument(2);
    let trials: Vec<_> = secrets::<32>()
        .into_iter()
        .enumerate()
        .flat_map(|(at, key)| {
            let pin: [u8; 16] = random();
            let expected = authenticate(2, &key, &[b"PIN verifier", &[0][..], &pin].concat());
            guesses(&expected, at).map(|guess| {
                let trial = Trial::default().with(hash, &pin).with(stored, &guess);
                trial.with(SCRATCH, &key).after(MAC_KEY, &[device, SCRATCH])
            })
        })
        .collect();
    check(call, &trials, &|at, found| outcome(at % 4 == 0, found.result == 1));
    assert_eq!(host.answer().status, status::OK);
}

fn pins() {
    with_pins(|call, trials, kind| constant("PIN", &call, Plan::default(), trials, kind));
}

/// The comparison as somebody might write it who does not think of time, for Armv6-M. It takes two pointers and two
/// equal lengths.
#[rustfmt::skip]
const EARLY_RETURN: [u16; 15] = [
    0xb510, // push {r4, lr}
    0x2900, // next: cmp r1, #0
    0xd007, // beq equal
    0x7803, // ldrb r3, [r0]
    0x7814, // ldrb r4, [r2]
    0x42a3, // cmp r3, r4
    0xd105, // bne different
    0x3001, // adds r0, #1
    0x3201, // adds r2, #1
    0x3901, // subs r1, #1
    0xe7f5, // b next
    0x2001, // equal: movs r0, #1
    0xbd10, // pop {r4, pc}
    0x2000, // different: movs r0, #0
    0xbd10, // pop {r4, pc}
];

/// The check that finds nothing in the firmware finds it there where its comparison is another, in the emulator's
/// flash.
fn an_early_return_is_found() {
    let bench = Workbench::new();
    let mut host = bench.host();
    host.set_pin(PIN);
    let request = host.agree(Protocol::Two).get_pin_token(PIN);
    host.begin(request);
    let code = bench.call(COMPARE).address();
    assert_eq!(host.answer().status, status::OK);
    let code_bytes: Vec<u8> = EARLY_RETURN.iter().flat_map(|op| op.to_le_bytes()).collect();
    with_pins(|call, trials, kind| {
        let plan = Plan {
            trace: true,
            ..Plan::default()
        };
        assert_eq!(compare("PIN, traced", &call, plan, trials, kind), Ok(()));
        let leaking: Vec<_> = trials
            .iter()
            .map(|trial| trial.clone().with(code, &code_bytes))
            .collect();
        let found = compare("PIN, with an early return", &call, plan, &leaking, kind);
        let found = found.expect_err("the time of wrong PINs depends on the first byte that is wrong");
        assert!(found.contains("wrong: the cycles depend on a secret"), "{found}");
    });
}

fn tokens(protocol: Protocol) {
    let bench = Workbench::new();
    let mut host = bench.host();
    let id = host.make(&make_credential(RP_ID, b"ada")).id;
    host.set_pin(PIN);
    let token = host.token_by(protocol, PIN, permission::GA, Some(RP_ID));
    let request = get_assertion_by(RP_ID, &[&id]).with(ga::OPTIONS, map([("up", false.into())]));
    let ask = |host: &mut Host| {
        host.begin(token.on(request.clone()));
        bench.call("ctap2::token::PinUvAuthTokens::verify")
    };
    let key_at = ask(&mut host).inner(AUTHENTICATE).argument(1);
    assert_eq!(host.answer().status, status::OK);

    let call = ask(&mut host);
    let (param, length) = (call.argument(4), call.argument(5));
    let length = usize::try_from(length).expect("a length");
    let message = parts(&call, 2).concat();
    let trials: Vec<_> = secrets::<32>()
        .into_iter()
        .enumerate()
        .flat_map(|(at, key)| {
            let expected = authenticate(2, &key, &message);
            guesses(&expected[..length], at).map(|guess| {
                let trial = Trial::default().with(param, &guess);
                trial.with(SCRATCH, &key).after(MAC_KEY, &[key_at, SCRATCH])
            })
        })
        .collect();
    constant(
        &format!("token, protocol {protocol:?}"),
        &call,
        Plan::default(),
        &trials,
        |at, found| outcome(at % 4 == 0, found.result != 0),
    );
    assert_eq!(host.answer().status, status::OK);
}

fn tokens_of_protocol_one() {
    tokens(Protocol::One);
}

fn tokens_of_protocol_two() {
    tokens(Protocol::Two);
}

/// From the HMAC of the key's challenge to the end of its comparison.
fn access_codes() {
    const KEY: [u8; 16] = *b"sixteen bytes...";
    for hash in [1, 2] {
        let bench = Workbench::new();
        let mut host = bench.host();
        let code = AccessCode(hash, &KEY);
        host.select_oath();
        host.oath_done(&apdu(instruction::SET_CODE, 0, 0, &code.encode()));
        let ask = |host: &mut Host| {
            let selected = host.select_oath();
            let challenge = selected
                .iter()
                .find(|(tag, _)| *tag == tag::CHALLENGE)
                .expect("a challenge");
            let response = object(tag::RESPONSE, &code.answer(&challenge.1));
            let data = [response, object(tag::CHALLENGE, b"mutually")].concat();
            host.send(command::OATH, &apdu(instruction::VALIDATE, 0, 0, &data));
            bench.call("crypto::hmac::HmacHash::authenticate")
        };
        let answer_at = ask(&mut host).inner(COMPARE).argument(2);
        let (answer, _) = host.oath_answer(false);
        assert_eq!(objects(&answer), [(tag::RESPONSE, code.answer(b"mutually"))]);

        let call = ask(&mut host);
        let key = call.argument(2);
        assert_eq!(call.bytes(key, KEY.len()), KEY);
        let challenge = call.bytes(call.argument(3), 8);
        let trials: Vec<_> = secrets::<16>()
            .into_iter()
            .enumerate()
            .flat_map(|(at, secret)| {
                let expected = authenticate(hash, &secret, challenge);
                guesses(&expected, at).map(|guess| Trial::default().with(key, &secret).with(answer_at, &guess))
            })
            .collect();
        let plan = Plan {
            until: Some(COMPARE),
            ..Plan::default()
        };
        constant(
            &format!("access code, hash {hash}"),
            &call,
            plan,
            &trials,
            |at, found| outcome(at % 4 == 0, found.result & 0xff == 1),
        );
        let (answer, _) = host.oath_answer(false);
        assert!(!answer.is_empty());
    }
}
