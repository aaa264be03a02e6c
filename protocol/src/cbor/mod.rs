//! CTAP2 canonical CBOR (CTAP 2.3 §8, message encoding; RFC 8949).
//!
//! [`scan()`] first checks whether what a host sent has the canonical form. Only then do the borrowed [`Item`]s look
//! inside. The [`Writer`] writes what the key answers.

mod item;
mod scan;
mod writer;

pub use item::{Array, Item, Map};
pub use scan::{NotCanonical, scan};
pub use writer::{Overflow, Writer};

/// The major types of RFC 8949 §3.1.
mod major {
    pub(super) const UNSIGNED: u8 = 0;
    pub(super) const NEGATIVE: u8 = 1;
    pub(super) const BYTES: u8 = 2;
    pub(super) const TEXT: u8 = 3;
    pub(super) const ARRAY: u8 = 4;
    pub(super) const MAP: u8 = 5;
    pub(super) const TAG: u8 = 6;
    pub(super) const SIMPLE: u8 = 7;
}

/// The initial byte's additional information and the argument it announces (RFC 8949 §3).
#[derive(Clone, Copy)]
struct Head {
    major: u8,
    argument: u64,
    /// Bytes that the head takes: 1, 2, 3, 5 or 9.
    size: usize,
}

/// Splits the head off `bytes`; `None` where it is cut short, indefinite or reserved.
fn head(bytes: &[u8]) -> Option<(Head, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (argument, size, rest) = match first & 0x1f {
        small @ 0..=23 => (u64::from(small), 1, rest),
        24 => {
            let (&byte, rest) = rest.split_first()?;
            (u64::from(byte), 2, rest)
        }
        25 => {
            let (&bytes, rest) = rest.split_first_chunk()?;
            (u64::from(u16::from_be_bytes(bytes)), 3, rest)
        }
        26 => {
            let (&bytes, rest) = rest.split_first_chunk()?;
            (u64::from(u32::from_be_bytes(bytes)), 5, rest)
        }
        27 => {
            let (&bytes, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(bytes), 9, rest)
        }
        _ => return None,
    };
    let head = Head {
        major: first >> 5,
        argument,
        size,
    };
    Some((head, rest))
}

#[cfg(test)]
mod tests;
