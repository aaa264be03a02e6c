//! U2F APDUs, several in a row to one key: a defined status word, and data only with success.
#![no_main]

use brasskey_protocol::limits::MAX_MESSAGE;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut key = brasskey_fuzz::key();
    let mut response = [0; MAX_MESSAGE];
    for message in brasskey_fuzz::messages(input).take(8) {
        let length = key.u2f(1, message, &mut response);
        let (data, word) = response[..length].split_last_chunk().expect("a status word");
        match u16::from_be_bytes(*word) {
            0x9000 => {}
            0x6700 | 0x6985 | 0x6a80 | 0x6a86 | 0x6d00 | 0x6e00 => assert!(data.is_empty()),
            word => panic!("{word:04x}"),
        }
    }
});
