//! A FIDO2/U2F security key in software, a client for any security key, and a relying party: what the program
//! `brasskey` is made of, for tests and tools of your own.
//!
//! | module | plays |
//! |---|---|
//! | [`soft`] | the key: in this process, or for others over UDP, a Unix socket, uhid or USB/IP |
//! | [`transport`] | the cable: finds the keys that are plugged in, and carries reports to any key |
//! | [`client`] | the browser: CTAP2 and U2F, PINs and passkeys, and in [`client::ceremony`] the two ceremonies |
//! | [`webauthn`] | what browser and website tell each other: options, challenges, answers |
//! | [`relying_party`] | the website: every check of an answer, and a file of registrations |
//! | [`decode`] | the reader: explains messages, answers and captures that somebody pasted |
//! | `practice` | an AWS account to practise MFA with: pages and an endpoint on this computer (feature `aws`) |
//! | [`mds`] | the FIDO Alliance's metadata of models of keys, verified |
//! | [`recording`] | a recorder between host and key, and a key that plays a recording |
//! | [`selftest`] | all of them, to find out whether a key is fit for use |
//!
//! A registration and a sign-in, with a key in software:
//!
//! ```
//! use brasskey::client::ceremony::{Protocol, create, get};
//! use brasskey::client::{Key, Unwatched};
//! use brasskey::relying_party::{
//!     ExpectedAuthentication, ExpectedRegistration, verify_authentication, verify_registration,
//! };
//! use brasskey::soft::{SoftKey, Touch};
//! use brasskey::webauthn::{CreationOptions, Origin, RelyingPartyEntity, RequestOptions, UserEntity};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // For one on USB: `Key::open(transport::list()?[0].address.open()?)`.
//! let soft = SoftKey::builder().touch(Touch::Auto).build()?;
//! let mut key = Key::open(Box::new(soft.connect()))?;
//! let origin = Origin::parse("https://login.example.com")?;
//!
//! // The website asks, the browser takes it to the key, and the website checks what comes back.
//! let alice = UserEntity::new(*b"a random number", "alice");
//! let options = CreationOptions::new(RelyingPartyEntity::new("example.com"), alice.clone())?;
//! let answer = create(&mut key, &options, &origin, Protocol::Ctap2, &mut Unwatched)?;
//! let (report, credential) = verify_registration(ExpectedRegistration::new(options, &origin), &answer);
//! let credential = credential.ok_or_else(|| format!("refused: {report:?}"))?;
//!
//! let options = RequestOptions::new("example.com")?.allow([&credential]);
//! let answer = get(&mut key, &options, &origin, Protocol::Ctap2, &mut Unwatched)?;
//! let expected = ExpectedAuthentication::new(options, &origin, alice.id);
//! let (report, authentication) = verify_authentication(expected, &credential, &answer);
//! assert!(report.passed());
//! # assert!(authentication.is_some());
//! # Ok(())
//! # }
//! ```
//!
//! `examples/` has this with every check shown, the test of a WebAuthn server, and a key with a scripted touch.
//!
//! Features that are on: `hid` (keys on USB), `graviola` (a PC's cryptography in verified assembly), the soft key's
//! algorithms `es256k`, `es384`, `es512` and `ml-dsa`, `servers` (the soft key for other processes), `file` (its state
//! file), `oath` (one-time codes), `public-suffixes` (their list, for [`webauthn::Origin`]) and `relying-party` (the
//! website, and with it [`decode`], [`mds`], [`recording`] and [`selftest`]). Without all of these the rest builds for
//! WebAssembly: there a key with [`soft::Touch::Call`] and a scripted clock needs neither a thread nor a clock.
//!
//! Features that are off: `control` (the soft key's button over HTTP), `notify` (its touch by desktop notification),
//! `keyring` (its state file sealed by the desktop's keyring), `attestation-lab` (attestation certificates and metadata
//! for it), `aws` (the practice account), and `cli`, the whole command line, which takes all of these.

#![deny(unsafe_code)]
// Much of what the modules share serves those behind a feature.
#![cfg_attr(
    not(all(feature = "file", feature = "oath", feature = "relying-party", feature = "servers")),
    allow(dead_code, unused_imports)
)]

#[cfg(feature = "attestation-lab")]
pub mod attestation_lab;
mod cbor;
// Some of what the commands share serves those of the feature `full` only.
#[cfg(feature = "cli")]
#[cfg_attr(not(feature = "full"), allow(dead_code))]
pub mod cli;
pub mod client;
#[cfg(feature = "relying-party")]
pub mod decode;
#[cfg(feature = "relying-party")]
pub mod mds;
#[cfg(feature = "aws")]
pub mod practice;
#[cfg(feature = "file")]
mod private;
#[cfg(feature = "relying-party")]
pub mod recording;
#[cfg(feature = "relying-party")]
pub mod relying_party;
#[cfg(feature = "relying-party")]
pub mod selftest;
pub mod soft;
pub mod text;
pub mod transport;
pub mod webauthn;

/// The examples of the page on the library are tested.
#[cfg(doctest)]
#[doc = include_str!("../../docs/library.md")]
struct Page;
