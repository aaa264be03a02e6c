//! # A foreign host
//!
//! What the FIDO standards ask of a security key (CTAP 2.3, FIDO U2F Raw Message Formats v1.2, WebAuthn Level 3), and
//! RFC 4226 and RFC 6238 of one-time codes, as checks that run over the wire of any key.
//!
//! | module | what it is |
//! |---|---|
//! | [`key`] | a key under test: its [`Link`](key::Link), its [`Hand`](key::Hand) and its [`Profile`](key::Profile) |
//! | [`host`] | a client that can also misbehave, and the checks that a relying party makes |
//! | [`second_reader`] | `ctap-types`, to which every answer has to say the same |
//! | [`words`] | the words of a failure, for whoever builds the key |
//! | [`suites`] | what every key does, one file a chapter, written once |
//! | [`plan`] | which of them apply to a key, what they take, and in which order they run |
//! | [`run`] | runs them, and makes the key fresh in between |
//! | [`broken`] | why a check was broken off, where the key is not to blame |
//! | [`trace`] | what was said on the wire, and what it leaves on the key |
//! | [`outcome`] | what came of it: a report |
//! | [`costs`] | the touches, power cycles and waits of each check, as recorded |
//!
//! It shares no code with a key: packets, CBOR and signatures are made and read by other means, so that a mistake
//! cannot agree with itself.

#[macro_use]
pub mod words;

pub mod broken;
pub mod costs;
pub mod host;
pub mod key;
pub mod outcome;
pub mod plan;
pub mod run;
pub mod second_reader;
pub mod suites;
pub mod trace;
