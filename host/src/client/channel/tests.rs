use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use brasskey_protocol::ctaphid::{self, RequestKind, error_report};
use brasskey_protocol::limits::MAX_MESSAGE;

use super::link::INIT_ATTEMPTS;
use super::*;
use crate::client::error::ErrorKind;
use crate::client::fake::{FakeKey, Reply, Script};
use crate::client::oath::OathError;
use crate::client::watch::CancelHandle;

mod keepalive;

const OURS: u32 = 0x0102_0304;

fn reports(channel: u32, command: u8, payload: &[u8]) -> Vec<ctaphid::Report> {
    fragment(channel, command, payload).unwrap().collect()
}

/// The answer to an INIT request, which gives or keeps the channel [`OURS`].
fn init_answer(request: &ctaphid::Report) -> Vec<ctaphid::Report> {
    let nonce = request[7..15].try_into().unwrap();
    let response = InitResponse {
        nonce,
        channel: OURS,
        protocol_version: 2,
        version: [0; 3],
        capabilities: 0x05,
    };
    reports(ctaphid::channel(request), command::INIT, &response.to_bytes())
}

/// A key that answers INIT as it should, and other initialization packets with `answer`.
fn scripted(mut answer: impl FnMut(u8) -> Vec<ctaphid::Report> + Send + 'static) -> Channel {
    Script::open(move |request| match request[4] & 0x7F {
        command::INIT => init_answer(request),
        _ if request[4] & 0x80 == 0 => Vec::new(),
        command => answer(command),
    })
    .unwrap()
}

fn echo(_: RequestKind, request: &[u8]) -> Reply {
    Reply::Now(request.to_vec())
}

#[test]
fn messages_of_every_length_come_back_whole() {
    let mut channel = FakeKey::channel(echo);
    channel.limit_messages(usize::MAX);
    for length in [1, 57, 58, 116, 117, 1024, MAX_MESSAGE] {
        let message: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
        assert_eq!(channel.cbor(&message, &mut Unwatched).unwrap(), message);
        assert_eq!(channel.message(&message).unwrap(), message);
        channel.ping(&message).unwrap();
    }
    let error = channel.ping(&[0; MAX_MESSAGE + 1]).unwrap_err();
    assert!(matches!(error, Error::TooLong { limit: MAX_MESSAGE, .. }));
}

#[test]
fn requests_longer_than_the_key_takes_are_not_sent() {
    let mut channel = FakeKey::channel(echo);
    let error = channel.cbor(&[0; 1025], &mut Unwatched).unwrap_err();
    assert!(matches!(
        error,
        Error::TooLong {
            length: 1025,
            limit: 1024
        }
    ));
    channel.limit_messages(2000);
    channel.cbor(&[0; 1025], &mut Unwatched).unwrap();
}

#[test]
fn wink_and_lock_are_answered() {
    let mut channel = FakeKey::channel(echo);
    channel.wink().unwrap();
    channel.lock(10).unwrap();
    channel.lock(0).unwrap();
    assert_eq!(channel.init().version, [1, 2, 3]);
}

#[test]
fn answers_for_others_are_passed_over() {
    let mut channel = scripted(|_| {
        let others = reports(OURS + 1, command::CBOR, &[0xEE; 100]);
        let stray = reports(OURS, command::CBOR, &[0xEE; 100]).remove(1);
        let ours = reports(OURS, command::CBOR, &[7; 100]);
        vec![stray, others[0], ours[0], others[1], ours[1]]
    });
    assert_eq!(channel.cbor(&[4], &mut Unwatched).unwrap(), [7; 100]);
}

#[test]
fn answers_that_do_not_belong_together_are_the_fault_of_the_key() {
    type Answer = fn() -> Vec<ctaphid::Report>;
    let broken: [Answer; 4] = [
        || reports(OURS, command::MSG, &[0]),
        || vec![reports(OURS, command::CBOR, &[0; 100])[0]; 2],
        || {
            let mut answer = reports(OURS, command::CBOR, &[0; 200]);
            answer.remove(1);
            answer
        },
        || {
            // One byte more than CTAPHID can carry.
            let mut report = reports(OURS, command::CBOR, &[0])[0];
            report[5..7].copy_from_slice(&7610_u16.to_be_bytes());
            vec![report]
        },
    ];
    for answer in broken {
        let error = scripted(move |_| answer()).cbor(&[4], &mut Unwatched).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Malformed {
                    why: Malformed::Packets,
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(error.kind(), ErrorKind::Malformed);
    }
}

#[test]
fn an_answer_that_stops_midway_is_no_answer() {
    let mut channel = scripted(|_| vec![reports(OURS, command::CBOR, &[0; 100])[0]]);
    assert!(matches!(channel.cbor(&[4], &mut Unwatched), Err(Error::NoAnswer)));
}

#[test]
fn errors_keep_their_names() {
    let mut channel = scripted(|_| vec![error_report(OURS, ctaphid::Error::InvalidLen)]);
    let error = channel.cbor(&[4], &mut Unwatched).unwrap_err();
    assert!(matches!(
        error,
        Error::Ctaphid(CtaphidError::Known(ctaphid::Error::InvalidLen))
    ));

    let mut channel = scripted(|_| reports(OURS, command::ERROR, &[0x55]));
    let error = channel.cbor(&[4], &mut Unwatched).unwrap_err();
    assert!(matches!(error, Error::Ctaphid(CtaphidError::Unknown(0x55))));

    let mut channel = scripted(|_| vec![error_report(OURS, ctaphid::Error::InvalidCmd)]);
    assert!(matches!(channel.lock(1), Err(Error::Unsupported { .. })));
    let not_over_hid = OathError::NotOverHid;
    assert!(matches!(channel.oath(&[0], &mut Unwatched), Err(Error::Oath(error)) if error == not_over_hid));
}

#[test]
fn a_busy_key_is_asked_again_for_a_while() {
    let mut left = 4;
    let mut channel = scripted(move |command| {
        left -= 1;
        if left > 0 {
            vec![error_report(OURS, ctaphid::Error::ChannelBusy)]
        } else {
            reports(OURS, command, &[0])
        }
    });
    assert_eq!(channel.cbor(&[4], &mut Unwatched).unwrap(), [0]);

    let mut channel = scripted(|_| vec![error_report(OURS, ctaphid::Error::ChannelBusy)]);
    assert!(matches!(
        channel.cbor(&[4], &mut Unwatched),
        Err(Error::Ctaphid(CtaphidError::BUSY))
    ));
    assert!(channel.time().now() <= Timeouts::default().busy + Duration::from_secs(1));
}

#[test]
fn another_echo_is_the_fault_of_the_key() {
    let mut channel = scripted(|_| reports(OURS, command::PING, b"hellO"));
    assert!(matches!(channel.ping(b"hello"), Err(Error::Malformed { .. })));
}

#[test]
fn a_channel_is_taken_only_from_the_answer_to_our_nonce() {
    let foreign = |request: &ctaphid::Report| {
        let mut foreign = *request;
        foreign[7] ^= 1;
        init_answer(&foreign)
    };
    let channel = Script::open(move |request| [foreign(request), init_answer(request)].concat()).unwrap();
    assert_eq!(channel.init().channel, OURS);
    assert!(matches!(Script::open(foreign), Err(Error::NoAnswer)));
}

#[test]
fn a_lost_init_is_sent_again() {
    let mut count = 0;
    let channel = Script::open(move |request| {
        count += 1;
        if count == INIT_ATTEMPTS {
            init_answer(request)
        } else {
            Vec::new()
        }
    });
    channel.unwrap();
    assert!(matches!(Script::open(|_| Vec::new()), Err(Error::NoAnswer)));
}

#[test]
fn impossible_answers_to_init_are_the_fault_of_the_key() {
    for channel in [0, BROADCAST] {
        let result = Script::open(move |request| {
            let mut answer = init_answer(request);
            answer[0][15..19].copy_from_slice(&channel.to_be_bytes());
            answer
        });
        assert!(matches!(
            result,
            Err(Error::Malformed {
                why: Malformed::Value(_),
                ..
            })
        ));
    }
    let result = Script::open(|request| reports(BROADCAST, command::INIT, &request[7..15]));
    assert!(matches!(
        result,
        Err(Error::Malformed {
            why: Malformed::Truncated,
            ..
        })
    ));
}

#[test]
fn a_locked_key_is_waited_for_only_a_while() {
    let result = Script::open(|_| vec![error_report(BROADCAST, ctaphid::Error::ChannelBusy)]);
    assert!(matches!(result, Err(Error::Ctaphid(CtaphidError::BUSY))));
}

#[test]
fn what_a_key_cannot_do_is_not_asked() {
    let without = |capabilities: u8| {
        Script::open(move |request| {
            assert_eq!(request[4] & 0x7F, command::INIT, "nothing else may arrive");
            let mut answer = init_answer(request);
            answer[0][23] = capabilities;
            answer
        })
        .unwrap()
    };
    assert!(matches!(
        without(0).cbor(&[4], &mut Unwatched),
        Err(Error::Unsupported { .. })
    ));
    assert!(matches!(without(0).wink(), Err(Error::Unsupported { .. })));
    assert!(matches!(
        without(capability::NMSG).message(&[0]),
        Err(Error::Unsupported { .. })
    ));
}
