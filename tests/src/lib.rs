//! The forms of the key, for the suites of `brasskey-conformance`.
//!
//! | module | what it is |
//! |---|---|
//! | [`forms`] | the key's core alone, the soft key in this process and over UDP, the firmware on an emulated chip |
//! | [`chip`] | the firmware on an emulated chip, under an engineer's hands |
//! | [`histories`] | every short history of the key, held to invariants, and longer ones for the fuzzer |
//! | [`broken`] | keys that are broken on purpose, so that every check is seen to fail |
//! | [`process`] | the program's token as a process |
//! | [`suites`] | what only this key does |

pub mod broken;
pub mod chip;
pub mod forms;
pub mod histories;
pub mod process;
pub mod suites;
