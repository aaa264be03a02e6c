//! What people paste: it is read as what it seems to be, or as the kind that the first byte names. Behind that byte
//! come the paste, client data and a public key, each behind its length. Whatever it is, the reading ends, can be
//! written as JSON, and each fault is within the input.
#![no_main]

use brasskey::decode::{Kind, LONGEST, Options, decode};
use libfuzzer_sys::fuzz_target;

/// How many parts one byte of an input may make up: an hour of USB has to fit into memory.
const PARTS_MAX: usize = 16;

fuzz_target!(|input: &[u8]| {
    let Some((kind, rest)) = input.split_first() else {
        return;
    };
    let mut messages = brasskey_fuzz::messages(rest);
    let paste = messages.next().unwrap_or_default();
    let options = Options {
        kind: usize::from(*kind)
            .checked_sub(1)
            .and_then(|kind| Kind::ALL.get(kind).copied()),
        rp_id: Some("example.com".to_owned()),
        client_data: messages.next().map(<[u8]>::to_vec),
        public_key: messages.next().map(<[u8]>::to_vec),
    };
    if let Ok(decoded) = decode(paste, &options) {
        assert!(decoded.length <= LONGEST);
        for fault in &decoded.faults {
            assert!(fault.offset <= decoded.length, "{fault:?}");
        }
        let json = serde_json::to_vec(&decoded).expect("JSON");
        let parts = json.windows(7).filter(|word| word == b"\"name\":").count();
        // A dump can be shorter than what it stands for.
        let length = paste.len().max(decoded.length);
        assert!(parts <= PARTS_MAX * (1 + length), "{parts} parts");
    }
});
