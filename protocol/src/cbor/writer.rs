//! Writing the canonical form. The caller gives map keys in their canonical order; heads are always the shortest.

use super::major;

/// The item did not fit the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

/// Writes items one after the other into a borrowed buffer.
///
/// Once something does not fit, nothing more is written, and [`Writer::finish`] says so. The calls before it need no
/// error handling.
#[derive(Debug)]
pub struct Writer<'b> {
    buffer: &'b mut [u8],
    length: usize,
    overflow: bool,
}

impl<'b> Writer<'b> {
    /// Begins at the start of `buffer`.
    pub fn new(buffer: &'b mut [u8]) -> Self {
        Self {
            buffer,
            length: 0,
            overflow: false,
        }
    }

    /// The number of bytes written.
    ///
    /// # Errors
    /// [`Overflow`] where they did not all fit.
    pub fn finish(self) -> Result<usize, Overflow> {
        if self.overflow { Err(Overflow) } else { Ok(self.length) }
    }

    /// The bytes written since `start`, an earlier [`Writer::position`].
    #[must_use]
    pub fn since(&self, start: usize) -> &[u8] {
        self.buffer.get(start..self.length).unwrap_or(&[])
    }

    /// The number of bytes written so far.
    #[must_use]
    pub fn position(&self) -> usize {
        self.length
    }

    /// Bytes without a head: an encoded item, or the content that [`Writer::bytes_head`] announced.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        let end = self.length.checked_add(bytes.len());
        match end.and_then(|end| self.buffer.get_mut(self.length..end)) {
            Some(place) if !self.overflow => {
                place.copy_from_slice(bytes);
                self.length += bytes.len();
            }
            _ => self.overflow = true,
        }
        self
    }

    fn head(&mut self, major: u8, argument: u64) -> &mut Self {
        let major = major << 5;
        let [.., b7, b6, b5, b4, b3, b2, b1, b0] = argument.to_be_bytes();
        match argument {
            0..=23 => self.raw(&[major | b0]),
            24..=0xff => self.raw(&[major | 24, b0]),
            0x100..=0xffff => self.raw(&[major | 25, b1, b0]),
            0x1_0000..=0xffff_ffff => self.raw(&[major | 26, b3, b2, b1, b0]),
            _ => self.raw(&[major | 27, b7, b6, b5, b4, b3, b2, b1, b0]),
        }
    }

    /// An unsigned integer.
    pub fn uint(&mut self, value: u64) -> &mut Self {
        self.head(major::UNSIGNED, value)
    }

    /// An integer of either sign.
    pub fn int(&mut self, value: i64) -> &mut Self {
        match u64::try_from(value) {
            Ok(value) => self.uint(value),
            Err(_) => self.head(major::NEGATIVE, (!value).unsigned_abs()),
        }
    }

    /// A byte string.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes_head(bytes.len()).raw(bytes)
    }

    /// The head of a byte string of `length` bytes, which [`Writer::raw`] calls then fill.
    pub fn bytes_head(&mut self, length: usize) -> &mut Self {
        self.head(major::BYTES, length as u64)
    }

    /// A text string.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.head(major::TEXT, text.len() as u64).raw(text.as_bytes())
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.raw(&[if value { 0xf5 } else { 0xf4 }])
    }

    /// The head of an array of `length` items.
    pub fn array(&mut self, length: usize) -> &mut Self {
        self.head(major::ARRAY, length as u64)
    }

    /// The head of a map of `pairs` pairs.
    pub fn map(&mut self, pairs: usize) -> &mut Self {
        self.head(major::MAP, pairs as u64)
    }
}
