use proptest::prelude::*;
use std::vec::Vec;

use super::*;
use crate::ctaphid::{BROADCAST, Error, InitResponse, allocated_channel, channel, command, error_report, init_report};

#[test]
fn an_initialization_packet_is_laid_out_as_the_standard_says() {
    let report = init_report(0x0102_0304, b"\x11\x12\x13\x14\x15\x16\x17\x18");
    let mut expected = [0; 64];
    expected[..15].copy_from_slice(&[1, 2, 3, 4, 0x86, 0, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18]);
    assert_eq!(report, expected);
    assert_eq!(channel(&report), 0x0102_0304);
}

#[test]
fn a_continuation_packet_is_laid_out_as_the_standard_says() {
    let payload: Vec<u8> = (0..60).collect();
    let report = fragment(0x0102_0304, command::PING, &payload).unwrap().nth(1).unwrap();
    assert_eq!(report[..9], [1, 2, 3, 4, 0, 57, 58, 59, 0]);
}

#[test]
fn a_message_takes_as_many_packets_as_it_needs() {
    for (length, packets) in [(0, 1), (57, 1), (58, 2), (116, 2), (117, 3), (MAX_MESSAGE, 129)] {
        assert_eq!(
            fragment(1, command::PING, &[0; MAX_MESSAGE][..length]).unwrap().count(),
            packets
        );
    }
}

#[test]
fn the_last_sequence_number_is_127() {
    let last = fragment(1, command::PING, &[0; MAX_MESSAGE]).unwrap().last().unwrap();
    assert_eq!(last[4], 0x7F);
}

#[test]
fn a_message_that_does_not_fit_is_refused() {
    assert!(matches!(
        fragment(1, command::PING, &[0; MAX_MESSAGE + 1]),
        Err(TooLong)
    ));
}

#[test]
fn error_codes_go_to_bytes_and_back() {
    let known: Vec<u8> = (0..=u8::MAX)
        .filter(|code| Error::try_from(*code).is_ok_and(|error| error.code() == *code))
        .collect();
    assert_eq!(known, [1, 2, 3, 4, 5, 6, 0x0A, 0x0B, 0x7F]);
    assert_eq!(error_report(1, Error::Other)[..8], [0, 0, 0, 1, 0xBF, 0, 1, 0x7F]);
}

#[test]
fn only_an_init_reply_allocates() {
    let response = InitResponse {
        nonce: [1; 8],
        channel: 5,
        protocol_version: 2,
        version: [1, 2, 3],
        capabilities: 4,
    };
    let bytes = response.to_bytes();
    assert_eq!(InitResponse::parse(&bytes), Some(response));
    assert_eq!(InitResponse::parse(&bytes[..16]), None);
    let allocation = |on, command, payload| allocated_channel(&initialization(on, command, payload));
    assert_eq!(allocation(BROADCAST, command::INIT, &bytes), Some(5));
    assert_eq!(allocation(5, command::INIT, &bytes), Some(5));
    assert_eq!(allocation(BROADCAST, command::PING, &bytes), None);
    assert_eq!(allocation(BROADCAST, command::INIT, &bytes[..8]), None);
}

proptest! {
    #[test]
    fn every_report_is_a_packet(report in prop::collection::vec(any::<u8>(), 64)) {
        let report = Report::try_from(report).unwrap();
        let (channel, packet) = Packet::parse(&report);
        prop_assert_eq!(&channel.to_be_bytes()[..], &report[..4]);
        match packet {
            Packet::Initialization { command, length, data } => {
                prop_assert_eq!(0x80 | command, report[4]);
                prop_assert_eq!(length, usize::from(report[5]) << 8 | usize::from(report[6]));
                prop_assert_eq!(data, &report[7..]);
            }
            Packet::Continuation { sequence, data } => {
                prop_assert_eq!(sequence, report[4]);
                prop_assert_eq!(data, &report[5..]);
            }
        }
    }
}
