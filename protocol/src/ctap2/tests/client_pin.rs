//! authenticatorClientPIN (CTAP 2.3 §6.5).

mod change_pin;
mod retries;
mod set_pin;
mod token;

use cbor4ii::core::Value;

use crate::ctap2::pin_protocol::Protocol;
use crate::ctap2::{Status, command};
use crate::testing::cbor::{Tree, int};
use crate::testing::key::Key;
use crate::testing::pin::{PIN, client_pin, get_key_agreement};
use crate::testing::request::Request;

#[test]
fn the_key_agreement_key_is_a_cose_key_of_exactly_five_members() {
    let mut key = Key::new();
    for protocol in [1, 2] {
        let answer = key.send(&get_key_agreement(protocol)).unwrap().unwrap();
        assert_eq!(answer.keys(), [int(1)]);
        let cose_key = answer.number(1);
        assert_eq!(cose_key.keys(), [1, 3, -1, -2, -3].map(int));
        assert_eq!([1, 3, -1].map(|label| cose_key.number(label).as_int()), [2, -25, 1]);
        assert_eq!([-2, -3].map(|label| cose_key.number(label).as_bytes().len()), [32, 32]);
    }
}

#[test]
fn each_protocol_has_a_key_agreement_key_that_stays_until_the_next_power_up() {
    let mut key = Key::new();
    let mut both = || [1, 2].map(|protocol| key.send(&get_key_agreement(protocol)).unwrap());
    let before = both();
    assert_ne!(before[0], before[1]);
    assert_eq!(both(), before);
    let mut key = key.restarted();
    assert_ne!(
        [1, 2].map(|protocol| key.send(&get_key_agreement(protocol)).unwrap()),
        before
    );
}

#[test]
fn a_key_agreement_is_of_a_protocol_that_the_key_knows() {
    let mut key = Key::new();
    assert_eq!(key.refusal(&get_key_agreement(1).without(1)), Status::MissingParameter);
    for protocol in [0, 3] {
        assert_eq!(key.refusal(&get_key_agreement(protocol)), Status::InvalidParameter);
    }
}

#[test]
fn a_subcommand_is_needed_and_must_be_known() {
    let mut key = Key::new();
    let nothing = Request::new(command::CLIENT_PIN).with(1, int(2));
    assert_eq!(key.refusal(&nothing), Status::MissingParameter);
    // 06 and 07 are those of a user verification of the key's own.
    for subcommand in [0x00, 0x06, 0x07, 0x08, 0x0a, 0x7e, u64::MAX] {
        assert_eq!(key.refusal(&client_pin(subcommand)), Status::InvalidSubcommand);
    }
}

#[test]
fn a_parameter_of_another_type_is_unexpected() {
    let mut key = Key::with_pin();
    for protocol in Protocol::OFFERED {
        let request = key.platform(protocol).change_pin(PIN, "5678").with(9, int(1));
        for member in [1, 2, 3, 4, 5, 6, 9, 10] {
            let bent = request.clone().with(member, Value::Bool(true));
            assert_eq!(key.refusal(&bent), Status::CborUnexpectedType, "{member}");
        }
    }
    assert_eq!(key.retries(), 8);
}
