use zeroize::Zeroizing;

use super::*;
use crate::client::pin_protocol::PinProtocol;

#[test]
fn requests_are_encoded_as_the_standard_has_them() {
    let get = LargeBlobs::Get {
        length: 1024,
        offset: 0,
    };
    assert_eq!(get.parameters(), b"\xA2\x01\x19\x04\x00\x03\x00");
    let later = LargeBlobs::set(vec![1, 2], 300, 302, None);
    assert_eq!(later.parameters(), b"\xA2\x02\x42\x01\x02\x03\x19\x01\x2C");
}

#[test]
fn the_first_piece_says_the_length_and_each_has_a_proof_of_its_own() {
    let token = PinUvAuthToken::new(PinProtocol::Two, Zeroizing::new((0x20..0x40).collect())).unwrap();
    let empty = *b"\x80\x76\xBE\x8B\x52\x8D\x00\x75\xF7\xAA\xE9\x8D\x6F\xA5\x7A\x6D\x3C";
    let set = LargeBlobs::set(empty.to_vec(), 0, 17, Some(&token));
    let head = [
        &b"\xA5\x02\x51"[..],
        &empty,
        b"\x03\x00\x04\x11\x05\x58\x20\x2C\x00\xA4\x39",
    ]
    .concat();
    let encoded = set.parameters();
    assert!(encoded.starts_with(&head) && encoded.ends_with(b"\x06\x02"));
}

#[test]
fn answers_are_read() {
    assert_eq!(LargeBlobs::parse(b""), Ok(LargeBlobsResponse::default()));
    let read = LargeBlobs::parse(b"\xA1\x01\x42\x01\x02").unwrap();
    assert_eq!(read.config, Some(vec![1, 2]));
}

#[test]
fn a_piece_is_no_longer_than_was_asked_for() {
    let judged = |request: &LargeBlobs, answer: &[u8]| {
        let found = request.judge(answer, &LargeBlobs::parse(answer).unwrap());
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let get = LargeBlobs::Get { length: 2, offset: 0 };
    assert_eq!(judged(&get, b"\xA1\x01\x42ab"), Vec::<String>::new());
    assert_eq!(
        judged(&get, b"\xA1\x01\x43abc"),
        ["config has more bytes than were asked for"]
    );
    assert_eq!(judged(&get, b"\xA0"), ["config is missing"]);
    let set = LargeBlobs::set(vec![1], 0, 17, None);
    assert_eq!(judged(&set, b""), Vec::<String>::new());
    assert_eq!(judged(&set, b"\xA0"), ["1 byte follows the status, and nothing should"]);
}
