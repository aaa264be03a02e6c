//! A key under test, whatever it is made of.

use std::sync::Arc;
use std::time::Duration;

use crate::host::Host;

/// One HID report.
pub type Report = [u8; 64];

/// Longer than any test waits when it passes.
pub const LONG: Duration = Duration::from_secs(60);

/// What a check needs that not every form has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A clock that the test moves: nobody waits thirty seconds for a timeout.
    Clock,
    /// A user who can say no. A key with nothing but a button has none.
    Decline,
    /// Room for every algorithm. A chip takes what fits.
    EveryAlgorithm,
    /// Attestation certificates of a vendor.
    Certificates,
    /// Room for three discoverable credentials and no more.
    LittleRoom,
}

/// A form of the key: `make` makes one fresh from the factory.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// How the test names begin.
    pub name: &'static str,
    /// What checks may need.
    pub has: &'static [Need],
    /// What sets this key apart from others: only checks that need it run.
    pub only: Option<Need>,
    /// Makes a key.
    pub make: fn() -> Key,
}

impl Kind {
    /// Whether a check that needs all of this runs against such a key.
    #[must_use]
    pub fn runs(&self, needs: &[Need]) -> bool {
        needs.iter().all(|need| self.has.contains(need)) && self.only.is_none_or(|only| needs.contains(&only))
    }
}

/// A host's end of the wire.
pub trait Wire: Send {
    /// Sends one report.
    fn send(&mut self, report: &Report);
    /// The next report, or `None` when `timeout` has passed.
    fn receive(&mut self, timeout: Duration) -> Option<Report>;
}

/// What a form must be able to do: the key's wire, its button and its power.
pub trait Form: Send + Sync {
    /// Plugs in one more host.
    fn connect(&self) -> Box<dyn Wire>;
    /// Returns once the key waits for its user, as a person does who looks at the light.
    fn wait_until_asked(&self);
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
pub struct Key(Arc<dyn Form>);

impl Key {
    /// A key of some form.
    pub fn new(form: impl Form + 'static) -> Self {
        Self(Arc::new(form))
    }

    /// Plugs in a host and gives it a channel.
    #[must_use]
    pub fn host(&self) -> Host {
        Host::new(self.clone(), self.0.connect())
    }

    /// Refuses once the key asks.
    pub fn decline(&self) {
        self.0.wait_until_asked();
        self.0.decline();
    }
}

impl std::ops::Deref for Key {
    type Target = dyn Form;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}
