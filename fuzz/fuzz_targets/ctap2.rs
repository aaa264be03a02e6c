//! CTAP2 messages, several in a row to one key: a defined status, and on success a canonical answer.
#![no_main]

use brasskey_protocol::limits::MAX_MESSAGE;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut key = brasskey_fuzz::key();
    let mut response = [0; MAX_MESSAGE];
    for message in brasskey_fuzz::messages(input).take(8) {
        let length = key.ctap2(1, message, &mut response);
        let _ = brasskey_fuzz::answer(&response[..length]);
    }
});
