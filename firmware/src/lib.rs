//! The parts of the key on a chip that need no chip. They are tested on a PC.
//!
//! | module | what it is |
//! |---|---|
//! | [`button`] | the touch: debounced, newer than the request, and good for that request only |
//! | [`light`] | what the one light shows |
//! | [`health`] | SP 800-90B tests of a noise source |
//! | [`entropy`] | random numbers from noise |
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
