//! The PINs that checks set and guess: as long as the key wants them, and as mixed.

use std::collections::BTreeMap;

use ciborium::Value;

/// PINs for one key. All have the same length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pins {
    /// What most checks set.
    pub first: &'static str,
    /// What it is changed to.
    pub second: &'static str,
    /// What is never set.
    pub wrong: &'static str,
}

macro_rules! pattern {
    ($piece:literal) => {
        concat!($piece, $piece, $piece, $piece, $piece, $piece, $piece, $piece)
    };
}

/// What a person types by heart, where a run broke off and left it on the key.
const PLAIN: [&str; 3] = [pattern!("12345678"), pattern!("56789012"), pattern!("43218765")];

/// Each kind of character, and none twice in eight: which rules a vendor has is not told (CTAP 2.3 §6.4,
/// pinComplexityPolicy).
const MIXED: [&str; 3] = [pattern!("Kw7#vR2m"), pattern!("Tp4!xH9s"), pattern!("Zc6?dB3n")];

impl Pins {
    /// PINs that a key takes which says this of itself in getInfo: of minPINLength characters, four where it is
    /// silent; where a complexity policy is in force mixed ones, of eight characters at least.
    #[must_use]
    pub fn of(get_info: &BTreeMap<u8, Value>) -> Self {
        let shortest = get_info.get(&0x0D).and_then(Value::as_integer);
        let shortest = shortest.and_then(|length| length.try_into().ok()).unwrap_or(4);
        if get_info.get(&0x1B) == Some(&true.into()) {
            Self::cut(MIXED, shortest.max(8))
        } else {
            Self::cut(PLAIN, shortest)
        }
    }

    /// The user's own PIN, for a key with rules that nobody else knows. The others are made of its characters, so that
    /// they meet the same rules.
    #[must_use]
    pub fn given(pin: &str) -> Self {
        let rotated = |by: usize| {
            let characters = pin.chars().cycle().skip(by).take(pin.chars().count());
            // Once in a run of the program.
            &*characters.collect::<String>().leak()
        };
        let pins = Self {
            first: rotated(0),
            second: rotated(1),
            wrong: rotated(2),
        };
        if pins.first == pins.second || pins.first == pins.wrong {
            // So even a PIN does not come from a key with rules.
            let [_, second, wrong] = MIXED.map(|pattern| &pattern[..pin.len().clamp(4, 63)]);
            return Self { second, wrong, ..pins };
        }
        pins
    }

    /// A PIN of so many characters, which begins as the first.
    #[must_use]
    pub fn of_length(self, length: usize) -> String {
        self.first.chars().cycle().take(length).collect()
    }

    fn cut(patterns: [&'static str; 3], length: usize) -> Self {
        let [first, second, wrong] = patterns.map(|pattern| &pattern[..length.clamp(4, 63)]);
        Self { first, second, wrong }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_as_long_as_the_key_wants_them() {
        let of = |members: &[(u8, Value)]| Pins::of(&members.iter().cloned().collect()).first;
        assert_eq!(of(&[]), "1234");
        assert_eq!(of(&[(0x0D, 6.into())]), "123456");
        assert_eq!(of(&[(0x0D, 63.into())]).len(), 63);
        assert_eq!(of(&[(0x0D, 1000.into())]).len(), 63);
        assert_eq!(of(&[(0x0D, (-1).into())]), "1234");
        assert_eq!(of(&[(0x1B, true.into())]), "Kw7#vR2m");
    }

    #[test]
    fn no_two_are_the_same() {
        for pins in [
            Pins::of(&BTreeMap::new()),
            Pins::given("Blue-Car-7"),
            Pins::given("1212"),
            Pins::given("äää"),
            Pins::given(""),
        ] {
            assert!(pins.first != pins.second && pins.first != pins.wrong && pins.second != pins.wrong);
        }
        assert_eq!(Pins::given("abcd").second, "bcda");
        assert_eq!(Pins::given("abcd").of_length(6), "abcdab");
    }
}
