//! A smart card reader with a key in it, and packets with pauses between them: it sends whole responses only, and each
//! is one of the class.
#![no_main]

use brasskey_protocol::ccid::{MAX_MESSAGE_LENGTH, PACKET, Reader};
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::platform::Indication;
use libfuzzer_sys::fuzz_target;

/// Instead of a pause: the packet is the class request ABORT, of slot and sequence number.
const ABORT: u8 = 0xFF;
/// Instead of a pause: a USB reset.
const RESET: u8 = 0xFE;
/// This bit of the pause: the key is slow, and a request waits for the next packet.
const SLOW: u8 = 0x80;

fuzz_target!(|input: &[u8]| {
    let mut key = brasskey_fuzz::key();
    let mut reader = Box::new(Reader::new());
    let (mut message, mut response) = ([0; MAX_MESSAGE], [0; MAX_MESSAGE]);
    let mut now = 0;

    // Each packet, of any size, is behind a byte for the pause, in twentieths of a second.
    for step in brasskey_fuzz::messages(input).take(64) {
        let Some((&pause, packet)) = step.split_first() else {
            return;
        };
        match (pause, packet) {
            (ABORT, [slot, sequence, ..]) => drop(reader.abort(*slot, *sequence)),
            (RESET, _) => drop(reader.restart()),
            _ => {
                now += 50 * u64::from(pause & !SLOW);
                let _ = reader.receive(packet, now);
                reader.show(Indication::WaitingForTouch, now);
            }
        }
        if pause & SLOW == 0 {
            while let Some(request) = reader.take_request(&mut message, now) {
                let length = key.answer(&request, &message, &mut response);
                reader.respond(&response[..length], now);
            }
        }
        assert!(reader.deadline().is_none_or(|deadline| deadline > now));
        while read(&mut reader) {}
    }
});

/// Reads a response, if there is one.
fn read(reader: &mut Reader) -> bool {
    let mut whole = Vec::new();
    loop {
        let mut packet = [0; PACKET];
        let Some(length) = reader.transmit(&mut packet) else {
            assert!(whole.is_empty(), "half a response");
            return false;
        };
        whole.extend_from_slice(&packet[..length]);
        if length < PACKET {
            break;
        }
    }
    assert!((10..=MAX_MESSAGE_LENGTH).contains(&whole.len()));
    let (header, data) = whole.split_at(10);
    assert_eq!(header[1..5], (data.len() as u32).to_le_bytes());
    assert!(matches!(header[0], 0x80..=0x84));
    match header[7] {
        // Done, with a card that has power or not.
        0x00 | 0x01 => assert_eq!(header[8], 0),
        // Failed: in that case, and where there is no such slot.
        0x40..=0x42 => assert!(data.is_empty()),
        // More time is needed.
        0x80 => assert!(data.is_empty() && header[8] == 1),
        status => panic!("{status:02x}"),
    }
    true
}
