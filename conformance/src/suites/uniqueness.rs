//! What is to be random comes once: IDs, public keys and signatures of two hundred registrations (WebAuthn Level 3 §4,
//! "Credential ID": 100 bits of entropy at least).

use std::collections::HashSet;

use super::signatures::numbers;
use crate::host::ctap2::make_credential;
use crate::host::read::Read as _;
use crate::host::response::{Made, member};
use crate::host::u2f;
use crate::key::Key;

checks! {
    "WebAuthn Level 3 §4":
        two_hundred_registrations_share_nothing needs ManyTouches,
        two_hundred_ids_are_as_random_as_they_have_to_be needs ManyTouches;
    "U2F Raw Message Formats v1.2 §4.3":
        fifty_u2f_registrations_share_nothing needs ManyTouches and U2f;
    "CTAP 2.3 §11.2.9.1.3":
        two_hundred_channels_are_different_ones;
    "CTAP 2.3 §6.5.5.7":
        every_token_is_another needs Pin;
}

const MANY: usize = 200;

/// Two hundred plain credentials of the same user at the same relying party.
fn made(key: &Key) -> Vec<Made> {
    let mut host = key.host();
    let request = make_credential("example.com", b"1");
    (0..MANY).map(|_| host.make(&request)).collect()
}

/// No value comes twice.
#[track_caller]
fn once(what: &str, values: impl IntoIterator<Item = Vec<u8>>) {
    let mut seen = HashSet::new();
    for value in values {
        assert!(!value.is_empty(), "{what}: expected some bytes, the key answered none");
        let words = crate::words::shown(&value);
        assert!(
            seen.insert(value),
            "{what}: expected each once, this came twice: {words}"
        );
    }
}

/// How many different bytes each place of these values has.
fn variety(values: &[Vec<u8>]) -> Vec<usize> {
    let shortest = values.iter().map(Vec::len).min().unwrap_or(0);
    (0..shortest)
        .map(|at| values.iter().map(|value| value[at]).collect::<HashSet<_>>().len())
        .collect()
}

fn two_hundred_registrations_share_nothing(key: &Key) {
    let made = made(key);
    once("credential IDs", made.iter().map(|made| made.id.clone()));
    once("public keys", made.iter().map(|made| made.public_key.key.clone()));
    // An x-coordinate that comes twice is the same key, or its negative.
    once(
        "public keys' x",
        made.iter().map(|made| made.public_key.key[1..33].to_vec()),
    );
    let own = made.iter().filter(|made| made.format == "packed");
    let r = own.map(|made| numbers(member(&made.statement, "sig").bytes())[0].clone());
    once("the signatures' r", r);
}

fn two_hundred_ids_are_as_random_as_they_have_to_be(key: &Key) {
    let made = made(key);
    let ids: Vec<_> = made.into_iter().map(|made| made.id).collect();
    let variety = variety(&ids);
    // Of 256 values, 200 random bytes have 139 on average, and hardly ever less than 110. 13 of them are 100 bits.
    let random = variety.iter().filter(|count| **count >= 110).count();
    assert!(
        random >= 13,
        "expected 13 random bytes or more in each credential ID, {random} are; of {MANY} IDs the bytes have so many \
         values: {variety:?}"
    );
    // Behind a head that says which form an ID has, nothing is the same in all of them but single bytes.
    let head = variety.iter().take_while(|count| **count == 1).count();
    assert!(
        head <= 16,
        "expected different IDs, all begin with the same {head} bytes"
    );
}

fn fifty_u2f_registrations_share_nothing(key: &Key) {
    let mut host = key.host();
    let made: Vec<_> = (0..50).map(|_| host.u2f_register(&[0xA5; 32])).collect();
    once("key handles", made.iter().map(|made| made.key_handle.clone()));
    once("public keys", made.iter().map(|made| made.public_key.key.clone()));
    same!(host.u2f(u2f::VERSION).1, u2f::word::NO_ERROR);
}

fn two_hundred_channels_are_different_ones(key: &Key) {
    let mut host = key.host();
    once("channels", (0..MANY).map(|_| host.allocate().to_be_bytes().to_vec()));
}

fn every_token_is_another(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    let agreement = host.agree_by_best();
    let tokens: Vec<_> = (0..20)
        .map(|_| {
            let response = host.ctap2(agreement.get_pin_token(key.pin()));
            agreement.token(&response).token
        })
        .collect();
    let random = variety(&tokens);
    once("tokens", tokens);
    // Of 20 random bytes there are 19 different ones on average.
    let poor = random.iter().filter(|count| **count < 12).count();
    same!(poor, 0, "bytes of a token that are not random");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::caught;

    #[test]
    fn what_comes_twice_is_found() {
        assert!(caught(|| once("x", [vec![1], vec![2], vec![1]])).is_err());
        assert!(caught(|| once("x", [vec![1], vec![]])).is_err());
        once("x", [vec![1], vec![2]]);
    }

    #[test]
    fn places_are_counted_by_their_bytes() {
        assert_eq!(variety(&[vec![7, 1], vec![7, 2], vec![7, 2, 9]]), [1, 2]);
    }
}
