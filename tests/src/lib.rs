//! What every end-to-end suite shares: a key in one of its forms, a hand on its button, and a host.
//!
//! | module | what it is |
//! |---|---|
//! | [`key`] | a key under test, and what its form must be able to do |
//! | [`forms`] | the forms: in this process, behind UDP, and on an emulated chip |
//! | [`host`] | the other end: CTAPHID, CTAP2 and U2F, and the checks that a relying party makes |
//! | [`suites`] | what every key does, one file a chapter, written once |
//!
//! The host shares no code with the key: packets, CBOR and signatures are made and read by other means, so that a
//! mistake cannot agree with itself.

pub mod forms;
pub mod host;
pub mod key;
pub mod suites;
