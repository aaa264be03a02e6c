//! What people are told: errors, names, and what of a secret.

use std::format;
use std::string::ToString as _;

use crate::crypto::hmac::HmacKey;
use crate::ctap2::{Status, command};
use crate::ctaphid::{self, TooLong};
use crate::platform::StorageError;
use crate::rng::RngFailed;
use crate::store::StartError;
use crate::store::attestation::InstallError;
use crate::u2f::instruction;

#[test]
fn errors_say_what_happened() {
    for (said, expected) in [
        (
            ctaphid::Error::ChannelBusy.to_string(),
            "the key is busy with another request",
        ),
        (
            TooLong.to_string(),
            "the message is longer than the 7609 bytes that CTAPHID can carry",
        ),
        (StorageError::Full.to_string(), "the key's storage is full"),
        (RngFailed.to_string(), "the random number generator failed"),
        (Status::PinInvalid.to_string(), "CTAP2_ERR_PIN_INVALID (0x31)"),
        (
            InstallError::KeyMismatch.to_string(),
            "the attestation certificate does not hold the key's public key",
        ),
        (
            StartError::NewerSchema(200).to_string(),
            "the key's storage has schema 200; this version knows 1 and older",
        ),
    ] {
        assert_eq!(said, expected);
    }
    #[cfg(feature = "import")]
    assert_eq!(
        crate::store::ImportError::Exists.to_string(),
        "there is a credential with this ID already"
    );
}

#[test]
fn commands_have_the_names_of_the_standard() {
    assert_eq!(command::name(0x04), Some("authenticatorGetInfo"));
    assert_eq!(command::name(0x05), None);
    assert_eq!(instruction::name(0x03), Some("U2F_VERSION"));
    assert_eq!(instruction::name(0x04), None);
}

#[test]
fn keys_are_not_shown() {
    let key = HmacKey::new(b"a secret").expect("a key");
    assert_eq!(format!("{key:?}"), "HmacKey { .. }");
}
