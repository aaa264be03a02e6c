use proptest::prelude::*;

use super::*;

fn faults(bytes: &[u8]) -> Vec<(usize, String)> {
    let found = read_all(bytes, 100);
    found
        .faults
        .into_iter()
        .map(|fault| (fault.offset, fault.what))
        .collect()
}

#[test]
fn each_departure_is_told_with_its_place() {
    for (bytes, at, what) in [
        (&b"\xA1\x18\x17\x01"[..], 101, "not in its shortest form"),
        (b"\x82\x01\x5F\x41a\xFF", 102, "left open"),
        (b"\xA2\x02\x01\x01\x01", 103, "out of order"),
        (b"\xA2\x01\x01\x01\x01", 103, "a key twice"),
        (b"\x81\xC0\x61a", 101, "a tag"),
        (b"\x81\xFB\0\0\0\0\0\0\0\0", 101, "floating-point"),
        (b"\xA0\x00\x00", 101, "2 bytes that belong to nothing"),
        (b"\x62\xFF\xFE", 101, "not UTF-8"),
        (b"\x81\x81\x81\x81\x81\x01", 104, "deeper than four levels"),
        (b"\x42a", 102, "a byte string lacks 1 byte"),
        (b"\xA2\x01\x02\x03", 104, "an item lacks 1 byte"),
        (b"\x82\x01\x1F", 102, "0x1f begins no CBOR item"),
    ] {
        let found = faults(bytes);
        assert!(
            found
                .iter()
                .any(|(offset, words)| *offset == at && words.contains(what)),
            "{what}: {found:?}"
        );
    }
    assert_eq!(faults(b"\xA2\x01\x81\x02\x20\xA1\x61a\xF5"), []);
}

#[test]
fn what_came_before_the_missing_bytes_is_kept() {
    let found = read(b"\xA2\x01\x02\x03\x84\x05", 0);
    assert!(!found.whole);
    let item = found.item.unwrap();
    assert_eq!(item.numbered(1).unwrap().as_integer(), Some(2));
    assert!(matches!(&item.numbered(3).unwrap().kind, Kind::Array(elements) if elements.len() == 1));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_explained(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let found = read_all(&bytes, 0);
        prop_assert!(found.whole || found.faults.iter().any(|fault| fault.fatal));
        prop_assert!(found.faults.iter().all(|fault| fault.offset <= bytes.len()));
        // The relying party's reader is another one.
        if crate::cbor::decode_canonical(&bytes).is_ok() {
            prop_assert!(found.whole);
            prop_assert!(found.faults.iter().all(|fault| fault.what.contains("four levels")));
        }
    }
}
