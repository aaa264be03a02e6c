//! The words of a failure: for whoever builds the key, and has not read the checks.

use std::fmt::{Debug, Write as _};

/// `assert_eq!` of what the key says with what the standard expects, in words about the key.
#[macro_export]
macro_rules! same {
    ($found:expr, $expected:expr $(,)?) => {
        match (&$found, &$expected) {
            (found, expected) if *found == *expected => {}
            (found, expected) => panic!("{}", $crate::words::differs("", found, expected)),
        }
    };
    ($found:expr, $expected:expr, $($what:tt)+) => {
        match (&$found, &$expected) {
            (found, expected) if *found == *expected => {}
            (found, expected) => panic!("{}", $crate::words::differs(&format!($($what)+), found, expected)),
        }
    };
}

/// `assert_ne!`, in words about the key.
#[macro_export]
macro_rules! differ {
    ($one:expr, $other:expr $(,)?) => {
        match (&$one, &$other) {
            (one, other) if *one != *other => {}
            (one, _) => panic!("expected two different values, both are {}", $crate::words::shown(one)),
        }
    };
    ($one:expr, $other:expr, $($what:tt)+) => {
        match (&$one, &$other) {
            (one, other) if *one != *other => {}
            (one, _) => panic!("{}: expected another value than {}", format!($($what)+), $crate::words::shown(one)),
        }
    };
}

/// The characters of a value that a sentence has room for.
const ROOM: usize = 120;

/// The characters before a difference that show where one is.
const BEFORE: usize = 24;

/// The characters from the first one shown on, of a value that has more.
const SHOWN: usize = 72;

/// The octets of one byte string that a sentence has room for.
const OCTETS: usize = 32;

/// What was expected, and what the key answered. Of long values what is around the first difference.
#[must_use]
pub fn differs(what: &str, found: &(impl Debug + ?Sized), expected: &(impl Debug + ?Sized)) -> String {
    let separator = if what.is_empty() { "" } else { ": " };
    let (expected, found) = (written(expected), written(found));
    let alike = expected
        .chars()
        .zip(found.chars())
        .take_while(|(one, other)| one == other)
        .count();
    let (expected, found) = (around(&expected, alike), around(&found, alike));
    format!("{what}{separator}expected {expected}, the key answered {found}")
}

/// A value as the diagnostic notation of CBOR has it (RFC 8949 §8), or close to it, and the beginning of a long one.
#[must_use]
pub fn shown(value: &(impl Debug + ?Sized)) -> String {
    around(&written(value), 0)
}

/// The words of a panic, for people: byte strings that `Debug` wrote are those of CBOR, and not longer than one reads.
#[must_use]
pub fn readable(words: &str) -> String {
    let mut rest = words;
    let mut text = String::new();
    while let Some(character) = rest.chars().next() {
        if let Some((octets, behind)) = list_of_octets(rest, 16, 4) {
            text.push_str(&around(&byte_string(&octets[..octets.len().min(OCTETS)]), 0));
            if octets.len() > OCTETS {
                let _ = write!(text, " and more ({} bytes)", octets.len());
            }
            rest = behind;
        } else {
            text.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    text
}

/// A long text without what is far from the place `at`, in characters.
fn around(text: &str, at: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= ROOM {
        return text.to_owned();
    }
    let mut from = if at < SHOWN - BEFORE { 0 } else { at - BEFORE };
    let mut to = (from + SHOWN).min(characters.len());
    let mut cut = String::new();
    if from > 0 {
        let begun = byte_string_around(&characters, from);
        // An octet has two digits.
        from += begun.map_or(0, |begun| (from - begun) % 2);
        cut.push_str(if begun == Some(2) { "" } else { "…" });
        cut.push_str(if begun.is_some() { "h'…" } else { "" });
    }
    let ends = byte_string_around(&characters, to).filter(|_| to < characters.len());
    to -= ends.map_or(0, |begun| (to.max(begun) - begun) % 2);
    cut.extend(&characters[from.min(to)..to]);
    cut.push_str(match (ends, to < characters.len()) {
        (Some(_), _) => "…'",
        (None, true) => "…",
        (None, false) => "",
    });
    let is_one = characters.starts_with(&['h', '\'']) && !characters[2..characters.len() - 1].contains(&'\'');
    if is_one {
        let length = (characters.len() - 3) / 2;
        let begin = match from {
            0 => String::new(),
            from => format!(" from byte {}", (from - 2) / 2),
        };
        let _ = write!(cut, " ({length} bytes{begin})");
    }
    cut
}

/// Where the digits of the byte string begin that the place `at` is in.
fn byte_string_around(characters: &[char], at: usize) -> Option<usize> {
    let mut quotes = characters[..at].iter().enumerate().rev();
    let (quote, _) = quotes.find(|(_, character)| **character == '\'')?;
    let begun = quote > 0 && characters[quote - 1] == 'h' && at > quote;
    begun.then_some(quote + 1)
}

/// The octets as the diagnostic notation of CBOR has them.
fn byte_string(octets: &[u8]) -> String {
    format!("h'{}'", crate::trace::hex(octets))
}

/// What a bracket of the text that `Debug` wrote stands for.
#[derive(Clone, Copy, PartialEq)]
enum Bracket {
    /// A constructor around a value: it is left out.
    Wrapper,
    /// The constructor of a map, and then its list.
    Map,
    /// The entries of a map.
    Entries,
    /// An entry of a map; whether its key was read.
    Entry(bool),
    /// As it is written.
    Plain,
}

/// All of a value in the diagnostic notation: what `Debug` writes is for programmers.
fn written(value: &(impl Debug + ?Sized)) -> String {
    let text = format!("{value:?}");
    let mut rest = &*text;
    let mut words = String::new();
    let mut open: Vec<Bracket> = Vec::new();
    while let Some(character) = rest.chars().next() {
        let is_word = words.chars().last().is_some_and(char::is_alphanumeric);
        if character == '"' {
            let text = &rest[..string_length(rest)];
            words.push_str(text);
            rest = &rest[text.len()..];
        } else if let Some((octets, behind)) = rest.strip_prefix("Bytes(").and_then(|list| list_of_octets(list, 10, 1))
        {
            words.push_str(&byte_string(&octets));
            rest = behind.strip_prefix(')').unwrap_or(behind);
        } else if let Some((octets, behind)) = list_of_octets(rest, 10, 4) {
            words.push_str(&byte_string(&octets));
            rest = behind;
        } else if let Some(behind) = WRAPPERS.iter().find_map(|wrapper| rest.strip_prefix(wrapper)) {
            open.push(Bracket::Wrapper);
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix("Map(") {
            open.push(Bracket::Map);
            rest = behind;
        } else if let (false, Some((word, behind))) = (is_word, name_of_nothing(rest)) {
            words.push_str(word);
            rest = behind;
        } else if let (Some(Bracket::Entry(read @ false)), Some(behind)) = (open.last_mut(), rest.strip_prefix(", ")) {
            *read = true;
            words.push_str(": ");
            rest = behind;
        } else {
            words.extend(bracket(character, &mut open));
            rest = &rest[character.len_utf8()..];
        }
    }
    words
}

/// What is written for a character of `Debug`, which may be a bracket.
fn bracket(character: char, open: &mut Vec<Bracket>) -> Option<char> {
    let (begun, written) = match (character, open.last()) {
        ('[', Some(Bracket::Map)) => (Some(Bracket::Entries), Some('{')),
        ('(', Some(Bracket::Entries)) => (Some(Bracket::Entry(false)), None),
        ('(' | '[' | '{', _) => (Some(Bracket::Plain), Some(character)),
        (')' | ']' | '}', _) => {
            let written = match open.pop() {
                Some(Bracket::Entries) => Some('}'),
                Some(Bracket::Plain) | None => Some(character),
                Some(_) => None,
            };
            (None, written)
        }
        _ => (None, Some(character)),
    };
    open.extend(begun);
    written
}

/// What `ciborium` and our types write around values.
const WRAPPERS: [&str; 7] = ["Integer(", "Bytes(", "Text(", "Bool(", "Array(", "Members(", "Some("];

/// Whether the text begins with the word for a value that is none: the word for people, and what is behind.
fn name_of_nothing(text: &str) -> Option<(&'static str, &str)> {
    let names = [("None", "nothing"), ("Null", "null")];
    let mut found = names
        .iter()
        .filter_map(|(name, word)| Some((*word, text.strip_prefix(name)?)));
    found.find(|(_, behind)| !behind.starts_with(|next: char| next.is_alphanumeric() || next == '('))
}

/// The length of the quoted string that the text begins with.
fn string_length(text: &str) -> usize {
    let mut escaped = true;
    for (at, character) in text.char_indices() {
        match character {
            '"' if !escaped => return at + 1,
            '\\' if !escaped => escaped = true,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The octets of a list that the text begins with, where it is one of at least so many, and what is behind. With the
/// radix 16 each has two digits.
fn list_of_octets(text: &str, radix: u32, least: usize) -> Option<(Vec<u8>, &str)> {
    let (list, behind) = text.strip_prefix('[')?.split_once(']')?;
    let octet = |digits: &str| match radix {
        16 if digits.len() != 2 => None,
        _ => u8::from_str_radix(digits, radix).ok(),
    };
    let octets: Vec<u8> = list.split(", ").map(octet).collect::<Option<_>>()?;
    (octets.len() >= least).then_some((octets, behind))
}

#[cfg(test)]
mod tests;
