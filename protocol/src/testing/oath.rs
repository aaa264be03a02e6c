//! One-time codes by the host of `brasskey_conformance`, without a wire between it and the key.

use std::boxed::Box;
use std::string::String;
use std::vec::Vec;

pub(crate) use brasskey_conformance::host::oath::{
    AccessCode, Account, apdu, kind::HOTP, kind::TOTP, object, objects, property::ONLY_INCREASING, property::TOUCH,
    shown,
};
use brasskey_conformance::host::oath::{all_codes, calculate, instruction, named, put, rename, reset, select, tag};

use super::key::{CHANNEL, Key};
use crate::limits::MAX_MESSAGE;

pub(crate) const SHA1: u8 = 1;
pub(crate) const SHA256: u8 = 2;
pub(crate) const SHA512: u8 = 3;

impl Key {
    /// Sends an APDU to the applet: data and status word.
    pub(crate) fn oath_on(&mut self, channel: u32, apdu: &[u8]) -> (Vec<u8>, u16) {
        let mut response = Box::new([0; MAX_MESSAGE]);
        let length = self.0.oath(channel, apdu, &mut response);
        let (data, word) = response[..length].split_last_chunk().expect("a status word");
        let word = u16::from_be_bytes(*word);
        assert!(data.is_empty() || matches!(word, 0x9000 | 0x6100), "{word:04x}");
        (data.to_vec(), word)
    }

    /// Runs a command: its data, or the status word that refuses it.
    pub(crate) fn oath(&mut self, instruction: u8, data: &[u8]) -> Result<Vec<u8>, u16> {
        self.oath_with(instruction, 0, data)
    }

    pub(crate) fn oath_with(&mut self, instruction: u8, p2: u8, data: &[u8]) -> Result<Vec<u8>, u16> {
        self.oath_done(&apdu(instruction, 0, p2, data))
    }

    /// Runs a command: its data, or the status word that refuses it.
    fn oath_done(&mut self, apdu: &[u8]) -> Result<Vec<u8>, u16> {
        match self.oath_on(CHANNEL, apdu) {
            (data, 0x9000) => Ok(data),
            (_, word) => Err(word),
        }
    }

    /// The objects that SELECT answers.
    pub(crate) fn oath_select(&mut self, channel: u32) -> Vec<(u8, Vec<u8>)> {
        let (data, word) = self.oath_on(channel, &select());
        assert_eq!(word, 0x9000);
        objects(&data)
    }

    /// A command that answers nothing.
    fn oath_silent(&mut self, apdu: &[u8]) -> Result<(), u16> {
        self.oath_done(apdu).map(|data| assert!(data.is_empty()))
    }

    pub(crate) fn put(&mut self, account: &Account) -> Result<(), u16> {
        self.oath_silent(&put(account))
    }

    pub(crate) fn delete(&mut self, name: &str) -> Result<(), u16> {
        self.oath_silent(&named(instruction::DELETE, name))
    }

    pub(crate) fn rename(&mut self, old: &str, new: &str) -> Result<(), u16> {
        self.oath_silent(&rename(old, new))
    }

    pub(crate) fn oath_reset(&mut self) -> Result<(), u16> {
        self.oath_silent(&reset())
    }

    pub(crate) fn set_code(&mut self, code: Option<AccessCode>) -> Result<(), u16> {
        let data = code.map_or_else(|| object(tag::KEY, &[]), |code| code.encode());
        self.oath_silent(&apdu(instruction::SET_CODE, 0, 0, &data))
    }

    /// SELECT and VALIDATE.
    pub(crate) fn unlock(&mut self, channel: u32, code: AccessCode) -> Result<(), u16> {
        let selected = self.oath_select(channel);
        let (_, challenge) = selected
            .iter()
            .find(|(tag, _)| *tag == tag::CHALLENGE)
            .expect("a challenge");
        let data = [
            object(tag::RESPONSE, &code.answer(challenge)),
            object(tag::CHALLENGE, b"mutual"),
        ]
        .concat();
        match self.oath_on(channel, &apdu(instruction::VALIDATE, 0, 0, &data)) {
            (data, 0x9000) => {
                assert_eq!(objects(&data), [(tag::RESPONSE, code.answer(b"mutual"))]);
                Ok(())
            }
            (_, word) => Err(word),
        }
    }

    /// CALCULATE: the number of so many digits that a client shows.
    pub(crate) fn code(&mut self, name: &str, challenge: &[u8]) -> Result<String, u16> {
        let data = self.oath_with(instruction::CALCULATE, 1, &calculate(name, challenge))?;
        let [(tag::TRUNCATED, code)] = &objects(&data)[..] else {
            panic!("no code: {data:02x?}");
        };
        Ok(shown(code))
    }

    /// CALCULATE for a time step.
    pub(crate) fn totp(&mut self, name: &str, step: u64) -> Result<String, u16> {
        self.code(name, &step.to_be_bytes())
    }

    /// CALCULATE as clients ask for HOTP.
    pub(crate) fn hotp(&mut self, name: &str) -> Result<String, u16> {
        self.code(name, &[])
    }

    /// LIST with all that remains: types, hashes and names, by name.
    pub(crate) fn accounts(&mut self) -> Result<Vec<(String, u8)>, u16> {
        let mut accounts: Vec<_> = self
            .walked(&apdu(instruction::LIST, 0, 0, &[]))?
            .into_iter()
            .map(|(tag, value)| {
                assert_eq!(tag, tag::NAME_LIST);
                (String::from_utf8(value[1..].to_vec()).expect("text"), value[0])
            })
            .collect();
        accounts.sort();
        Ok(accounts)
    }

    /// CALCULATE ALL with all that remains: names, and what follows each, by name.
    pub(crate) fn codes(&mut self, step: u64) -> Result<Vec<(String, u8, Vec<u8>)>, u16> {
        let all = self.walked(&all_codes(step))?;
        let mut codes: Vec<_> = all
            .chunks(2)
            .map(|pair| match pair {
                [(tag::NAME, name), (tag, value)] => {
                    (String::from_utf8(name.clone()).expect("text"), *tag, value.clone())
                }
                other => panic!("no account: {other:02x?}"),
            })
            .collect();
        codes.sort();
        Ok(codes)
    }

    /// What a list has in all, message by message.
    pub(crate) fn walked(&mut self, first: &[u8]) -> Result<Vec<(u8, Vec<u8>)>, u16> {
        let mut all = Vec::new();
        let mut answer = self.oath_on(CHANNEL, first);
        loop {
            all.extend(objects(&answer.0));
            match answer.1 {
                0x9000 => return Ok(all),
                0x6100 => answer = self.oath_on(CHANNEL, &apdu(instruction::SEND_REMAINING, 0, 0, &[])),
                word => return Err(word),
            }
        }
    }
}
