//! A host of its own: it speaks CTAPHID, CTAP2, U2F and YKOATH from the standards alone.

pub mod card;
pub mod cbor;
pub mod certificate;
pub mod client_pin;
pub mod ctap2;
pub(crate) mod hid;
mod hmac_secret;
mod limits;
pub mod oath;
pub mod read;
mod refusal;
pub mod response;
pub mod status;
mod token;
pub mod u2f;
pub mod verify;

pub use hid::{BROADCAST, Host, Message, command, error, packets};
