//! What a host sends, by its parts: the fuzzer picks them, and [`Host`](crate::host::Host) makes messages of them.

use libfuzzer_sys::arbitrary::{self, Arbitrary};

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
