use proptest::prelude::*;

use super::*;

#[test]
fn a_request_is_encoded_as_the_standard_has_it() {
    let request = GetAssertion {
        options: Options {
            up: Some(false),
            ..Options::default()
        },
        ..GetAssertion::new("example.com".to_owned(), [7; 32], Vec::new())
    };
    let expected = [
        &b"\xA3\x01\x6Bexample.com\x02\x58\x20"[..],
        &[7; 32],
        b"\x05\xA1\x62up\xF4",
    ]
    .concat();
    assert_eq!(request.parameters(), expected);

    let request = GetAssertion {
        extensions: vec![("appid".to_owned(), Value::Bool(true))],
        pin_uv_auth: Some(PinUvAuth {
            protocol: 1,
            param: vec![3],
        }),
        ..GetAssertion::new("a".to_owned(), [7; 32], vec![CredentialDescriptor { id: vec![9] }])
    };
    let expected = [
        &b"\xA6\x01\x61a\x02\x58\x20"[..],
        &[7; 32],
        b"\x03\x81\xA2\x62id\x41\x09\x64type\x6Apublic-key\x04\xA1\x65appid\xF5\x06\x41\x03\x07\x01",
    ]
    .concat();
    assert_eq!(request.parameters(), expected);
    assert!(GetNextAssertion.parameters().is_empty());
}

#[test]
fn an_answer_is_read_whole() {
    let answer = b"\xA6\x01\xA2\x62id\x42\x09\x09\x64type\x6Apublic-key\x02\x41\x01\x03\x42\x30\x00\
        \x04\xA2\x62id\x41\x05\x64name\x65alice\x05\x02\x06\xF5";
    let expected = Assertion {
        credential: Some(CredentialDescriptor { id: vec![9, 9] }),
        auth_data: vec![1],
        signature: vec![0x30, 0],
        user: Some(User {
            id: vec![5],
            name: Some("alice".to_owned()),
            display_name: None,
        }),
        number_of_credentials: Some(2),
        user_selected: Some(true),
        large_blob_key: None,
        unsigned_extension_outputs: None,
        unknown: BTreeMap::new(),
        oddities: Vec::new(),
    };
    assert_eq!(GetAssertion::parse(answer).as_ref(), Ok(&expected));
    assert_eq!(GetNextAssertion::parse(answer), Ok(expected));
}

#[test]
fn members_that_may_be_missing_may_also_be_wrong() {
    let parsed = GetAssertion::parse(b"\xA4\x01\x00\x02\x40\x03\x40\x04\xA1\x64name\x65alice").unwrap();
    assert_eq!((parsed.credential, parsed.user), (None, None));
    assert_eq!(
        parsed.oddities,
        [Oddity::WrongType("credential"), Oddity::WrongType("user")]
    );

    let parsed = GetAssertion::parse(b"\xA3\x01\xA2\x62id\x41\x09\x64type\x61x\x02\x40\x03\x40").unwrap();
    assert_eq!(parsed.credential, Some(CredentialDescriptor { id: vec![9] }));
    assert_eq!(parsed.oddities, [Oddity::WrongType("credential")]);
}

#[test]
fn an_answer_without_what_is_required_is_malformed() {
    assert_eq!(GetAssertion::parse(&[]), Err(Malformed::Truncated));
    assert_eq!(
        GetAssertion::parse(b"\xA1\x03\x40"),
        Err(Malformed::Missing("authData"))
    );
    assert_eq!(
        GetAssertion::parse(b"\xA1\x02\x40"),
        Err(Malformed::Missing("signature"))
    );
    assert_eq!(
        GetAssertion::parse(b"\xA2\x02\x40\x03\x00"),
        Err(Malformed::Value("signature"))
    );
}

proptest! {
    #[test]
    fn arbitrary_answers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = GetAssertion::parse(&bytes);
        let _ = GetAssertion::parse(&[b"\xA4\x02\x40\x03\x40\x04", bytes.as_slice()].concat());
    }
}
