//! One-time codes by YKOATH from the host's side, over the vendor command that carries its APDUs.

mod account;

use ring::hmac;

pub use account::{Account, SECRET, shown};

use super::hid::{Host, UP_NEEDED, command};
use super::u2f::word;

/// Instructions.
#[expect(missing_docs, reason = "the protocol's names")]
pub mod instruction {
    pub const PUT: u8 = 0x01;
    pub const DELETE: u8 = 0x02;
    pub const SET_CODE: u8 = 0x03;
    pub const RESET: u8 = 0x04;
    pub const RENAME: u8 = 0x05;
    pub const LIST: u8 = 0xA1;
    pub const CALCULATE: u8 = 0xA2;
    pub const VALIDATE: u8 = 0xA3;
    pub const CALCULATE_ALL: u8 = 0xA4;
    pub const SEND_REMAINING: u8 = 0xA5;
}

/// Tags of data objects.
#[expect(missing_docs, reason = "the protocol's names")]
pub mod tag {
    pub const NAME: u8 = 0x71;
    pub const NAME_LIST: u8 = 0x72;
    pub const KEY: u8 = 0x73;
    pub const CHALLENGE: u8 = 0x74;
    pub const RESPONSE: u8 = 0x75;
    pub const TRUNCATED: u8 = 0x76;
    pub const HOTP: u8 = 0x77;
    pub const PROPERTY: u8 = 0x78;
    pub const VERSION: u8 = 0x79;
    pub const MOVING_FACTOR: u8 = 0x7A;
    pub const ALGORITHM: u8 = 0x7B;
    pub const TOUCH: u8 = 0x7C;
}

/// The type of an account, in the upper half of its byte.
#[expect(missing_docs, reason = "the protocol's names")]
pub mod kind {
    pub const HOTP: u8 = 0x10;
    pub const TOTP: u8 = 0x20;
}

/// The bits of an account's property byte.
#[expect(missing_docs, reason = "the protocol's names")]
pub mod property {
    pub const ONLY_INCREASING: u8 = 0x01;
    pub const TOUCH: u8 = 0x02;
}

/// Status words of its own.
#[expect(missing_docs, reason = "the protocol's names")]
pub mod refusal {
    pub const NOT_ALLOWED: u16 = 0x6982;
    pub const NO_SUCH_OBJECT: u16 = 0x6984;
}

/// The applet's name.
pub const AID: [u8; 7] = [0xA0, 0x00, 0x00, 0x05, 0x27, 0x21, 0x01];

/// The hashes of HMACs: their numbers, and what this host computes them with.
pub const HASHES: [(u8, hmac::Algorithm); 3] = [
    (1, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
    (2, hmac::HMAC_SHA256),
    (3, hmac::HMAC_SHA512),
];

/// The HMAC of a message by the hash with this number.
#[must_use]
pub fn authenticate(hash: u8, key: &[u8], message: &[u8]) -> Vec<u8> {
    let (_, algorithm) = HASHES[usize::from(hash) - 1];
    hmac::sign(&hmac::Key::new(algorithm, key), message).as_ref().to_vec()
}

/// A data object.
#[must_use]
pub fn object(tag: u8, value: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(value.len()).expect("a short value")], value].concat()
}

/// The data objects of an answer, which has nothing else.
#[must_use]
#[track_caller]
pub fn objects(mut data: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut objects = Vec::new();
    while let [tag, length, rest @ ..] = data {
        let Some((value, rest)) = rest.split_at_checked((*length).into()) else {
            panic!("expected whole data objects, the key answered {data:02x?}")
        };
        objects.push((*tag, value.to_vec()));
        data = rest;
    }
    same!(data, [], "whole objects");
    objects
}

/// An APDU in extended encoding, with an Le.
#[must_use]
pub fn apdu(instruction: u8, p1: u8, p2: u8, data: &[u8]) -> Vec<u8> {
    let head = [0, instruction, p1, p2, 0];
    let length = u16::try_from(data.len()).expect("a length of 16 bits").to_be_bytes();
    if data.is_empty() {
        [&head[..], &[0, 0]].concat()
    } else {
        [&head[..], &length, data, &[0, 0]].concat()
    }
}

/// An APDU in short encoding, in which an answer comes in parts of 256 bytes, as clients of smart cards send it.
///
/// # Panics
/// Where it is not one of these, or too long.
#[must_use]
pub fn short(extended: &[u8]) -> Vec<u8> {
    match *extended {
        [class, instruction, p1, p2, 0, 0, length, ref data @ .., 0, 0] if data.len() == usize::from(length) => {
            [&[class, instruction, p1, p2, length], data, &[0]].concat()
        }
        [class, instruction, p1, p2, 0, 0, 0] => vec![class, instruction, p1, p2, 0],
        _ => panic!("no extended APDU for short data: {extended:02x?}"),
    }
}

/// SELECT.
#[must_use]
pub fn select() -> Vec<u8> {
    apdu(0xA4, 0x04, 0, &AID)
}

/// RESET.
#[must_use]
pub fn reset() -> Vec<u8> {
    apdu(instruction::RESET, 0xDE, 0xAD, &[])
}

/// PUT.
#[must_use]
pub fn put(account: &Account) -> Vec<u8> {
    apdu(instruction::PUT, 0, 0, &account.encode())
}

/// An instruction with nothing but an account's name.
#[must_use]
pub fn named(instruction: u8, name: &str) -> Vec<u8> {
    apdu(instruction, 0, 0, &object(tag::NAME, name.as_bytes()))
}

/// RENAME.
#[must_use]
pub fn rename(old: &str, new: &str) -> Vec<u8> {
    let names = [object(tag::NAME, old.as_bytes()), object(tag::NAME, new.as_bytes())];
    apdu(instruction::RENAME, 0, 0, &names.concat())
}

/// CALCULATE with a truncated answer, for a time step.
#[must_use]
pub fn code_of(name: &str, step: u64) -> Vec<u8> {
    apdu(instruction::CALCULATE, 0, 1, &calculate(name, &step.to_be_bytes()))
}

/// CALCULATE ALL with truncated answers, for a time step.
#[must_use]
pub fn all_codes(step: u64) -> Vec<u8> {
    apdu(
        instruction::CALCULATE_ALL,
        0,
        1,
        &object(tag::CHALLENGE, &step.to_be_bytes()),
    )
}

/// The data of CALCULATE: a name and a challenge.
#[must_use]
pub fn calculate(name: &str, challenge: &[u8]) -> Vec<u8> {
    [object(tag::NAME, name.as_bytes()), object(tag::CHALLENGE, challenge)].concat()
}

/// An access code: its hash and its key.
#[derive(Clone, Copy, Debug)]
pub struct AccessCode(pub u8, pub &'static [u8]);

impl AccessCode {
    /// What proves that one knows it.
    #[must_use]
    pub fn answer(&self, challenge: &[u8]) -> Vec<u8> {
        authenticate(self.0, self.1, challenge)
    }

    /// The data of SET CODE.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let key = [&[kind::TOTP | self.0], self.1].concat();
        let proof = object(tag::RESPONSE, &self.answer(b"a nonce."));
        [object(tag::KEY, &key), object(tag::CHALLENGE, b"a nonce."), proof].concat()
    }
}

impl Host {
    /// Sends an APDU to the applet that needs no touch: data and status word.
    #[track_caller]
    pub fn oath(&mut self, apdu: &[u8]) -> (Vec<u8>, u16) {
        self.send(command::OATH, apdu);
        self.oath_answer(false)
    }

    /// Sends an APDU, and returns once the key waits for its user and has said so.
    #[track_caller]
    pub fn oath_asked(&mut self, apdu: &[u8]) {
        self.send(command::OATH, apdu);
        loop {
            let message = self.message();
            self.is_answer(&message, command::KEEPALIVE);
            if message.payload == [UP_NEEDED] {
                break;
            }
        }
        self.key.wait_until_asked();
    }

    /// The answer to the APDU that runs.
    #[track_caller]
    pub fn oath_answer(&mut self, is_asked: bool) -> (Vec<u8>, u16) {
        loop {
            let message = self.message();
            self.is_answer(&message, message.command);
            match message.command {
                command::KEEPALIVE => {
                    assert!(
                        is_asked || message.payload != [UP_NEEDED],
                        "expected an answer without a touch, the key asks for one"
                    );
                }
                command::OATH => {
                    let Some((data, word)) = message.payload.split_last_chunk() else {
                        panic!("expected a status word, the key answered {message:?}")
                    };
                    return (data.to_vec(), u16::from_be_bytes(*word));
                }
                _ => panic!("expected a keepalive or an answer, the key sends {message:?}"),
            }
        }
    }

    /// An APDU is done: its data.
    #[track_caller]
    pub fn oath_done(&mut self, apdu: &[u8]) -> Vec<u8> {
        let (data, word) = self.oath(apdu);
        word::is(word, word::NO_ERROR);
        data
    }

    /// An APDU is refused with this status word, and no data.
    #[track_caller]
    pub fn oath_denied(&mut self, apdu: &[u8], word: u16) {
        let (data, answer) = self.oath(apdu);
        word::is(answer, word);
        assert!(
            data.is_empty(),
            "expected no data with a refusal, the key answered {data:02x?}"
        );
    }

    /// PUT, done.
    #[track_caller]
    pub fn put(&mut self, account: &Account) {
        same!(self.oath_done(&put(account)), []);
    }

    /// The code of an account, without a touch.
    #[track_caller]
    pub fn code(&mut self, name: &str, challenge: &[u8]) -> String {
        let data = self.oath_done(&apdu(instruction::CALCULATE, 0, 1, &calculate(name, challenge)));
        let [(tag::TRUNCATED, code)] = &objects(&data)[..] else {
            panic!("no code: {data:02x?}");
        };
        shown(code)
    }

    /// What a list has in all, message by message.
    #[track_caller]
    pub fn walk(&mut self, first: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let mut all = Vec::new();
        let mut answer = self.oath(first);
        loop {
            all.extend(objects(&answer.0));
            match answer.1 {
                word::NO_ERROR => return all,
                word if word >> 8 == 0x61 => answer = self.oath(&apdu(instruction::SEND_REMAINING, 0, 0, &[])),
                word => panic!(
                    "expected status word 9000 or 61xx, the key answered {}",
                    word::named(word)
                ),
            }
        }
    }

    /// The names of all accounts, with type and hash, in the order of names.
    #[track_caller]
    pub fn accounts(&mut self) -> Vec<(String, u8)> {
        let all = self.walk(&apdu(instruction::LIST, 0, 0, &[]));
        let account = |(tag, value): (u8, Vec<u8>)| {
            same!(tag, tag::NAME_LIST);
            let (&kind, name) = value.split_first().expect("type and hash");
            (String::from_utf8(name.to_vec()).expect("text"), kind)
        };
        let mut accounts: Vec<_> = all.into_iter().map(account).collect();
        accounts.sort();
        accounts
    }

    /// SELECT: the objects of its answer.
    #[track_caller]
    pub fn select_oath(&mut self) -> Vec<(u8, Vec<u8>)> {
        objects(&self.oath_done(&select()))
    }

    /// SELECT, and VALIDATE with an access code: the status word. A key that accepts it proves that it knows it too.
    #[track_caller]
    pub fn validate(&mut self, code: AccessCode) -> u16 {
        let selected = self.select_oath();
        let [.., (tag::CHALLENGE, challenge), (tag::ALGORITHM, _)] = &selected[..] else {
            panic!("no challenge: {selected:02x?}");
        };
        let data = [
            object(tag::RESPONSE, &code.answer(challenge)),
            object(tag::CHALLENGE, b"mutually"),
        ]
        .concat();
        let (data, word) = self.oath(&apdu(instruction::VALIDATE, 0, 0, &data));
        if word == word::NO_ERROR {
            same!(objects(&data), [(tag::RESPONSE, code.answer(b"mutually"))]);
        }
        word
    }
}
