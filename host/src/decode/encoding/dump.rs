//! Dumps: lines that begin with their offset, as xxd, hexdump, od and libfido2 print them. Which tool it was, the lines
//! say themselves: by the base in which their offsets fit, a colon after these, and the length of the words.

use brasskey_protocol::limits::MAX_MESSAGE;
use data_encoding::HEXLOWER_PERMISSIVE;

use crate::decode::LONGEST;

/// The bases that offsets are written in: od's own is octal, libfido2's decimal.
const BASES: [u32; 3] = [16, 8, 10];

/// A line taken apart.
struct Line<'a> {
    offset: &'a str,
    /// Whether a colon follows the offset. Then the digits are in the order of the bytes.
    has_colon: bool,
    digits: &'a str,
}

/// The bytes of a dump.
pub(in crate::decode) fn read(text: &str) -> Option<Vec<u8>> {
    BASES.iter().find_map(|base| read_in(text, *base))
}

/// The same, with its offsets in this base.
fn read_in(text: &str, base: u32) -> Option<Vec<u8>> {
    let mut bytes: Vec<u8> = Vec::new();
    let (mut last, mut word, mut is_repeated) = (Vec::new(), 1, false);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    while let Some(text) = lines.next() {
        if text == "*" {
            is_repeated = !last.is_empty();
            continue;
        }
        let line = Line::of(text)?;
        let place = usize::from_str_radix(line.offset, base).ok()?;
        if is_repeated {
            repeat(&last, place, &mut bytes)?;
            is_repeated = false;
        }
        // A last line without bytes says where they end: within the last word, perhaps.
        if line.digits.is_empty() && lines.peek().is_none() && place <= bytes.len() && bytes.len() - place < word {
            bytes.truncate(place);
            break;
        }
        if place != bytes.len() {
            return None;
        }
        last = line.bytes()?;
        word = line.word_length();
        bytes.extend(&last);
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// Stands for `*`: the last line again, up to the next offset. No message has more equal bytes than the longest has.
fn repeat(last: &[u8], to: usize, bytes: &mut Vec<u8>) -> Option<()> {
    let more = to.checked_sub(bytes.len())?;
    if more > MAX_MESSAGE || to > LONGEST {
        return None;
    }
    bytes.extend(last.iter().cycle().take(more));
    Some(())
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let (offset, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let rest = rest.trim_start();
        let named = offset.strip_suffix(':');
        let (offset, has_colon) = (named.unwrap_or(offset), named.is_some());
        let digits = match has_colon {
            // The text beside xxd's digits follows two spaces, and may be anything.
            true => rest.split_once("  "),
            // That of hexdump is between bars, that of od between angles.
            false => rest.split_once(['|', '>']),
        };
        (offset.len() >= 4).then_some(Self {
            offset,
            has_colon,
            digits: digits.map_or(rest, |(digits, _)| digits).trim_end(),
        })
    }

    fn word_length(&self) -> usize {
        self.digits
            .split_whitespace()
            .map(|word| word.len() / 2)
            .max()
            .unwrap_or(1)
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        for word in self.digits.split_whitespace() {
            match word.len() {
                // od's own words are octal.
                3 | 6 if !self.has_colon => {
                    let [low, high] = u16::from_str_radix(word, 8).ok()?.to_le_bytes();
                    match (word.len(), high) {
                        (3, 0) => bytes.push(low),
                        (3, _) => return None,
                        _ => bytes.extend([low, high]),
                    }
                }
                _ => {
                    let mut word = HEXLOWER_PERMISSIVE.decode(word.as_bytes()).ok()?;
                    // Without a colon, words are as a PC has them in memory: the low byte first.
                    if !self.has_colon {
                        word.reverse();
                    }
                    bytes.extend(word);
                }
            }
        }
        Some(bytes)
    }
}

#[cfg(test)]
mod tests;
