//! Decoders for what several commands have in common, each with the exact error of CTAP 2.3 §8 and §6.

use crate::cbor::Item;
use crate::status::Status;

/// The members 1 to `N` of a map with unsigned keys. Others are ignored, as the standard asks.
pub(super) fn numbered<'a, const N: usize>(map: Item<'a>) -> Result<[Option<Item<'a>>; N], Status> {
    let mut members = [None; N];
    for (key, value) in map.map()? {
        let index = key
            .uint()
            .ok()
            .and_then(|key| usize::try_from(key).ok()?.checked_sub(1));
        if let Some(member) = index.and_then(|index| members.get_mut(index)) {
            *member = Some(value);
        }
    }
    Ok(members)
}

/// The members of a map with these text keys. Others are ignored.
pub(super) fn named<'a, const N: usize>(map: Item<'a>, names: [&str; N]) -> Result<[Option<Item<'a>>; N], Status> {
    let mut members = [None; N];
    for (key, value) in map.map()? {
        let Ok(key) = key.text() else { continue };
        for (member, name) in members.iter_mut().zip(names) {
            if name == key {
                *member = Some(value);
            }
        }
    }
    Ok(members)
}

/// A top-level parameter that the command requires.
pub(super) fn required<T>(parameter: Option<T>) -> Result<T, Status> {
    parameter.ok_or(Status::MissingParameter)
}

/// `clientDataHash`. The standard leaves the code for a wrong length open.
pub(super) fn client_data_hash(item: Item<'_>) -> Result<&[u8; 32], Status> {
    item.bytes()?.try_into().map_err(|_| Status::InvalidLength)
}

/// The options of makeCredential and getAssertion; `None` where absent.
#[derive(Clone, Copy, Default)]
pub(super) struct Options {
    pub(super) rk: Option<bool>,
    pub(super) up: Option<bool>,
    pub(super) uv: Option<bool>,
}

impl Options {
    pub(super) fn decode(item: Option<Item<'_>>) -> Result<Self, Status> {
        let Some(item) = item else {
            return Ok(Self::default());
        };
        let mut options = Self::default();
        for (key, value) in item.map()? {
            // Unknown options are ignored, but every value is boolean.
            let value = value.bool()?;
            match key.text()? {
                "rk" => options.rk = Some(value),
                "up" => options.up = Some(value),
                "uv" => options.uv = Some(value),
                _ => {}
            }
        }
        Ok(options)
    }
}
