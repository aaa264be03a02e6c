//! # The key itself
//!
//! A FIDO2/U2F security key without an operating system, a heap or I/O. It follows CTAP 2.3 (Proposed Standard,
//! 26 February 2026) with its CTAPHID transport, FIDO U2F Raw Message Formats v1.2, and WebAuthn Level 3 for the
//! data that relying parties see. Citations such as `CTAP 2.3 §6.1.2 step 7` mean those editions.
//!
//! | module | what it is |
//! |---|---|
//! | [`ctaphid`] | messages over 64-byte reports, the key's end and the host's |
//! | [`authenticator`] | the key's state |
//! | [`ctap2`], [`u2f`] | its commands, one file each |
//! | [`pin_protocol`] | what a PIN and its proofs are sent under |
//! | [`pin`], [`settings`] | what the key keeps of its PIN and its configuration |
//! | [`credential`] | sealed credential IDs, records, keys, counters |
//! | [`attestation`] | what the key says of itself |
//! | [`cbor`] | the canonical form, checked on the way in and kept on the way out |
//! | [`crypto`] | the primitives behind small modules |
//! | [`platform`] | the five seams to the world around |
//! | [`usb`] | what the key says of itself on USB |
//! | [`limits`] | every size and time |
#![no_std]
#![forbid(unsafe_code)]
// What a host sends must never panic: no shortcut that could, in anything but tests.
#![cfg_attr(
    not(test),
    warn(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )
)]

#[cfg(test)]
extern crate std;

pub mod attestation;
pub mod authenticator;
pub mod cbor;
pub mod credential;
pub mod crypto;
pub mod ctap2;
pub mod ctaphid;
pub mod limits;
pub mod pin;
pub mod pin_protocol;
pub mod platform;
pub mod rng;
pub mod settings;
pub mod u2f;
pub mod usb;

#[cfg(test)]
mod testing;
