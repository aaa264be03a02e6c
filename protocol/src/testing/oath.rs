//! A host that speaks YKOATH to a key.

use std::boxed::Box;
use std::string::String;
use std::vec::Vec;

use super::key::{CHANNEL, Key};
use crate::crypto::hmac::{HmacHash, HmacKey};
use crate::limits::MAX_MESSAGE;
use crate::oath::AID;

pub(crate) const HOTP: u8 = 0x10;
pub(crate) const TOTP: u8 = 0x20;
pub(crate) const SHA1: u8 = 1;
pub(crate) const SHA256: u8 = 2;
pub(crate) const SHA512: u8 = 3;
pub(crate) const INCREASING: u8 = 1;
pub(crate) const TOUCH: u8 = 2;

/// A data object.
pub(crate) fn object(tag: u8, value: &[u8]) -> Vec<u8> {
    [&[tag, value.len().try_into().expect("a short value")], value].concat()
}

/// The objects of a response.
#[track_caller]
pub(crate) fn objects(mut data: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut objects = Vec::new();
    while let [tag, length, rest @ ..] = data {
        let (value, rest) = rest.split_at(usize::from(*length));
        objects.push((*tag, value.to_vec()));
        data = rest;
    }
    assert_eq!(data, [], "whole objects");
    objects
}

/// An APDU in extended encoding.
pub(crate) fn apdu(instruction: u8, p1: u8, p2: u8, data: &[u8]) -> Vec<u8> {
    let mut apdu = [0, instruction, p1, p2].to_vec();
    if !data.is_empty() {
        let [high, low] = u16::try_from(data.len()).expect("16 bits").to_be_bytes();
        apdu.extend([0, high, low]);
        apdu.extend(data);
    }
    apdu
}

/// What PUT says of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewAccount {
    pub(crate) name: String,
    pub(crate) kind: u8,
    pub(crate) digits: u8,
    pub(crate) secret: Vec<u8>,
    pub(crate) properties: Option<u8>,
    pub(crate) counter: Option<u32>,
}

impl NewAccount {
    pub(crate) fn new(name: &str, kind: u8, secret: &[u8]) -> Self {
        Self {
            name: name.into(),
            kind,
            digits: 6,
            secret: secret.into(),
            properties: None,
            counter: None,
        }
    }

    pub(crate) fn with(self, properties: u8) -> Self {
        Self {
            properties: Some(properties),
            ..self
        }
    }

    pub(crate) fn digits(self, digits: u8) -> Self {
        Self { digits, ..self }
    }

    pub(crate) fn counter(self, counter: u32) -> Self {
        Self {
            counter: Some(counter),
            ..self
        }
    }

    /// The data of PUT.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let key = [&[self.kind, self.digits], &self.secret[..]].concat();
        let mut data = [object(0x71, self.name.as_bytes()), object(0x73, &key)].concat();
        data.extend(self.properties.iter().flat_map(|&bits| [0x78, bits]));
        data.extend(
            self.counter
                .iter()
                .flat_map(|counter| object(0x7a, &counter.to_be_bytes())),
        );
        data
    }
}

/// An access code, as a client has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code(pub(crate) HmacHash, pub(crate) &'static [u8]);

impl Code {
    pub(crate) fn answer(&self, challenge: &[u8]) -> Vec<u8> {
        let key = HmacKey::new(self.1).expect("a key");
        self.0.authenticate(&key, challenge).bytes().to_vec()
    }

    /// The data of SET CODE.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        [
            object(0x73, &[&[TOTP | self.0.code()], self.1].concat()),
            object(0x74, b"my challenge"),
            object(0x75, &self.answer(b"my challenge")),
        ]
        .concat()
    }
}

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
        match self.oath_on(CHANNEL, &apdu(instruction, 0, p2, data)) {
            (data, 0x9000) => Ok(data),
            (_, word) => Err(word),
        }
    }

    /// The objects that SELECT answers.
    pub(crate) fn oath_select(&mut self, channel: u32) -> Vec<(u8, Vec<u8>)> {
        let (data, word) = self.oath_on(channel, &apdu(0xa4, 4, 0, &AID));
        assert_eq!(word, 0x9000);
        objects(&data)
    }

    pub(crate) fn put(&mut self, account: &NewAccount) -> Result<(), u16> {
        self.oath(0x01, &account.bytes()).map(|data| assert_eq!(data, []))
    }

    pub(crate) fn delete(&mut self, name: &str) -> Result<(), u16> {
        let data = self.oath(0x02, &object(0x71, name.as_bytes()))?;
        assert_eq!(data, []);
        Ok(())
    }

    pub(crate) fn rename(&mut self, old: &str, new: &str) -> Result<(), u16> {
        let names = [object(0x71, old.as_bytes()), object(0x71, new.as_bytes())].concat();
        self.oath(0x05, &names).map(|data| assert_eq!(data, []))
    }

    pub(crate) fn oath_reset(&mut self) -> Result<(), u16> {
        let (data, word) = self.oath_on(CHANNEL, &apdu(0x04, 0xde, 0xad, &[]));
        assert_eq!(data, []);
        if word == 0x9000 { Ok(()) } else { Err(word) }
    }

    pub(crate) fn set_code(&mut self, code: Option<Code>) -> Result<(), u16> {
        let data = code.map_or_else(|| object(0x73, &[]), |code| code.bytes());
        self.oath(0x03, &data).map(|data| assert_eq!(data, []))
    }

    /// SELECT and VALIDATE.
    pub(crate) fn unlock(&mut self, channel: u32, code: Code) -> Result<(), u16> {
        let selected = self.oath_select(channel);
        let (_, challenge) = selected.iter().find(|(tag, _)| *tag == 0x74).expect("a challenge");
        let data = [object(0x75, &code.answer(challenge)), object(0x74, b"mutual")].concat();
        match self.oath_on(channel, &apdu(0xa3, 0, 0, &data)) {
            (data, 0x9000) => {
                assert_eq!(objects(&data), [(0x75, code.answer(b"mutual"))]);
                Ok(())
            }
            (_, word) => Err(word),
        }
    }

    /// CALCULATE: the number of so many digits that a client shows.
    pub(crate) fn code(&mut self, name: &str, challenge: &[u8]) -> Result<String, u16> {
        let data = [object(0x71, name.as_bytes()), object(0x74, challenge)].concat();
        let data = self.oath_with(0xa2, 1, &data)?;
        let [(0x76, code)] = &objects(&data)[..] else {
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
            .walked(&apdu(0xa1, 0, 0, &[]))?
            .into_iter()
            .map(|(tag, value)| {
                assert_eq!(tag, 0x72);
                (String::from_utf8(value[1..].to_vec()).expect("text"), value[0])
            })
            .collect();
        accounts.sort();
        Ok(accounts)
    }

    /// CALCULATE ALL with all that remains: names, and what follows each, by name.
    pub(crate) fn codes(&mut self, step: u64) -> Result<Vec<(String, u8, Vec<u8>)>, u16> {
        let all = self.walked(&apdu(0xa4, 0, 1, &object(0x74, &step.to_be_bytes())))?;
        let mut codes: Vec<_> = all
            .chunks(2)
            .map(|pair| match pair {
                [(0x71, name), (tag, value)] => (String::from_utf8(name.clone()).expect("text"), *tag, value.clone()),
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
                0x6100 => answer = self.oath_on(CHANNEL, &apdu(0xa5, 0, 0, &[])),
                word => return Err(word),
            }
        }
    }
}

/// The digits of a truncated code, as a client shows them.
pub(crate) fn shown(value: &[u8]) -> String {
    let &[digits, a, b, c, d] = value else {
        panic!("no truncated code: {value:02x?}");
    };
    let number = u32::from_be_bytes([a, b, c, d]);
    assert!(number < 1 << 31);
    let width = usize::from(digits);
    std::format!("{:0width$}", number % 10_u32.pow(digits.into()))
}
