//! The key's state. Its commands are in [`ctap2`](crate::ctap2) and [`u2f`](crate::u2f), one file each.

use crate::credential::{StartError, Store};
use crate::ctap2::PendingAssertions;
use crate::platform::{Platform, Seams};

/// What a form of the key is built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The AAGUID: one for each form of the key (chip, virtual), the same for all installs of it.
    pub aaguid: [u8; 16],
    /// `firmwareVersion` in getInfo.
    pub firmware_version: u32,
}

/// The key: plain synchronous code that answers one request after the other.
///
/// Beside it the CTAPHID engine ([`ctaphid::Device`](crate::ctaphid::Device)) keeps talking to hosts.
pub struct Authenticator<P: Platform> {
    pub(crate) seams: Seams<P>,
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) pending: Option<PendingAssertions>,
}

impl<P: Platform> Authenticator<P> {
    /// Power-up: what the storage holds is there again, everything else is fresh.
    ///
    /// # Errors
    /// [`StartError`] where the storage cannot be used; the seams come back with it.
    pub fn new(mut seams: Seams<P>, config: Config) -> Result<Self, (Seams<P>, StartError)> {
        seams.rng.power_up();
        match Store::start(&mut seams.storage, &mut seams.rng) {
            Ok(store) => Ok(Self {
                seams,
                config,
                store,
                pending: None,
            }),
            Err(error) => Err((seams, error)),
        }
    }

    /// Power-down: what was volatile is gone, secrets are wiped.
    pub fn into_seams(self) -> Seams<P> {
        self.seams
    }
}
