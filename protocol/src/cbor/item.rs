//! Borrowed views into a message that [`scan`](super::scan()) has accepted.

use super::{Head, head, major};
use crate::status::Status;

/// One encoded item: the bytes from its head to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a>(&'a [u8]);

impl<'a> Item<'a> {
    /// The first item in `bytes`, and what follows it. `None` where `bytes` holds no whole item.
    #[must_use]
    pub fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut rest = bytes;
        let mut items: u64 = 1;
        while items > 0 {
            let (Head { major, argument, .. }, after_head) = head(rest)?;
            rest = match major {
                major::BYTES | major::TEXT => after_head.get(usize::try_from(argument).ok()?..)?,
                _ => after_head,
            };
            items -= 1;
            items = items.checked_add(match major {
                major::ARRAY => argument,
                major::MAP => argument.checked_mul(2)?,
                major::TAG => 1,
                _ => 0,
            })?;
        }
        let (item, rest) = bytes.split_at_checked(bytes.len() - rest.len())?;
        Some((Self(item), rest))
    }

    /// The encoded bytes, as they came.
    #[must_use]
    pub fn encoded(self) -> &'a [u8] {
        self.0
    }

    fn head(self) -> Result<(Head, &'a [u8]), Status> {
        head(self.0).ok_or(Status::InvalidCbor)
    }

    fn of_major(self, wanted: u8) -> Result<(Head, &'a [u8]), Status> {
        match self.head()? {
            (head, content) if head.major == wanted => Ok((head, content)),
            _ => Err(Status::CborUnexpectedType),
        }
    }

    /// An unsigned integer.
    ///
    /// # Errors
    /// [`Status::CborUnexpectedType`] for an item of another type, as for every view below.
    pub fn uint(self) -> Result<u64, Status> {
        Ok(self.of_major(major::UNSIGNED)?.0.argument)
    }

    /// An integer of either sign. CBOR's range is -2⁶⁴ to 2⁶⁴ - 1.
    ///
    /// # Errors
    /// [`Status::CborUnexpectedType`] for an item of another type.
    pub fn int(self) -> Result<i128, Status> {
        let (head, _) = self.head()?;
        match head.major {
            major::UNSIGNED => Ok(head.argument.into()),
            major::NEGATIVE => Ok(-1 - i128::from(head.argument)),
            _ => Err(Status::CborUnexpectedType),
        }
    }

    /// A byte string.
    ///
    /// # Errors
    /// [`Status::CborUnexpectedType`] for an item of another type.
    pub fn bytes(self) -> Result<&'a [u8], Status> {
        Ok(self.of_major(major::BYTES)?.1)
    }

    /// A text string.
    ///
    /// # Errors
    /// [`Status::CborUnexpectedType`] for an item of another type.
    pub fn text(self) -> Result<&'a str, Status> {
        let (_, content) = self.of_major(major::TEXT)?;
        core::str::from_utf8(content).map_err(|_| Status::InvalidCbor)
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// [`Status::CborUnexpectedType`] for an item of another type.
    pub fn bool(self) -> Result<bool, Status> {
        match self.0 {
            [0xf4] => Ok(false),
            [0xf5] => Ok(true),
            _ => Err(Status::CborUnexpectedType),
        }
    }

    /// An array.
    ///
    /// # Errors
    /// [`Status::CborUnexpectedType`] for an item of another type.
    pub fn array(self) -> Result<Array<'a>, Status> {
        let (head, content) = self.of_major(major::ARRAY)?;
        Ok(Array {
            remaining: head.argument,
            bytes: content,
        })
    }

    /// A map.
    ///
    /// # Errors
    /// [`Status::CborUnexpectedType`] for an item of another type.
    pub fn map(self) -> Result<Map<'a>, Status> {
        let (head, content) = self.of_major(major::MAP)?;
        Ok(Map(Array {
            remaining: head.argument.saturating_mul(2),
            bytes: content,
        }))
    }
}

/// The items of an array.
#[derive(Clone, Copy, Debug)]
pub struct Array<'a> {
    remaining: u64,
    bytes: &'a [u8],
}

impl Array<'_> {
    /// Items still to come.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.remaining
    }
}

impl<'a> Iterator for Array<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        self.remaining = self.remaining.checked_sub(1)?;
        let (item, rest) = Item::split(self.bytes)?;
        self.bytes = rest;
        Some(item)
    }
}

/// The pairs of a map.
#[derive(Clone, Copy, Debug)]
pub struct Map<'a>(Array<'a>);

impl<'a> Iterator for Map<'a> {
    type Item = (Item<'a>, Item<'a>);

    fn next(&mut self) -> Option<(Item<'a>, Item<'a>)> {
        Some((self.0.next()?, self.0.next()?))
    }
}
