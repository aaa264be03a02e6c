//! What the key on a chip needs and no chip is needed for: it is tested on a PC.
//!
//! | module | what it is |
//! |---|---|
//! | [`button`] | the touch: debounced, fresh, bound to its request |
//! | [`light`] | what the one light shows |
//! | [`health`] | SP 800-90B tests of a noise source |
//! | [`entropy`] | noise made into random numbers |
//! | [`records`] | the key's records on NOR flash |
//!
//! The program for a chip is in `chip/`: `firmware/build BOARD` builds it.
#![no_std]
#![forbid(unsafe_code)]
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

pub mod button;
pub mod entropy;
pub mod health;
pub mod light;
pub mod records;
