//! The form of signatures (WebAuthn Level 3 §6.5.5), and the numbers in them that may not come twice.
//!
//! Whether `s` is in the lower half of its range no section asks.

use std::collections::HashMap;

use crate::host::Host;
use crate::host::ctap2::{Request, get_assertion_by, make_credential};
use crate::host::read::Read as _;
use crate::host::response::{Assertion, Made, flags, member};
use crate::host::verify::CLIENT_DATA_HASH;
use crate::key::Key;

checks! {
    "WebAuthn Level 3 §6.5.5":
        signatures_are_der_of_the_shortest_form,
        no_signature_number_comes_twice;
}

/// The numbers `r` and `s` of an ECDSA signature: a DER sequence of two integers, each as short as it can be.
#[track_caller]
pub(super) fn numbers(signature: &[u8]) -> [Vec<u8>; 2] {
    let malformed = |why: &str| -> ! { panic!("expected a signature in DER, {why}: {signature:02x?}") };
    let [0x30, length, rest @ ..] = signature else {
        malformed("it is no sequence of less than 128 bytes")
    };
    if usize::from(*length) != rest.len() {
        malformed("the sequence has another length than it says");
    }
    let mut rest = rest;
    let numbers = [(); 2].map(|()| {
        let [0x02, length, after @ ..] = rest else {
            malformed("it has no two integers")
        };
        let Some((number, after)) = after.split_at_checked(usize::from(*length)) else {
            malformed("an integer is longer than the sequence")
        };
        rest = after;
        match number {
            [] => malformed("an integer has no bytes"),
            [0x80..=0xFF, ..] => malformed("an integer is negative"),
            [0, 0..=0x7F, ..] | [0] => malformed("an integer has a zero in front, or is zero"),
            [0, number @ ..] | number => number.to_vec(),
        }
    });
    if !rest.is_empty() {
        malformed("something is behind the integers");
    }
    numbers
}

/// The signature of an attestation by the credential itself, and what it signs; nothing for another attestation.
fn attested(made: &Made) -> Option<(Vec<u8>, Vec<u8>)> {
    let is_own = made.format == "packed" && made.certificates().is_none();
    is_own.then(|| {
        let signature = member(&made.statement, "sig").bytes().clone();
        (signature, [&made.auth_data.bytes[..], &CLIENT_DATA_HASH].concat())
    })
}

/// Signs in without a touch.
#[track_caller]
fn signed(host: &mut Host, made: &Made, request: &Request) -> Assertion {
    let assertion = host.assert_silently(request);
    assertion.verify(&made.public_key, "example.com", 0);
    same!(assertion.auth_data.flags & flags::UP, 0);
    assertion
}

fn signatures_are_der_of_the_shortest_form(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    if let Some((signature, _)) = attested(&made) {
        numbers(&signature);
    }
    let request = get_assertion_by("example.com", &[&made.id]);
    // Of 32 bytes every 256th number is shorter, and every second has a zero in front.
    for _ in 0..24 {
        let assertion = signed(&mut host, &made, &request);
        for number in numbers(&assertion.signature) {
            assert!(
                number.len() <= 32,
                "expected numbers of 32 bytes, the key answered {number:02x?}"
            );
        }
    }
}

fn no_signature_number_comes_twice(key: &Key) {
    let mut host = key.host();
    // `r` follows from the number that must be secret and used once: two signatures that share it give the private key
    // away. Only the same message, signed by RFC 6979, may have it again.
    let mut seen: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    let made: Vec<Made> = (0..2)
        .map(|_| host.make(&make_credential("example.com", b"1")))
        .collect();
    for n in 0..40 {
        let made = &made[n % 2];
        let assertion = signed(&mut host, made, &get_assertion_by("example.com", &[&made.id]));
        let message = [&made.id[..], &assertion.auth_data.bytes].concat();
        let [r, _] = numbers(&assertion.signature);
        let before = seen.insert(r, message.clone());
        assert!(
            before.is_none_or(|before| before == message),
            "expected another r in the signature of each message: two that share it give the private key away"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::caught;

    #[test]
    fn numbers_are_read_as_short_as_they_can_be() {
        assert_eq!(numbers(&[0x30, 7, 2, 1, 5, 2, 2, 0, 0x80]), [vec![5], vec![0x80]]);
    }

    #[test]
    fn other_forms_are_no_signatures() {
        for wrong in [
            &[0x31, 6, 2, 1, 5, 2, 1, 5][..],
            &[0x30, 6, 2, 1, 5, 2, 1, 5, 0],
            &[0x30, 7, 2, 1, 5, 2, 1, 5, 0],
            &[0x30, 0x81, 6, 2, 1, 5, 2, 1, 5],
            &[0x30, 7, 2, 2, 0, 5, 2, 1, 5],
            &[0x30, 6, 2, 1, 0x85, 2, 1, 5],
            &[0x30, 6, 2, 1, 0, 2, 1, 5],
            &[0x30, 5, 2, 0, 2, 1, 5],
            &[0x30, 3, 2, 1, 5],
            &[0x30, 4, 2, 9, 5, 5],
            &[],
        ] {
            assert!(caught(|| numbers(wrong)).is_err(), "{wrong:02x?}");
        }
    }
}
