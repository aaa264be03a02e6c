use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::webauthn::Level;

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
        ..GetAssertion::new("a".to_owned(), [7; 32], vec![CredentialDescriptor::new(vec![9])])
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
        credential: Some(CredentialDescriptor::new(vec![9, 9])),
        auth_data: vec![1],
        signature: vec![0x30, 0],
        user: Some(UserEntity {
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
    assert_eq!(parsed.credential, Some(CredentialDescriptor::new(vec![9])));
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

/// The words for what is odd about the answer of these members to `request`.
fn judged<C: Command<Response = Assertion>>(request: &C, members: &[&[u8]]) -> Vec<String> {
    let count = u8::try_from(members.len()).unwrap();
    let answer = [&[0xA0 | count][..], &members.concat()].concat();
    let response = C::parse(&answer).unwrap();
    let found = request.judge(&answer, &response);
    found.iter().map(ToString::to_string).collect()
}

fn auth_data(flags: u8, more: &[u8]) -> Vec<u8> {
    let data = [&Sha256::digest("example.com")[..], &[flags, 0, 0, 0, 1], more].concat();
    [&[0x02, 0x58, u8::try_from(data.len()).unwrap()][..], &data].concat()
}

const CREDENTIAL: &[u8] = b"\x01\xA2\x62id\x41\x09\x64type\x6Apublic-key";
const SIGNATURE: &[u8] = b"\x03\x41\x00";
const USER: &[u8] = b"\x04\xA1\x62id\x41\x05";
const NAMED_USER: &[u8] = b"\x04\xA2\x62id\x41\x05\x64name\x65alice";

fn listed() -> GetAssertion {
    GetAssertion::new(
        "example.com".to_owned(),
        [7; 32],
        vec![CredentialDescriptor::new(vec![9])],
    )
}

fn discovery() -> GetAssertion {
    GetAssertion {
        allow_list: Vec::new(),
        ..listed()
    }
}

#[test]
fn answers_of_what_was_asked_for_are_not_blamed() {
    let nothing = Vec::<String>::new();
    let data = auth_data(0x01, b"");
    assert_eq!(judged(&listed(), &[CREDENTIAL, &data, SIGNATURE]), nothing);
    assert_eq!(judged(&listed(), &[CREDENTIAL, &data, SIGNATURE, USER]), nothing);
    assert_eq!(
        judged(&discovery(), &[CREDENTIAL, &data, SIGNATURE, USER, b"\x05\x02"]),
        nothing
    );
    let verified = auth_data(0x05, b"");
    assert_eq!(
        judged(&discovery(), &[CREDENTIAL, &verified, SIGNATURE, NAMED_USER]),
        nothing
    );
    assert_eq!(
        judged(&GetNextAssertion, &[CREDENTIAL, &data, SIGNATURE, USER]),
        nothing
    );
}

#[test]
fn a_wrong_number_of_credentials_is_told() {
    let data = auth_data(0x01, b"");
    assert_eq!(
        judged(&listed(), &[CREDENTIAL, &data, SIGNATURE, b"\x05\x02", b"\x06\xF5"]),
        [
            "numberOfCredentials was not asked for",
            "userSelected was not asked for",
            "the user has chosen the account, and yet the key tells of several"
        ]
    );
    assert_eq!(
        judged(&discovery(), &[CREDENTIAL, &data, SIGNATURE, USER, b"\x05\x00"]),
        ["numberOfCredentials has a value that the standard rules out"]
    );
    assert_eq!(
        judged(
            &GetNextAssertion,
            &[CREDENTIAL, &data, SIGNATURE, USER, b"\x05\x02", b"\x06\xF5"]
        ),
        [
            "numberOfCredentials was not asked for",
            "userSelected was not asked for"
        ]
    );
}

#[test]
fn who_signs_in_is_told_where_it_must_be_and_no_more() {
    let data = auth_data(0x01, b"");
    assert_eq!(
        judged(&discovery(), &[CREDENTIAL, &data, SIGNATURE, NAMED_USER]),
        ["the key names its user although it did not verify them: only the user handle may be told"]
    );
    assert_eq!(
        judged(&discovery(), &[CREDENTIAL, &data, SIGNATURE]),
        ["user is missing"]
    );
    assert_eq!(
        judged(&GetNextAssertion, &[&data, SIGNATURE]),
        ["credential is missing", "user is missing"]
    );
    assert_eq!(
        judged(&discovery(), &[CREDENTIAL, &data, SIGNATURE, b"\x04\xA1\x62id\x40"]),
        ["user has a value that the standard rules out"]
    );
    assert_eq!(
        judged(
            &listed(),
            &[CREDENTIAL, &data, SIGNATURE, b"\x04\xA2\x62id\x41\x05\x63new\x00"]
        ),
        ["user has a part that the standard does not know"]
    );
    // Earlier editions let the key leave out the only credential of the list.
    let lone = [&b"\xA2"[..], &data, SIGNATURE].concat();
    let lone = listed().judge(&lone, &GetAssertion::parse(&lone).unwrap());
    assert_eq!(lone.iter().map(Oddity::level).collect::<Vec<_>>(), [Level::Should]);
    let other = GetAssertion {
        allow_list: vec![CredentialDescriptor::new(vec![8])],
        ..listed()
    };
    assert_eq!(
        judged(&other, &[CREDENTIAL, &data, SIGNATURE]),
        ["the credential is none of those that were allowed"]
    );
}

#[test]
fn flags_say_what_was_asked_for() {
    let silent = GetAssertion {
        options: Options {
            up: Some(false),
            ..Options::default()
        },
        ..listed()
    };
    let judge = |request: &GetAssertion, data: &[u8]| judged(request, &[CREDENTIAL, data, SIGNATURE]);
    assert_eq!(judge(&silent, &auth_data(0x00, b"")), Vec::<String>::new());
    assert_eq!(
        judge(&silent, &auth_data(0x01, b"")),
        ["the flags say that a user was there, although nobody was asked to touch"]
    );
    assert_eq!(
        judge(&listed(), &auth_data(0x00, b"")),
        ["the flags do not say that a user was there"]
    );
    assert_eq!(
        judge(&listed(), &auth_data(0x23, b"")),
        ["the flags have bits that are reserved: 0x22"]
    );
    let credential = [&[0; 16][..], b"\0\x01i\xA1\x01\x02"].concat();
    assert_eq!(
        judge(&listed(), &auth_data(0x41, &credential)),
        ["there is attested credential data, which belongs into registrations"]
    );
    let output = auth_data(0x81, b"\xA1\x6Bhmac-secret\x40");
    assert_eq!(
        judge(&listed(), &output),
        ["the extension output hmac-secret was not asked for"]
    );
    let asked = GetAssertion {
        extensions: vec![("hmac-secret".to_owned(), Value::Bool(true))],
        ..listed()
    };
    assert_eq!(judge(&asked, &output), Vec::<String>::new());
    assert_eq!(
        judged(&GetNextAssertion, &[CREDENTIAL, &output, SIGNATURE, USER]),
        Vec::<String>::new()
    );
}

#[test]
fn members_that_belong_to_no_extension_asked_for_are_told() {
    let key = [&b"\x07\x58\x20"[..], &[7; 32]].concat();
    assert_eq!(
        judged(
            &listed(),
            &[CREDENTIAL, &auth_data(0x01, b""), SIGNATURE, &key, b"\x08\xA1\x61a\x00"]
        ),
        [
            "largeBlobKey was not asked for",
            "unsignedExtensionOutputs was not asked for"
        ]
    );
}
