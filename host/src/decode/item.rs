//! CBOR with the place of each item, and what departs from the canonical form (CTAP 2.3 §8). Where bytes are missing,
//! what came before them is kept.

use std::borrow::Cow;

use super::tree::Fault;

/// How deep a message of CTAP2 may be nested (§8).
const NESTED_MAX: usize = 4;
/// How deep the reader follows, whatever the standard says.
const FOLLOWED_MAX: usize = 16;

/// A data item; the numbers are offsets.
#[derive(Debug)]
pub(super) struct Item<'a> {
    pub(super) start: usize,
    /// Where what follows its head begins: the bytes, the text, the first element.
    pub(super) content: usize,
    pub(super) end: usize,
    pub(super) kind: Kind<'a>,
}

#[derive(Debug)]
pub(super) enum Kind<'a> {
    Integer(i128),
    Bytes(Cow<'a, [u8]>),
    Text(Cow<'a, str>),
    Array(Vec<Item<'a>>),
    Map(Vec<(Item<'a>, Item<'a>)>),
    Tag(u64, Box<Item<'a>>),
    Float(f64),
    Bool(bool),
    /// Null, undefined, or another simple value.
    Simple(u8),
    /// The value of a key after which the bytes end.
    Missing,
}

impl Kind<'_> {
    /// In words.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Integer(_) => "a number",
            Self::Bytes(_) => "bytes",
            Self::Text(_) => "text",
            Self::Array(_) => "an array",
            Self::Map(_) => "a map",
            Self::Tag(..) => "a tag",
            Self::Float(_) => "a floating-point number",
            Self::Bool(_) => "true or false",
            Self::Simple(_) => "a simple value",
            Self::Missing => "nothing",
        }
    }
}

impl<'a> Item<'a> {
    pub(super) fn entries(&self) -> &[(Item<'a>, Item<'a>)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The member of a map by its number.
    pub(super) fn numbered(&self, number: i128) -> Option<&Item<'a>> {
        let mut entries = self.entries().iter();
        entries.find_map(|(key, value)| matches!(key.kind, Kind::Integer(n) if n == number).then_some(value))
    }

    /// The member of a map by its name.
    pub(super) fn named(&self, name: &str) -> Option<&Item<'a>> {
        let mut entries = self.entries().iter();
        entries.find_map(|(key, value)| matches!(&key.kind, Kind::Text(text) if text == name).then_some(value))
    }

    pub(super) fn as_bytes(&self) -> Option<&[u8]> {
        match &self.kind {
            Kind::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn as_integer(&self) -> Option<i128> {
        match self.kind {
            Kind::Integer(number) => Some(number),
            _ => None,
        }
    }
}

/// What a reader found: an item, where there is the beginning of one, where it ends, and what is wrong.
pub(super) struct Found<'a> {
    pub(super) item: Option<Item<'a>>,
    pub(super) faults: Vec<Fault>,
    /// Whether the item is whole.
    pub(super) whole: bool,
}

/// Reads the item at the start of `bytes`, which themselves begin at `base`.
pub(super) fn read(bytes: &[u8], base: usize) -> Found<'_> {
    let mut reader = Reader {
        bytes,
        at: 0,
        base,
        faults: Vec::new(),
        broken: false,
    };
    let item = reader.item(0);
    Found {
        item,
        whole: !reader.broken,
        faults: reader.faults,
    }
}

/// Reads an item that should fill `bytes`.
pub(super) fn read_all(bytes: &[u8], base: usize) -> Found<'_> {
    let mut found = read(bytes, base);
    if let Some(item) = found.item.as_ref().filter(|_| found.whole) {
        let more = (base + bytes.len()).saturating_sub(item.end);
        if more > 0 {
            let what = format!("{} that belong to nothing follow (CTAP 2.3 §8)", bytes_of(more));
            found.faults.push(Fault::new(item.end, what));
        }
    }
    found
}

pub(super) fn bytes_of(count: usize) -> String {
    match count {
        1 => "1 byte".to_owned(),
        count => format!("{count} bytes"),
    }
}

struct Reader<'a> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn faults(bytes: &[u8]) -> Vec<(usize, String)> {
        let found = read_all(bytes, 100);
        found
            .faults
            .into_iter()
            .map(|fault| (fault.offset, fault.what))
            .collect()
    }

    #[test]
    fn each_departure_is_told_with_its_place() {
        for (bytes, at, what) in [
            (&b"\xA1\x18\x17\x01"[..], 101, "not in its shortest form"),
            (b"\x82\x01\x5F\x41a\xFF", 102, "left open"),
            (b"\xA2\x02\x01\x01\x01", 103, "out of order"),
            (b"\xA2\x01\x01\x01\x01", 103, "a key twice"),
            (b"\x81\xC0\x61a", 101, "a tag"),
            (b"\x81\xFB\0\0\0\0\0\0\0\0", 101, "floating-point"),
            (b"\xA0\x00\x00", 101, "2 bytes that belong to nothing"),
            (b"\x62\xFF\xFE", 101, "not UTF-8"),
            (b"\x81\x81\x81\x81\x81\x01", 104, "deeper than four levels"),
            (b"\x42a", 102, "a byte string lacks 1 byte"),
            (b"\xA2\x01\x02\x03", 104, "an item lacks 1 byte"),
            (b"\x82\x01\x1F", 102, "0x1f begins no CBOR item"),
        ] {
            let found = faults(bytes);
            assert!(
                found
                    .iter()
                    .any(|(offset, words)| *offset == at && words.contains(what)),
                "{what}: {found:?}"
            );
        }
        assert_eq!(faults(b"\xA2\x01\x81\x02\x20\xA1\x61a\xF5"), []);
    }

    #[test]
    fn what_came_before_the_missing_bytes_is_kept() {
        let found = read(b"\xA2\x01\x02\x03\x84\x05", 0);
        assert!(!found.whole);
        let item = found.item.unwrap();
        assert_eq!(item.numbered(1).unwrap().as_integer(), Some(2));
        assert!(matches!(&item.numbered(3).unwrap().kind, Kind::Array(elements) if elements.len() == 1));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_explained(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let found = read_all(&bytes, 0);
            prop_assert!(found.whole || found.faults.iter().any(|fault| fault.fatal));
            prop_assert!(found.faults.iter().all(|fault| fault.offset <= bytes.len()));
            // The relying party's reader is another one.
            if crate::cbor::decode_canonical(&bytes).is_ok() {
                prop_assert!(found.whole);
                prop_assert!(found.faults.iter().all(|fault| fault.what.contains("four levels")));
            }
        }
    }
}
