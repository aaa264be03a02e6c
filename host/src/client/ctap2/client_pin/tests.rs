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
fn a_key_agreement_key_of_another_kind_is_refused() {
    for (place, other) in [
        // kty OKP; ES256 in place of ECDH-ES+HKDF-256; crv P-384.
        (1..3, &b"\x01\x01"[..]),
        (3..6, b"\x03\x26"),
        (6..8, b"\x20\x02"),
        (6..8, b"\x21\x01"),
    ] {
        let mut cose = cose();
        cose.splice(place.clone(), other.iter().copied());
        assert_eq!(
            ClientPin::parse(&[b"\xA1\x01", cose.as_slice()].concat()),
            Err(Malformed::Value("keyAgreement")),
            "{place:?}"
        );
    }
    let mut more = cose();
    more[0] = 0xA6;
    more.extend(b"\x23\x01");
    let agreement = ClientPin::parse(&[b"\xA1\x01", more.as_slice()].concat()).unwrap();
    assert_eq!(agreement.key_agreement, Some(KEY));
    assert_eq!(agreement.oddities, [Oddity::UnknownPart("keyAgreement")]);
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

#[test]
fn each_subcommand_has_its_own_members() {
    let judged = |request: &ClientPin, answer: &[u8]| {
        let found = request.judge(answer, &ClientPin::parse(answer).unwrap());
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let nothing = Vec::<String>::new();
    let retries = ClientPin::GetPinRetries;
    assert_eq!(judged(&retries, b"\xA2\x03\x08\x04\xF4"), nothing);
    assert_eq!(
        judged(&retries, b"\xA3\x02\x40\x03\x09\x05\x01"),
        [
            "pinUvAuthToken was not asked for",
            "uvRetries was not asked for",
            "pinRetries is more than 8, the most wrong PINs that a key may take"
        ]
    );
    let agreement = ClientPin::GetKeyAgreement {
        protocol: PinProtocol::Two,
    };
    let key = [b"\xA1\x01", cose().as_slice()].concat();
    assert_eq!(judged(&agreement, &key), nothing);
    assert_eq!(judged(&retries, &key), ["keyAgreement was not asked for"]);
    let set = ClientPin::SetPin {
        protocol: PinProtocol::Two,
        key_agreement: KEY,
        new_pin: vec![5],
        param: vec![4],
    };
    assert_eq!(judged(&set, b""), nothing);
    assert_eq!(judged(&set, b"\xA0"), ["1 byte follows the status, and nothing should"]);
}

proptest! {
    #[test]
    fn arbitrary_answers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = ClientPin::parse(&bytes);
        let _ = ClientPin::parse(&[b"\xA1\x01", bytes.as_slice()].concat());
    }
}
