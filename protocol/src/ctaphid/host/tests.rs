use proptest::collection::vec;
use proptest::prelude::*;
use std::vec::Vec;

use super::*;
use crate::ctaphid::{Error, error_report, fragment, packet};

const CHANNEL: u32 = 7;

fn waiting() -> Host {
    let mut host = Host::new(CHANNEL);
    host.expect(command::CBOR);
    host
}

fn reports(channel: u32, command: u8, payload: &[u8]) -> Vec<Report> {
    fragment(channel, command, payload).unwrap().collect()
}

#[test]
fn an_answer_is_whole_with_its_last_packet() {
    let mut host = waiting();
    let payload = [9; 200];
    let reports = reports(CHANNEL, command::CBOR, &payload);
    let (last, first) = reports.split_last().unwrap();
    for report in first {
        assert_eq!(host.receive(report), Progress::Nothing);
    }
    assert_eq!(host.receive(last), Progress::Complete(&payload));
    assert_eq!(host.receive(last), Progress::Nothing);
}

#[test]
fn other_channels_do_not_disturb_an_answer() {
    let mut host = waiting();
    let answer = reports(CHANNEL, command::CBOR, &[9; 100]);
    assert_eq!(host.receive(&answer[0]), Progress::Nothing);
    assert_eq!(host.receive(&error_report(8, Error::ChannelBusy)), Progress::Nothing);
    assert_eq!(host.receive(&answer[1]), Progress::Complete(&[9; 100]));
}

#[test]
fn a_host_that_goes_over_to_another_channel_hears_only_that() {
    let mut host = waiting();
    host.follow(8);
    let [old, new] = [CHANNEL, 8].map(|channel| reports(channel, command::CBOR, &[9; 10]));
    assert_eq!(host.receive(&new[0]), Progress::Nothing, "it expects nothing yet");
    host.expect(command::CBOR);
    assert_eq!(host.receive(&old[0]), Progress::Nothing);
    assert_eq!(host.receive(&new[0]), Progress::Complete(&[9; 10]));
}

#[test]
fn keepalives_come_before_the_answer() {
    let mut host = waiting();
    for status in [1, 2, 3] {
        let report = packet::initialization(CHANNEL, command::KEEPALIVE, &[status]);
        assert_eq!(host.receive(&report), Progress::Keepalive(status));
    }
    let answer = reports(CHANNEL, command::CBOR, &[0]);
    assert_eq!(host.receive(&answer[0]), Progress::Complete(&[0]));
}

#[test]
fn an_error_ends_the_wait() {
    for parts in [0, 1] {
        let mut host = waiting();
        let answer = reports(CHANNEL, command::CBOR, &[9; 100]);
        for part in &answer[..parts] {
            assert_eq!(host.receive(part), Progress::Nothing);
        }
        assert_eq!(
            host.receive(&error_report(CHANNEL, Error::ChannelBusy)),
            Progress::Error(6)
        );
        assert_eq!(host.receive(&answer[0]), Progress::Nothing);
    }
}

#[test]
fn what_was_not_waited_for_is_skipped() {
    let mut host = Host::new(CHANNEL);
    let answer = reports(CHANNEL, command::PING, &[9; 100]);
    assert_eq!(host.receive(&answer[0]), Progress::Nothing);
    host.expect(command::CBOR);
    assert_eq!(host.receive(&answer[1]), Progress::Nothing);
}

#[test]
fn another_commands_answer_is_broken() {
    let mut host = waiting();
    assert_eq!(
        host.receive(&reports(CHANNEL, command::PING, &[0])[0]),
        Progress::Broken
    );
}

#[test]
fn a_wrong_sequence_is_broken() {
    let mut host = waiting();
    let answer = reports(CHANNEL, command::CBOR, &[9; 200]);
    assert_eq!(host.receive(&answer[0]), Progress::Nothing);
    assert_eq!(host.receive(&answer[2]), Progress::Broken);
    assert_eq!(host.receive(&answer[1]), Progress::Nothing);
}

#[test]
fn a_message_within_a_message_is_broken() {
    let mut host = waiting();
    let answer = reports(CHANNEL, command::CBOR, &[9; 200]);
    assert_eq!(host.receive(&answer[0]), Progress::Nothing);
    assert_eq!(host.receive(&answer[0]), Progress::Broken);
}

#[test]
fn impossible_lengths_are_broken() {
    for (command, length) in [(command::CBOR, 7610_u16), (command::KEEPALIVE, 0), (command::ERROR, 0)] {
        let mut report = packet::initialization(CHANNEL, command, &[]);
        report[5..7].copy_from_slice(&length.to_be_bytes());
        assert_eq!(waiting().receive(&report), Progress::Broken);
    }
}

#[test]
fn expecting_anew_drops_what_came_before() {
    let mut host = waiting();
    assert_eq!(
        host.receive(&reports(CHANNEL, command::CBOR, &[9; 200])[0]),
        Progress::Nothing
    );
    host.expect(command::PING);
    assert_eq!(
        host.receive(&reports(CHANNEL, command::PING, b"ping")[0]),
        Progress::Complete(b"ping")
    );
}

proptest! {
    #[test]
    fn whatever_a_key_sends_the_host_survives(packets in vec((0..4_u8, vec(any::<u8>(), 60)), 0..200)) {
        let mut host = waiting();
        for (kind, rest) in packets {
            let mut report = [0; 64];
            report[..4].copy_from_slice(&CHANNEL.to_be_bytes());
            report[4..].copy_from_slice(&rest);
            match kind {
                0 => report[4] = 0x80 | command::CBOR,
                1 => report[4] &= 0x03,
                _ => {}
            }
            if let Progress::Complete(message) = host.receive(&report) {
                prop_assert!(message.len() <= MAX_MESSAGE);
                host.expect(command::CBOR);
            }
        }
    }

    #[test]
    fn an_answer_after_any_noise_is_read_once_expected(
        noise in vec(vec(any::<u8>(), 64), 0..50),
        payload in vec(any::<u8>(), 0..300),
    ) {
        let mut host = waiting();
        for report in noise {
            let _ = host.receive(&Report::try_from(report).unwrap());
        }
        host.expect(command::CBOR);
        let reports = reports(CHANNEL, command::CBOR, &payload);
        let (last, first) = reports.split_last().unwrap();
        for report in first {
            prop_assert_eq!(host.receive(report), Progress::Nothing);
        }
        prop_assert_eq!(host.receive(last), Progress::Complete(&payload[..]));
    }
}
