//! Every short history of a key.
//!
//! All sequences of an [alphabet](action::ALPHABET) of actions, up to a length, are done with the real authenticator in
//! a [world] of memory. After each, the key is held to the [invariants] by a [ledger] of what it acknowledged
//! and refused, and asked on the quiet what it would answer. States with the same hash are one.
//!
//! | module | what it is |
//! |---|---|
//! | [`action`] | the alphabet |
//! | [`world`], [`key`] | the seams as one value, and the key in it |
//! | `hosts`, `answer`, [`state`] | what two hosts send, and how each action is done |
//! | [`event`], [`ledger`] | what happens, and what anyone may know from it |
//! | [`invariants`] | what must hold |
//! | `probe` | the questions on the quiet, to a copy |
//! | [`search`] | the search |
//! | [`session`] | one long history from bytes, for the fuzz target `sessions` |
//! | [`fault`] | keys that are broken on purpose, so that each invariant is seen to be broken |
//!
//! # Power cuts
//!
//! An action that changes the storage n times is also done n times with the power cut after its first, second, …
//! change, and each of these once more for each change of the power-up that follows. These are all cuts that differ:
//! between two changes nothing of the key lasts, and a cut before the first change is [`action::Action::PowerCycle`].
//! No change is torn: the storage's contract is that each is made or not ([`Storage`]). What a cut leaves must be what
//! some moment of the whole action left.
//!
//! # What merging assumes
//!
//! The hash is over the ledger and over the storage's records but for what is random in them. Two histories with the
//! same hash are taken for one state. This assumes of the real key:
//!
//! * that its memory follows from the ledger: which token it has and what became of it, the wrong PINs since power-up,
//!   the walk that it is in. No hash sees the memory itself; a key that errs in it is seen by its next answer, or by
//!   the questions that each new state is asked;
//! * that secrets, nonces, IDs and key pairs do not decide, only whether they are the same;
//! * that a counter's value does not decide, only whether a block of it is reserved: no history is long enough to use
//!   up one (64 values);
//! * that of several credentials that are not discoverable the newest stands for all, of several things that ended the
//!   last one, and of the credentials that a reset took the newest;
//! * that time decides by the limits that the standard sets: times beyond the last limit are the same.
//!
//! `tests/histories.rs` also searches without merging, not as deep, and compares: it must find the same states.
//!
//! [`Storage`]: brasskey_protocol::platform::Storage

pub mod action;
mod answer;
pub mod event;
pub mod fault;
mod hosts;
pub mod invariants;
pub mod key;
pub mod ledger;
mod probe;
pub mod search;
pub mod session;
pub mod state;
pub mod world;
