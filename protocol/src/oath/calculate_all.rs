//! CALCULATE ALL: the codes of all accounts for one time step.

use super::code::Form;
use super::session::Walk;
use super::tlv::Reader;
use super::{tag, tlv};
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::iso7816::StatusWord;
use crate::limits::OATH_CHALLENGE;
use crate::platform::Platform;
use crate::store::oath::{Account, Kind};

impl<P: Platform> Authenticator<P> {
    /// `74 time step`.
    pub(super) fn oath_calculate_all(
        &mut self,
        channel: u32,
        form: Form,
        data: &[u8],
        response: &mut Writer<'_>,
    ) -> Result<StatusWord, StatusWord> {
        let mut reader = Reader::new(data);
        let challenge = reader.value(tag::CHALLENGE)?;
        reader.finish()?;
        let challenge = challenge.try_into().map_err(|_| StatusWord::WrongData)?;
        self.oath_walk(channel, Walk::Codes { challenge, form }, None, response)
    }

    /// What follows an account's name: its code, or why it has none here. A list must use nothing up: HOTP's counter
    /// does not move, nobody is asked for a touch, and where time steps must increase, this one is not spent. Then the
    /// tag is that of a touch, at which clients ask for this account alone.
    pub(super) fn oath_entry(
        account: &Account,
        challenge: [u8; OATH_CHALLENGE],
        form: Form,
        response: &mut Writer<'_>,
    ) -> Result<(), StatusWord> {
        let properties = account.properties;
        match account.kind {
            Kind::Hotp => tlv::write(response, tag::HOTP, &[&[account.digits]]),
            Kind::Totp if properties.touch || properties.only_increasing => {
                tlv::write(response, tag::TOUCH, &[&[account.digits]])
            }
            Kind::Totp => form.write(response, account, challenge),
        }
    }
}
