//! The message itself (CTAP 2.3 §8): every command byte, keys of any type, and the longest answers.

use ciborium::Value;

use crate::crypto::Algorithm;
use crate::ctap2::attestation::Format;
use crate::ctap2::{Status, command};
use crate::limits::MAX_MESSAGE;
use crate::testing::key::{CHANNEL, Key};
use crate::testing::request::{RP, array, encode, get_assertion_by, make_credential, parameters};

fn refusal(message: &[u8]) -> Status {
    let mut key = Key::new();
    let status = key.respond(CHANNEL, message).expect_err("the message is refused");
    assert!(key.user().prompts.is_empty(), "nobody was asked for a touch");
    status
}

#[test]
fn no_command_byte_is_an_invalid_length() {
    assert_eq!(refusal(&[]), Status::InvalidLength);
}

#[test]
fn every_command_that_is_not_offered_is_invalid() {
    let offered = [0x01, 0x02, 0x04, 0x06, 0x07, 0x08, 0x0a, 0x0b, 0x0c, 0x0d, 0x41];
    for command in (0..=u8::MAX).filter(|command| !offered.contains(command)) {
        assert_eq!(refusal(&[command]), Status::InvalidCommand, "{command:#04x}");
        assert_eq!(refusal(&[command, 0xa0]), Status::InvalidCommand, "{command:#04x}");
    }
}

#[test]
fn unknown_parameters_are_ignored() {
    let mut key = Key::new();
    let made = key.made(make_credential(RP, b"alice").with(0x20, 1)).unwrap();
    assert!(key.send(get_assertion_by(RP, &[&made.id]).with(0x20, "x")).is_ok());
    // Keys of other types sort behind the numbers.
    let members = make_credential(RP, b"alice").members.into_iter();
    let mut members: std::vec::Vec<_> = members.map(|(key, value)| (key.into(), value)).collect();
    members.push(((-1).into(), 0.into()));
    members.push(("x".into(), 0.into()));
    let message = [&[command::MAKE_CREDENTIAL], &encode(&Value::Map(members))[..]].concat();
    assert!(key.respond(CHANNEL, message).is_ok());
}

#[test]
fn every_response_fits_a_message() {
    for mut key in [Key::new(), Key::with_batch()] {
        for algorithm in Algorithm::SUPPORTED {
            for format in Format::OFFERED {
                let request = make_credential(RP, b"alice")
                    .with(4, array([parameters(algorithm.cose())]))
                    .with(11, array([format.identifier().into()]));
                let members = key.answer(&request).unwrap().into_iter();
                let answer = Value::Map(members.map(|(key, value)| (key.into(), value)).collect());
                // The status byte comes before it.
                assert!(encode(&answer).len() < MAX_MESSAGE);
            }
        }
    }
}
