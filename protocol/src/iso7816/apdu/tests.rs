use std::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const HEADER: [u8; 4] = [0x80, 0x10, 1, 2];

/// What is read of a command with this body: data, Le, and whether it is extended.
fn read(body: &[u8]) -> Result<(Vec<u8>, Option<usize>, bool), StatusWord> {
    let bytes = [&HEADER, body].concat();
    let apdu = Apdu::parse(&bytes)?;
    assert_eq!([apdu.class, apdu.instruction, apdu.p1, apdu.p2], HEADER);
    Ok((apdu.data.to_vec(), apdu.le, apdu.is_extended))
}

#[test]
fn every_case_of_the_standard_is_read() {
    for (body, data, le, is_extended) in [
        (&[][..], &[][..], None, false),
        (&[0], &[], Some(256), false),
        (&[5], &[], Some(5), false),
        (&[2, 8, 9], &[8, 9], None, false),
        (&[2, 8, 9, 0], &[8, 9], Some(256), false),
        (&[2, 8, 9, 7], &[8, 9], Some(7), false),
        (&[0, 0, 0], &[], Some(65_536), true),
        (&[0, 1, 2], &[], Some(258), true),
        (&[0, 0, 2, 8, 9], &[8, 9], None, true),
        (&[0, 0, 2, 8, 9, 0, 0], &[8, 9], Some(65_536), true),
        (&[0, 0, 2, 8, 9, 1, 0], &[8, 9], Some(256), true),
        // Not of the standard: an empty extended Lc.
        (&[0, 0, 0, 1, 0], &[], Some(256), true),
    ] {
        assert_eq!(read(body), Ok((data.to_vec(), le, is_extended)), "{body:02x?}");
    }
}

#[test]
fn a_length_that_contradicts_the_data_is_refused() {
    for body in [
        &[0, 0][..],
        &[3, 1],
        &[2, 8, 9, 0, 0],
        &[0, 0, 2, 8],
        &[0, 0, 2, 8, 9, 0],
        &[0, 0, 2, 8, 9, 0, 0, 0],
        &[0, 0, 0, 0],
    ] {
        assert_eq!(read(body), Err(StatusWord::WrongLength), "{body:02x?}");
    }
    for short in 0..4 {
        assert_eq!(Apdu::parse(&HEADER[..short]), Err(StatusWord::WrongLength));
    }
}

proptest! {
    #[test]
    fn data_of_any_length_is_read_in_the_encodings_that_hold_it(data in vec(any::<u8>(), 1..2000), le in any::<u16>()) {
        let extended = [&[0], &u16::try_from(data.len()).unwrap().to_be_bytes()[..], &data].concat();
        prop_assert_eq!(read(&extended), Ok((data.clone(), None, true)));
        let le_bytes = le.to_be_bytes();
        let expected = if le == 0 { 65_536 } else { le.into() };
        prop_assert_eq!(read(&[&extended[..], &le_bytes].concat()), Ok((data.clone(), Some(expected), true)));
        if let Ok(length) = u8::try_from(data.len()) {
            prop_assert_eq!(read(&[&[length], &data[..]].concat()), Ok((data, None, false)));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        if let Ok(apdu) = Apdu::parse(&bytes) {
            prop_assert!(apdu.data.len() + 4 <= bytes.len());
            prop_assert!(apdu.le.is_none_or(|le| (1..=65_536).contains(&le)));
        }
    }
}
