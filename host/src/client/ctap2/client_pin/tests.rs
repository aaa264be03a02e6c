use proptest::prelude::*;

use super::*;

const KEY: KeyAgreementKey = KeyAgreementKey {
    x: [0xAA; 32],
    y: [0xBB; 32],
};

/// The COSE key of [`KEY`].
fn cose() -> Vec<u8> {
    [
        &b"\xA5\x01\x02\x03\x38\x18\x20\x01\x21\x58\x20"[..],
        &KEY.x,
        b"\x22\x58\x20",
        &KEY.y,
    ]
    .concat()
}

#[test]
fn requests_are_encoded_as_the_standard_has_them() {
    assert_eq!(ClientPin::GetPinRetries.parameters(), b"\xA1\x02\x01");
    let protocol = PinProtocol::Two;
    assert_eq!(
        ClientPin::GetKeyAgreement { protocol }.parameters(),
        b"\xA2\x01\x02\x02\x02"
    );
    let change = ClientPin::ChangePin {
        protocol,
        key_agreement: KEY,
        new_pin: vec![5],
        pin_hash: vec![6],
        param: vec![4],
    };
    let expected = [
        &b"\xA6\x01\x02\x02\x04\x03"[..],
        &cose(),
        b"\x04\x41\x04\x05\x41\x05\x06\x41\x06",
    ];
    assert_eq!(change.parameters(), expected.concat());
}

#[test]
fn a_token_is_asked_for_by_pin_or_by_the_keys_own_verification() {
    let request = |pin_hash| ClientPin::GetPinUvAuthToken {
        protocol: PinProtocol::One,
        key_agreement: KEY,
        pin_hash,
        permissions: Permissions::MAKE_CREDENTIAL.and(Permissions::GET_ASSERTION),
        rp_id: Some("a.b".to_owned()),
    };
    let by_pin = [
        &b"\xA6\x01\x01\x02\x09\x03"[..],
        &cose(),
        b"\x06\x41\x06\x09\x03\x0A\x63a.b",
    ];
    assert_eq!(request(Some(vec![6])).parameters(), by_pin.concat());
    let by_itself = [&b"\xA5\x01\x01\x02\x06\x03"[..], &cose(), b"\x09\x03\x0A\x63a.b"];
    assert_eq!(request(None).parameters(), by_itself.concat());
}

#[test]
fn answers_are_read() {
    assert_eq!(ClientPin::parse(b""), Ok(ClientPinResponse::default()));
    let retries = ClientPin::parse(b"\xA2\x03\x05\x04\xF5").unwrap();
    assert_eq!((retries.pin_retries, retries.power_cycle_state), (Some(5), Some(true)));
    let agreement = ClientPin::parse(&[b"\xA1\x01", cose().as_slice()].concat()).unwrap();
    assert_eq!(agreement.key_agreement, Some(KEY));
    assert_eq!(agreement.oddities, []);
}

#[test]
fn a_key_with_another_algorithm_is_odd_and_usable() {
    let mut cose = cose();
    // ES256 in place of ECDH-ES+HKDF-256.
    cose.splice(3..6, *b"\x03\x26");
    let agreement = ClientPin::parse(&[b"\xA1\x01", cose.as_slice()].concat()).unwrap();
    assert_eq!(agreement.key_agreement, Some(KEY));
    assert_eq!(agreement.oddities, [Oddity::WrongType("keyAgreement")]);
}

#[test]
fn nothing_encrypted_is_shown() {
    let request = ClientPin::SetPin {
        protocol: PinProtocol::Two,
        key_agreement: KEY,
        new_pin: vec![0xC8],
        param: vec![0xC8],
    };
    let answer = ClientPin::parse(b"\xA1\x02\x41\xC8").unwrap();
    assert!(!format!("{request:?} {answer:?}").contains("200"));
}

proptest! {
    #[test]
    fn arbitrary_answers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = ClientPin::parse(&bytes);
        let _ = ClientPin::parse(&[b"\xA1\x01", bytes.as_slice()].concat());
    }
}
