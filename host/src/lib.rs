//! The host side of brasskey as a library.

mod cbor;
pub mod client;
pub mod relying_party;
pub mod soft;
pub mod text;
pub mod transport;
