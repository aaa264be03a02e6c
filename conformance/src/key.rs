//! A key under test: the link to it, the hand on it, and what is known of it.

mod in_time;
mod pins;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::host::Host;
use crate::host::client_pin::Protocol;
pub use pins::Pins;

/// One HID report.
pub type Report = [u8; 64];

/// Longer than any check waits when it passes.
pub const LONG: Duration = Duration::from_secs(60);

/// What a check needs that not every key has, or not every hand can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A clock that the hand moves: nobody waits thirty seconds for a timeout.
    Clock,
    /// A user who can say no. A key with nothing but a button has none.
    Decline,
    /// A hand that does not mind two hundred touches: a program.
    ManyTouches,
    /// A smart card in a reader, whose link takes APDUs as they are.
    Card,
    /// Time that passes for the key as it does here. For an emulated chip it does not.
    RealTime,
    /// Room for every algorithm. A chip takes what fits.
    EveryAlgorithm,
    /// Attestation certificates of a vendor.
    Certificates,
    /// One-time codes, and the vendor command that carries their APDUs.
    Oath,
    /// Room for three discoverable credentials and no more.
    LittleRoom,
    /// U2F.
    U2f,
    /// CTAP2.
    Ctap2,
    /// The option rk: discoverable credentials.
    Rk,
    /// The option clientPin, set or not.
    Pin,
    /// PIN/UV auth protocol one.
    ProtocolOne,
    /// PIN/UV auth protocol two.
    ProtocolTwo,
    /// The options pinUvAuthToken and clientPin: tokens with permissions for a PIN, those of the ceremonies among them
    /// (no noMcGaPermissionsWithClientPin).
    Tokens,
    /// The option credMgmt.
    CredMgmt,
    /// The option perCredMgmtRO.
    Pcmr,
    /// The option largeBlobs.
    LargeBlobs,
    /// The option authnrCfg.
    Config,
    /// The extension credProtect.
    CredProtect,
    /// EdDSA among the algorithms.
    EdDsa,
    /// CTAPHID_WINK.
    Wink,
    /// CTAPHID_LOCK.
    Lock,
    /// The attestation format `none` among the attestationFormats.
    NoneFormat,
    /// The extension credBlob.
    CredBlob,
    /// The extension largeBlobKey.
    LargeBlobKey,
    /// The extension minPinLength.
    MinPinLength,
    /// The extension pinComplexityPolicy, and a policy that is not in force yet.
    PinComplexityPolicy,
    /// The extension thirdPartyPayment.
    ThirdPartyPayment,
    /// The extension hmac-secret.
    HmacSecret,
    /// The extension hmac-secret-mc.
    HmacSecretMc,
    /// The option alwaysUv, and authenticatorConfig to turn it on.
    AlwaysUv,
    /// The option makeCredUvNotRqd: a plain credential needs no PIN.
    MakeCredUvNotRqd,
    /// The option setMinPINLength.
    SetMinPinLength,
    /// The member longTouchForReset.
    LongTouch,
    /// The members encIdentifier and encCredStoreState.
    StoreState,
    /// FIDO_2_1 or later among the versions.
    Fido21,
    /// The option ep, on or off, and authenticatorConfig to turn it on: enterprise attestation.
    Enterprise,
    /// No enterprise attestation: the option ep is absent.
    NoEnterprise,
    /// The option uv, set up, without a command to enrol anybody: the checks cannot.
    BuiltInUv,
    /// No built-in user verification: the option uv is absent.
    NoBuiltInUv,
    /// No fingerprints: the option bioEnroll is absent.
    NoBio,
}

/// What is known of a key before anybody asks it.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// What checks may need.
    pub has: &'static [Need],
    /// What sets this key apart from others: only checks that need it run.
    pub only: Option<Need>,
    /// How long it waits for its user, in milliseconds. The standard asks for ten seconds at least (CTAP 2.3 §6.1.2).
    pub user_action_timeout: u64,
}

impl Need {
    /// What every form of a whole key has, and a key of another maker may not have.
    pub const OF_A_WHOLE_KEY: &[Self] = &[
        Self::U2f,
        Self::Ctap2,
        Self::Rk,
        Self::Pin,
        Self::ProtocolOne,
        Self::ProtocolTwo,
        Self::Tokens,
        Self::CredMgmt,
        Self::Pcmr,
        Self::LargeBlobs,
        Self::Config,
        Self::CredProtect,
        Self::EdDsa,
        Self::Wink,
        Self::Lock,
        Self::NoneFormat,
        Self::CredBlob,
        Self::LargeBlobKey,
        Self::MinPinLength,
        Self::PinComplexityPolicy,
        Self::ThirdPartyPayment,
        Self::HmacSecret,
        Self::HmacSecretMc,
        Self::AlwaysUv,
        Self::MakeCredUvNotRqd,
        Self::SetMinPinLength,
        Self::LongTouch,
        Self::StoreState,
        Self::Fido21,
        Self::NoEnterprise,
        Self::NoBuiltInUv,
        Self::NoBio,
    ];
}

impl Profile {
    /// Whether a check that needs all of this runs against such a key, which has all that [a whole
    /// key](Need::OF_A_WHOLE_KEY) has besides.
    #[must_use]
    pub fn runs(&self, needs: &[Need]) -> bool {
        let has = |need| self.has.contains(need) || Need::OF_A_WHOLE_KEY.contains(need);
        needs.iter().all(has) && self.only.is_none_or(|only| needs.contains(&only))
    }
}

/// A host's end of the wire.
pub trait Link: Send {
    /// Sends one report.
    fn send(&mut self, report: &Report);
    /// The next report, or `None` when `timeout` has passed.
    fn receive(&mut self, timeout: Duration) -> Option<Report>;
}

/// Whoever handles the key: plugs it in, touches it, and may move its clock.
pub trait Hand: Send + Sync {
    /// Plugs in one more host.
    fn connect(&self) -> Box<dyn Link>;
    /// Returns once the key waits for its user, as a person does who looks at the light.
    fn wait_until_asked(&self);
    /// Whether there is anybody to press the button.
    fn can_touch(&self) -> bool {
        true
    }
    /// Whether a touch surely reaches the key. A person may not come, and a relay may miss.
    fn is_sure(&self) -> bool {
        true
    }
    /// Presses the button.
    fn press(&self);
    /// Releases the button.
    fn release(&self);
    /// Touches the key once it asks.
    fn touch(&self) {
        self.wait_until_asked();
        self.press();
        self.release();
    }
    /// Refuses what the key asks; only where there is [`Need::Decline`].
    fn decline(&self);
    /// Unplugs the key and plugs it in again. Hosts must connect anew.
    fn power_cycle(&self);
    /// Moves the key's clock, where there is [`Need::Clock`]; `false` where it runs by itself.
    fn advance(&self, milliseconds: u64) -> bool;
}

/// A key under test. Clones are the same key.
#[derive(Clone)]
pub struct Key {
    /// What is known of it.
    pub profile: &'static Profile,
    hand: Arc<dyn Hand>,
    /// What was noted; none where whatever is to be noted fails the check.
    notes: Option<Arc<Mutex<Vec<String>>>>,
    /// The PIN/UV auth protocols that it knows, once it was asked.
    pub(crate) protocols: Arc<OnceLock<Vec<Protocol>>>,
    /// The PINs that suit it, once they were chosen.
    pins: Arc<OnceLock<Pins>>,
}

impl Key {
    /// The key in this hand.
    #[must_use]
    pub fn new(profile: &'static Profile, hand: Box<dyn Hand>) -> Self {
        Self {
            profile,
            hand: Arc::from(hand),
            notes: None,
            protocols: Arc::default(),
            pins: Arc::default(),
        }
    }

    /// The same, and what is only to be [noted](Self::note) fails no check.
    #[must_use]
    pub fn with_notes(self) -> Self {
        Self {
            notes: Some(Arc::default()),
            ..self
        }
    }

    /// The key does what a check wants in another way than the standard has it, where that does no harm.
    ///
    /// # Panics
    /// Where no notes are taken.
    #[track_caller]
    pub fn note(&self, words: &str) {
        let Some(notes) = &self.notes else { panic!("{words}") };
        let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.iter().any(|note| note == words) {
            notes.push(words.to_owned());
        }
    }

    /// The key decides in another way than ours what the standard leaves open. That is nobody's business, except in
    /// the tests of our key.
    ///
    /// # Panics
    /// Where no notes are taken.
    #[track_caller]
    pub fn other_choice(&self, words: &str) {
        assert!(self.notes.is_some(), "{words}");
    }

    /// What was noted since this was asked last.
    #[must_use]
    pub fn take_notes(&self) -> Vec<String> {
        let notes = self.notes.as_ref();
        notes.map_or_else(Vec::new, |notes| {
            std::mem::take(&mut notes.lock().unwrap_or_else(PoisonError::into_inner))
        })
    }

    /// Has checks set these PINs, where none were chosen before.
    pub fn set_pins(&self, pins: Pins) {
        self.pins.get_or_init(|| pins);
    }

    /// The PINs that checks set and guess. Where nobody chose them, those of a key that wants nothing special.
    #[must_use]
    pub fn pins(&self) -> Pins {
        *self.pins.get_or_init(|| Pins::of(&BTreeMap::new()))
    }

    /// The PIN that most checks set.
    #[must_use]
    pub fn pin(&self) -> &'static str {
        self.pins().first
    }

    /// Plugs in a host and gives it a channel.
    #[must_use]
    pub fn host(&self) -> Host {
        Host::new(self.clone(), self.hand.connect())
    }

    /// Refuses once the key asks.
    pub fn decline(&self) {
        self.hand.wait_until_asked();
        self.hand.decline();
    }
}

impl std::ops::Deref for Key {
    type Target = dyn Hand;

    fn deref(&self) -> &Self::Target {
        &*self.hand
    }
}
