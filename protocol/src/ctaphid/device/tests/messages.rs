use super::*;
use crate::limits::PACKET_TIMEOUT;

/// A channel with all but the last packet of a PING of 512 bytes sent; the last, and the payload.
fn unfinished(key: &mut Key) -> (u32, Report, Vec<u8>) {
    let channel = key.open();
    let payload: Vec<u8> = (0..512_u16).map(|i| i.to_le_bytes()[0]).collect();
    let reports: Vec<_> = fragment(channel, command::PING, &payload).unwrap().collect();
    let (last, first) = reports.split_last().unwrap();
    for report in first {
        assert_eq!(key.exchange(report), NOTHING);
    }
    (channel, *last, payload)
}

fn assert_completes(key: &mut Key, (channel, last, payload): (u32, Report, Vec<u8>)) {
    assert_eq!(answer(&key.exchange(&last), channel, command::PING), Some(payload));
}

fn assert_dropped(key: &mut Key, (channel, last, _): (u32, Report, Vec<u8>)) {
    assert_eq!(key.exchange(&last), NOTHING);
    let _ = key.message(channel, command::PING, b"again");
    assert_eq!(answer(&key.drain(), channel, command::PING).unwrap(), b"again");
}

#[test]
fn ping_sends_back_what_it_got() {
    let mut key = Key::new();
    let channel = key.open();
    for length in [0, 1, 57, 58, 116, 117, 512, 1024, MAX_MESSAGE - 1, MAX_MESSAGE] {
        // The leading zero is part of the message.
        let payload: Vec<u8> = (0..length).map(|i| i.to_le_bytes()[0]).collect();
        assert_eq!(key.message(channel, command::PING, &payload), Event::None);
        assert_eq!(
            answer(&key.drain(), channel, command::PING),
            Some(payload),
            "length {length}"
        );
    }
}

#[test]
fn a_message_too_long_for_ctaphid_is_refused() {
    let mut key = Key::new();
    let channel = key.open();
    for command in [command::PING, command::MSG, command::CBOR, 0x20] {
        for length in [7610, u16::MAX] {
            let replies = key.exchange(&claim(channel, command, length));
            assert_eq!(replies, error(channel, Error::InvalidLen));
        }
    }
}

#[test]
fn unknown_commands_are_refused() {
    let mut key = Key::new();
    let channel = key.open();
    for command in [0x00, 0x02, 0x20, 0x40, 0x66, 0x7F, command::KEEPALIVE, command::ERROR] {
        let replies = key.exchange(&claim(channel, command, 0));
        assert_eq!(replies, error(channel, Error::InvalidCmd), "command {command:#x}");
    }
}

#[test]
fn requests_without_a_payload_are_refused() {
    let mut key = Key::new();
    let channel = key.open();
    for command in [command::MSG, command::CBOR, command::OATH] {
        assert_eq!(
            key.exchange(&claim(channel, command, 0)),
            error(channel, Error::InvalidLen)
        );
    }
}

#[test]
fn wink_is_told_and_answered() {
    let mut key = Key::new();
    let channel = key.open();
    assert_eq!(key.message(channel, command::WINK, &[]), Event::Wink);
    assert_eq!(answer(&key.drain(), channel, command::WINK), Some(Vec::new()));
    assert_eq!(
        key.exchange(&claim(channel, command::WINK, 1)),
        error(channel, Error::InvalidLen)
    );
}

#[test]
fn wink_is_unknown_to_a_key_that_cannot() {
    let mut key = Key::new();
    key.device.info.wink = false;
    let channel = key.open();
    for length in [0, 1] {
        let replies = key.exchange(&claim(channel, command::WINK, length));
        assert_eq!(replies, error(channel, Error::InvalidCmd));
    }
}

#[test]
fn a_continuation_without_a_message_is_ignored() {
    let mut key = Key::new();
    let channel = key.open();
    for channel in [0, channel, channel + 1, BROADCAST] {
        let mut report = [0; 64];
        report[..4].copy_from_slice(&channel.to_be_bytes());
        assert_eq!(key.exchange(&report), NOTHING);
    }
}

#[test]
fn init_on_the_channel_drops_its_unfinished_message() {
    let mut key = Key::new();
    let message = unfinished(&mut key);
    let replies = key.exchange(&init_report(message.0, &NONCE));
    assert!(answer(&replies, message.0, command::INIT).is_some());
    assert_dropped(&mut key, message);
}

#[test]
fn init_elsewhere_leaves_an_unfinished_message_alone() {
    let mut key = Key::new();
    let other = key.open();
    let message = unfinished(&mut key);
    for channel in [BROADCAST, other] {
        let replies = key.exchange(&init_report(channel, &NONCE));
        assert!(answer(&replies, channel, command::INIT).is_some());
    }
    assert_completes(&mut key, message);
}

#[test]
fn another_channel_is_busy_while_a_message_is_unfinished() {
    let mut key = Key::new();
    let other = key.open();
    let message = unfinished(&mut key);
    for command in [command::PING, command::CBOR, command::LOCK, command::WINK, 0x20] {
        let replies = key.exchange(&claim(other, command, 1));
        assert_eq!(replies, error(other, Error::ChannelBusy));
    }
    assert_completes(&mut key, message);
}

#[test]
fn a_continuation_of_another_channel_is_ignored() {
    let mut key = Key::new();
    let other = key.open();
    let message = unfinished(&mut key);
    let mut stray = message.1;
    stray[..4].copy_from_slice(&other.to_be_bytes());
    assert_eq!(key.exchange(&stray), NOTHING);
    assert_completes(&mut key, message);
}

#[test]
fn a_skipped_sequence_number_drops_the_message() {
    let mut key = Key::new();
    let message = unfinished(&mut key);
    let mut skipping = message.1;
    skipping[4] += 1;
    assert_eq!(key.exchange(&skipping), error(message.0, Error::InvalidSeq));
    assert_dropped(&mut key, message);
}

#[test]
fn a_new_message_on_the_channel_drops_the_unfinished_one() {
    let mut key = Key::new();
    for command in [command::PING, command::CBOR, command::LOCK, command::WINK, 0x20] {
        let message = unfinished(&mut key);
        let replies = key.exchange(&claim(message.0, command, 1));
        assert_eq!(replies, error(message.0, Error::InvalidSeq));
        assert_dropped(&mut key, message);
    }
}

#[test]
fn cancel_does_not_disturb_an_unfinished_message() {
    let mut key = Key::new();
    let message = unfinished(&mut key);
    assert_eq!(key.exchange(&claim(message.0, command::CANCEL, 0)), NOTHING);
    assert_completes(&mut key, message);
}

#[test]
fn a_stalled_message_times_out_once() {
    let mut key = Key::new();
    let message = unfinished(&mut key);
    assert_eq!(key.pass(PACKET_TIMEOUT - 1), []);
    let report = error_report(message.0, Error::MsgTimeout);
    assert_eq!(key.pass(60_000), [(PACKET_TIMEOUT, report)]);
    assert_dropped(&mut key, message);
}

#[test]
fn every_packet_gives_the_next_its_full_time() {
    let mut key = Key::new();
    let channel = key.open();
    for report in fragment(channel, command::PING, &[7; 512]).unwrap() {
        assert_eq!(key.pass(PACKET_TIMEOUT - 1), []);
        let _ = key.send(&report);
    }
    assert!(answer(&key.drain(), channel, command::PING).is_some());
}

#[test]
fn a_packet_that_comes_late_finds_the_message_timed_out_without_a_tick() {
    let mut key = Key::new();
    let message = unfinished(&mut key);
    key.now += PACKET_TIMEOUT;
    assert_eq!(key.exchange(&message.1), error(message.0, Error::MsgTimeout));
}

#[test]
fn an_answer_on_another_channel_may_come_between_the_packets_of_a_response() {
    let mut key = Key::new();
    let channel = key.open();
    let _ = key.message(channel, command::PING, &[7; 512]);
    let mut response = std::vec![key.device.transmit().unwrap()];
    let _ = key.send(&init_report(BROADCAST, &NONCE));
    let between = key.device.transmit().unwrap();
    assert!(answer(&[between], BROADCAST, command::INIT).is_some());
    response.extend(key.drain());
    assert_eq!(answer(&response, channel, command::PING).unwrap(), [7; 512]);
}

#[test]
fn an_error_on_the_channel_waits_for_the_end_of_its_response() {
    let mut key = Key::new();
    let channel = key.open();
    let _ = key.message(channel, command::PING, &[7; 512]);
    let mut response = std::vec![key.device.transmit().unwrap()];
    let _ = key.send(&claim(channel, command::PING, 1));
    response.extend(key.drain());
    assert_eq!(response.pop().unwrap(), error_report(channel, Error::ChannelBusy));
    assert_eq!(answer(&response, channel, command::PING).unwrap(), [7; 512]);
}

#[test]
fn init_on_the_channel_drops_the_rest_of_its_response() {
    let mut key = Key::new();
    let channel = key.open();
    let _ = key.message(channel, command::PING, &[7; 512]);
    let _ = key.device.transmit().unwrap();
    let _ = key.send(&claim(channel, command::PING, 1));
    // The error that waited for the end of the response is dropped with it.
    let replies = key.exchange(&init_report(channel, &NONCE));
    assert!(answer(&replies, channel, command::INIT).is_some());
}

#[test]
fn a_host_that_does_not_read_loses_only_what_does_not_fit() {
    let mut key = Key::new();
    for _ in 0..REPLIES + 3 {
        let _ = key.send(&init_report(BROADCAST, &NONCE));
    }
    assert_eq!(key.drain().len(), REPLIES);
    assert_eq!(key.open(), 8);
}

#[test]
fn the_engine_is_little_larger_than_its_one_message() {
    assert!(size_of::<Device>() < MAX_MESSAGE + 512);
}
