//! The key's state. Its commands are in [`ctap2`](crate::ctap2) and [`u2f`](crate::u2f), one file each.

use crate::attestation::Installed;
use crate::credential::{StartError, Store};
use crate::ctap2::{Pending, Tokens, collect_large_blobs};
use crate::pin_protocol::KeyAgreement;
use crate::platform::{Platform, Seams};

/// What a form of the key is built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The AAGUID: one for each form of the key (chip, virtual), the same for all installs of it. A key with an
    /// attestation certificate has that certificate's instead.
    pub aaguid: [u8; 16],
    /// `firmwareVersion` in getInfo.
    pub firmware_version: u32,
    /// Whether getInfo lists algorithms that older browsers do not know: see [`Algorithm::listed`](crate::credential::Algorithm::listed).
    pub lists_recent_algorithms: bool,
    /// Whether new credentials may leave the key.
    pub backup: Backup,
}

/// Whether credentials may leave the key, as synced passkeys do (WebAuthn Level 3 §6.1.3). Each credential is eligible
/// for good, or never: its ID says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backup {
    /// New credentials may not. A key of this kind never lets them.
    #[default]
    Never,
    /// New credentials may: the flag BE. Their counters stay where they are, since copies could not agree on one.
    Eligible,
    /// As [`Self::Eligible`], and all that may have been backed up: the flag BS.
    BackedUp,
}

/// The key: plain synchronous code that answers one request after the other.
///
/// Beside it the CTAPHID engine ([`ctaphid::Device`](crate::ctaphid::Device)) keeps talking to hosts.
pub struct Authenticator<P: Platform> {
    pub(crate) seams: Seams<P>,
    pub(crate) config: Config,
    pub(crate) store: Store,
    /// The attestation certificates.
    pub(crate) attestation: Option<Installed>,
    pub(crate) key_agreement: KeyAgreement,
    pub(crate) tokens: Tokens,
    /// Wrong PINs in a row since power-up.
    pub(crate) pin_mismatches: u8,
    pub(crate) pending: Option<Pending>,
    /// A reset began and did not succeed.
    pub(crate) reset_failed: bool,
}

impl<P: Platform> Authenticator<P> {
    /// Power-up: what the storage holds is there again, everything else is fresh.
    ///
    /// # Errors
    /// [`StartError`] where the storage cannot be used; the seams come back with it.
    pub fn new(mut seams: Seams<P>, mut config: Config) -> Result<Self, (Seams<P>, StartError)> {
        seams.rng.power_up();
        let (store, key_agreement, attestation) = match Self::power_up(&mut seams) {
            Ok(started) => started,
            Err(error) => return Err((seams, error)),
        };
        if let Some(installed) = attestation {
            config.aaguid = installed.aaguid;
        }
        Ok(Self {
            seams,
            config,
            store,
            key_agreement,
            attestation,
            tokens: Tokens::default(),
            pin_mismatches: 0,
            pending: None,
            reset_failed: false,
        })
    }

    fn power_up(seams: &mut Seams<P>) -> Result<(Store, KeyAgreement, Option<Installed>), StartError> {
        let store = Store::start(&mut seams.storage, &mut seams.rng)?;
        collect_large_blobs(&mut seams.storage, store.epoch)?;
        let key_agreement = KeyAgreement::new(&mut seams.rng).map_err(|_| StartError::Rng)?;
        Ok((store, key_agreement, Installed::find(&mut seams.storage)?))
    }

    /// Whether no command may run until the next power-up: a generator that failed once is not trusted again, and
    /// after a reset that failed only the storage knows which secret is the key's. A credential made with the other
    /// would be lost.
    pub(crate) fn must_refuse(&self) -> bool {
        self.seams.rng.has_failed() || self.reset_failed
    }

    /// Power-down: what was volatile is gone, secrets are wiped.
    pub fn into_seams(self) -> Seams<P> {
        self.seams
    }
}
