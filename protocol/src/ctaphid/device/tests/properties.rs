use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What may happen to a key.
#[derive(Clone, Debug)]
enum Step {
    Report(Report),
    Message(u32, u8, usize),
    Pass(u64),
    Take,
    Respond(Vec<u8>),
    Show(Indication),
}

/// Reports on few channels and of few kinds, so that they meet, beside wholly arbitrary ones.
fn report() -> impl Strategy<Value = Report> {
    let channel = prop_oneof![6 => 0..4_u32, 2 => Just(BROADCAST), 1 => any::<u32>()];
    let kind = prop_oneof![
        6 => prop::sample::select(&[0x81_u8, 0x83, 0x84, 0x86, 0x88, 0x90, 0x91, 0xF0][..]),
        3 => 0..4_u8,
        1 => any::<u8>(),
    ];
    let length = prop_oneof![2 => Just(8_u16), 4 => 0..200_u16, 1 => any::<u16>()];
    let plausible = (channel, kind, length, any::<[u8; 32]>()).prop_map(|(channel, kind, length, data)| {
        let mut report = [0; 64];
        report[..4].copy_from_slice(&channel.to_be_bytes());
        report[4] = kind;
        if kind >= 0x80 {
            report[5..7].copy_from_slice(&length.to_be_bytes());
        }
        report[7..39].copy_from_slice(&data);
        report
    });
    let arbitrary = vec(any::<u8>(), 64).prop_map(|bytes| Report::try_from(bytes).unwrap());
    prop_oneof![9 => plausible, 1 => arbitrary]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => report().prop_map(Step::Report),
        4 => (1..=2_u32, prop::sample::select(&[0x01_u8, 0x03, 0x10, 0x70][..]), 0..200_usize)
            .prop_map(|(channel, command, length)| Step::Message(channel, command, length)),
        2 => prop_oneof![9 => 0..200_u64, 1 => any::<u64>()].prop_map(Step::Pass),
        2 => Just(Step::Take),
        2 => vec(any::<u8>(), 0..200).prop_map(Step::Respond),
        1 => (MAX_MESSAGE - 1..=MAX_MESSAGE + 1).prop_map(|length| Step::Respond(std::vec![7; length])),
        1 => prop::sample::select(&[
            Indication::Idle, Indication::Processing, Indication::WaitingForTouch, Indication::Wink,
        ][..]).prop_map(Step::Show),
    ]
}

/// Reads strictly what a key sends: on each channel complete messages, of the commands that a key may send.
#[derive(Default)]
struct Reader {
    /// The channel, missing bytes and next sequence number of the message that is not yet whole.
    open: Option<(u32, usize, u8)>,
}

impl Reader {
    fn read(&mut self, report: &Report) {
        // CTAPHID_INIT ends what was on its channel.
        if report[4] == 0x80 | command::INIT {
            self.open = self.open.filter(|open| open.0 != channel(report));
        }
        match (Packet::parse(report), self.open) {
            ((channel, Packet::Initialization { command, length, .. }), open) => {
                assert_ne!(open.map(|open| open.0), Some(channel), "a message within a message");
                let fits = match command {
                    command::PING | command::MSG | command::CBOR | command::OATH => length <= MAX_MESSAGE,
                    command::INIT => length == InitResponse::SIZE,
                    command::LOCK | command::WINK => length == 0,
                    command::KEEPALIVE => length == 1 && matches!(report[7], 1 | 2),
                    command::ERROR => length == 1 && Error::try_from(report[7]).is_ok(),
                    _ => false,
                };
                assert!(fits, "command {command:#x} of {length} bytes");
                if length > 57 {
                    assert_eq!(open, None, "two messages at a time");
                    self.open = Some((channel, length - 57, 0));
                } else {
                    assert!(report[7 + length..].iter().all(|byte| *byte == 0), "padding");
                }
            }
            ((channel, Packet::Continuation { sequence, .. }), Some((open, missing, next))) => {
                assert_eq!((channel, sequence), (open, next));
                self.open = (missing > 59).then(|| (open, missing - 59, next + 1));
            }
            ((_, Packet::Continuation { .. }), None) => panic!("a continuation of nothing"),
        }
    }
}

/// A key and the strict reader of all that it sends.
struct Watched {
    key: Key,
    reader: Reader,
    /// Reports that the host reads after each step. It reads more where a reply would be lost.
    pace: usize,
}

impl Watched {
    fn step(&mut self, step: Step) {
        let key = &mut self.key;
        match step {
            Step::Report(report) => {
                let _ = key.send(&report);
            }
            Step::Message(channel, command, length) => {
                for report in fragment(channel, command, &[7; 200][..length]).unwrap() {
                    self.step(Step::Report(report));
                }
                return;
            }
            Step::Pass(milliseconds) => {
                key.now = key.now.saturating_add(milliseconds);
                key.device.tick(key.now);
            }
            Step::Take => {
                if let Some((request, message)) = key.take() {
                    assert!((1..=MAX_MESSAGE).contains(&message.len()));
                    assert!(![0, BROADCAST].contains(&request.channel));
                }
            }
            Step::Respond(response) => key.device.respond(&response, key.now),
            Step::Show(indication) => key.device.show(indication, key.now),
        }
        self.read();
    }

    fn read(&mut self) {
        let device = &mut self.key.device;
        let mut sent = 0;
        // A step queues at most two replies: a timeout and an answer.
        while sent < self.pace || device.replies.len() > REPLIES - 2 {
            let Some(report) = device.transmit() else {
                break;
            };
            self.reader.read(&report);
            sent += 1;
            assert!(sent <= 129 + REPLIES, "no end of reports");
        }
    }
}

proptest! {
    #[test]
    fn whatever_a_host_sends_the_answers_are_well_formed(
        steps in vec(step(), 1..200),
        pace in prop_oneof![0..3_usize, Just(usize::MAX)],
    ) {
        let mut key = Key::new();
        let _ = (key.open(), key.open());
        let mut watched = Watched { key, reader: Reader::default(), pace };
        for step in steps {
            watched.step(step);
        }
    }

    #[test]
    fn an_idle_key_sends_nothing_unasked(times in vec(any::<u64>(), 0..20)) {
        let mut key = Key::new();
        let _ = key.open();
        for time in times {
            key.now = key.now.max(time);
            key.device.tick(key.now);
            prop_assert_eq!(key.device.transmit(), None);
            prop_assert_eq!(key.device.deadline(), None);
        }
    }

    #[test]
    fn a_ping_of_any_length_comes_back_whole(payload in vec(any::<u8>(), 0..=MAX_MESSAGE)) {
        let mut key = Key::new();
        let channel = key.open();
        let _ = key.message(channel, command::PING, &payload);
        prop_assert_eq!(answer(&key.drain(), channel, command::PING), Some(payload));
    }
}
