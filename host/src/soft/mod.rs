//! The key in software.

pub mod paths;
pub mod storage;
