//! The key's state. Its commands are in [`ctap2`](crate::ctap2), [`u2f`](crate::u2f) and [`oath`](crate::oath), one
//! file each.

#[cfg(feature = "import")]
mod import;

use rand_core::TryRng;

use crate::ctap2::pending::{Pending, Sequence};
use crate::ctap2::pin_protocol::KeyAgreement;
use crate::ctap2::token::{PinUvAuthTokens, TokenId};
use crate::limits::MAX_MESSAGE;
use crate::oath::session::Sessions;
use crate::platform::{Clock as _, Platform, Seams, Storage};
use crate::request::{Request, RequestKind};
use crate::rng::HealthyRng;
use crate::status::Status;
use crate::store::attestation::Installed;
use crate::store::{StartError, Store};

/// What a form of the key is built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The AAGUID: one for each form of the key (chip, virtual), and the same in all keys of that form. A key with an
    /// attestation certificate has the certificate's AAGUID instead.
    pub aaguid: [u8; 16],
    /// `firmwareVersion` in getInfo.
    pub firmware_version: u32,
    /// Whether getInfo lists algorithms that older browsers do not know: see
    /// [`Algorithm::listed`](crate::crypto::Algorithm::listed).
    pub lists_recent_algorithms: bool,
    /// Whether new credentials may leave the key.
    pub backup: Backup,
}

/// Whether credentials may leave the key, as synced passkeys do (WebAuthn Level 3 §6.1.3). A credential's ID says
/// whether it may, and this never changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backup {
    /// New credentials may not leave the key.
    #[default]
    Never,
    /// New credentials may leave it: the flag BE. Their counters stay as they are, because copies could not agree on
    /// one.
    Eligible,
    /// New credentials may leave it, and every credential that may has been backed up: the flags BE and BS.
    BackedUp,
}

impl Backup {
    /// Whether credentials count as backed up.
    pub(crate) fn is_backed_up(self) -> bool {
        self == Self::BackedUp
    }
}

/// The key: plain synchronous code that answers one request after the other.
///
/// Beside it the CTAPHID engine ([`ctaphid::Device`](crate::ctaphid::Device)) keeps talking to hosts.
pub struct Authenticator<P: Platform> {
    pub(crate) presence: P::UserPresence,
    pub(crate) rng: HealthyRng<P::Rng>,
    pub(crate) clock: P::Clock,
    pub(crate) indicator: P::Indicator,
    pub(crate) config: Config,
    pub(crate) store: Store<P::Storage>,
    /// The attestation certificates.
    pub(crate) attestation: Option<Installed>,
    pub(crate) key_agreement: KeyAgreement,
    pub(crate) tokens: PinUvAuthTokens,
    /// Wrong PINs in a row since power-up.
    pub(crate) pin_mismatches: u8,
    pub(crate) pending: Option<Pending>,
    pub(crate) oath_sessions: Sessions,
    /// A reset began and did not succeed.
    pub(crate) reset_failed: bool,
}

/// A second key in the same state, whose seams are clones of the first one's: for whoever looks at several futures of
/// one key. No form of the key does: there it would be a key that forgets what it has been asked since.
impl<P> Clone for Authenticator<P>
where
    P: Platform<UserPresence: Clone, Storage: Clone, Rng: Clone, Clock: Clone, Indicator: Clone>,
{
    fn clone(&self) -> Self {
        Self {
            presence: self.presence.clone(),
            rng: self.rng.clone(),
            clock: self.clock.clone(),
            indicator: self.indicator.clone(),
            config: self.config,
            store: self.store.clone(),
            attestation: self.attestation,
            key_agreement: self.key_agreement.clone(),
            tokens: self.tokens.clone(),
            pin_mismatches: self.pin_mismatches,
            pending: self.pending.clone(),
            oath_sessions: self.oath_sessions.clone(),
            reset_failed: self.reset_failed,
        }
    }
}

impl<P: Platform> Authenticator<P> {
    /// Power-up: reads what the storage holds, and makes everything else anew.
    ///
    /// # Errors
    /// [`StartError`] where the key cannot start, together with the seams.
    pub fn new(seams: Seams<P>, mut config: Config) -> Result<Self, (Seams<P>, StartError)> {
        let Seams {
            presence,
            storage,
            mut rng,
            clock,
            indicator,
        } = seams;
        rng.power_up();
        let started = Store::start(storage, &mut rng).and_then(|mut store| match power_up(&mut store, &mut rng) {
            Ok((attestation, key_agreement)) => Ok((store, attestation, key_agreement)),
            Err(error) => Err((store.storage, error)),
        });
        let (store, attestation, key_agreement) = match started {
            Ok(started) => started,
            Err((storage, error)) => {
                let seams = Seams {
                    presence,
                    storage,
                    rng,
                    clock,
                    indicator,
                };
                return Err((seams, error));
            }
        };
        if let Some(installed) = attestation {
            config.aaguid = installed.aaguid;
        }
        Ok(Self {
            presence,
            rng,
            clock,
            indicator,
            config,
            store,
            attestation,
            key_agreement,
            tokens: PinUvAuthTokens::default(),
            pin_mismatches: 0,
            pending: None,
            oath_sessions: Sessions::NONE,
            reset_failed: false,
        })
    }

    /// Runs a request and returns the response's length. `message` begins with the request's.
    pub fn answer(&mut self, request: &Request, message: &[u8], response: &mut [u8; MAX_MESSAGE]) -> usize {
        let message = message.get(..request.length).unwrap_or_default();
        match request.kind {
            RequestKind::Cbor => self.ctap2(request.channel, message, response),
            RequestKind::Msg => self.u2f(request.channel, message, response),
            RequestKind::Oath => self.oath(request.channel, message, response),
        }
    }

    /// Whether no command may run until the next power-up. A generator that failed once is not trusted again. After a
    /// reset that failed, only the storage knows which secret is the key's: a credential made with the other would be
    /// lost.
    pub(crate) fn must_refuse(&self) -> bool {
        self.rng.has_failed() || self.reset_failed
    }

    /// Ends a step of a sequence of commands: the next one continues from `sequence`.
    pub(crate) fn suspend(&mut self, channel: u32, token: Option<TokenId>, sequence: Sequence) {
        let now = self.clock.now();
        self.pending = Some(Pending::new(channel, now, token, sequence));
    }

    /// What the channel's next step continues from, and by which token. The sequence ends with that: a step that fails
    /// is the last one. Another channel's attempt is refused and leaves the sequence to its owner.
    pub(crate) fn resume(&mut self, channel: u32) -> Result<(Option<TokenId>, Sequence), Status> {
        let pending = self.pending.take_if(|pending| pending.is_of(channel));
        let pending = pending.ok_or(Status::NotAllowed)?;
        pending
            .go_on(self.clock.now(), &mut self.tokens)
            .ok_or(Status::NotAllowed)
    }

    /// Power-down: what was volatile is gone, and secrets are wiped.
    pub fn into_seams(self) -> Seams<P> {
        Seams {
            presence: self.presence,
            storage: self.store.storage,
            rng: self.rng,
            clock: self.clock,
            indicator: self.indicator,
        }
    }
}

fn power_up(
    store: &mut Store<impl Storage>,
    rng: &mut impl TryRng,
) -> Result<(Option<Installed>, KeyAgreement), StartError> {
    store.collect_large_blobs()?;
    let key_agreement = KeyAgreement::new(rng).map_err(|_| StartError::Rng)?;
    Ok((store.attestation()?, key_agreement))
}
