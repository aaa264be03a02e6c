//! The forms of the key, for the suites of `brasskey-conformance`.
//!
//! | module | what it is |
//! |---|---|
//! | [`forms`] | the key in this process, behind UDP, and on an emulated chip |
//! | [`suites`] | what only this key does |

pub mod forms;
pub mod suites;
