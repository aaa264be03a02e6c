//! What reads CBOR byte by byte.

use std::borrow::Cow;

use super::{Found, Item, Kind, bytes_of};
use crate::decode::tree::Fault;

/// How deep a message of CTAP2 may be nested (§8).
const NESTED_MAX: usize = 4;
/// How deep the reader follows, whatever the standard says.
const FOLLOWED_MAX: usize = 16;

/// A reader of one item.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    base: usize,
    faults: Vec<Fault>,
    broken: bool,
}

/// The head of an item: its major type, and its argument, `None` for a length that is left open.
struct Head {
    major: u8,
    extra: u8,
    argument: Option<u64>,
}

impl<'a> Reader<'a> {
    /// `bytes` themselves begin at `base`.
    pub(super) fn new(bytes: &'a [u8], base: usize) -> Self {
        Self {
            bytes,
            at: 0,
            base,
            faults: Vec::new(),
            broken: false,
        }
    }

    /// The item at the start.
    pub(super) fn read(mut self) -> Found<'a> {
        let item = self.item(0);
        Found {
            item,
            whole: !self.broken,
            faults: self.faults,
        }
    }

    fn offset(&self) -> usize {
        self.base + self.at
    }

    fn odd(&mut self, offset: usize, what: &str) {
        self.faults.push(Fault::new(offset, format!("{what} (CTAP 2.3 §8)")));
    }

    fn fail<T>(&mut self, what: impl Into<String>) -> Option<T> {
        let offset = self.offset();
        self.faults.push(Fault::fatal(offset, what));
        self.broken = true;
        None
    }

    fn take(&mut self, count: usize, of: &str) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match rest.get(..count) {
            Some(taken) => {
                self.at += count;
                Some(taken)
            }
            None => {
                let missing = count - rest.len();
                self.at = self.bytes.len();
                self.fail(format!("ends early: {of} lacks {}", bytes_of(missing)))
            }
        }
    }

    fn head(&mut self) -> Option<Head> {
        let start = self.offset();
        let first = *self.take(1, "an item")?.first()?;
        let (major, extra) = (first >> 5, first & 0x1F);
        let argument = match extra {
            0..=23 => Some(u64::from(extra)),
            24..=27 => {
                let size = 1 << (extra - 24);
                let bytes = self.take(size, "a number or length")?;
                let value = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
                let least = [24, 0x100, 0x1_0000, 0x1_0000_0000][usize::from(extra - 24)];
                if value < least && major < 7 {
                    self.odd(start, "a number or length is not in its shortest form");
                }
                Some(value)
            }
            31 if (2..=5).contains(&major) => {
                self.odd(start, "a length is left open");
                None
            }
            _ => {
                self.at = self.at.saturating_sub(1);
                return self.fail(format!("0x{first:02x} begins no CBOR item"));
            }
        };
        Some(Head { major, extra, argument })
    }

    fn item(&mut self, depth: usize) -> Option<Item<'a>> {
        let start = self.offset();
        let head = self.head()?;
        let content = self.offset();
        let kind = match head.major {
            0 => Kind::Integer(head.argument?.into()),
            1 => Kind::Integer(-1 - i128::from(head.argument?)),
            2 => Kind::Bytes(self.string(&head)?),
            3 => self.text(&head)?,
            7 => self.simple(&head, start)?,
            _ if depth == FOLLOWED_MAX => return self.fail("is nested too deep to be followed"),
            4 => Kind::Array(self.array(head.argument, depth)),
            5 => Kind::Map(self.map(head.argument, depth)),
            _ => {
                self.odd(start, "it has a tag");
                let tagged = self.item(depth + 1)?;
                Kind::Tag(head.argument.unwrap_or(0), Box::new(tagged))
            }
        };
        if depth == NESTED_MAX && matches!(head.major, 4 | 5) {
            self.odd(start, "maps and arrays are nested deeper than four levels");
        }
        Some(Item {
            start,
            content,
            end: self.offset(),
            kind,
        })
    }

    fn string(&mut self, head: &Head) -> Option<Cow<'a, [u8]>> {
        let what = if head.major == 2 { "a byte string" } else { "a text" };
        if let Some(length) = head.argument {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            return self.take(length, what).map(Cow::Borrowed);
        }
        let mut joined = Vec::new();
        while !self.is_break() {
            let piece = self.head()?;
            match piece.argument {
                Some(length) if piece.major == head.major => {
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    joined.extend_from_slice(self.take(length, what)?);
                }
                _ => return self.fail(format!("{what} of open length has another item in it")),
            }
        }
        Some(Cow::Owned(joined))
    }

    fn text(&mut self, head: &Head) -> Option<Kind<'a>> {
        let begun = self.offset();
        let text = match self.string(head)? {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        };
        if text.contains(char::REPLACEMENT_CHARACTER) {
            self.odd(begun, "a text is not UTF-8");
        }
        Some(Kind::Text(text))
    }

    fn simple(&mut self, head: &Head, start: usize) -> Option<Kind<'a>> {
        let value = head.argument?;
        Some(match head.extra {
            20 => Kind::Bool(false),
            21 => Kind::Bool(true),
            25..=27 => {
                self.odd(start, "it has a floating-point number");
                Kind::Float(match head.extra {
                    27 => f64::from_bits(value),
                    26 => f32::from_bits(u32::try_from(value).unwrap_or(0)).into(),
                    // Nobody needs the value of half a float: no message may have one.
                    _ => f64::NAN,
                })
            }
            _ => Kind::Simple(u8::try_from(value).unwrap_or(u8::MAX)),
        })
    }

    /// Whether an open length ends here; then that is read.
    fn is_break(&mut self) -> bool {
        let found = self.bytes.get(self.at) == Some(&0xFF);
        self.at += usize::from(found);
        found
    }

    /// Whether there is another of `count` elements, of which `read` were read.
    fn goes_on(&mut self, count: Option<u64>, read: usize) -> bool {
        !self.broken
            && match count {
                Some(count) => u64::try_from(read).is_ok_and(|read| read < count),
                None => !self.is_break(),
            }
    }

    fn array(&mut self, count: Option<u64>, depth: usize) -> Vec<Item<'a>> {
        let mut elements = Vec::new();
        while self.goes_on(count, elements.len()) {
            elements.extend(self.item(depth + 1));
        }
        elements
    }

    fn map(&mut self, count: Option<u64>, depth: usize) -> Vec<(Item<'a>, Item<'a>)> {
        let mut entries: Vec<(Item<'a>, Item<'a>)> = Vec::new();
        while self.goes_on(count, entries.len()) {
            let Some(key) = self.item(depth + 1) else {
                break;
            };
            if !self.broken
                && let Some((before, _)) = entries.last()
            {
                let (one, other) = (self.order(before), self.order(&key));
                if one == other {
                    self.odd(key.start, "a map has a key twice");
                } else if one > other {
                    self.odd(key.start, "the keys of a map are out of order");
                }
            }
            let at = self.offset();
            let value = if self.broken { None } else { self.item(depth + 1) };
            let missing = || Item {
                start: at,
                content: at,
                end: at,
                kind: Kind::Missing,
            };
            entries.push((key, value.unwrap_or_else(missing)));
        }
        entries
    }

    /// Canonical order of keys: by major type, then by length, then by bytes.
    fn order(&self, key: &Item<'a>) -> (u8, usize, &'a [u8]) {
        let encoded = self
            .bytes
            .get(key.start - self.base..key.end - self.base)
            .unwrap_or_default();
        (encoded.first().map_or(0, |first| first >> 5), encoded.len(), encoded)
    }
}
