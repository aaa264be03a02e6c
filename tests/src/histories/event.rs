//! What a key gives, and what happens to it, as hosts see it.

use std::hash::{Hash, Hasher};

use brasskey_conformance::host::client_pin;
use brasskey_protocol::limits::TOKEN_MAX_USAGE;

/// The PINs that hosts try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "any two PINs")]
pub enum Pin {
    First,
    Second,
}

impl Pin {
    /// Its text.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::First => "1234",
            Self::Second => "correct horse",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// The relying parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "any two relying parties")]
pub enum Rp {
    Example,
    Other,
}

impl Rp {
    /// Its RP ID.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Example => "example.com",
            Self::Other => "other.example",
        }
    }
}

/// Why something that the key gave is good no longer, or not for this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The power was off.
    Power,
    /// The key was reset.
    Reset,
    /// Its time is over.
    Time,
    /// The PIN is another one.
    PinChange,
    /// There is a newer one in its place.
    Replaced,
    /// A touch was tested with it.
    Spent,
    /// It is for another relying party.
    RelyingParty,
    /// It does not allow this.
    Permission,
    /// It was deleted.
    Deleted,
}

/// A token that the key gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its secret, and the protocol that it was got by.
    pub token: client_pin::Token,
    /// What it allows.
    pub permissions: u8,
    /// Whom it is for.
    pub rp: Option<Rp>,
    /// When it was given.
    pub since: u64,
    /// The key saw it.
    pub used: bool,
    /// A touch was tested since.
    pub spent: bool,
}

impl Token {
    /// Whether it is the persistent one, which ends with the PIN and with a reset alone (CTAP 2.3 §6.5.5.7).
    #[must_use]
    pub fn is_persistent(&self) -> bool {
        self.permissions == client_pin::permission::PCMR
    }

    /// Puts into a hash what it is worth at a time.
    pub(super) fn hash_at(&self, now: u64, hasher: &mut impl Hasher) {
        let age = now.saturating_sub(self.since).min(TOKEN_MAX_USAGE + 1);
        let protocol = self.token.protocol as u8;
        (protocol, self.permissions, self.rp, age, self.used, self.spent).hash(hasher);
    }
}

/// A token with a request, and why it was good no longer when it was sent, where that is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The token.
    pub token: Token,
    /// Why it is dead.
    pub dead: Option<End>,
}

/// A credential that the key made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Its ID.
    pub id: Vec<u8>,
    /// Whom it is for.
    pub rp: Rp,
    /// The account's user; `None` for one that is not discoverable.
    pub user: Option<u8>,
    /// The counter as it was told last.
    pub count: u32,
    /// It signed since power-up: a block of its counter is reserved.
    pub has_signed: bool,
}

/// Assertions that a host walks through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// The host's channel.
    pub host: u32,
    /// Whether the first one verified the user.
    pub verified: bool,
    /// Whether it was touched: otherwise no counter goes up.
    pub touched: bool,
    /// How many are left.
    pub left: u64,
    /// The time of the last one.
    pub since: u64,
}

/// What happened, as hosts see it.
#[expect(missing_docs, reason = "the members that the events share say what they are")]
#[derive(Clone, Debug)]
pub enum Event {
    /// A request was refused. Whether the records are others than before, but for the retries where it tried a PIN.
    Refused { left_trace: bool },
    /// A PIN was tried.
    Tried { right: bool, accepted: bool },
    /// The key without a PIN was asked to try one, and knew one.
    PinFromNowhere,
    /// The key told its retries.
    Retries(u64),
    /// The key told whether it wants a long touch.
    LongTouchTold(bool),
    /// The PIN was set or changed.
    PinSet(Pin),
    /// A token was given.
    Granted(Token),
    /// A token proved something.
    Proved {
        proof: Proof,
        permission: u8,
        rp: Option<Rp>,
    },
    /// A credential was made.
    Registered {
        credential: Credential,
        verified: bool,
        proof: Option<Proof>,
    },
    /// A credential signed.
    SignedIn {
        host: u32,
        id: Vec<u8>,
        rp: Rp,
        count: u32,
        touched: bool,
        verified: bool,
        proof: Option<Proof>,
        /// How many more there are.
        left: u64,
    },
    /// The next assertion of a walk.
    WentOn {
        host: u32,
        id: Vec<u8>,
        count: u32,
        verified: bool,
    },
    /// A credential that was acknowledged did not answer.
    Missing,
    /// A credential that is gone answered.
    Haunted(End),
    /// An account was deleted.
    Deleted(Vec<u8>),
    /// The setting for a long touch was made.
    LongTouchSet,
    /// The key was reset. Whether the touch was held, and whether a record of before is left.
    Reset { held: bool, left_trace: bool },
    /// The power was off and is on.
    PowerUp { started: bool },
    /// Time passed.
    Waited(u64),
}
