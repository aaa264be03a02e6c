//! CALCULATE: the code of one account.

use super::code::Form;
use super::tag;
use super::tlv::Reader;
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::iso7816::StatusWord;
use crate::limits::USER_ACTION_TIMEOUT;
use crate::platform::{
    Clock as _, Gesture, Indication, Indicator as _, Operation, Platform, Presence, PresenceRequest, RelyingParty,
    UserPresence as _,
};
use crate::store::oath::{Account, Kind};

impl<P: Platform> Authenticator<P> {
    /// `71 name ‖ 74 time step`. HOTP takes its counter instead, and clients then send an empty time step.
    pub(super) fn oath_calculate(
        &mut self,
        form: Form,
        data: &[u8],
        response: &mut Writer<'_>,
    ) -> Result<StatusWord, StatusWord> {
        let mut reader = Reader::new(data);
        let name = reader.name()?;
        let challenge = reader.value(tag::CHALLENGE)?;
        reader.finish()?;
        let account = self.store.oath_account(&name)?;
        let mut account = account.ok_or(StatusWord::ReferenceDataNotUsable)?;
        let factor = match account.kind {
            Kind::Hotp => account.moving_factor,
            Kind::Totp => u64::from_be_bytes(challenge.try_into().map_err(|_| StatusWord::WrongData)?),
        };
        let is_used_up = account.kind == Kind::Hotp || account.properties.only_increasing;
        if is_used_up && factor < account.moving_factor {
            return Err(StatusWord::WrongData);
        }
        if account.properties.touch {
            self.oath_touch(&account)?;
        }
        if is_used_up {
            // It is durable before the code leaves, so no code is ever given out twice. A power cut after this skips
            // one, which verifiers allow for (RFC 4226 §7.4).
            account.moving_factor = factor.checked_add(1).ok_or(StatusWord::WrongData)?;
            let written = self.store.write_oath_account(&account, &mut self.rng);
            written.map_err(|_| StatusWord::MemoryFailure)?;
        }
        form.write(response, &account, factor.to_be_bytes())?;
        Ok(StatusWord::NoError)
    }

    /// Asks for a touch and waits for it. Whatever keeps the user from it is told as 6982: ykman takes that, and no
    /// other word, for a touch that did not come.
    fn oath_touch(&mut self, account: &Account) -> Result<(), StatusWord> {
        // A touch given for U2F is not one for a code.
        self.presence.forget();
        let deadline = self.clock.now().saturating_add(USER_ACTION_TIMEOUT);
        let request = PresenceRequest {
            operation: Operation::Code,
            gesture: Gesture::Touch,
            relying_party: RelyingParty::None,
            user: Some(&account.name),
        };
        self.indicator.show(Indication::WaitingForTouch);
        let presence = self.presence.wait(&request, deadline);
        self.indicator.show(Indication::Processing);
        match presence {
            Presence::Confirmed => Ok(()),
            Presence::Declined | Presence::TimedOut | Presence::Aborted => Err(StatusWord::SecurityStatusNotSatisfied),
        }
    }
}
