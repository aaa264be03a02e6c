//! The power is cut after each operation of the flash while somebody tries a PIN: nobody gets an additional guess, and
//! the flash does not tell a right PIN from a wrong one.

use std::sync::LazyLock;

use brasskey_conformance::host::Host;
use brasskey_conformance::host::client_pin::Protocol;
use brasskey_conformance::host::ctap2::{Request, status};

use super::attempt::ctap2;
use super::used_key::UsedKey;

crate::checks! {
    a_wrong_guess_costs_a_retry_and_no_power_cut_brings_it_back,
    a_right_pin_and_a_wrong_one_leave_the_same_flash_until_the_guess_is_spent,
}

const PIN: &str = "1234";
const WRONG_PIN: &str = "0852";
const RETRIES: u64 = 8;
/// Wrong guesses before the first power cut.
const SPENT: u64 = 2;
const LEFT: u64 = RETRIES - SPENT;
const DENSE: u32 = 12;

static USED: LazyLock<UsedKey> = LazyLock::new(|| {
    UsedKey::new(|host| {
        host.set_pin(PIN);
        for _ in 0..SPENT {
            assert_eq!(host.try_pin(WRONG_PIN), status::PIN_INVALID);
        }
    })
});

fn guess(host: &mut Host, pin: &str) -> Request {
    host.agree(Protocol::Two).get_pin_token(pin)
}

fn retries(host: &mut Host) -> u64 {
    host.pin_retries().0
}

fn a_wrong_guess_costs_a_retry_and_no_power_cut_brings_it_back() {
    let mut least = LEFT;
    let cuts = USED.cut_prepared(
        DENSE,
        |host| guess(host, WRONG_PIN),
        |cut, guess| {
            assert_eq!(ctap2(&mut cut.host, guess)?.status, status::PIN_INVALID);
            Some(())
        },
        |cut, answered| {
            cut.sign_in();
            let host = &mut cut.host;
            let left = retries(host);
            assert!(left == least || left == LEFT - 1, "{left} retries");
            assert!(left == LEFT - 1 || !answered, "an answer costs a guess");
            least = left;
            assert_eq!(host.try_pin(PIN), status::OK);
            assert_eq!(host.try_pin(WRONG_PIN), status::PIN_INVALID);
            assert_eq!(retries(host), RETRIES - 1);
        },
    );
    assert!(cuts > 0);
}

/// The digests of the flash after each cut that leaves all guesses.
fn flashes(pin: &str) -> Vec<String> {
    let mut seen = Vec::new();
    USED.cut_prepared(
        DENSE,
        |host| guess(host, pin),
        |cut, guess| ctap2(&mut cut.host, guess).map(drop),
        |cut, _| {
            let digest = cut.bench.measure()["flash_sha256"]
                .as_str()
                .expect("a digest")
                .to_owned();
            if retries(&mut cut.host) == LEFT && !seen.contains(&digest) {
                seen.push(digest);
            }
        },
    );
    seen
}

fn a_right_pin_and_a_wrong_one_leave_the_same_flash_until_the_guess_is_spent() {
    let right = flashes(PIN);
    assert!(!right.is_empty());
    assert_eq!(right, flashes(WRONG_PIN));
}
