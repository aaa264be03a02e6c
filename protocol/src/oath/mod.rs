//! OATH on the key: one-time codes by YKOATH, the protocol that ykman and its like speak to a smart card. RFC 4226
//! (HOTP) and RFC 6238 (TOTP) say how codes are made.
//!
//! A session with the applet begins with SELECT and belongs to the channel that it came by. While there is no access
//! code, a host needs none: what it asks then goes on where it asks for more (SEND REMAINING).

mod calculate;
mod calculate_all;
mod code;
mod delete;
mod list;
mod put;
mod rename;
mod reset;
mod select;
mod send_remaining;
pub(crate) mod session;
mod set_code;
mod tag;
mod tlv;
mod validate;

use zeroize::Zeroize;

use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::iso7816::{Apdu, StatusWord};
use crate::limits::MAX_MESSAGE;
use crate::platform::{Indication, Indicator as _, Platform, Storage as _, StorageError};

pub use select::AID;

/// Instruction bytes of YKOATH.
pub mod instruction {
    /// PUT.
    pub const PUT: u8 = 0x01;
    /// DELETE.
    pub const DELETE: u8 = 0x02;
    /// SET CODE.
    pub const SET_CODE: u8 = 0x03;
    /// RESET.
    pub const RESET: u8 = 0x04;
    /// RENAME.
    pub const RENAME: u8 = 0x05;
    /// LIST.
    pub const LIST: u8 = 0xa1;
    /// CALCULATE.
    pub const CALCULATE: u8 = 0xa2;
    /// VALIDATE.
    pub const VALIDATE: u8 = 0xa3;
    /// CALCULATE ALL, and SELECT where P1 is 04 (ISO/IEC 7816-4 §11.2.2).
    pub const CALCULATE_ALL: u8 = 0xa4;
    /// SEND REMAINING.
    pub const SEND_REMAINING: u8 = 0xa5;
}

impl<P: Platform> Authenticator<P> {
    /// Runs one request to the OATH applet: a raw APDU in, data ‖ status word out. Returns the response's length.
    ///
    /// `channel` is where the request came from: [`CARD`](crate::request::CARD), or a CTAPHID channel. A response that
    /// is longer than a message ends in 61xx, and SEND REMAINING on the same channel asks for the rest.
    ///
    /// CALCULATE waits where an account takes a touch. What the response holds is secret.
    pub fn oath(&mut self, channel: u32, apdu: &[u8], response: &mut [u8; MAX_MESSAGE]) -> usize {
        self.indicator.show(Indication::Processing);
        let (room, _) = response.split_at_mut(list::ROOM);
        let mut writer = Writer::new(room);
        let outcome = self.run_oath(channel, apdu, &mut writer);
        let outcome = outcome.and_then(|word| Ok((word, writer.finish().map_err(|_| StatusWord::Unknown)?)));
        self.indicator.show(Indication::Idle);
        let (word, data) = outcome.unwrap_or_else(|word| {
            // Codes may be there, for which something failed in the end.
            response.zeroize();
            (word, 0)
        });
        let trailer = response.iter_mut().skip(data).zip(word.code().to_be_bytes());
        trailer.for_each(|(to, from)| *to = from);
        data + (MAX_MESSAGE - list::ROOM)
    }

    fn run_oath(&mut self, channel: u32, apdu: &[u8], response: &mut Writer<'_>) -> Result<StatusWord, StatusWord> {
        if self.must_refuse() {
            return Err(StatusWord::Unknown);
        }
        let apdu = Apdu::parse(apdu)?;
        if apdu.class != 0 {
            return Err(StatusWord::ClaNotSupported);
        }
        let (p1, p2, data) = (apdu.p1, apdu.p2, apdu.data);
        // Whatever comes next, what was asked before is over.
        let walk = self.oath_sessions.of(channel).walk.take();
        match (apdu.instruction, p1, p2) {
            (select::INSTRUCTION, select::BY_NAME, _) => return self.oath_select(channel, data, response),
            (instruction::VALIDATE, 0, 0) => return self.oath_validate(channel, data, response),
            (instruction::RESET, 0xde, 0xad) => return self.oath_reset(data),
            (instruction::PUT..=instruction::RENAME | instruction::LIST..=instruction::SEND_REMAINING, ..) => {}
            _ => return Err(StatusWord::InsNotSupported),
        }
        let is_open = self.store.oath_root(&mut self.rng)?.access_code.is_none();
        if !is_open && !self.oath_sessions.of(channel).is_validated {
            return Err(StatusWord::SecurityStatusNotSatisfied);
        }
        // Accounts of a storage that is lost would be lost with it.
        self.store.storage.check()?;
        match (apdu.instruction, p1, p2) {
            (instruction::PUT, 0, 0) => self.oath_put(data),
            (instruction::DELETE, 0, 0) => self.oath_delete(data),
            (instruction::SET_CODE, 0, 0) => self.oath_set_code(channel, data),
            (instruction::RENAME, 0, 0) => self.oath_rename(data),
            (instruction::LIST, 0, 0) => self.oath_list(channel, data, response),
            (instruction::CALCULATE, 0, 0 | 1) => self.oath_calculate(code::Form::of(p2), data, response),
            (instruction::CALCULATE_ALL, 0, 0 | 1) => {
                self.oath_calculate_all(channel, code::Form::of(p2), data, response)
            }
            (instruction::SEND_REMAINING, 0, 0) => self.oath_send_remaining(channel, walk, data, response),
            _ => Err(StatusWord::IncorrectP1P2),
        }
    }
}

/// A full key is told from one that has failed.
impl From<StorageError> for StatusWord {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Full => Self::NotEnoughMemory,
            StorageError::Failed => Self::MemoryFailure,
        }
    }
}

#[cfg(test)]
mod tests;
