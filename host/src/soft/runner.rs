//! The authenticator and its two buffers, across power cycles.

use brasskey_protocol::authenticator::{Authenticator, Config};
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::platform::{Seams, UserPresence as _};
use brasskey_protocol::store::StartError;

use super::platform::{CONFIG, SoftPlatform};

/// Runs one request at a time.
pub(super) struct Runner {
    power: Power,
    config: Config,
    message: Box<[u8; MAX_MESSAGE]>,
    response: Box<[u8; MAX_MESSAGE]>,
}

enum Power {
    On(Box<Authenticator<SoftPlatform>>),
    Off(Seams<SoftPlatform>),
    /// Between the two.
    Switching,
}

impl Runner {
    /// A runner with nothing to run.
    pub(super) fn new() -> Self {
        Self {
            power: Power::Switching,
            config: CONFIG,
            message: Box::new([0; MAX_MESSAGE]),
            response: Box::new([0; MAX_MESSAGE]),
        }
    }

    pub(super) fn equip(&mut self, seams: Seams<SoftPlatform>, config: Config) {
        self.power = Power::Off(seams);
        self.config = config;
    }

    pub(super) fn is_on(&self) -> bool {
        matches!(self.power, Power::On(_))
    }

    /// Forgets everything volatile, and takes back what the user is asked.
    pub(super) fn power_off(&mut self) {
        self.power = match std::mem::replace(&mut self.power, Power::Switching) {
            Power::On(authenticator) => {
                let mut seams = authenticator.into_seams();
                seams.presence.forget();
                Power::Off(seams)
            }
            off => off,
        };
    }

    /// Starts on what the storage holds.
    pub(super) fn power_on(&mut self) -> Result<(), StartError> {
        let result;
        (self.power, result) = match std::mem::replace(&mut self.power, Power::Switching) {
            Power::Off(seams) => match Authenticator::new(seams, self.config) {
                Ok(authenticator) => (Power::On(Box::new(authenticator)), Ok(())),
                Err((seams, error)) => (Power::Off(seams), Err(error)),
            },
            other => (other, Ok(())),
        };
        result
    }

    /// The authenticator; `None` while it is off.
    pub(super) fn authenticator(&mut self) -> Option<&mut Authenticator<SoftPlatform>> {
        match &mut self.power {
            Power::On(authenticator) => Some(authenticator),
            _ => None,
        }
    }

    /// Where the next request is put.
    pub(super) fn message(&mut self) -> &mut [u8; MAX_MESSAGE] {
        &mut self.message
    }

    /// The request of `length` bytes that was put there.
    pub(super) fn request(&self, length: usize) -> &[u8] {
        self.message.get(..length).unwrap_or_default()
    }

    /// Runs it as a CTAP2 command. A key that is off answers nothing.
    pub(super) fn ctap2(&mut self, channel: u32, length: usize) -> &[u8] {
        let request = self.message.get(..length).unwrap_or_default();
        let length = match &mut self.power {
            Power::On(authenticator) => authenticator.ctap2(channel, request, &mut self.response),
            _ => 0,
        };
        self.response.get(..length).unwrap_or_default()
    }

    /// Runs it as a U2F raw message. A key that is off answers nothing.
    pub(super) fn u2f(&mut self, channel: u32, length: usize) -> &[u8] {
        let request = self.message.get(..length).unwrap_or_default();
        let length = match &mut self.power {
            Power::On(authenticator) => authenticator.u2f(channel, request, &mut self.response),
            _ => 0,
        };
        self.response.get(..length).unwrap_or_default()
    }
}
