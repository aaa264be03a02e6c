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
    assert_eq!(allocated_channel(&replies[0]), Some(channel));
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
        for command in (0..=0x7f).filter(|command| *command != command::INIT || unknown == 0) {
            let expected = error(unknown, Error::InvalidChannel);
            assert_eq!(
                key.exchange(&claim(unknown, command, 8)),
                expected,
                "command {command:#x}"
            );
        }
    }
}

/// Sends INIT on a channel that the key did not allocate.
fn bring(key: &mut Key, channel: u32) -> Vec<Report> {
    key.exchange(&init_report(channel, &NONCE))
}

fn is_usable(key: &mut Key, channel: u32) -> bool {
    let _ = key.message(channel, command::PING, b"x");
    let replies = key.drain();
    let usable = answer(&replies, channel, command::PING).is_some();
    assert!(usable || replies == error(channel, Error::InvalidChannel));
    usable
}

#[test]
fn init_on_a_channel_never_allocated_allocates_it() {
    for channel in [1, 2, 0x0102_0304, BROADCAST - 1] {
        let mut key = Key::new();
        assert!(!is_usable(&mut key, channel));
        let payload = answer(&bring(&mut key, channel), channel, command::INIT).unwrap();
        let response = InitResponse::parse(&payload).unwrap();
        assert_eq!((response.nonce, response.channel), (NONCE, channel));
        assert!(is_usable(&mut key, channel));
        key.device.restart();
        assert!(!is_usable(&mut key, channel));
    }
}

#[test]
fn an_init_that_is_refused_allocates_nothing() {
    let mut key = Key::new();
    for length in [0, 7, 9] {
        assert_eq!(
            key.exchange(&claim(7, command::INIT, length)),
            error(7, Error::InvalidLen)
        );
        assert!(!is_usable(&mut key, 7));
    }
    let owner = key.open();
    let _ = key.message(owner, command::LOCK, &[1]);
    let _ = key.drain();
    assert_eq!(bring(&mut key, 7), error(7, Error::ChannelBusy));
    key.now = 1_000;
    assert!(!is_usable(&mut key, 7));
}

#[test]
fn a_channel_that_a_host_brought_is_not_handed_out() {
    let mut key = Key::new();
    for channel in [2, 3, BROADCAST - 1] {
        let _ = bring(&mut key, channel);
    }
    assert_eq!([key.open(), key.open()], [1, 4]);
    // Nor when the numbers begin again.
    key.device.last_channel = BROADCAST - 3;
    assert_eq!([key.open(), key.open(), key.open()], [BROADCAST - 2, 1, 4]);
    assert!(
        [2, 3, BROADCAST - 1]
            .into_iter()
            .all(|channel| is_usable(&mut key, channel))
    );
}

#[test]
fn too_many_brought_channels_take_none_from_who_has_one() {
    let mut key = Key::new();
    let first = 0x1000..0x1000 + u32::try_from(CLAIMS).unwrap();
    for channel in first.clone() {
        assert!(answer(&bring(&mut key, channel), channel, command::INIT).is_some());
    }
    for channel in [first.end, 0x0102_0304] {
        assert_eq!(bring(&mut key, channel), error(channel, Error::InvalidChannel));
        assert!(!is_usable(&mut key, channel));
    }
    assert!(first.clone().all(|channel| is_usable(&mut key, channel)));
    assert!(
        first
            .clone()
            .all(|channel| answer(&bring(&mut key, channel), channel, command::INIT).is_some())
    );
    let channel = key.open();
    assert!(is_usable(&mut key, channel));
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
