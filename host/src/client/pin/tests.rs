use super::*;
use crate::client::ctap2::Info;

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
    let mut hash = [0; 16];
    pin.write_hash(&mut hash);
    assert_eq!(
        hash,
        *b"\x03\xAC\x67\x42\x16\xF3\xE1\x5C\x76\x1E\xE1\xA5\xE2\x55\xF0\x67"
    );
    let mut padded = [0xAA; 64];
    pin.write_padded(&mut padded);
    assert_eq!(padded[..5], *b"1234\0");
    assert_eq!(padded[5..], [0; 59]);
}

#[test]
fn what_no_key_takes_is_no_pin() {
    assert_eq!(Pin::new(""), Err(PinError::Empty));
    // Three characters, whose UTF-8 is longer than four bytes; and three once they are normalized.
    for short in ["n", "123", "🔑🔑🔑", "12e\u{301}"] {
        assert_eq!(Pin::new(short), Err(PinError::TooFewCharacters), "{short}");
    }
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

/// Where in this process's memory a text is; `masked` is the text with each byte XORed with `MASK`, so that the search
/// does not find itself.
#[cfg(target_os = "linux")]
fn found_in_memory(masked: &[u8]) -> Vec<String> {
    use std::os::unix::fs::FileExt as _;

    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let memory = std::fs::File::open("/proc/self/mem").unwrap();
    let mut found = Vec::new();
    let mut page = vec![0; 1 << 16];
    for map in maps.lines().filter(|map| map.contains(" rw-p ")) {
        let (begin, rest) = map.split_once('-').unwrap();
        let number = |text: &str| u64::from_str_radix(text, 16).unwrap();
        let (mut at, end) = (number(begin), number(rest.split_once(' ').unwrap().0));
        while at < end {
            let length = usize::try_from(end - at).unwrap().min(page.len());
            // A mapping may be gone by now: this is not the only thread.
            let Ok(read @ 1..) = memory.read_at(&mut page[..length], at) else {
                break;
            };
            if contains(&page[..read], masked) {
                found.push(format!("{at:x} in {map}"));
            }
            at += read as u64;
        }
    }
    page.fill(0);
    found
}

/// Byte by byte, as there is a lot of memory and tests are not optimized.
#[cfg(target_os = "linux")]
fn contains(bytes: &[u8], masked: &[u8]) -> bool {
    let first = masked[0] ^ MASK;
    let mut rest = bytes;
    while let Some(place) = rest.iter().position(|byte| *byte == first) {
        rest = &rest[place..];
        if rest.len() >= masked.len() && rest.iter().zip(masked).all(|(byte, masked)| byte ^ MASK == *masked) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

#[cfg(target_os = "linux")]
const MASK: u8 = 0x5A;

#[test]
#[cfg(target_os = "linux")]
fn no_copy_of_a_pin_stays_behind() {
    use crate::client::{Error, Key, PinRequest, Unwatched, UserInteraction, Watch};
    use crate::soft::{SoftKey, Touch};

    // "a PIN that no other test has, at all", masked.
    let masked: Vec<u8> = b"a PIN that no other test has, at all"
        .iter()
        .map(|byte| byte ^ MASK)
        .collect();
    let typed = || {
        let mut text = Zeroizing::new(String::with_capacity(masked.len()));
        masked.iter().for_each(|byte| text.push(char::from(byte ^ MASK)));
        text
    };
    struct Owner(Pin);
    impl Watch for Owner {}
    impl UserInteraction for Owner {
        fn pin(&mut self, _: &PinRequest) -> Result<Pin, Error> {
            Ok(self.0.clone())
        }
    }
    {
        let soft = SoftKey::builder().touch(Touch::Auto).build().unwrap();
        let mut key = Key::open(Box::new(soft.connect())).unwrap();
        let pin = Pin::new(&typed()).unwrap();
        assert!(
            !found_in_memory(&masked[8..24]).is_empty(),
            "the search finds what is there"
        );
        key.set_pin(&pin, &mut Unwatched).unwrap();
        let permissions = crate::client::ctap2::Permissions::CREDENTIAL_MANAGEMENT;
        key.token(permissions, None, &mut Owner(pin.clone())).unwrap();
        key.change_pin(&pin, &Pin::new("2468").unwrap(), &mut Unwatched)
            .unwrap();
        // One that is refused is remembered, and forgotten with the key.
        assert!(key.token(permissions, None, &mut Owner(pin)).is_err());
    }
    let piece = &masked[8..24];
    assert_eq!(found_in_memory(piece), Vec::<String>::new());
}
