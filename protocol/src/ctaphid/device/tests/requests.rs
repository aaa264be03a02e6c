use super::*;

fn cancel(key: &mut Key, channel: u32) -> Event {
    let event = key.send(&claim(channel, command::CANCEL, 0));
    assert_eq!(key.drain(), NOTHING);
    event
}

#[test]
fn a_whole_message_is_handed_over_once() {
    let mut key = Key::new();
    let channel = key.open();
    let message: Vec<u8> = (0..MAX_MESSAGE).map(|i| i.to_le_bytes()[0]).collect();
    assert_eq!(key.message(channel, command::CBOR, &message), Event::Request);
    let request = Request {
        channel,
        kind: RequestKind::Cbor,
        length: MAX_MESSAGE,
        aborted: false,
    };
    assert_eq!(key.take(), Some((request, message.clone())));
    assert_eq!(key.take(), None);
    assert_eq!(answer(&key.respond(&message), channel, command::CBOR), Some(message));
    assert_eq!(key.take(), None);
}

#[test]
fn an_oath_command_is_cancelled_as_a_ctap2_command_is() {
    let mut key = Key::new();
    let channel = key.open();
    let apdu = [0, 0xA1, 0, 0];
    assert_eq!(key.message(channel, command::OATH, &apdu), Event::Request);
    let request = Request {
        channel,
        kind: RequestKind::Oath,
        length: apdu.len(),
        aborted: false,
    };
    assert_eq!(key.take(), Some((request, apdu.to_vec())));
    assert_eq!(cancel(&mut key, channel), Event::Abort);
    assert_eq!(
        answer(&key.respond(&[0x69, 0x85]), channel, command::OATH).unwrap(),
        [0x69, 0x85]
    );
}

#[test]
fn nothing_of_an_oath_command_or_its_answer_stays() {
    let mut key = Key::new();
    let channel = key.open();
    let is_wiped = |key: &Key| key.device.message.iter().all(|byte| *byte == 0);
    let _ = key.message(channel, command::OATH, &[7; 200]);
    assert!(key.take().is_some());
    assert!(is_wiped(&key));
    assert_eq!(
        answer(&key.respond(&[8; 200]), channel, command::OATH).unwrap(),
        [8; 200]
    );
    assert!(is_wiped(&key));
    // Nor of one that does not come in whole, or is dropped.
    let put = |key: &mut Key| {
        assert_eq!(
            key.send(&fragment(channel, command::OATH, &[7; 200]).unwrap().next().unwrap()),
            Event::None
        );
    };
    put(&mut key);
    key.pass(1000);
    assert!(is_wiped(&key));
    put(&mut key);
    let _ = key.exchange(&init_report(channel, &NONCE));
    assert!(is_wiped(&key));
    put(&mut key);
    let _ = key.exchange(&claim(channel, command::OATH, 1));
    assert!(is_wiped(&key));
}

#[test]
fn an_unfinished_message_is_not_handed_over() {
    let mut key = Key::new();
    let channel = key.open();
    assert_eq!(key.send(&claim(channel, command::CBOR, 58)), Event::None);
    assert_eq!(key.take(), None);
}

#[test]
fn a_ping_is_not_handed_over() {
    let mut key = Key::new();
    let channel = key.open();
    assert_eq!(key.message(channel, command::PING, b"ping"), Event::None);
    assert_eq!(key.take(), None);
}

#[test]
fn every_channel_is_busy_while_a_request_runs() {
    let mut key = Key::new();
    let other = key.open();
    let channel = key.processing();
    for busy in [channel, other] {
        for command in [command::PING, command::CBOR, command::MSG, command::LOCK, 0x20] {
            assert_eq!(key.exchange(&claim(busy, command, 1)), error(busy, Error::ChannelBusy));
        }
    }
    assert_eq!(answer(&key.respond(&[0]), channel, command::CBOR).unwrap(), [0]);
}

#[test]
fn init_elsewhere_leaves_a_running_request_alone() {
    let mut key = Key::new();
    let other = key.open();
    let channel = key.processing();
    for elsewhere in [BROADCAST, other] {
        assert_eq!(key.send(&init_report(elsewhere, &NONCE)), Event::None);
        assert!(answer(&key.drain(), elsewhere, command::INIT).is_some());
    }
    assert_eq!(answer(&key.respond(&[0]), channel, command::CBOR).unwrap(), [0]);
}

#[test]
fn cancel_aborts_the_running_ctap2_command_and_its_response_follows() {
    let mut key = Key::new();
    let channel = key.processing();
    assert_eq!(cancel(&mut key, channel), Event::Abort);
    assert_eq!(cancel(&mut key, channel), Event::None);
    assert_eq!(answer(&key.respond(&[0x2D]), channel, command::CBOR).unwrap(), [0x2D]);
    assert_eq!(cancel(&mut key, channel), Event::None);
}

#[test]
fn cancel_of_another_channel_is_ignored() {
    let mut key = Key::new();
    let other = key.open();
    let channel = key.processing();
    assert_eq!(cancel(&mut key, other), Event::None);
    assert_eq!(cancel(&mut key, channel), Event::Abort);
}

#[test]
fn cancel_with_nothing_outstanding_is_ignored() {
    let mut key = Key::new();
    let channel = key.open();
    assert_eq!(cancel(&mut key, channel), Event::None);
    assert_eq!(key.message(channel, command::CBOR, &[0x04]), Event::Request);
    assert!(!key.take().unwrap().0.aborted);
}

#[test]
fn cancel_does_not_end_u2f_requests() {
    let mut key = Key::new();
    let channel = key.open();
    let _ = key.message(channel, command::MSG, &[0; 7]);
    assert_eq!(cancel(&mut key, channel), Event::None);
    assert!(!key.take().unwrap().0.aborted);
    assert_eq!(cancel(&mut key, channel), Event::None);
}

#[test]
fn a_request_cancelled_before_it_is_taken_says_so() {
    let mut key = Key::new();
    let channel = key.open();
    let _ = key.message(channel, command::CBOR, &[0x04]);
    assert_eq!(cancel(&mut key, channel), Event::None);
    assert!(key.take().unwrap().0.aborted);
    assert_eq!(answer(&key.respond(&[0x2D]), channel, command::CBOR).unwrap(), [0x2D]);
}

#[test]
fn init_aborts_the_running_request_and_its_response_is_discarded() {
    let mut key = Key::new();
    let channel = key.processing();
    key.device.show(Indication::WaitingForTouch, key.now);
    assert_eq!(key.send(&init_report(channel, &NONCE)), Event::Abort);
    assert!(answer(&key.drain(), channel, command::INIT).is_some());
    assert_eq!(key.show(Indication::WaitingForTouch), NOTHING);
    assert_eq!(key.pass(60_000), []);
    assert_eq!(key.respond(&[0x2D]), NOTHING);
}

#[test]
fn after_init_a_new_request_is_held_until_the_aborted_one_has_ended() {
    let mut key = Key::new();
    let channel = key.processing();
    assert_eq!(key.send(&init_report(channel, &NONCE)), Event::Abort);
    let _ = key.drain();
    assert_eq!(key.message(channel, command::CBOR, &[0x0B]), Event::Request);
    assert_eq!(key.take(), None);
    // The aborted request shows this.
    assert_eq!(key.show(Indication::WaitingForTouch), NOTHING);
    // The host of the held request waits too.
    assert_eq!(key.pass(80).len(), 1);
    assert_eq!(key.respond(&[0x2D]), NOTHING);
    assert_eq!(key.take().unwrap().1, [0x0B]);
    assert_eq!(answer(&key.respond(&[0]), channel, command::CBOR).unwrap(), [0]);
}

#[test]
fn while_an_aborted_request_ends_a_ping_is_answered() {
    let mut key = Key::new();
    let other = key.open();
    let channel = key.processing();
    let _ = key.exchange(&init_report(channel, &NONCE));
    let _ = key.message(other, command::PING, b"ping");
    assert_eq!(answer(&key.drain(), other, command::PING).unwrap(), b"ping");
    assert_eq!(key.respond(&[0x2D]), NOTHING);
}

#[test]
fn init_drops_a_request_that_was_not_taken() {
    let mut key = Key::new();
    let channel = key.open();
    let _ = key.message(channel, command::CBOR, &[0x04]);
    assert_eq!(key.send(&init_report(channel, &NONCE)), Event::None);
    assert_eq!(key.take(), None);
}

#[test]
fn a_response_that_does_not_fit_becomes_an_error() {
    let mut key = Key::new();
    let channel = key.processing();
    assert_eq!(key.respond(&[0; MAX_MESSAGE + 1]), error(channel, Error::Other));
    let _ = key.message(channel, command::PING, &[]);
    assert!(answer(&key.drain(), channel, command::PING).is_some());
}

#[test]
fn a_response_to_no_request_is_not_sent() {
    let mut key = Key::new();
    let channel = key.open();
    assert_eq!(key.respond(&[0]), NOTHING);
    let _ = key.message(channel, command::CBOR, &[0x04]);
    assert_eq!(key.respond(&[0]), NOTHING);
    assert!(key.take().is_some());
}
