//! Keepalives, cancellation and patience.

use super::*;

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
