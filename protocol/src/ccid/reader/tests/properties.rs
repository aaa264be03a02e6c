use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What may happen to a reader.
#[derive(Clone, Debug)]
enum Step {
    Packet(Vec<u8>),
    Abort(u8, u8),
    Pass(u64),
    Take,
    Respond(Vec<u8>),
    Show(Indication),
    Transmit,
    Restart,
}

/// Messages that mean something, in whole or cut short.
fn command() -> impl Strategy<Value = Vec<u8>> {
    let message_type = prop_oneof![
        4 => Just(TRANSFER),
        2 => Just(POWER_ON),
        1 => prop::sample::select(&[0x61_u8, 0x63, 0x65, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x71, 0x72, 0x73][..]),
    ];
    let level = prop_oneof![4 => Just(0_u8), 3 => prop::sample::select(&[1_u8, 2, 3, 0x10][..]), 1 => any::<u8>()];
    let data = prop_oneof![
        3 => Just(SELECT_FIDO.to_vec()),
        3 => Just(SELECTION.to_vec()),
        1 => Just(std::vec![0x80, 0x10, 0x80, 0, 1, 4]),
        1 => Just(std::vec![0x80, 0x11, 0, 0, 0]),
        2 => Just(Vec::new()),
        1 => (0..4000_usize).prop_map(counting),
        1 => vec(any::<u8>(), 0..100),
    ];
    let slot = prop_oneof![9 => Just(0_u8), 1 => any::<u8>()];
    (message_type, slot, 0..4_u8, level, data)
        .prop_map(|(kind, slot, sequence, level, data)| message(kind, slot, sequence, [0, level, 0], &data))
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => command().prop_map(Step::Packet),
        1 => vec(any::<u8>(), 0..200).prop_map(Step::Packet),
        1 => (0..2_u8, 0..4_u8).prop_map(|(slot, sequence)| Step::Abort(slot, sequence)),
        2 => prop_oneof![9 => 0..2000_u64, 1 => any::<u64>()].prop_map(Step::Pass),
        4 => Just(Step::Take),
        4 => (0..MAX_MESSAGE + 2).prop_map(|length| Step::Respond(counting(length))),
        1 => prop::sample::select(&[
            Indication::Idle, Indication::Processing, Indication::WaitingForTouch, Indication::Wink,
        ][..]).prop_map(Step::Show),
        10 => Just(Step::Transmit),
        1 => Just(Step::Restart),
    ]
}

/// A driver's work: power, SELECT, a message in blocks, its response in parts. All that the host is told.
fn session(sizes: &[usize], message: &[u8], response: &[u8], pace: usize) -> Vec<u8> {
    let mut reader = Box::new(Reader::new());
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    let apdu = [&[0x80, 0x10, 0, 0, 0], &length[..], message].concat();
    let mut commands = std::vec![
        super::message(POWER_ON, 0, 0, [0; 3], &[]),
        super::message(TRANSFER, 0, 1, [0; 3], &SELECT_FIDO),
    ];
    let blocks: Vec<_> = apdu.chunks(3000).collect();
    for (index, block) in blocks.iter().enumerate() {
        let level = match (index, index + 1 == blocks.len()) {
            (0, true) => 0,
            (0, false) => 1,
            (_, false) => 3,
            (_, true) => 2,
        };
        commands.push(super::message(TRANSFER, 0, 2, [0, level, 0], block));
    }
    commands.extend((0..2).map(|_| super::message(TRANSFER, 0, 3, [0, 0x10, 0], &[])));

    let mut told = Vec::new();
    let mut sizes = sizes.iter().copied().chain(core::iter::repeat(PACKET));
    let mut buffer = Box::new([0; MAX_MESSAGE]);
    let mut packet = [0; PACKET];
    for command in commands {
        let mut rest = &command[..];
        while !rest.is_empty() {
            let (packet, after) = rest.split_at(sizes.next().unwrap().clamp(1, rest.len()));
            let _ = reader.receive(packet, 0);
            rest = after;
        }
        if reader.take_request(&mut buffer, 0).is_some() {
            reader.respond(response, 0);
        }
        for _ in 0..pace {
            // Time passes while the host does not read.
            reader.tick(0);
        }
        while let Some(length) = reader.transmit(&mut packet) {
            told.extend(&packet[..length]);
        }
    }
    told
}

proptest! {
    #[test]
    fn whatever_comes_the_responses_are_whole(steps in vec(step(), 1..150)) {
        let mut host = Host::new();
        for step in steps {
            match step {
                Step::Packet(packet) => {
                    let _ = host.reader.receive(&packet, host.now);
                }
                Step::Abort(slot, sequence) => {
                    let _ = host.reader.abort(slot, sequence);
                }
                Step::Pass(milliseconds) => {
                    // Not the end of time, after which no deadline is.
                    host.now = host.now.saturating_add(milliseconds).min(u64::MAX / 2);
                    host.reader.tick(host.now);
                }
                Step::Take => {
                    if let Some((request, message)) = host.take() {
                        prop_assert_eq!(request.length, message.len());
                    }
                }
                Step::Respond(response) => host.respond(&response),
                Step::Show(indication) => host.reader.show(indication, host.now),
                // Reads strictly: see `Host::receive`.
                Step::Transmit => {
                    if let Some(response) = host.receive() {
                        prop_assert!(matches!(response.message_type, 0x80..=0x84));
                        prop_assert!(response.data.len() <= MAX_MESSAGE_LENGTH - HEADER);
                        prop_assert!(matches!(response.status & 0x3F, 0..=2));
                    }
                }
                Step::Restart => {
                    let _ = host.reader.restart();
                    prop_assert!(host.receive().is_none());
                }
            }
            prop_assert!(host.reader.deadline().is_none_or(|deadline| deadline > host.now));
        }
    }

    #[test]
    fn packets_of_any_size_and_a_slow_host_change_no_answer(
        sizes in vec(1..5000_usize, 0..200),
        length in 1..=MAX_MESSAGE,
        response in 1..=MAX_MESSAGE,
        pace in 0..5_usize,
    ) {
        let (message, response) = (counting(length), counting(response));
        let told = session(&sizes, &message, &response, pace);
        prop_assert_eq!(&told, &session(&[], &message, &response, 0));
        // And it is the response.
        prop_assert!(told.windows(response.len().min(3000)).any(|part| part == &response[..part.len()]));
    }

    #[test]
    fn an_idle_reader_says_nothing(times in vec(any::<u64>(), 0..20)) {
        let mut host = Host::powered();
        for time in times {
            host.now = host.now.max(time);
            host.reader.tick(host.now);
            prop_assert_eq!(host.receive(), None);
            prop_assert_eq!(host.reader.deadline(), None);
        }
    }
}
