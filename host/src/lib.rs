//! The host side of brasskey as a library.

pub mod client;
pub mod soft;
pub mod text;
pub mod transport;
