use super::*;
use crate::ctaphid::allocated_channel;

#[test]
fn init_on_broadcast_allocates_a_channel() {
    let mut key = Key::new();
    let replies = key.exchange(&init_report(BROADCAST, &NONCE));
    let payload = answer(&replies, BROADCAST, command::INIT).unwrap();
    assert_eq!(payload.len(), InitResponse::SIZE);
    let response = InitResponse::parse(&payload).unwrap();
    assert!(![0, BROADCAST].contains(&response.channel));
    assert_eq!(allocated_channel(&replies[0]), Some(response.channel));
    let expected = InitResponse {
        nonce: NONCE,
        channel: response.channel,
        protocol_version: 2,
        version: [1, 2, 3],
        capabilities: 0x05,
    };
    assert_eq!(response, expected);
}

#[test]
fn without_wink_the_capabilities_name_cbor_only() {
    let mut device = Device::new(DeviceInfo { wink: false, ..INFO });
    let _ = device.receive(&init_report(BROADCAST, &NONCE), 0);
    let reply = device.transmit().unwrap();
    assert_eq!(InitResponse::parse(&reply[7..]).unwrap().capabilities, 0x04);
}

#[test]
fn every_init_on_broadcast_gives_another_channel() {
    let mut key = Key::new();
    let channels = [key.open(), key.open(), key.open()];
    assert!(channels[0] != channels[1] && channels[1] != channels[2] && channels[0] != channels[2]);
}

#[test]
fn channel_numbers_wrap_past_the_reserved_ones() {
    let mut key = Key::new();
    key.device.last_channel = BROADCAST - 2;
    assert_eq!(key.open(), BROADCAST - 1);
    assert_eq!(key.open(), 1);
}

#[test]
fn init_on_an_allocated_channel_keeps_it() {
    let mut key = Key::new();
    let channel = key.open();
    let replies = key.exchange(&init_report(channel, &NONCE));
    let payload = answer(&replies, channel, command::INIT).unwrap();
    assert_eq!(InitResponse::parse(&payload).unwrap().channel, channel);
    assert_eq!(allocated_channel(&replies[0]), None);
}

#[test]
fn init_takes_eight_bytes_exactly() {
    let mut key = Key::new();
    let channel = key.open();
    for channel in [channel, BROADCAST] {
        for length in [0, 7, 9, 57, 58, u16::MAX] {
            let replies = key.exchange(&claim(channel, command::INIT, length));
            assert_eq!(replies, error(channel, Error::InvalidLen), "length {length}");
        }
    }
}

#[test]
fn channels_never_allocated_are_invalid() {
    let mut key = Key::new();
    let channel = key.open();
    for unknown in [0, channel + 1, BROADCAST - 1] {
        for report in [init_report(unknown, &NONCE), claim(unknown, command::PING, 1)] {
            assert_eq!(key.exchange(&report), error(unknown, Error::InvalidChannel));
        }
    }
}

#[test]
fn the_broadcast_channel_carries_init_only() {
    let mut key = Key::new();
    for command in [
        command::PING,
        command::MSG,
        command::CBOR,
        command::WINK,
        command::LOCK,
        0x20,
    ] {
        let replies = key.exchange(&claim(BROADCAST, command, 1));
        assert_eq!(replies, error(BROADCAST, Error::InvalidChannel));
    }
}
