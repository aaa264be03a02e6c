//! One pass over a message that refuses everything that is not in the canonical form.

use super::{head, major};
use crate::limits::CBOR_MAX_DEPTH;

/// The bytes are not one CBOR item in the CTAP2 canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotCanonical;

/// A map or array whose items are still being read.
#[derive(Clone, Copy, Default)]
struct Container<'a> {
    /// Items still to come: a map of n pairs has 2n.
    remaining: u64,
    is_map: bool,
    /// The encoded key of the pair before, for the order.
    last_key: Option<&'a [u8]>,
}

impl Container<'_> {
    fn expects_key(&self) -> bool {
        self.is_map && self.remaining.is_multiple_of(2)
    }
}

/// Checks that `message` is exactly one item in the canonical form: shortest heads, definite lengths, map keys sorted
/// and unique, no tags, valid UTF-8, maps and arrays nested at most four deep, and nothing after it.
///
/// # Errors
/// [`NotCanonical`] otherwise; the key answers CTAP2_ERR_INVALID_CBOR.
pub fn scan(message: &[u8]) -> Result<(), NotCanonical> {
    // One frame more than the depth: the message itself is an array of one.
    let mut stack = [Container::default(); CBOR_MAX_DEPTH + 1];
    let mut depth = 0;
    stack[0].remaining = 1;
    let mut bytes = message;

    while let Some(container) = stack.get_mut(depth) {
        if container.remaining == 0 {
            if depth == 0 {
                return if bytes.is_empty() { Ok(()) } else { Err(NotCanonical) };
            }
            depth -= 1;
            continue;
        }
        let is_key = container.expects_key();
        container.remaining -= 1;

        let (head, rest) = head(bytes).ok_or(NotCanonical)?;
        let (item_length, opened) = match head.major {
            major::UNSIGNED | major::NEGATIVE => {
                shortest(head.argument, head.size)?;
                (head.size, None)
            }
            major::BYTES | major::TEXT => {
                shortest(head.argument, head.size)?;
                let length = usize::try_from(head.argument).map_err(|_| NotCanonical)?;
                let content = rest.get(..length).ok_or(NotCanonical)?;
                if head.major == major::TEXT && core::str::from_utf8(content).is_err() {
                    return Err(NotCanonical);
                }
                (head.size + length, None)
            }
            major::ARRAY | major::MAP => {
                shortest(head.argument, head.size)?;
                // An item takes at least a byte: a count that the message cannot hold ends here.
                let is_map = head.major == major::MAP;
                let remaining = head
                    .argument
                    .checked_mul(if is_map { 2 } else { 1 })
                    .ok_or(NotCanonical)?;
                let opened = Container {
                    remaining,
                    is_map,
                    last_key: None,
                };
                (head.size, Some(opened))
            }
            major::SIMPLE => {
                // Two-byte simple values below 32 do not exist (RFC 8949 §3.3). Floating point keeps its width.
                if head.size == 2 && head.argument < 32 {
                    return Err(NotCanonical);
                }
                (head.size, None)
            }
            _ => return Err(NotCanonical),
        };

        let (item, rest) = bytes.split_at_checked(item_length).ok_or(NotCanonical)?;
        if is_key {
            if opened.is_some() {
                return Err(NotCanonical);
            }
            if container.last_key.is_some_and(|last| !sorts_before(last, item)) {
                return Err(NotCanonical);
            }
            container.last_key = Some(item);
        }
        bytes = rest;

        if let Some(opened) = opened {
            depth += 1;
            *stack.get_mut(depth).ok_or(NotCanonical)? = opened;
        }
    }
    Err(NotCanonical)
}

/// Integers and lengths take the fewest bytes that can hold them.
fn shortest(argument: u64, size: usize) -> Result<(), NotCanonical> {
    let fewest = match argument {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    };
    if size == fewest { Ok(()) } else { Err(NotCanonical) }
}

/// The order of map keys: by major type, then shorter first, then bytewise.
fn sorts_before(left: &[u8], right: &[u8]) -> bool {
    let order = |key: &[u8]| (key.first().map(|byte| byte >> 5), key.len());
    (order(left), left) < (order(right), right)
}
