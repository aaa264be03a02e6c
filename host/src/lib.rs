//! The host side of brasskey as a library.

pub mod soft;
