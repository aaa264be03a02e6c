//! The host side of brasskey as a library.

#[cfg(feature = "attestation-lab")]
pub mod attestation_lab;
mod cbor;
#[cfg(feature = "cli")]
pub mod cli;
pub mod client;
mod private;
pub mod relying_party;
pub mod selftest;
pub mod soft;
pub mod text;
pub mod transport;

/// The examples of the README are tested.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
