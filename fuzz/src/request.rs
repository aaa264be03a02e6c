//! What a host sends, by its parts: the fuzzer picks them, and [`Host`](crate::host::Host) adds the cryptography.

use std::collections::BTreeMap;

use brasskey_protocol::cbor::Writer;
use brasskey_protocol::crypto::sha256;
use brasskey_protocol::ctap2::command;
use libfuzzer_sys::arbitrary::{self, Arbitrary};

/// `clientDataHash` of all requests.
pub const CLIENT_DATA_HASH: [u8; 32] = [0xcd; 32];

/// A command, what proves it, and whether a byte of the message is changed on its way.
#[derive(Arbitrary, Debug)]
pub struct Step {
    pub command: Command,
    pub proof: Proof,
    /// PIN/UV auth protocol one rather than two.
    pub protocol_one: bool,
    pub damage: Option<Damage>,
}

/// A byte to be changed, by its place from the start, and the bits to be turned over.
#[derive(Arbitrary, Debug)]
pub struct Damage {
    pub place: u16,
    pub bits: u8,
}

#[derive(Arbitrary, Debug)]
pub enum Proof {
    None,
    /// The token got last.
    Token,
    /// The persistent token got last.
    Persistent,
    /// Whatever it is.
    Forged(Vec<u8>),
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    Simple,
    Short,
    Long,
    TooShort,
}

impl Pin {
    pub fn text(self) -> &'static str {
        match self {
            Self::Simple => "1234",
            Self::Short => "äöü€",
            Self::Long => "correct horse battery staple",
            Self::TooShort => "471",
        }
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Rp {
    Example,
    Other,
}

impl Rp {
    pub fn id(self) -> &'static str {
        match self {
            Self::Example => "example.com",
            Self::Other => "login.example.org",
        }
    }
}

#[derive(Arbitrary, Debug)]
pub enum Command {
    SetPin(Pin),
    ChangePin {
        old: Pin,
        new: Pin,
    },
    PinToken(Pin),
    Token {
        pin: Pin,
        permissions: u8,
        rp: Option<Rp>,
    },
    Make(Make),
    Assert(Assert),
    NextAssertion,
    Management(Management),
    ReadBlobs {
        count: u16,
        offset: u16,
    },
    WriteBlobs(Blobs),
    Config(Config),
    GetInfo,
    Selection,
    Reset,
    Unplug,
    /// Milliseconds.
    Wait(u16),
    /// A command with any body.
    Raw {
        command: u8,
        body: Vec<u8>,
    },
}

#[derive(Arbitrary, Debug)]
pub struct Make {
    pub rp: Rp,
    pub user: u8,
    pub name: String,
    pub algorithm: i8,
    pub discoverable: bool,
    /// The number of a credential in the exclude list.
    pub excluded: Option<u8>,
    pub blob: Option<Vec<u8>>,
    pub protection: Option<u8>,
    pub hmac_secret: bool,
    /// For hmac-secret-mc.
    pub salts: Option<Vec<u8>>,
    pub large_blob_key: bool,
    pub policy: bool,
    pub payment: bool,
    pub enterprise_attestation: Option<u8>,
}

#[derive(Arbitrary, Debug)]
pub struct Assert {
    pub rp: Rp,
    /// Numbers of credentials.
    pub listed: Option<Vec<u8>>,
    pub up: bool,
    pub salts: Option<Vec<u8>>,
    pub rest: bool,
}

#[derive(Arbitrary, Debug)]
pub struct Management {
    pub subcommand: u8,
    pub rp: Option<Rp>,
    pub credential: Option<u8>,
    pub user: Option<(u8, String)>,
}

#[derive(Arbitrary, Debug)]
pub struct Blobs {
    pub content: Vec<u8>,
    /// Where the first of two fragments ends.
    pub cut: u16,
    pub damaged: bool,
}

#[derive(Arbitrary, Debug)]
pub struct Config {
    pub subcommand: u8,
    pub length: Option<u8>,
    pub rps: Vec<Rp>,
    pub force_change: bool,
    pub complexity: bool,
}

/// One item of CBOR.
pub fn encode(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut buffer = vec![0; 16384];
    let mut writer = Writer::new(&mut buffer);
    write(&mut writer);
    let length = writer.finish().unwrap_or(0);
    buffer.truncate(length);
    buffer
}

pub fn bytes(value: &[u8]) -> Vec<u8> {
    encode(|writer| {
        writer.bytes(value);
    })
}

pub fn text(value: &str) -> Vec<u8> {
    encode(|writer| {
        writer.text(value);
    })
}

pub fn uint(value: impl Into<u64>) -> Vec<u8> {
    encode(|writer| {
        writer.uint(value.into());
    })
}

pub fn bool(value: bool) -> Vec<u8> {
    encode(|writer| {
        writer.bool(value);
    })
}

pub fn array(items: &[Vec<u8>]) -> Vec<u8> {
    encode(|writer| {
        writer.array(items.len());
        items.iter().for_each(|item| {
            writer.raw(item);
        });
    })
}

/// A map of encoded keys and values, in the order given.
pub fn map(pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    encode(|writer| {
        writer.map(pairs.len());
        pairs.iter().for_each(|(key, value)| {
            writer.raw(key).raw(value);
        });
    })
}

/// A map with text keys of those members that are there.
pub fn named<const N: usize>(members: [(&str, Option<Vec<u8>>); N]) -> Vec<u8> {
    let members = members.into_iter();
    let pairs = members.filter_map(|(name, value)| Some((text(name), value?)));
    map(&pairs.collect::<Vec<_>>())
}

pub fn descriptor(id: &[u8]) -> Vec<u8> {
    named([("id", Some(bytes(id))), ("type", Some(text("public-key")))])
}

/// A command and its parameters.
pub struct Request {
    pub command: u8,
    pub members: BTreeMap<u64, Vec<u8>>,
}

impl Request {
    pub fn new(command: u8) -> Self {
        Self {
            command,
            members: BTreeMap::new(),
        }
    }

    pub fn with(mut self, key: u64, value: Vec<u8>) -> Self {
        self.members.insert(key, value);
        self
    }

    /// Sets a member, where there is a value.
    pub fn with_some(self, key: u64, value: Option<Vec<u8>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// The message. Without parameters it is the command byte alone.
    pub fn message(&self) -> Vec<u8> {
        let members = self.members.iter().map(|(&key, value)| (uint(key), value.clone()));
        let members = members.collect::<Vec<_>>();
        let body = if members.is_empty() { Vec::new() } else { map(&members) };
        [&[self.command], &body[..]].concat()
    }

    /// The members `pinUvAuthParam` and `pinUvAuthProtocol`.
    pub fn proof_members(&self) -> (u64, u64) {
        match self.command {
            command::MAKE_CREDENTIAL => (8, 9),
            command::GET_ASSERTION => (6, 7),
            command::LARGE_BLOBS => (5, 6),
            _ => (4, 3),
        }
    }

    /// What a token authenticates. `fragment` is that of a request for large blobs, with its offset.
    pub fn authenticated(&self, fragment: Option<(u32, &[u8])>) -> Vec<u8> {
        let member = |key| self.members.get(&key).map_or(&[][..], Vec::as_slice);
        // Subcommands are small numbers: one byte of CBOR, or the second of two.
        let subcommand = member(1).last().copied().unwrap_or(0);
        match (self.command, fragment) {
            (command::MAKE_CREDENTIAL | command::GET_ASSERTION, _) => CLIENT_DATA_HASH.to_vec(),
            (command::LARGE_BLOBS, Some((offset, fragment))) => {
                let hash = sha256(&[fragment]);
                [&[0xff; 32], &[0x0c, 0x00][..], &offset.to_le_bytes(), &hash].concat()
            }
            (command::CONFIG, _) => [&[0xff; 32], &[0x0d, subcommand][..], member(2)].concat(),
            _ => [&[subcommand], member(2)].concat(),
        }
    }
}
