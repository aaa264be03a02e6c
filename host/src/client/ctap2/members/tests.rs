use proptest::prelude::*;

use super::*;
use crate::cbor::{bytes, text, text_map};

/// What is odd, but for members that nobody took.
fn read(bytes: &[u8]) -> Vec<Oddity> {
    let mut found = Members::read(bytes).unwrap().finish().1;
    found.retain(|oddity| !matches!(oddity, Oddity::UnknownMember(_)));
    found
}

#[test]
fn requests_are_canonical_whatever_the_order_of_calls() {
    let options = text_map([
        ("uv", Some(Value::Bool(true))),
        ("rk", Some(Value::Bool(true))),
        ("up", None),
    ]);
    let extensions = ["hmac-secret", "credBlob", "credProtect"].map(|name| (text(name), Value::Bool(true)));
    let key = [-2, -1, 3, 1].map(|label| (Value::Integer(label), Value::Integer(24)));
    let encoded = Parameters::default()
        .set(0x18, bytes(&[1; 24]))
        .set_some(7, options)
        .set_some(8, None)
        .set(6, Value::Map(extensions.to_vec()))
        .set(1, Value::Map(key.to_vec()))
        .encode();
    let expected = [
        &b"\xA4\x01\xA4\x01\x18\x18\x03\x18\x18\x20\x18\x18\x21\x18\x18"[..],
        b"\x06\xA3\x68credBlob\xF5\x6BcredProtect\xF5\x6Bhmac-secret\xF5",
        b"\x07\xA2\x62rk\xF5\x62uv\xF5",
        b"\x18\x18\x58\x18",
        &[1; 24],
    ]
    .concat();
    assert_eq!(encoded, expected);
    assert_eq!(read(&encoded), []);
}

#[test]
fn integers_have_their_shortest_form() {
    for (integer, encoded) in [
        (0, &[0x00][..]),
        (23, &[0x17]),
        (24, &[0x18, 24]),
        (255, &[0x18, 255]),
        (256, &[0x19, 1, 0]),
        (65_536, &[0x1A, 0, 1, 0, 0]),
        (1 << 32, &[0x1B, 0, 0, 0, 1, 0, 0, 0, 0]),
        (-1, &[0x20]),
        (-7, &[0x26]),
        (-257, &[0x39, 1, 0]),
    ] {
        assert_eq!(encode(&Value::Integer(integer)), encoded);
    }
}

#[test]
fn departures_from_canonical_form_are_reported_and_read_all_the_same() {
    for (what, how, bytes) in [
        ("order", "out of order", &[0xA2, 2, 0, 1, 0][..]),
        ("inner order", "out of order", b"\xA1\x01\xA2\x62up\xF5\x62rk\xF5"),
        (
            "long text before short",
            "out of order",
            b"\xA1\x01\xA2\x63abc\xF5\x62rk\xF5",
        ),
        ("long integer", "shortest", &[0xA1, 1, 0x18, 1]),
        ("long key", "shortest", &[0xA1, 0x18, 1, 1]),
        ("long length", "shortest", &[0xA1, 1, 0x58, 1, 0]),
        ("indefinite map", "left open", &[0xBF, 1, 0, 0xFF]),
        ("indefinite text", "left open", &[0xA1, 1, 0x7F, 0x61, b'a', 0xFF]),
        ("tag", "tag", &[0xA1, 1, 0xC2, 0x40]),
        ("null", "null", &[0xA1, 1, 0xF6]),
        ("undefined", "no message", &[0xA1, 1, 0xF7]),
        ("half float", "no message", &[0xA1, 1, 0xF9, 0, 0]),
        ("float", "floating", &[0xA1, 1, 0xFA, 0, 0, 0, 0]),
        ("inner duplicate", "twice", b"\xA1\x01\xA2\x62rk\xF5\x62rk\xF5"),
    ] {
        let found = read(bytes);
        let [Oddity::NotCanonical(told)] = found[..] else {
            panic!("{what}: {found:?}")
        };
        assert!(told.contains(how), "{what}: {told}");
    }
}

#[test]
fn other_oddities_have_names_of_their_own() {
    assert_eq!(
        read(&[0xA2, 1, 0, 1, 1]),
        [Oddity::NotCanonical("has a map with a key twice"), Oddity::Duplicate(1)]
    );
    assert_eq!(read(&[0xA1, 0x61, b'a', 1]), [Oddity::KeyNotANumber]);
    assert_eq!(read(&[0xA0, 0, 0]), [Oddity::TrailingBytes(2)]);
    assert_eq!(read(&[0xA1, 1, 0x81, 0x81, 0x80]), []);
    assert_eq!(read(&[0xA1, 1, 0x81, 0x81, 0x81, 0x80]), [Oddity::TooDeep]);
}

#[test]
fn a_member_that_nobody_knows_is_told() {
    assert_eq!(
        Members::read(&[0xA1, 0x18, 0x40, 0]).unwrap().finish().1,
        [Oddity::UnknownMember(0x40)]
    );
}

#[test]
fn of_two_members_with_one_key_the_first_counts() {
    let mut members = Members::read(&[0xA2, 1, 5, 1, 6]).unwrap();
    assert_eq!(members.optional::<u64>(1, "member"), Some(5));
}

#[test]
fn what_is_no_map_is_malformed() {
    for (bytes, why) in [
        (&[][..], Malformed::Truncated),
        (&[0x80], Malformed::NotAMap),
        (&[0xA1], Malformed::Truncated),
        (&[0xA1, 1], Malformed::Truncated),
        (&[0xA1, 1, 0x58], Malformed::Truncated),
        (&[0xA1, 1, 0x42, 0], Malformed::Truncated),
        (
            &[0xBB, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            Malformed::Truncated,
        ),
        (&[0xA1, 1, 0xFF], Malformed::Cbor),
        (&[0xA1, 1, 0x1C], Malformed::Cbor),
    ] {
        assert_eq!(Members::read(bytes).err(), Some(why), "{bytes:X?}");
    }
}

#[test]
fn bottomless_nesting_ends() {
    for opening in [0x81, 0x9F, 0xBF, 0xC0] {
        let mut bytes = vec![0xA1, 1];
        bytes.resize(7609, opening);
        assert!(Members::read(&bytes).is_err());
    }
}

#[test]
fn members_of_the_wrong_type_are_absent_or_fatal() {
    let bytes = [0xA2, 1, 0x20, 2, 0x82, 0x61, b'a', 3];
    let mut members = Members::read(&bytes).unwrap();
    assert_eq!(members.optional::<u64>(1, "number"), None);
    let list = members.optional::<List<String>>(2, "list").map(|List(list)| list);
    assert_eq!(list, Some(vec!["a".to_owned()]));
    assert_eq!(
        members.finish().1,
        [Oddity::WrongType("number"), Oddity::WrongType("list")]
    );

    let mut members = Members::read(&bytes).unwrap();
    assert_eq!(members.required::<u64>(1, "number"), Err(Malformed::Value("number")));
    assert_eq!(members.required::<u64>(9, "other"), Err(Malformed::Missing("other")));
}

/// Values as CTAP2 has them.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(|integer| Value::Integer(integer.into())),
        any::<u64>().prop_map(|integer| Value::Integer(integer.into())),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
        "\\PC{0,30}".prop_map(Value::Text),
    ];
    leaf.prop_recursive(3, 30, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            proptest::collection::btree_map("[a-z]{0,30}", inner, 0..6)
                .prop_map(|map| Value::Map(map.into_iter().map(|(key, value)| (Value::Text(key), value)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_canonical_and_read_back(
        keys in proptest::collection::btree_map(any::<i32>(), value(), 0..6),
    ) {
        let mut parameters = Parameters::default();
        for (key, value) in &keys {
            parameters = parameters.set((*key).into(), value.clone());
        }
        let encoded = parameters.encode();
        prop_assert_eq!(read(&encoded), []);
        let (members, _) = Members::read(&encoded).unwrap().finish();
        prop_assert_eq!(members.into_keys().collect::<Vec<_>>(), keys.into_keys().map(i128::from).collect::<Vec<_>>());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(members) = Members::read(&bytes) {
            members.finish();
        }
        let _ = Members::read(&[&[0xA1, 0x01], bytes.as_slice()].concat());
    }
}
