use super::*;
use crate::host::ctap2::{GET_INFO, status};
use crate::host::{BROADCAST, command, packets};
use crate::run::caught;
use crate::trace::{Patience, Tape, Watched};

/// A key that gives one channel, and answers each CTAP2 request so.
#[derive(Clone, Copy)]
enum Fake {
    Status(u8),
    /// It asks for a touch that nobody can give.
    Touch,
    /// It asks for a touch first.
    Touched(u8),
}

struct Wire {
    key: Fake,
    said: Vec<Report>,
}

impl Link for Wire {
    fn send(&mut self, report: &Report) {
        let answer = match (report[4], self.key) {
            (command::INIT, _) => {
                let answer = [&report[7..15], &[0, 0, 0, 1, 2, 0, 0, 0, 4]].concat();
                packets(BROADCAST, command::INIT, &answer)
            }
            // Its answer is on the way.
            (command::CANCEL, Fake::Touched(_)) => Vec::new(),
            (command::CANCEL, _) => packets(1, command::CBOR, &[status::KEEPALIVE_CANCEL]),
            (_, Fake::Status(status)) => packets(1, command::CBOR, &[status]),
            (_, Fake::Touch) => packets(1, command::KEEPALIVE, &[2]),
            (_, Fake::Touched(status)) => {
                let keepalive = packets(1, command::KEEPALIVE, &[2]);
                keepalive
                    .into_iter()
                    .chain(packets(1, command::CBOR, &[status]))
                    .collect()
            }
        };
        self.said.extend(answer);
    }

    fn receive(&mut self, _: Duration) -> Option<Report> {
        (!self.said.is_empty()).then(|| self.said.remove(0))
    }
}

impl Hand for Fake {
    fn connect(&self) -> Box<dyn Link> {
        let (key, said) = (*self, Vec::new());
        Box::new(Wire { key, said })
    }
    fn wait_until_asked(&self) {}
    fn can_touch(&self) -> bool {
        matches!(self, Self::Touched(_))
    }
    fn press(&self) {}
    fn release(&self) {}
    fn decline(&self) {}
    fn power_cycle(&self) {}
    fn advance(&self, _: u64) -> bool {
        false
    }
}

static PROFILE: Profile = Profile {
    has: &[],
    only: None,
    user_action_timeout: 30_000,
};

/// Whether a request that is to be refused with `status` passes with this key, and what is noted.
fn denied(key: Fake, status: u8) -> (bool, Vec<String>) {
    let key = Key::new(&PROFILE, Box::new(key)).with_notes();
    let passes = caught(|| key.host().denied(GET_INFO, status)).is_ok();
    (passes, key.take_notes())
}

#[test]
fn another_refusal_of_what_is_malformed_is_noted() {
    let note = "expected 0x11 CBOR_UNEXPECTED_TYPE, the key answered 0x12 INVALID_CBOR";
    let other = Fake::Status(status::INVALID_CBOR);
    assert_eq!(
        denied(other, status::CBOR_UNEXPECTED_TYPE),
        (true, vec![note.to_owned()])
    );
    assert_eq!(denied(other, status::INVALID_CBOR), (true, vec![]));
    assert_eq!(denied(other, status::MISSING_PARAMETER), (false, vec![]));
    assert_eq!(denied(Fake::Status(status::OK), status::INVALID_CBOR), (false, vec![]));
}

#[test]
fn a_touch_before_a_refusal_is_noted_where_the_standard_leaves_it_open() {
    let note = "expected 0x2E NO_CREDENTIALS without a touch, the key asks for one";
    assert_eq!(
        denied(Fake::Touch, status::NO_CREDENTIALS),
        (true, vec![note.to_owned()])
    );
    assert_eq!(denied(Fake::Touch, status::PUAT_REQUIRED), (false, vec![]));
    // Where somebody can touch it, it must refuse then.
    let noted = |passes| (passes, vec![note.to_owned()]);
    assert_eq!(
        denied(Fake::Touched(status::NO_CREDENTIALS), status::NO_CREDENTIALS),
        noted(true)
    );
    assert_eq!(denied(Fake::Touched(status::OK), status::NO_CREDENTIALS), noted(false));
}

#[test]
fn where_no_notes_are_taken_what_is_noted_fails() {
    let key = Key::new(&PROFILE, Box::new(Fake::Status(status::INVALID_CBOR)));
    assert!(caught(|| key.host().denied(GET_INFO, status::CBOR_UNEXPECTED_TYPE)).is_err());
}

#[test]
fn what_never_became_a_message_is_recorded() {
    let tape = Tape::new(Patience::AUTOMATIC, Arc::new(|| false));
    let watched = Watched::new(Arc::new(Fake::Status(status::OK)), tape.clone());
    let mut host = Key::new(&PROFILE, Box::new(watched)).host();
    let half = packets(7, command::PING, &[0xBB; 300]);
    host.send_report(&half[0]);
    host.send_report(&half[1]);
    // The wire is silent about what may still become whole.
    assert!(tape.messages().iter().all(|message| message.command != command::PING));
    status::is(host.ctap2(GET_INFO).status, status::OK);
    let of = |channel| {
        let messages = tape.messages().into_iter();
        messages
            .filter(move |message| message.channel == channel)
            .collect::<Vec<_>>()
    };
    let [kept] = &of(7)[..] else { panic!("{:?}", of(7)) };
    assert_eq!((kept.command, kept.payload.len()), (command::PING, 2 * (57 + 59)));
    assert!(kept.decoded.as_ref().unwrap().contains("the first 116 of 300 bytes"));
    host.send_report(&packets(8, command::PING, &[1; 100])[0]);
    drop(host);
    assert_eq!(of(8).len(), 1, "the end of the check is the end of its messages");
    assert_eq!(of(7).len(), 1, "nothing is recorded twice");
}
