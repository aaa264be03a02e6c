//! # The key itself
//!
//! A FIDO2/U2F security key that needs no operating system, heap or I/O. It follows CTAP 2.3 (Proposed Standard,
//! 26 February 2026) with its CTAPHID transport, FIDO U2F Raw Message Formats v1.2, and WebAuthn Level 3 for the
//! data that relying parties see. Citations such as `CTAP 2.3 §6.1.2 step 7` mean those editions.
//!
//! From the ground up; a module imports those above it in this table, and no others:
//!
//! | module | what it is |
//! |---|---|
//! | [`limits`] | every size and time |
//! | [`platform`], [`rng`] | the five seams to the world around |
//! | [`request`] | what the carriers hand to the authenticator |
//! | [`iso7816`] | APDUs, and the smart card that carries the key's protocols |
//! | `status`, `bytes` | CTAP2's status codes ([`ctap2::Status`]), and arrays put together |
//! | [`cbor`] | the canonical form, checked on the way in and kept on the way out |
//! | [`crypto`] | the primitives behind small modules, and the algorithms that credentials sign with |
//! | [`store`] | what the key keeps: credentials, counters, PIN, settings, certificates, one-time codes |
//! | [`authenticator`] | the key's state, made of parts of the next two |
//! | [`ctap2`], [`u2f`], [`oath`] | its commands, one file each |
//! | [`ccid`] | a smart card reader on USB, and the card in it |
//! | [`ctaphid`] | messages over 64-byte reports, the key's end and the host's; needs only the ground |
//! | `ctap_types` | with the feature `ctap-types`: the key for runners of another ecosystem |
//! | [`usb`] | what the key says of itself on USB |
#![no_std]
#![forbid(unsafe_code)]
// Nothing that a host sends may cause a panic. So only tests use what can panic.
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

pub mod authenticator;
mod bytes;
pub mod cbor;
pub mod ccid;
pub mod crypto;
pub mod ctap2;
#[cfg(feature = "ctap-types")]
pub mod ctap_types;
pub mod ctaphid;
pub mod iso7816;
pub mod limits;
pub mod oath;
pub mod platform;
pub mod request;
pub mod rng;
mod status;
pub mod store;
pub mod u2f;
pub mod usb;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
