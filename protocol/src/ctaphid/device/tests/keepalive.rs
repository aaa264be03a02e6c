use super::*;
use crate::limits::KEEPALIVE_INTERVAL;

#[test]
fn a_slow_ctap2_command_keeps_its_host_waiting() {
    let mut key = Key::new();
    let channel = key.processing();
    assert_eq!(key.pass(KEEPALIVE_INTERVAL - 1), []);
    let sent = key.pass(2 * KEEPALIVE_INTERVAL);
    let report = keepalive(channel, 1);
    assert_eq!(sent, [(KEEPALIVE_INTERVAL, report), (2 * KEEPALIVE_INTERVAL, report)]);
    assert_eq!(answer(&key.respond(&[0]), channel, command::CBOR).unwrap(), [0]);
    assert_eq!(key.pass(60_000), []);
}

#[test]
fn a_quick_ctap2_command_sends_its_response_only() {
    let mut key = Key::new();
    let channel = key.processing();
    assert_eq!(key.show(Indication::Processing), NOTHING);
    key.now += KEEPALIVE_INTERVAL - 1;
    assert_eq!(answer(&key.respond(&[0]), channel, command::CBOR).unwrap(), [0]);
}

#[test]
fn a_wait_for_the_user_is_told_at_once_and_then_at_every_interval() {
    let mut key = Key::new();
    let channel = key.processing();
    assert_eq!(key.pass(10), []);
    assert_eq!(key.show(Indication::WaitingForTouch), [keepalive(channel, 2)]);
    assert_eq!(key.show(Indication::WaitingForTouch), NOTHING);
    assert_eq!(key.show(Indication::Wink), NOTHING);
    assert_eq!(
        key.pass(KEEPALIVE_INTERVAL),
        [(10 + KEEPALIVE_INTERVAL, keepalive(channel, 2))]
    );
    assert_eq!(key.show(Indication::Processing), NOTHING);
    let [(_, report)] = key.pass(KEEPALIVE_INTERVAL)[..] else {
        panic!("one keepalive is due")
    };
    assert_eq!(report, keepalive(channel, 1));
}

#[test]
fn a_keepalive_not_yet_sent_never_follows_the_response() {
    let mut key = Key::new();
    let channel = key.processing();
    key.device.show(Indication::WaitingForTouch, key.now);
    assert_eq!(answer(&key.respond(&[0]), channel, command::CBOR).unwrap(), [0]);
}

#[test]
fn a_key_that_will_be_deaf_for_a_while_says_so_first() {
    let mut key = Key::new();
    let channel = key.processing();
    key.now += 10;
    key.device.keep_alive(key.now);
    assert_eq!(key.drain(), [keepalive(channel, 1)]);
    assert_eq!(
        key.pass(KEEPALIVE_INTERVAL),
        [(10 + KEEPALIVE_INTERVAL, keepalive(channel, 1))]
    );
    let _ = key.respond(&[0]);
    key.device.keep_alive(key.now);
    assert_eq!(key.drain(), NOTHING);
}

#[test]
fn a_slow_oath_command_keeps_its_host_waiting() {
    let mut key = Key::new();
    let channel = key.open();
    let _ = key.message(channel, command::OATH, &[0, 0xA2, 0, 1]);
    assert!(key.take().is_some());
    assert_eq!(key.show(Indication::WaitingForTouch), [keepalive(channel, 2)]);
    assert_eq!(
        key.pass(KEEPALIVE_INTERVAL),
        [(KEEPALIVE_INTERVAL, keepalive(channel, 2))]
    );
    assert_eq!(answer(&key.respond(&[0]), channel, command::OATH).unwrap(), [0]);
}

#[test]
fn u2f_has_no_keepalives() {
    let mut key = Key::new();
    let channel = key.open();
    assert_eq!(key.message(channel, command::MSG, &[0; 7]), Event::Request);
    assert_eq!(key.take().unwrap().0.kind, RequestKind::Msg);
    assert_eq!(key.show(Indication::WaitingForTouch), NOTHING);
    key.device.keep_alive(key.now);
    assert_eq!(key.drain(), NOTHING);
    assert_eq!(key.device.deadline(), None);
    assert_eq!(key.pass(60_000), []);
    assert_eq!(
        answer(&key.respond(&[0x90, 0]), channel, command::MSG).unwrap(),
        [0x90, 0]
    );
}

#[test]
fn what_the_key_shows_while_no_request_runs_is_not_sent() {
    let mut key = Key::new();
    let channel = key.open();
    assert_eq!(key.show(Indication::WaitingForTouch), NOTHING);
    let _ = key.message(channel, command::CBOR, &[0x04]);
    assert_eq!(key.show(Indication::WaitingForTouch), NOTHING);
}
