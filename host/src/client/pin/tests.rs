use super::*;

fn info(min: u64, max: u64) -> Info {
    Info {
        min_pin_length: Some(min),
        max_pin_length: Some(max),
        ..Info::default()
    }
}

#[test]
fn a_pin_is_normalized_and_hashed() {
    // é as one character, and as e with an accent.
    assert_eq!(Pin::new("caf\u{e9}").unwrap(), Pin::new("cafe\u{301}").unwrap());
    let pin = Pin::new("1234").unwrap();
    assert_eq!(
        *pin.hash(),
        *b"\x03\xAC\x67\x42\x16\xF3\xE1\x5C\x76\x1E\xE1\xA5\xE2\x55\xF0\x67"
    );
    assert_eq!(pin.padded()[..5], *b"1234\0");
    assert_eq!(pin.padded()[5..], [0; 59]);
}

#[test]
fn what_no_key_takes_is_no_pin() {
    assert_eq!(Pin::new(""), Err(PinError::Empty));
    assert!(Pin::new(&"a".repeat(63)).is_ok());
    assert_eq!(Pin::new(&"a".repeat(64)), Err(PinError::TooManyBytes { length: 64 }));
    assert_eq!(Pin::new("1234\0"), Err(PinError::Zero));
}

#[test]
fn lengths_are_counted_in_code_points() {
    let pin = Pin::new("🔑🔑🔑🔑").unwrap();
    assert_eq!(pin.check(&Info::default()), Ok(()));
    assert_eq!(pin.check(&info(5, 63)), Err(PinError::TooShort { minimum: 5 }));
    assert_eq!(pin.check(&info(1, 3)), Err(PinError::TooLong { maximum: 3 }));
    assert_eq!(pin.check(&info(4, 4)), Ok(()));
}

#[test]
fn a_pin_is_not_shown() {
    assert_eq!(format!("{:?}", Pin::new("1234")), "Ok(Pin(..))");
}
