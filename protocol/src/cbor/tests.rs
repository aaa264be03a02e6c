use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::status::Status;

fn is_canonical(bytes: &[u8]) -> bool {
    scan(bytes).is_ok()
}

#[test]
fn canonical_messages_pass() {
    for good in [
        &b"\xa0"[..],
        b"\xa2\x01\x02\x20\x00",             // unsigned keys before negative ones
        b"\xa2\x62rk\xf5\x62up\xf4",         // text keys of one length, bytewise
        b"\xa2\x62uv\xf5\x64plat\xf4",       // the shorter text key first
        b"\xa1\x01\xa1\x01\xa1\x01\x81\x01", // four deep
        b"\xa1\x01\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xa1\x01\xf6",
        b"\xa1\x01\xf9\x3c\x00", // floating point may stand under a key that is ignored
    ] {
        assert!(is_canonical(good), "{good:02x?}");
    }
}

#[test]
fn every_departure_from_the_canonical_form_is_refused() {
    for (bad, why) in [
        (&b""[..], "nothing"),
        (b"\xa1", "cut short in a map"),
        (b"\xa1\x01", "a key without its value"),
        (b"\x42\x00", "cut short in a byte string"),
        (b"\x19\x01", "cut short in a head"),
        (b"\xa0\x00", "trailing bytes"),
        (b"\xa2\x02\x00\x01\x00", "keys out of order"),
        (b"\xa2\x01\x00\x01\x00", "a duplicate key"),
        (b"\xa2\x20\x00\x01\x00", "a negative key before an unsigned one"),
        (b"\xa2\x64plat\xf4\x62uv\xf5", "a longer key before a shorter one"),
        (b"\xa1\x18\x01\x00", "an integer in two bytes that fits in one"),
        (b"\xa1\x01\x19\x00\xff", "an integer in three bytes that fits in two"),
        (
            b"\xa1\x01\x1a\x00\x00\xff\xff",
            "an integer in five bytes that fits in three",
        ),
        (
            b"\xa1\x01\x1b\x00\x00\x00\x00\xff\xff\xff\xff",
            "an integer in nine bytes that fits in five",
        ),
        (b"\xb8\x00", "a map's length in two bytes"),
        (b"\x58\x01\x00", "a byte string's length in two bytes"),
        (b"\xbf\xff", "an indefinite map"),
        (b"\x9f\xff", "an indefinite array"),
        (b"\x5f\x41\x00\xff", "an indefinite byte string"),
        (b"\xa1\x01\xc0\x60", "a tag"),
        (b"\xa1\x01\xf8\x18", "a simple value that does not exist"),
        (b"\xa1\x01\x1c", "a reserved head"),
        (b"\x61\xff", "text that is not UTF-8"),
        (b"\xa1\x80\x00", "an array as a map key"),
        (b"\x81\x81\x81\x81\x80", "five deep"),
        (
            b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
            "a map with more pairs than can be counted",
        ),
        (
            b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
            "an array longer than the message",
        ),
    ] {
        assert!(!is_canonical(bad), "{why}: {bad:02x?}");
    }
}

#[test]
fn seven_thousand_nested_arrays_are_refused_without_recursion() {
    assert!(!is_canonical(&[0x81; 7000]));
}

#[test]
fn items_of_another_type_are_unexpected() {
    let (item, rest) = Item::split(b"\x01\x02").unwrap();
    assert_eq!((item.uint(), rest), (Ok(1), &b"\x02"[..]));
    assert_eq!(item.text(), Err(Status::CborUnexpectedType));
    assert_eq!(item.bytes(), Err(Status::CborUnexpectedType));
    assert_eq!(item.bool(), Err(Status::CborUnexpectedType));
    assert_eq!(item.array().err(), Some(Status::CborUnexpectedType));
    assert_eq!(item.map().err(), Some(Status::CborUnexpectedType));
    let (text, _) = Item::split(b"\x61a").unwrap();
    assert_eq!(text.int(), Err(Status::CborUnexpectedType));
}

#[test]
fn integers_have_the_whole_range_of_cbor() {
    let (largest, _) = Item::split(b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff").unwrap();
    assert_eq!(largest.uint(), Ok(u64::MAX));
    assert_eq!(largest.int(), Ok(u64::MAX.into()));
    let (smallest, _) = Item::split(b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff").unwrap();
    assert_eq!(smallest.int(), Ok(-1 - i128::from(u64::MAX)));
}

#[test]
fn what_does_not_fit_is_reported_and_writes_nothing_more() {
    let mut buffer = [0; 3];
    let mut writer = Writer::new(&mut buffer);
    writer.bytes(&[1, 2, 3]).uint(1);
    assert_eq!(writer.finish(), Err(Overflow));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        let accepted = is_canonical(&bytes);
        let split = Item::split(&bytes);
        if accepted {
            prop_assert_eq!(split.map(|(item, rest)| (item.encoded(), rest.len())), Some((&bytes[..], 0)));
        }
        if let Some((item, _)) = split {
            let _ = (item.uint(), item.int(), item.bytes(), item.text(), item.bool());
            if let Ok(map) = item.map() {
                map.take(300).for_each(drop);
            }
            if let Ok(array) = item.array() {
                array.take(300).for_each(drop);
            }
        }
    }

    #[test]
    fn what_is_written_is_canonical_and_reads_back(
        number: i64,
        content in proptest::collection::vec(any::<u8>(), 0..300),
        text in "\\PC{0,40}",
        flag: bool,
    ) {
        let mut buffer = vec![0; 1024];
        let mut writer = Writer::new(&mut buffer);
        writer.array(4).int(number).bytes(&content).text(&text).bool(flag);
        let length = writer.finish().unwrap();
        let written = &buffer[..length];
        prop_assert!(is_canonical(written));
        let items: Vec<_> = Item::split(written).unwrap().0.array().unwrap().collect();
        prop_assert_eq!(items[0].int(), Ok(number.into()));
        prop_assert_eq!(items[1].bytes(), Ok(&content[..]));
        prop_assert_eq!(items[2].text(), Ok(&text[..]));
        prop_assert_eq!(items[3].bool(), Ok(flag));
    }
}
