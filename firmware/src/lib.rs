//! The key on a chip. For now: the proof that the whole core builds for one.
#![no_std]
#![forbid(unsafe_code)]

pub use brasskey_protocol as protocol;
