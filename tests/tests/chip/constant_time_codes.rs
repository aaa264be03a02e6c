//! HMACs and the codes that are made of them, with other secrets of an account: see `constant_time.rs`.

use brasskey_conformance::host::command;
use brasskey_conformance::host::oath::{Account, apdu, authenticate, calculate, instruction, kind};
use brasskey_tests::chip::{Plan, Trial, Workbench};

use super::constant_time::{constant, holds, secrets};

crate::checks! { hmacs, one_time_codes }

const NAME: &str = "account";
const SECRET: [u8; 20] = *b"12345678901234567890";
const STEP: [u8; 8] = 1_u64.to_be_bytes();
const HMAC: &str = "crypto::hmac::HmacHash::authenticate";

/// A key that is about to compute the code of an account with this hash; and what its HMAC is made with.
fn computing(hash: u8, p2: u8, function: &str, check: impl FnOnce(brasskey_tests::chip::Call<'_>, u32)) {
    let bench = Workbench::new();
    let mut host = bench.host();
    host.select_oath();
    host.put(&Account::new(NAME, kind::TOTP | hash, &SECRET));
    let request = apdu(instruction::CALCULATE, 0, p2, &calculate(NAME, &STEP));
    host.send(command::OATH, &request);
    let call = bench.call(HMAC);
    let key = call.argument(2);
    assert_eq!(call.bytes(key, SECRET.len()), SECRET);
    let first = host.oath_answer(false);
    host.send(command::OATH, &request);
    check(bench.call(function), key);
    assert_eq!(host.oath_answer(false), first);
}

fn hmacs() {
    for hash in [1, 2, 3] {
        computing(hash, 0, HMAC, |call, key| {
            let secrets = secrets::<20>();
            let trials: Vec<_> = secrets
                .iter()
                .map(|secret| Trial::default().with(key, secret))
                .collect();
            let plan = Plan {
                read: Some((call.argument(0), 80)),
                ..Plan::default()
            };
            constant(&format!("HMAC, hash {hash}"), &call, plan, &trials, |at, outcome| {
                assert!(holds(&outcome.read, &authenticate(hash, &secrets[at], &STEP)));
                "computed".into()
            });
        });
    }
}

/// With the truncation of RFC 4226, which looks at a place that the HMAC says.
fn one_time_codes() {
    for hash in [1, 2, 3] {
        computing(hash, 1, "oath::code::Form::write", |call, key| {
            let secrets = secrets::<20>();
            let trials: Vec<_> = secrets
                .iter()
                .map(|secret| Trial::default().with(key, secret))
                .collect();
            // A writer begins with the place that it writes to.
            let plan = Plan {
                read: Some((call.word(call.argument(1)), 16)),
                ..Plan::default()
            };
            constant(
                &format!("one-time code, hash {hash}"),
                &call,
                plan,
                &trials,
                |at, outcome| {
                    let whole = authenticate(hash, &secrets[at], &STEP);
                    let from = usize::from(whole[whole.len() - 1] & 15);
                    let expected = [&[whole[from] & 0x7f], &whole[from + 1..from + 4]].concat();
                    assert!(
                        holds(&outcome.read, &expected),
                        "{expected:02x?} in {:02x?}",
                        outcome.read
                    );
                    "computed".into()
                },
            );
        });
    }
}
