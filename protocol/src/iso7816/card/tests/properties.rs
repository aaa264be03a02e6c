use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What may happen to a card.
#[derive(Clone, Debug)]
enum Step {
    Apdu(Vec<u8>),
    Power(bool),
    Pass(u64),
    Take,
    Respond(Vec<u8>),
    Show(Indication),
    Read,
}

/// Commands that meet, beside wholly arbitrary bytes.
fn apdu() -> impl Strategy<Value = Vec<u8>> {
    let header = (
        prop::sample::select(&[0x00_u8, 0x10, 0x80, 0x90, 0xFF][..]),
        prop::sample::select(&[0x01_u8, 0x10, 0x11, 0x12, 0xA1, 0xA4, 0xA5, 0xC0][..]),
        prop::sample::select(&[0x00_u8, 0x01, 0x04, 0x11, 0x80][..]),
    );
    let le = prop_oneof![Just(Vec::new()), vec(any::<u8>(), 1)];
    let plausible = (header, vec(any::<u8>(), 0..40), le).prop_map(|((class, instruction, p1), data, le)| {
        let length = data.len().try_into().unwrap();
        let body = if length == 0 {
            Vec::new()
        } else {
            [&[length], &data[..]].concat()
        };
        [&[class, instruction, p1, 0], &body[..], &le].concat()
    });
    prop_oneof![
        6 => plausible,
        1 => Just(select(&FIDO)),
        1 => Just(select(&OATH)),
        1 => (0..MAX_MESSAGE + 9).prop_map(|length| extended([0x80, 0x10, 0x80, 0], &counting(length))),
        1 => vec(any::<u8>(), 0..300),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => apdu().prop_map(Step::Apdu),
        1 => any::<bool>().prop_map(Step::Power),
        2 => prop_oneof![9 => 0..200_u64, 1 => any::<u64>()].prop_map(Step::Pass),
        6 => Just(Step::Take),
        6 => vec(any::<u8>(), 0..600).prop_map(Step::Respond),
        1 => (0..MAX_MESSAGE + 2).prop_map(|length| Step::Respond([&counting(length)[..], &[0x61, 0]].concat())),
        1 => Just(Step::Respond(b"\x90\x00".to_vec())),
        1 => prop::sample::select(&[
            Indication::Idle, Indication::Processing, Indication::WaitingForTouch, Indication::Wink,
        ][..]).prop_map(Step::Show),
        4 => Just(Step::Read),
    ]
}

/// Sends a request in blocks of these sizes, and fetches its response by these Le: what arrives at either end.
fn carried(header: [u8; 4], request: &[u8], blocks: &[usize], response: &[u8], les: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut reader = if header[0] == 0 {
        Reader::with_oath()
    } else {
        Reader::with_fido()
    };
    let mut rest = request;
    for block in blocks {
        let Some((block, after)) = rest.split_at_checked(*block).filter(|(_, after)| !after.is_empty()) else {
            break;
        };
        let chained = [header[0] | 0x10, header[1], header[2], header[3]];
        assert_eq!(reader.word(&extended(chained, block)), 0x9000);
        rest = after;
    }
    // 0 stands for 65,536, an odd number for more than 256.
    let mut les = les.iter().map(|le| [le & 1, *le]).chain(core::iter::repeat([0, 0]));
    let last = [&extended(header, rest)[..], &les.next().unwrap()].concat();
    assert_eq!(reader.send(&last), Event::Request);
    let (request, message) = reader.take().expect("a request");
    let message = match request.kind {
        RequestKind::Cbor => message,
        _ => message[7..].to_vec(),
    };
    let mut piece = reader.respond(response);
    let mut whole = Vec::new();
    loop {
        let word = piece.split_off(piece.len() - 2);
        whole.extend(piece);
        match word[..] {
            [0x90, 0] => return (message, whole),
            [0x61, _] => piece = reader.exchange(&[&[0, 0xC0, 0, 0, 0], &les.next().unwrap()[..]].concat()),
            _ => panic!("{word:02x?}"),
        }
    }
}

proptest! {
    #[test]
    fn whatever_a_reader_sends_each_command_has_at_most_one_answer(steps in vec(step(), 1..200)) {
        let mut reader = Reader::new();
        let mut owed = false;
        for step in steps {
            match step {
                Step::Apdu(apdu) => {
                    owed |= reader.card.is_on();
                    let _ = reader.send(&apdu);
                    prop_assert!(reader.card.deadline().is_none_or(|deadline| deadline > reader.now));
                }
                Step::Power(is_on) => {
                    owed = false;
                    if is_on {
                        prop_assert_eq!(reader.card.power_on(), ATR);
                    } else {
                        let _ = reader.card.power_off();
                    }
                    prop_assert!(reader.is_wiped());
                }
                Step::Pass(milliseconds) => {
                    // Not the end of time, after which no deadline is.
                    reader.now = reader.now.saturating_add(milliseconds).min(u64::MAX / 2);
                    reader.card.tick(reader.now);
                }
                Step::Take => {
                    if let Some((request, message)) = reader.take() {
                        prop_assert!((1..=MAX_MESSAGE).contains(&message.len()));
                        prop_assert_eq!(request.channel, CARD);
                    }
                }
                Step::Respond(response) => reader.card.respond(&response, reader.now),
                Step::Show(indication) => reader.card.show(indication, reader.now),
                Step::Read => {
                    if let Some(response) = reader.response() {
                        prop_assert!((2..=MAX_MESSAGE + 2).contains(&response.len()));
                        prop_assert!(core::mem::take(&mut owed));
                    }
                }
            }
        }
    }

    #[test]
    fn in_whatever_pieces_they_go_request_and_response_arrive(
        is_ctap in any::<bool>(),
        request in vec(any::<u8>(), 1..1500),
        blocks in vec(0..400_usize, 0..6),
        response in vec(any::<u8>(), 1..1500),
        les in vec(any::<u8>(), 0..20),
    ) {
        let (header, answer) = if is_ctap {
            ([0x80, 0x10, 0, 0], response.clone())
        } else {
            ([0x00, 0x01, 0, 0], [&response[..], &[0x90, 0]].concat())
        };
        prop_assert_eq!(carried(header, &request, &blocks, &answer, &les), (request, response));
    }
}
