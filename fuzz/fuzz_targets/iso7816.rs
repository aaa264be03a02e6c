//! A smart card with a key in it, and commands with pauses between them: each has one answer, which ends in a status
//! word of the card or of its applets.
#![no_main]

use brasskey_protocol::iso7816::{Card, Event};
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::platform::Indication;
use libfuzzer_sys::fuzz_target;

/// Instead of a pause: the power is cut.
const POWER_CUT: u8 = 0xFF;
/// This bit of the pause: the key is slow, and a request waits for the next command.
const SLOW: u8 = 0x80;

fuzz_target!(|input: &[u8]| {
    let mut key = brasskey_fuzz::key();
    let mut card = Box::new(Card::new());
    let (mut message, mut response) = ([0; MAX_MESSAGE], [0; MAX_MESSAGE]);
    let mut now = 0;
    card.power_on();

    // Each command is behind a byte for the pause, in hundredths of a second.
    for step in brasskey_fuzz::messages(input).take(32) {
        let Some((&pause, apdu)) = step.split_first() else {
            return;
        };
        if pause == POWER_CUT {
            let _ = card.power_off();
            assert!(card.response().is_none());
            card.power_on();
            continue;
        }
        now += 10 * u64::from(pause & !SLOW);
        let event = card.receive(apdu, now);
        card.show(Indication::WaitingForTouch, now);
        let mut answers = check(&mut card);
        if pause & SLOW == 0 || event == Event::Abort {
            while let Some(request) = card.take_request(&mut message, now) {
                let length = key.answer(&request, &message, &mut response);
                card.respond(&response[..length], now);
            }
        }
        answers += check(&mut card);
        assert!(answers <= 1, "each command has one answer");
    }
});

/// Reads the answer that waits, if there is one.
fn check(card: &mut Card) -> usize {
    let Some(response) = card.response() else {
        return 0;
    };
    let (data, word) = response.split_last_chunk().expect("a status word");
    match u16::from_be_bytes(*word) {
        0x9000 | 0x6100..=0x61ff => {}
        0x9100 => assert!(matches!(data, [1 | 2])),
        0x6581 | 0x6700 | 0x6982 | 0x6984..=0x6986 | 0x6a80 | 0x6a82 | 0x6a84 | 0x6a86 | 0x6d00 | 0x6e00 => {
            assert!(data.is_empty());
        }
        word => panic!("{word:04x}"),
    }
    1
}
