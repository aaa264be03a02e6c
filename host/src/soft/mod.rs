//! The key in software: the core of a security key, with a PC around it.
//!
//! A test makes a key of its own, in its own process, with five lines:
//!
//! ```
//! use brasskey::soft::{SoftKey, Touch};
//! use brasskey_protocol::ctaphid::{BROADCAST, allocated_channel, init_report};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = SoftKey::builder().touch(Touch::Auto).build()?;
//! let host = key.connect();
//! host.send(&init_report(BROADCAST, b"a nonce."));
//! let reply = host.receive(std::time::Duration::from_secs(1));
//! assert!(reply.as_ref().and_then(allocated_channel).is_some());
//! # Ok(())
//! # }
//! ```
//!
//! [`SoftKey::serve`] opens the same key to other processes.
//!
//! A soft key cannot keep its secrets from somebody who controls its computer.
//!
//! | module | what it is |
//! |---|---|
//! | `key` | the handle: make, connect, touch, switch |
//! | `engine` | runs requests: the authenticator, and the power |
//! | `hid` | CTAPHID, channels and timers; answers while a request runs |
//! | `host` | what a host is: where reports come from and go to |
//! | `cards` | the key as a smart card, in readers |
//! | [`server`], [`control`] | how other processes reach the key and its button |
//! | `presence`, `verification` | the user |
//! | [`storage`] | the records |
//! | `fleet` | thousands of keys, to load a relying party with |

mod about;
mod cards;
mod clock;
#[cfg(feature = "control")]
pub mod control;
mod credentials;
mod engine;
mod error;
mod fleet;
mod hid;
mod host;
mod identity;
mod key;
mod log;
#[cfg(feature = "file")]
pub mod paths;
mod presence;
mod rng;
mod routes;
#[cfg(feature = "servers")]
pub mod server;
pub mod storage;
mod sync;
#[cfg(test)]
mod testing;
#[cfg(all(test, feature = "shuttle"))]
mod threads;
mod verification;

pub use about::{AAGUID, VERSION};
pub use brasskey_protocol::authenticator::Backup;
pub use clock::SoftClock;
pub use credentials::{CredentialError, ImportedKey, NewCredential, StoredCredential, UnfitKey};
pub use engine::SoftPlatform;
pub use error::Error;
pub use fleet::{Fleet, FleetError};
pub use hid::{Direction, SoftIndicator};
pub use identity::{Identity, Name, Serial, UnfitName};
pub use key::{Builder, Connection, SoftKey, State};
pub use log::LogEntry;
pub use presence::{Answer, Responder, SoftPresence, Touch, UnknownTouch, Waiting, beside_question, set_touch_remedy};
pub use rng::SoftRng;
#[cfg(feature = "servers")]
pub use server::{Addresses, Listen, Servers};
use sync::{lock, unpoison};
pub use verification::{UnknownUserVerification, UserVerification};
