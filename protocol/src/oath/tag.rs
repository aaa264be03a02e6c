//! The tags of YKOATH's data objects.

pub(super) const NAME: u8 = 0x71;
pub(super) const NAME_LIST: u8 = 0x72;
pub(super) const KEY: u8 = 0x73;
pub(super) const CHALLENGE: u8 = 0x74;
pub(super) const RESPONSE: u8 = 0x75;
pub(super) const TRUNCATED: u8 = 0x76;
pub(super) const HOTP: u8 = 0x77;
pub(super) const PROPERTY: u8 = 0x78;
pub(super) const VERSION: u8 = 0x79;
pub(super) const MOVING_FACTOR: u8 = 0x7a;
pub(super) const ALGORITHM: u8 = 0x7b;
pub(super) const TOUCH: u8 = 0x7c;
