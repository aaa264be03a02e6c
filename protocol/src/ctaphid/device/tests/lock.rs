use super::*;

fn lock(key: &mut Key, channel: u32, seconds: u8) {
    assert_eq!(key.message(channel, command::LOCK, &[seconds]), Event::None);
    assert_eq!(answer(&key.drain(), channel, command::LOCK), Some(Vec::new()));
}

fn is_open_to(key: &mut Key, channel: u32) -> bool {
    let replies = key.exchange(&init_report(channel, &NONCE));
    if replies == error(channel, Error::ChannelBusy) {
        return false;
    }
    assert!(answer(&replies, channel, command::INIT).is_some());
    true
}

#[test]
fn a_lock_keeps_other_channels_away_until_it_is_released() {
    let mut key = Key::new();
    let (owner, other) = (key.open(), key.open());
    lock(&mut key, owner, 8);
    assert!(!is_open_to(&mut key, other));
    assert!(!is_open_to(&mut key, BROADCAST));
    assert_eq!(
        key.exchange(&claim(other, command::PING, 1)),
        error(other, Error::ChannelBusy)
    );
    assert_eq!(
        key.exchange(&claim(other, command::LOCK, 1)),
        error(other, Error::ChannelBusy)
    );
    assert_eq!(key.exchange(&claim(other, command::CANCEL, 0)), NOTHING);
    assert!(is_open_to(&mut key, owner));
    lock(&mut key, owner, 0);
    assert!(is_open_to(&mut key, other));
}

#[test]
fn a_lock_ends_by_itself() {
    let mut key = Key::new();
    let (owner, other) = (key.open(), key.open());
    lock(&mut key, owner, 8);
    key.now = 7_999;
    assert!(!is_open_to(&mut key, other));
    key.now = 8_000;
    assert!(is_open_to(&mut key, other));
}

#[test]
fn the_owner_may_extend_its_lock() {
    let mut key = Key::new();
    let (owner, other) = (key.open(), key.open());
    lock(&mut key, owner, 8);
    key.now = 7_000;
    lock(&mut key, owner, 10);
    key.now = 16_999;
    assert!(!is_open_to(&mut key, other));
    key.now = 17_000;
    assert!(is_open_to(&mut key, other));
}

#[test]
fn a_lock_is_at_most_ten_seconds() {
    let mut key = Key::new();
    let channel = key.open();
    for seconds in [11, u8::MAX] {
        let _ = key.message(channel, command::LOCK, &[seconds]);
        assert_eq!(key.drain(), error(channel, Error::InvalidPar));
    }
    assert!(is_open_to(&mut key, BROADCAST));
}

#[test]
fn a_lock_takes_one_byte_exactly() {
    let mut key = Key::new();
    let channel = key.open();
    for length in [0, 2, 58, u16::MAX] {
        let replies = key.exchange(&claim(channel, command::LOCK, length));
        assert_eq!(replies, error(channel, Error::InvalidLen));
    }
}
