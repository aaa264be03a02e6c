//! Whatever a host sends, the applet does not panic, answers a defined status word, and changes nothing unless it
//! succeeds.

use std::vec::Vec;

use proptest::prelude::*;

use crate::limits::MAX_MESSAGE;
use crate::oath::AID;
use crate::testing::key::{CHANNEL, Key};
use crate::testing::oath::{AccessCode, Account, HOTP, ONLY_INCREASING, SHA1, TOTP, TOUCH, apdu, object};

/// The status words that the applet has reason to answer while nothing fails.
const DEFINED: [u16; 9] = [0x6700, 0x6982, 0x6984, 0x6985, 0x6a80, 0x6a82, 0x6a86, 0x6d00, 0x6e00];

const CODE: AccessCode = AccessCode(SHA1, b"sixteen bytes of");

fn key() -> Key {
    let mut key = Key::new();
    key.put(&Account::new("alice", TOTP | SHA1, b"secret")).unwrap();
    key.put(&Account::new("hotp", HOTP | SHA1, b"secret").with(TOUCH))
        .unwrap();
    key.put(&Account::new("increasing", TOTP | SHA1, b"secret").with(ONLY_INCREASING))
        .unwrap();
    key
}

fn survives(mut key: Key, apdu: &[u8]) -> Result<(), TestCaseError> {
    let before = key.storage().records.clone();
    let (_, word) = key.oath_on(CHANNEL, apdu);
    if word != 0x9000 {
        prop_assert!(DEFINED.contains(&word), "{word:04x}");
        prop_assert_eq!(&key.storage().records, &before);
    }
    let selected = key.oath_select(CHANNEL);
    prop_assert!(selected.len() >= 2, "the key is alive");
    Ok(())
}

/// A request of each command, with everything that it can have.
fn valid() -> Vec<Vec<u8>> {
    let (name, step) = (object(0x71, b"alice"), object(0x74, &[0, 0, 0, 0, 0, 0, 0, 9]));
    let account = Account::new("carol", TOTP | SHA1, b"secret").with(3).starting_at(7);
    [
        apdu(0xa4, 4, 0, &AID),
        apdu(0x01, 0, 0, &account.encode()),
        apdu(0x02, 0, 0, &name),
        apdu(0x03, 0, 0, &CODE.encode()),
        apdu(0x04, 0xde, 0xad, &[]),
        apdu(0x05, 0, 0, &[&name[..], &object(0x71, b"carol")].concat()),
        apdu(0xa1, 0, 0, &[]),
        apdu(0xa2, 0, 1, &[&name[..], &step].concat()),
        apdu(0xa2, 0, 0, &[&object(0x71, b"increasing")[..], &step].concat()),
        apdu(0xa3, 0, 0, &[object(0x75, &[0; 20]), object(0x74, b"mutual")].concat()),
        apdu(0xa4, 0, 1, &step),
        apdu(0xa5, 0, 0, &[]),
    ]
    .into()
}

#[test]
fn the_valid_requests_are() {
    for (index, request) in valid().iter().enumerate() {
        let word = key().oath_on(CHANNEL, request).1;
        // Without an access code and a long list there is nothing to prove, and nothing remains.
        let expected = match index {
            9 => 0x6984,
            11 => 0x6985,
            _ => 0x9000,
        };
        assert_eq!(word, expected, "{request:02x?}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        survives(key(), &bytes)?;
    }

    #[test]
    fn arbitrary_data_behind_every_instruction(
        instruction: u8,
        known: bool,
        p1: u8,
        p2 in 0_u8..3,
        data in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let instruction = match known {
            true => [1, 2, 3, 5, 0xa1, 0xa2, 0xa3, 0xa4][usize::from(instruction % 8)],
            false => instruction,
        };
        survives(key(), &apdu(instruction, if known { 0 } else { p1 }, p2, &data))?;
    }

    #[test]
    fn valid_requests_with_bytes_flipped(
        which in 0_usize..12,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut request = valid().swap_remove(which);
        for (index, flip) in flips {
            *index.get_mut(&mut request) ^= flip;
        }
        survives(key(), &request)?;
    }

    #[test]
    fn valid_requests_cut_short_or_continued(
        which in 0_usize..12,
        length: prop::sample::Index,
        tail in proptest::collection::vec(any::<u8>(), 0..8),
    ) {
        let mut request = valid().swap_remove(which);
        request.truncate(length.index(request.len() + 1));
        request.extend(tail);
        survives(key(), &request)?;
    }

    /// A locked key gives nothing away, whatever it is sent, and changes only by a reset.
    #[test]
    fn a_locked_key_stays_locked(
        which in 0_usize..12,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let mut key = key();
        key.set_code(Some(CODE)).unwrap();
        let mut key = key.restarted();
        key.oath_select(CHANNEL);
        let before = key.storage().records.clone();
        let mut request = valid().swap_remove(which);
        for (index, flip) in flips {
            *index.get_mut(&mut request) ^= flip;
        }
        let (data, word) = key.oath_on(CHANNEL, &request);
        let is_select = request.starts_with(&[0, 0xa4, 4]);
        let is_reset = request.starts_with(&[0, 4, 0xde, 0xad]);
        prop_assert!(data.is_empty() || is_select);
        prop_assert!(word != 0x9000 || is_select || is_reset);
        prop_assert!(word == 0x9000 && is_reset || key.storage().records == before);
    }
}

#[test]
fn the_longest_request_is_read() {
    let name = "n".repeat(64);
    let account = Account::new(&name, TOTP | SHA1, &[1; 64]).with(0).starting_at(1);
    key().put(&account).unwrap();
    let garbage = std::vec![0x71; MAX_MESSAGE - 7];
    assert_eq!(key().oath(0x01, &garbage), Err(0x6a80));
}
