use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::*;

/// SHA-256("clientData").
const HASH: [u8; 32] = [
    0x71, 0xD8, 0x81, 0xDB, 0x25, 0x7D, 0x76, 0xBF, 0x90, 0xDC, 0x96, 0x2C, 0xCA, 0xC7, 0xD3, 0xD5, 0x62, 0x6F, 0x6D,
    0xBE, 0x88, 0xF6, 0x20, 0xDC, 0x4C, 0x9B, 0xAC, 0xC4, 0x2C, 0x6D, 0x38, 0xAE,
];

fn request() -> MakeCredential {
    MakeCredential::new(
        HASH,
        RelyingPartyEntity {
            id: "example.com".to_owned(),
            name: Some("Example".to_owned()),
        },
        UserEntity {
            id: vec![1, 2],
            name: Some("alice".to_owned()),
            display_name: None,
        },
        vec![PublicKeyCredentialParameters::public_key(-7)],
    )
}

#[test]
fn a_request_is_encoded_as_the_standard_has_it() {
    let mut request = request();
    request.options.rk = Some(true);
    let expected = [
        &b"\xA5\x01\x58\x20"[..],
        &HASH,
        b"\x02\xA2\x62id\x6Bexample.com\x64name\x67Example",
        b"\x03\xA2\x62id\x42\x01\x02\x64name\x65alice",
        b"\x04\x81\xA2\x63alg\x26\x64type\x6Apublic-key",
        b"\x07\xA1\x62rk\xF5",
    ]
    .concat();
    assert_eq!(request.parameters(), expected);
}

#[test]
fn everything_that_may_be_asked_has_its_place() {
    let request = MakeCredential {
        exclude_list: vec![CredentialDescriptor::new(vec![9])],
        extensions: vec![("credProtect".to_owned(), Value::Integer(2))],
        pin_uv_auth: Some(PinUvAuth {
            protocol: 2,
            param: vec![0xAA],
        }),
        enterprise_attestation: Some(1),
        attestation_formats_preference: vec!["none".to_owned()],
        ..request()
    };
    let encoded = request.parameters();
    let tail =
        b"\x05\x81\xA2\x62id\x41\x09\x64type\x6Apublic-key\x06\xA1\x6BcredProtect\x02\x08\x41\xAA\x09\x02\x0A\x01\
        \x0B\x81\x64none";
    assert!(encoded.ends_with(tail));
    assert!(
        !format!("{request:?}").contains("170"),
        "the proof of the PIN is not shown"
    );
}

#[test]
fn an_answer_keeps_the_bytes_that_were_signed() {
    let answer = b"\xA5\x01\x66packed\x02\x43\x01\x02\x03\x03\xA1\x63alg\x26\x04\xF5\x18\x42\x81\x00";
    let parsed = MakeCredential::parse(answer).unwrap();
    assert_eq!(parsed.fmt, "packed");
    assert_eq!(parsed.auth_data, [1, 2, 3]);
    assert_eq!(parsed.att_stmt, b"\xA1\x63alg\x26");
    assert_eq!(parsed.ep_att, Some(true));
    assert_eq!(parsed.unknown, BTreeMap::from([(0x42, vec![0x81, 0x00])]));
    assert_eq!(parsed.oddities, [Oddity::UnknownMember(0x42)]);
}

#[test]
fn an_answer_without_what_is_required_is_malformed() {
    for (answer, why) in [
        (&b"\xA0"[..], Malformed::Missing("fmt")),
        (b"\xA1\x01\x64none", Malformed::Missing("authData")),
        (b"\xA2\x01\x64none\x02\x40", Malformed::Missing("attStmt")),
        (b"\xA3\x01\x44none\x02\x40\x03\xA0", Malformed::Value("fmt")),
        (b"\xA3\x01\x64none\x02\x60\x03\xA0", Malformed::Value("authData")),
        (b"\xA3\x01\x64none\x02\x40\x03\x80", Malformed::Value("attStmt")),
    ] {
        assert_eq!(MakeCredential::parse(answer), Err(why));
    }
}

#[test]
fn the_large_blob_key_is_not_shown() {
    let answer = [&b"\xA4\x01\x64none\x02\x40\x03\xA0\x05\x58\x20"[..], &[0xAB; 32]].concat();
    let parsed = MakeCredential::parse(&answer).unwrap();
    assert_eq!(parsed.large_blob_key.as_ref().map(|key| *key.0), Some([0xAB; 32]));
    assert!(!format!("{parsed:?}").contains("171"));
}

proptest! {
    #[test]
    fn arbitrary_answers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = MakeCredential::parse(&bytes);
        let _ = MakeCredential::parse(&[b"\xA4\x01\x64none\x02\x40\x03\xA0", bytes.as_slice()].concat());
    }
}

/// The words for what is odd about the answer of these members to `request`.
fn judged(request: &MakeCredential, members: &[&[u8]]) -> Vec<String> {
    let count = u8::try_from(members.len()).unwrap();
    let answer = [&[0xA0 | count][..], &members.concat()].concat();
    let response = MakeCredential::parse(&answer).unwrap();
    let found = request.judge(&answer, &response);
    found.iter().map(ToString::to_string).collect()
}

/// authData for the RP ID of [`minimal`], as a member.
fn auth_data(flags: u8, more: &[u8]) -> Vec<u8> {
    let credential = [&[0; 16][..], b"\0\x01i\xA1\x01\x02"].concat();
    let data = [
        &Sha256::digest("example.com")[..],
        &[flags, 0, 0, 0, 1],
        &credential,
        more,
    ]
    .concat();
    [&[0x02, 0x58, u8::try_from(data.len()).unwrap()][..], &data].concat()
}

const NONE: &[u8] = b"\x01\x64none";
const NO_STATEMENT: &[u8] = b"\x03\xA0";

#[test]
fn an_answer_of_what_was_asked_for_is_not_blamed() {
    // User verification without being asked for it is fine.
    for flags in [0x41, 0x45] {
        let members = [NONE, &auth_data(flags, b""), NO_STATEMENT];
        assert_eq!(judged(&minimal(), &members), Vec::<String>::new());
    }
}

#[test]
fn members_that_were_not_asked_for_are_told() {
    let request = minimal();
    let data = auth_data(0x41, b"");
    let key = [&b"\x05\x58\x20"[..], &[7; 32]].concat();
    assert_eq!(
        judged(
            &request,
            &[NONE, &data, NO_STATEMENT, b"\x04\xF4", &key, b"\x06\xA0", b"\x07\x00"]
        ),
        [
            "the standard has no member 7",
            "epAtt was not asked for",
            "largeBlobKey was not asked for",
            "unsignedExtensionOutputs was not asked for",
            "unsignedExtensionOutputs has a value that the standard rules out",
        ]
    );
    let asked = MakeCredential {
        extensions: vec![("largeBlobKey".to_owned(), Value::Bool(true))],
        enterprise_attestation: Some(1),
        ..request
    };
    assert_eq!(
        judged(&asked, &[NONE, &data, NO_STATEMENT, b"\x04\xF5", &key]),
        Vec::<String>::new()
    );
}

#[test]
fn formats_flags_and_outputs_that_nobody_knows_are_told() {
    let request = minimal();
    let data = auth_data(0x41, b"");
    assert_eq!(
        judged(&request, &[b"\x01\x63new", &data, NO_STATEMENT]),
        ["the standard has no attestation statement format new"]
    );
    assert_eq!(
        judged(&request, &[NONE, &data, b"\x03\xA1\x63alg\x26"]),
        ["the attestation statement format is none, and yet there is a statement"]
    );
    assert_eq!(
        judged(&request, &[NONE, &auth_data(0x63, b""), NO_STATEMENT]),
        ["the flags have bits that are reserved: 0x22"]
    );
    let outputs = auth_data(0xC1, b"\xA2\x61\x1B\xF5\x6BcredProtect\x02");
    assert_eq!(
        judged(&request, &[NONE, &outputs, NO_STATEMENT]),
        [
            r"the extension output \u{1b} was not asked for",
            "the extension output credProtect was not asked for"
        ]
    );
    for (flags, more, why) in [
        (0x40, &b""[..], "do not say that a user was there"),
        (0x01, b"", "not announce"),
        (0xC1, b"", "ends too early"),
        (0x41, b"\xA0", "not announce"),
    ] {
        let words = judged(&request, &[NONE, &auth_data(flags, more), NO_STATEMENT]);
        assert!(words.len() == 1 && words[0].contains(why), "{words:?}");
    }
    let other = MakeCredential {
        rp: RelyingPartyEntity {
            id: "other.example".to_owned(),
            name: None,
        },
        ..request
    };
    assert_eq!(
        judged(&other, &[NONE, &data, NO_STATEMENT]),
        ["the RP ID hash is that of another RP ID"]
    );
}

fn minimal() -> MakeCredential {
    let rp = RelyingPartyEntity {
        id: "example.com".to_owned(),
        name: None,
    };
    let user = UserEntity {
        id: vec![1],
        name: None,
        display_name: None,
    };
    MakeCredential::new([7; 32], rp, user, vec![PublicKeyCredentialParameters::public_key(-7)])
}
