//! The key in software: the core of a security key, with a PC around it.
//!
//! A test needs five lines to have a key of its own, in its own process:
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
//! [`SoftKey::serve`] opens the same key to other processes. What a soft key cannot do is keep its secrets from
//! whoever controls the computer it runs on.

mod clock;
#[cfg(feature = "control")]
pub mod control;
mod credentials;
mod engine;
mod error;
mod hid;
mod host;
mod identity;
mod key;
mod log;
pub mod paths;
mod platform;
mod plug;
mod presence;
mod rng;
mod routes;
pub mod server;
pub mod storage;
#[cfg(test)]
mod testing;
mod verification;

use std::sync::{LockResult, Mutex, MutexGuard, PoisonError};

pub use brasskey_protocol::authenticator::Backup;
pub use clock::SoftClock;
pub use credentials::{CredentialError, ImportedKey, NewCredential, StoredCredential, UnfitKey};
pub use error::Error;
pub use hid::SoftStatus;
pub use identity::{Identity, Name, Serial, UnfitName};
pub use key::{Builder, Connection, SoftKey, State};
pub use log::LogEntry;
pub use platform::{AAGUID, SoftPlatform, VERSION};
pub use presence::{Answer, SoftPresence, Touch, UnknownTouch, Waiting, beside_question, set_touch_remedy};
pub use rng::SoftRng;
pub use server::{Addresses, Listen, Servers};
pub use verification::{UnknownUserVerification, UserVerification};

/// Locks `mutex`. A thread that panicked with the lock held left nothing half done that matters more than going on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    unpoison(mutex.lock())
}

fn unpoison<T>(result: LockResult<T>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}
