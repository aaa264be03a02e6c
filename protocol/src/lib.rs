//! # The key itself
#![no_std]
#![forbid(unsafe_code)]
#[cfg(any(test, feature = "graviola"))]
extern crate std;

pub mod ctaphid;
pub mod limits;
pub mod platform;
