//! CTAP1: the FIDO U2F raw messages, version 1.2 (CTAP 2.3 §11.2.9.1.1 carries them over USB).

mod authenticate;
mod register;

pub use crate::iso7816::{Apdu, StatusWord};

use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::limits::MAX_MESSAGE;
use crate::platform::{
    Gesture, Indication, Indicator as _, Operation, Platform, Presence, PresenceRequest, RelyingParty, Storage as _,
    UserPresence as _,
};
use crate::status::Status;

/// Instruction bytes (FIDO U2F Raw Message Formats v1.2 §3).
pub mod instruction {
    /// U2F_REGISTER.
    pub const REGISTER: u8 = 0x01;
    /// U2F_AUTHENTICATE.
    pub const AUTHENTICATE: u8 = 0x02;
    /// U2F_VERSION.
    pub const VERSION: u8 = 0x03;

    /// The standard's name for an instruction, for logs; `None` for one that it does not have.
    #[must_use]
    pub fn name(instruction: u8) -> Option<&'static str> {
        Some(match instruction {
            REGISTER => "U2F_REGISTER",
            AUTHENTICATE => "U2F_AUTHENTICATE",
            VERSION => "U2F_VERSION",
            _ => return None,
        })
    }
}

/// The bytes that end every response.
const STATUS_WORD: usize = 2;

impl<P: Platform> Authenticator<P> {
    /// Runs one U2F request: a raw APDU in, data ‖ status word out. Returns the response's length.
    ///
    /// `channel` is the CTAPHID channel of the request: a touch is for the host that asked for it.
    ///
    /// Never waits. Where a touch is needed the key says so (6985), and the host asks again.
    pub fn u2f(&mut self, channel: u32, apdu: &[u8], response: &mut [u8; MAX_MESSAGE]) -> usize {
        self.indicator.show(Indication::Processing);
        let (room, _) = response.split_at_mut(MAX_MESSAGE - STATUS_WORD);
        let mut writer = Writer::new(room);
        let outcome = self.run(channel, apdu, &mut writer);
        // As in CTAP2, a response that is too long for a message is refused.
        let outcome = outcome.and_then(|()| writer.finish().map_err(|_| StatusWord::Unknown));
        self.indicator.show(Indication::Idle);
        let (data, word) = match outcome {
            Ok(data) => (data, StatusWord::NoError),
            Err(word) => (0, word),
        };
        let trailer = response.iter_mut().skip(data).zip(word.code().to_be_bytes());
        trailer.for_each(|(to, from)| *to = from);
        data + STATUS_WORD
    }

    fn run(&mut self, channel: u32, apdu: &[u8], response: &mut Writer<'_>) -> Result<(), StatusWord> {
        if self.must_refuse() {
            return Err(StatusWord::Unknown);
        }
        let apdu = Apdu::parse(apdu)?;
        if apdu.class != 0 {
            return Err(StatusWord::ClaNotSupported);
        }
        if let instruction::REGISTER | instruction::AUTHENTICATE = apdu.instruction {
            self.store.storage.check().map_err(Status::from)?;
        }
        match apdu.instruction {
            // CTAP 2.3 §7.2: alwaysUv switches U2F off.
            instruction::REGISTER | instruction::AUTHENTICATE if self.settings()?.always_uv => {
                Err(StatusWord::CommandNotAllowed)
            }
            instruction::REGISTER => self.u2f_register(channel, apdu.data, response),
            instruction::AUTHENTICATE => self.u2f_authenticate(channel, apdu.p1, apdu.data, response),
            instruction::VERSION if apdu.data.is_empty() => {
                response.raw(b"U2F_V2");
                Ok(())
            }
            instruction::VERSION => Err(StatusWord::WrongLength),
            _ => Err(StatusWord::InsNotSupported),
        }
    }

    /// Looks for the user's touch. U2F has no status word for a refusal, but a key may have its own (FIDO U2F Raw
    /// Message Formats v1.2 §3.3). At such a word hosts stop; at 6985 they would ask again, in vain.
    fn u2f_user_presence(
        &mut self,
        channel: u32,
        operation: Operation,
        application: &[u8; 32],
    ) -> Result<(), StatusWord> {
        let request = PresenceRequest {
            operation,
            gesture: Gesture::Touch,
            relying_party: RelyingParty::Application(application),
            user: None,
        };
        match self.presence.poll(channel, &request) {
            Some(Presence::Confirmed) => Ok(()),
            None => Err(StatusWord::ConditionsNotSatisfied),
            Some(_) => Err(StatusWord::SecurityStatusNotSatisfied),
        }
    }
}

/// U2F has one status word for everything that fails inside the key.
impl From<Status> for StatusWord {
    fn from(_: Status) -> Self {
        Self::Unknown
    }
}

#[cfg(test)]
mod tests;
