//! The whole key in one process: requests, keepalives, cancel, power.

use std::time::{Duration, Instant};

use brasskey_protocol::ctaphid::{Error as HidError, command};
use brasskey_protocol::limits::{KEEPALIVE_INTERVAL, PACKET_TIMEOUT, USER_ACTION_TIMEOUT};

use super::*;
use crate::soft::presence::{Answer, Touch};
use crate::soft::storage::{AnyStorage, FileStorage, MemoryStorage};
use crate::soft::testing::{Client, GET_INFO, LONG, SELECTION, VERSION, u2f_register};

fn key(touch: Touch) -> SoftKey {
    SoftKey::builder()
        .touch(touch)
        .seed([1; 32])
        .scripted_clock()
        .build()
        .expect("a key")
}

/// A key whose request for a touch waits.
fn waiting_key() -> (SoftKey, Client<Connection>) {
    let key = key(Touch::Control);
    let host = Client::new(key.connect());
    host.send(command::CBOR, SELECTION);
    assert_eq!(key.wait_until_asked(LONG).expect("a request").operation, "select");
    (key, host)
}

/// A keepalive's status.
fn keepalive(host: &Client<Connection>) -> u8 {
    let report = host.next();
    assert_eq!(report[4..7], [0x80 | command::KEEPALIVE, 0, 1]);
    report[7]
}

#[test]
fn answers_are_there_when_send_returns_where_nobody_is_waited_for() {
    for (touch, status, word) in [
        (Touch::Auto, 0x00, 0x9000),
        (Touch::Deny, 0x27, 0x6982),
        (Touch::Unset, 0x27, 0x6982),
    ] {
        let key = key(touch);
        let host = Client::new(key.connect());
        host.send(command::CBOR, SELECTION);
        assert!(host.link.receive(Duration::ZERO).is_some(), "a keepalive or the answer");
        while host.link.receive(Duration::ZERO).is_some() {}
        assert_eq!(host.status(SELECTION), status);
        assert_eq!(host.status(GET_INFO), 0x00);
        assert_eq!(host.status_word(&u2f_register(1)), word);
        assert_eq!(host.exchange(command::MSG, VERSION), Ok(b"U2F_V2\x90\x00".to_vec()));
    }
}

#[test]
fn a_script_is_followed() {
    let key = key(Touch::Script(vec![Answer::Decline, Answer::Touch]));
    let host = Client::new(key.connect());
    assert_eq!(host.status(SELECTION), 0x27);
    assert_eq!(host.status(SELECTION), 0x00);
}

#[test]
fn the_button_ends_the_wait() {
    let (key, host) = waiting_key();
    assert_eq!(key.state().waiting.map(|waiting| waiting.operation), Some("select"));
    key.pulse();
    assert_eq!(host.answer(command::CBOR).expect("an answer")[0], 0x00);
    assert_eq!(
        key.state(),
        State {
            powered: true,
            held: false,
            waiting: None
        }
    );

    let (key, host) = waiting_key();
    key.decline();
    assert_eq!(host.answer(command::CBOR).expect("an answer")[0], 0x27);
}

#[test]
fn a_waiting_key_says_so_in_time() {
    let (key, host) = waiting_key();
    assert_eq!(keepalive(&host), 2);
    for _ in 0..3 {
        assert_eq!(host.link.receive(Duration::ZERO), None);
        key.advance(KEEPALIVE_INTERVAL);
        assert_eq!(keepalive(&host), 2);
    }
    key.pulse();
    assert_eq!(host.answer(command::CBOR).expect("an answer")[0], 0x00);
}

#[test]
fn the_user_has_thirty_seconds() {
    let (key, host) = waiting_key();
    key.advance(USER_ACTION_TIMEOUT - 1);
    assert!(key.state().waiting.is_some());
    key.advance(1);
    assert_eq!(host.answer(command::CBOR).expect("an answer")[0], 0x2F);
}

#[test]
fn cancel_and_init_end_the_wait() {
    let (key, host) = waiting_key();
    host.send(command::CANCEL, &[]);
    assert_eq!(host.answer(command::CBOR).expect("an answer")[0], 0x2D);
    assert_eq!(key.state().waiting, None);

    let (key, host) = waiting_key();
    assert_eq!(
        host.exchange(command::INIT, b"a nonce.").expect("an INIT reply").len(),
        17
    );
    // The next request waits for the aborted one to end, and is answered once.
    assert_eq!(host.status(GET_INFO), 0x00);
    assert_eq!(host.link.receive(Duration::ZERO), None);
    assert_eq!(key.state().waiting, None);
}

#[test]
fn other_hosts_are_told_that_the_key_is_busy_and_cannot_interfere() {
    let (key, host) = waiting_key();
    let other = Client::new(key.connect());
    assert_eq!(other.exchange(command::PING, b"x"), Err(HidError::ChannelBusy.code()));
    let foreign = Client {
        link: key.connect(),
        channel: host.channel,
    };
    assert_eq!(
        foreign.exchange(command::CANCEL, &[]),
        Err(HidError::InvalidChannel.code())
    );
    assert!(key.state().waiting.is_some());
    key.pulse();
    assert_eq!(host.answer(command::CBOR).expect("an answer")[0], 0x00);
}

#[test]
fn a_host_that_is_gone_is_not_waited_for() {
    let (key, host) = waiting_key();
    let other = Client::new(key.connect());
    drop(host);
    // Busy until the worker has noticed; then the key is free for others.
    let answer = loop {
        match other.exchange(command::CBOR, GET_INFO) {
            Err(code) if code == HidError::ChannelBusy.code() => {}
            answer => break answer,
        }
    };
    assert_eq!(answer.expect("an answer")[0], 0x00);
}

#[test]
fn a_message_that_stalls_times_out() {
    let key = key(Touch::Control);
    let host = Client::new(key.connect());
    let first = brasskey_protocol::ctaphid::fragment(host.channel, command::PING, &[0; 100])
        .expect("a message")
        .next();
    host.link.send(&first.expect("a report"));
    key.advance(PACKET_TIMEOUT - 1);
    assert_eq!(host.link.receive(Duration::ZERO), None);
    key.advance(1);
    assert_eq!(host.answer(command::PING), Err(HidError::MsgTimeout.code()));
}

#[test]
fn the_system_clock_keeps_time_too() {
    let key = SoftKey::builder().touch(Touch::Control).build().expect("a key");
    let host = Client::new(key.connect());
    host.send(command::CBOR, SELECTION);
    for _ in 0..3 {
        while keepalive(&host) != 2 {}
    }
    key.wait_until_asked(LONG).expect("a request");
    key.pulse();
    assert_eq!(host.answer(command::CBOR).expect("an answer")[0], 0x00);
}

#[test]
fn u2f_polls_until_the_touch_and_spends_it() {
    let key = key(Touch::Control);
    let host = Client::new(key.connect());
    assert_eq!(host.status_word(&u2f_register(1)), 0x6985);
    assert_eq!(
        key.state().waiting.and_then(|waiting| waiting.application),
        Some("01".repeat(32))
    );
    key.pulse();
    assert_eq!(host.status_word(&u2f_register(2)), 0x6985);
    assert_eq!(host.status_word(&u2f_register(1)), 0x9000);
    assert_eq!(host.status_word(&u2f_register(1)), 0x6985);
}

#[test]
fn a_power_cut_forgets_everything_volatile() {
    let (key, host) = waiting_key();
    keepalive(&host);
    key.press();
    assert_eq!(host.answer(command::CBOR).expect("an answer")[0], 0x00);
    key.advance(1000);

    assert_eq!((key.uptime(), key.power_cuts()), (Duration::from_millis(1000), 0));
    host.send(command::CBOR, SELECTION);
    keepalive(&host);
    key.power_off();
    assert_eq!(key.power_cuts(), 1);
    assert_eq!(
        key.state(),
        State {
            powered: false,
            held: true,
            waiting: None
        }
    );
    host.send(command::PING, b"x");
    assert_eq!(
        host.link.receive(Duration::ZERO),
        None,
        "neither the request nor the key answers"
    );

    key.power_on().expect("power");
    key.power_on().expect("already on");
    assert!(key.state().powered);
    assert_eq!(host.exchange(command::PING, b"x"), Err(HidError::InvalidChannel.code()));
    let host = Client::new(key.connect());
    host.send(command::CBOR, SELECTION);
    assert_eq!(
        key.wait_until_asked(LONG).expect("a request").since_ms,
        0,
        "the clock starts again"
    );
    key.release();
    key.pulse();
    assert_eq!(host.answer(command::CBOR).expect("an answer")[0], 0x00);
}

#[test]
fn a_power_cycle_works_where_requests_run_at_once() {
    let key = key(Touch::Auto);
    let host = Client::new(key.connect());
    assert_eq!(host.status(SELECTION), 0x00);
    key.power_cycle().expect("power");
    assert_eq!(host.exchange(command::PING, b"x"), Err(HidError::InvalidChannel.code()));
    assert_eq!(Client::new(key.connect()).status(SELECTION), 0x00);
}

#[test]
fn the_log_names_commands_and_answers() {
    let key = key(Touch::Auto);
    let host = Client::new(key.connect());
    host.status(GET_INFO);
    key.advance(5);
    host.status_word(&u2f_register(1));
    host.exchange(command::WINK, &[]).expect("an answer");
    let log = key.log();
    let seen: Vec<_> = log
        .iter()
        .map(|e| (e.time_ms, e.command.as_str(), e.status.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            (0, "authenticatorGetInfo", "0x00"),
            (5, "U2F_REGISTER", "0x9000"),
            (5, "CTAPHID_WINK", "")
        ]
    );
    assert!(log.iter().all(|entry| entry.channel == format!("{:08x}", host.channel)));
}

#[test]
fn the_log_tells_the_key_from_its_user() {
    let begun = Instant::now();
    let (key, host) = waiting_key();
    key.pulse();
    assert_eq!(host.answer(command::CBOR).expect("an answer")[0], 0x00);
    host.status(GET_INFO);
    let all = begun.elapsed().as_micros();
    let log = key.log();
    let [touched, untouched] = log.as_slice() else {
        panic!("two commands: {log:?}");
    };
    assert!(touched.waited_us > 0);
    assert_eq!(untouched.waited_us, 0);
    assert!(u128::from(touched.duration_us + touched.waited_us + untouched.duration_us) <= all);
}

#[test]
fn dropping_a_key_that_waits_ends_its_threads() {
    let (key, host) = waiting_key();
    drop(key);
    // The connection is the last handle: dropping it joins the worker, which would hang if the wait went on.
    drop(host);
}

#[test]
fn a_thousand_accounts_of_one_time_codes_fit() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = FileStorage::open(directory.path().join("token.redb")).expect("a file");
    for storage in [
        AnyStorage::Memory(MemoryStorage::new()),
        AnyStorage::File(Box::new(file)),
    ] {
        let key = SoftKey::builder().touch(Touch::Auto).storage(storage).build();
        let key = key.expect("a key");
        let host = Client::new(key.connect());
        for number in 0..1000 {
            // As long as can be: a name and a secret of 64 bytes.
            let name = format!("{number:064}");
            let apdu = [
                &[0, 0x01, 0, 0, 134, 0x71, 64][..],
                name.as_bytes(),
                &[0x73, 66, 0x23, 6],
                &[7; 64],
            ];
            assert_eq!(host.exchange(command::OATH, &apdu.concat()), Ok(vec![0x90, 0x00]));
        }
        let (mut names, mut request) = (0, &[0, 0xa1, 0, 0][..]);
        loop {
            let answer = host.exchange(command::OATH, request).expect("an answer");
            let (entries, word) = answer.split_last_chunk().expect("a status word");
            // Entries of 67 bytes: tag, length, type and hash, name.
            names += entries.len() / 67;
            match word {
                [0x61, _] => request = &[0, 0xa5, 0, 0],
                word => break assert_eq!(*word, [0x90, 0x00]),
            }
        }
        assert_eq!(names, 1000);
    }
}
