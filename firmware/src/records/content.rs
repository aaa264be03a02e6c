//! The content of a slot.

use sequential_storage::map::{SerializationError, Value};

/// A record: length of the key (1) ‖ key ‖ value. A free slot holds [`Content::NONE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
}

impl Content<'_> {
    /// The content of a free slot. No record has an empty key.
    pub(super) const NONE: Self = Self { key: &[], value: &[] };

    pub(super) const fn is_none(&self) -> bool {
        self.key.is_empty()
    }

    /// The size of `slot ‖ content`, in bytes.
    pub(super) const fn item_size(&self) -> usize {
        2 + 1 + self.key.len() + self.value.len()
    }
}

impl<'a> Value<'a> for Content<'a> {
    fn serialize_into(&self, buffer: &mut [u8]) -> Result<usize, SerializationError> {
        let too_small = SerializationError::BufferTooSmall;
        let (length, rest) = buffer.split_first_mut().ok_or(too_small.clone())?;
        *length = self
            .key
            .len()
            .try_into()
            .map_err(|_| SerializationError::InvalidFormat)?;
        let (key, rest) = rest.split_at_mut_checked(self.key.len()).ok_or(too_small.clone())?;
        key.copy_from_slice(self.key);
        rest.get_mut(..self.value.len())
            .ok_or(too_small)?
            .copy_from_slice(self.value);
        Ok(1 + self.key.len() + self.value.len())
    }

    fn deserialize_from(buffer: &'a [u8]) -> Result<(Self, usize), SerializationError> {
        let invalid = SerializationError::InvalidFormat;
        let (length, rest) = buffer.split_first().ok_or(invalid.clone())?;
        let (key, value) = rest.split_at_checked(usize::from(*length)).ok_or(invalid)?;
        Ok((Self { key, value }, buffer.len()))
    }
}
