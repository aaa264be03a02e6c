use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use brasskey_protocol::ctaphid::{self, RequestKind, error_report};
use brasskey_protocol::limits::MAX_MESSAGE;

use super::*;
use crate::client::error::ErrorKind;
use crate::client::fake::{FakeKey, Reply, Script};
use crate::client::watch::CancelHandle;

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
fn keepalives_are_passed_on_until_the_answer() {
    let mut channel = FakeKey::channel(|_, _| Reply::AfterTouch(20_000, vec![0]));
    let mut heard = Vec::new();
    let answer = channel.cbor(&[0x0B], &mut (CancelHandle::default(), |status| heard.push(status)));
    assert_eq!(answer.unwrap(), [0]);
    assert!(heard.len() > 100, "far longer than a silence may be");
    assert!(heard.iter().all(|status| *status == KeepaliveStatus::UpNeeded));
}

#[test]
fn a_cancelled_request_ends_with_the_answer_of_the_key() {
    let mut channel = FakeKey::channel(|_, _| Reply::AfterTouch(20_000, vec![0]));
    let cancel = CancelHandle::default();
    let from_within = cancel.clone();
    let answer = channel.cbor(&[0x0B], &mut (cancel, move |_| from_within.cancel()));
    assert_eq!(answer.unwrap(), [0x2D]);
    let begun = channel.time().now();
    channel.ping(b"in step").unwrap();
    assert!(channel.time().now() - begun < Duration::from_millis(100));
}

#[test]
fn nothing_is_sent_after_a_cancellation() {
    let mut channel = FakeKey::channel(|_, _| unreachable!("the request must not arrive"));
    let cancel = CancelHandle::default();
    cancel.cancel();
    assert!(matches!(channel.cbor(&[4], &mut cancel.clone()), Err(Error::Cancelled)));
}

#[test]
fn endless_keepalives_end_with_a_cancellation() {
    let cancels = Arc::new(AtomicUsize::new(0));
    let counter = cancels.clone();
    let mut channel = scripted(move |command| match command {
        command::CBOR => vec![reports(OURS, command::KEEPALIVE, &[1]).remove(0); 200_000],
        command::CANCEL => {
            counter.fetch_add(1, Ordering::Relaxed);
            Vec::new()
        }
        _ => Vec::new(),
    });
    assert!(matches!(channel.cbor(&[1], &mut Unwatched), Err(Error::NoAnswer)));
    assert_eq!(cancels.load(Ordering::Relaxed), 1);
    assert!(channel.time().now() < Duration::from_secs(125));
}

#[test]
fn keepalives_end_by_count_where_time_does_not_end_them() {
    // As fast as this key sends them, they would last for 200 s of its clock; it is given up after the count.
    let mut channel = scripted(|command| match command {
        command::CBOR => vec![reports(OURS, command::KEEPALIVE, &[1]).remove(0); 200_000],
        _ => Vec::new(),
    });
    assert!(matches!(channel.cbor(&[1], &mut Unwatched), Err(Error::NoAnswer)));
    assert!(channel.time().now() < Duration::from_secs(60));
    // So are the answers to others.
    let mut channel = scripted(|command| match command {
        command::CBOR => vec![reports(OURS + 1, command::KEEPALIVE, &[1]).remove(0); 200_000],
        _ => Vec::new(),
    });
    assert!(matches!(channel.cbor(&[1], &mut Unwatched), Err(Error::NoAnswer)));
    assert!(channel.time().now() < Duration::from_secs(60));
}

#[test]
fn what_waits_for_no_user_ends_soon_whatever_keepalives_come() {
    let endless = |command| {
        let kept = [0x10_u8, 0x03, 0x01, 0x08, 0x04].contains(&command);
        vec![reports(OURS, command::KEEPALIVE, &[1]).remove(0); if kept { 30_000 } else { 0 }]
    };
    let soon = Duration::from_secs(15);
    let mut channel = scripted(endless);
    assert!(matches!(
        crate::client::ctap2::send(&mut channel, &crate::client::ctap2::GetInfo, &mut Unwatched),
        Err(Error::NoAnswer)
    ));
    assert!(channel.time().now() < soon);
    type Message = fn(&mut Channel) -> Result<(), Error>;
    let messages: [Message; 4] = [
        |channel| channel.message(&[0, 3, 0, 0]).map(drop),
        |channel| channel.ping(b"hello").map(drop),
        |channel| channel.wink(),
        |channel| channel.lock(1),
    ];
    for message in messages {
        let mut channel = scripted(endless);
        assert!(matches!(message(&mut channel), Err(Error::NoAnswer)));
        assert!(channel.time().now() < soon);
    }
}

#[test]
fn a_cancellation_that_nobody_asked_for_is_the_fault_of_the_key() {
    use crate::client::ctap2::{Selection, Status, send};

    let mut channel = FakeKey::channel(|_, _| Reply::Now(vec![0x2D]));
    let error = send(&mut channel, &Selection, &mut Unwatched).unwrap_err();
    assert!(matches!(
        error,
        Error::Status {
            status: Status::KeepaliveCancel,
            ..
        }
    ));
    assert_eq!(error.kind(), ErrorKind::Key);
    // One that came because nobody touched for two minutes is told as that.
    let mut channel = FakeKey::channel(|_, _| Reply::AfterTouch(1_000_000, vec![0]));
    assert!(matches!(
        send(&mut channel, &Selection, &mut Unwatched),
        Err(Error::TimedOut)
    ));
}

#[test]
fn endless_keepalives_do_not_hold_a_caller_who_gives_up() {
    let mut channel = scripted(|command| {
        vec![reports(OURS, command::KEEPALIVE, &[2]).remove(0); if command == 0x10 { 9999 } else { 0 }]
    });
    let cancel = CancelHandle::default();
    let from_within = cancel.clone();
    assert!(matches!(
        channel.cbor(&[1], &mut (cancel, move |_| from_within.cancel())),
        Err(Error::Cancelled)
    ));
    assert!(channel.time().now() < Duration::from_secs(3));
}

#[test]
fn a_silent_key_is_given_up_and_then_brought_back_in_step() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let mut channel = Script::open(move |request| {
        log.lock().unwrap().push((ctaphid::channel(request), request[4] & 0x7F));
        match request[4] & 0x7F {
            command::INIT if ctaphid::channel(request) == BROADCAST => init_answer(request),
            // The answer that was given up comes first.
            command::INIT => [reports(OURS, command::CBOR, &[0, 1, 2]), init_answer(request)].concat(),
            command::PING => reports(OURS, command::PING, b"hello"),
            _ => Vec::new(),
        }
    })
    .unwrap();
    let error = channel.cbor(&[4], &mut Unwatched).unwrap_err();
    assert!(matches!(error, Error::NoAnswer) && error.kind() == ErrorKind::Transport);
    channel.ping(b"hello").unwrap();
    let expected = [
        (BROADCAST, command::INIT),
        (OURS, command::CBOR),
        (OURS, command::INIT),
        (OURS, command::PING),
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
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
