use ciborium::Value;

use super::*;
use crate::host::ctap2::status;
use crate::host::read::Members;
use crate::host::response::Response;

#[test]
fn failures_speak_of_the_key() {
    let (found, expected) = (Response::bare(status::OK), Response::bare(status::NO_CREDENTIALS));
    assert_eq!(
        differs("", &found, &expected),
        "expected 0x2E NO_CREDENTIALS, the key answered 0x00 OK"
    );
    assert_eq!(differs("rp", &2, &Some(1)), "rp: expected 1, the key answered 2");
    assert_eq!(
        differs("rp", &None::<u8>, &Some(1)),
        "rp: expected 1, the key answered nothing"
    );
}

#[test]
fn values_are_shown_as_cbor_is_written() {
    let id = (Value::from("id"), Value::from(vec![1, 2, 3, 0xFF]));
    let map = Value::Map(vec![id, ("a (\"b\")".into(), true.into()), ("n".into(), Value::Null)]);
    assert_eq!(
        shown(&map),
        "{\"id\": h'010203ff', \"a (\\\"b\\\")\": true, \"n\": null}"
    );
    assert_eq!(shown(&Value::Array(vec![Value::Bytes(vec![20])])), "[h'14']");
    assert_eq!(shown(&[256, 1, 2, 3]), "[256, 1, 2, 3]");
    assert_eq!(shown(&Value::Array(vec![7.into()])), "[7]");
    let nested = Value::Map(vec![("alg".into(), Value::Map(vec![(1.into(), (-7).into())]))]);
    let members: Members = [(1, nested), (2, Value::Null)].into_iter().collect();
    assert_eq!(shown(&members), "{1: {\"alg\": {1: -7}}, 2: null}");
    assert_eq!(shown(&("Nonesuch", None::<u8>)), "(\"Nonesuch\", nothing)");
}

#[test]
fn of_long_values_the_difference_is_shown() {
    let expected = [0xBB; 400];
    let mut found = expected;
    found[300] = 0xAA;
    let words = differs("the answer", &found, &expected);
    assert!(words.len() < 400, "{words}");
    assert!(words.contains("the key answered h'…bb"), "{words}");
    assert!(words.contains("bbaabb"), "{words}");
    assert!(words.contains("(400 bytes from byte 288)"), "{words}");
    let begin = shown(&expected);
    assert!(
        begin.starts_with("h'bbbb") && begin.ends_with("…' (400 bytes)"),
        "{begin}"
    );
    let long = shown(&vec!["é".repeat(300)]);
    assert!(long.ends_with('…') && long.chars().count() < 130, "{long}");
}

#[test]
fn no_text_of_a_key_breaks_the_words() {
    for text in ["'", "h'", "[[[", ")))", "Map([(", "\\", "\""] {
        for length in [1, 50, 90, 130] {
            let text = text.repeat(length);
            let value = Value::Map(vec![(Value::Bytes(vec![1; length]), text.clone().into())]);
            let _ = (differs(&text, &value, &text), shown(&value), readable(&text));
        }
    }
}

#[test]
fn bytes_in_the_words_of_a_panic_are_cut() {
    assert_eq!(readable("sends [0a, ff, 00, 10]."), "sends h'0aff0010'.");
    let long = readable(&format!("sends {:02x?}", [0xBB; 500]));
    assert!(long.ends_with("and more (500 bytes)") && long.len() < 110, "{long}");
    assert_eq!(readable("one of [1, 2, 3, 256]"), "one of [1, 2, 3, 256]");
}
