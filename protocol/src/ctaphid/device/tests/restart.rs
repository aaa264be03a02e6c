use super::*;

#[test]
fn a_restart_forgets_channels_and_lock() {
    let mut key = Key::new();
    let channel = key.open();
    let _ = key.message(channel, command::LOCK, &[10]);
    key.device.restart();
    assert_eq!(key.drain(), NOTHING);
    let ping = fragment(channel, command::PING, &[1]).unwrap().next().unwrap();
    assert_eq!(key.exchange(&ping), error(channel, Error::InvalidChannel));
    let again = key.open();
    assert_eq!(answer(&key.exchange(&ping), again, command::PING).unwrap(), [1]);
}

#[test]
fn a_restart_in_the_middle_of_a_message_leaves_nothing_of_it() {
    let mut key = Key::new();
    let channel = key.open();
    let mut packets = fragment(channel, command::PING, &[7; 200]).unwrap();
    assert_eq!(key.exchange(&packets.next().unwrap()), NOTHING);
    key.device.restart();
    assert_eq!(key.open(), channel);
    assert_eq!(key.exchange(&packets.next().unwrap()), NOTHING);
    assert_eq!(key.pass(60_000), []);
}

#[test]
fn what_the_worker_is_still_at_when_the_key_restarts_is_answered_to_nobody() {
    let mut key = Key::new();
    let channel = key.processing();
    key.device.restart();
    assert_eq!(key.open(), channel);
    assert_eq!(key.message(channel, command::CBOR, &[0x04]), Event::Request);
    assert_eq!(key.respond(&[0]), NOTHING);
    assert!(key.take().is_some());
    assert_eq!(answer(&key.respond(&[1]), channel, command::CBOR).unwrap(), [1]);
}
