//! What a host sends, with which proof, and what the user does when asked.

use std::string::String;
use std::vec::Vec;

use crate::platform::Presence;
use crate::testing::request::RP;

pub(super) const RPS: [&str; 3] = [RP, "login.example.org", "other.example"];

/// From four code points to thirteen; the first is too simple for the complexity policy, the last too short for any.
pub(super) const PINS: [&str; 6] = ["1234", "4711", "äöü€", "hunter2", "correct horse", "471"];

/// A user's account at a relying party, each by its number.
pub(super) type Account = (usize, u8);

/// The proof of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    None,
    /// No bytes: how a platform lets the user pick a key.
    Empty,
    /// The pinUvAuthToken that the host got last, valid or not.
    Token,
    /// The same with the other protocol.
    OtherProtocol,
    /// The persistent token that the host got last.
    Persistent,
    /// A token that no key gave.
    Forged,
}

/// The PIN that a host tries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Guess {
    Right,
    Pin(usize),
}

/// A credential ID that a host names, from what it has seen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Named {
    Account(Account),
    /// The n-th of those that are not discoverable.
    Plain(usize),
    /// The n-th of those that were deleted.
    Gone(usize),
}

#[derive(Clone, Debug)]
pub(super) struct Make {
    pub(super) account: Account,
    pub(super) discoverable: bool,
    pub(super) excluded: Option<Named>,
    pub(super) protection: Option<u8>,
    pub(super) blob: Option<Vec<u8>>,
    pub(super) large_blob_key: bool,
    pub(super) payment: bool,
    /// Whether the relying party asks for the minimum length of a PIN and for the complexity policy.
    pub(super) policy: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Assert {
    pub(super) rp: usize,
    pub(super) listed: Option<Named>,
    /// Whether a request that lists nothing has an empty list.
    pub(super) has_empty_list: bool,
    pub(super) up: bool,
}

/// The parameters of setMinPINLength.
#[derive(Clone, Debug)]
pub(super) struct PinPolicy {
    pub(super) length: Option<u8>,
    pub(super) force_change: bool,
    pub(super) complexity: bool,
    /// Numbers of relying parties.
    pub(super) rp_ids: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Blobs {
    pub(super) length: usize,
    pub(super) seed: u8,
    pub(super) fragment: usize,
    /// Whether the hash at the end is another's.
    pub(super) damaged: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Make(Make),
    Assert(Assert),
    NextAssertion,
    SetPin(usize),
    ChangePin(Guess, usize),
    /// getPinToken.
    PinToken(Guess),
    /// getPinUvAuthTokenUsingPinWithPermissions.
    Token {
        guess: Guess,
        permissions: u8,
        rp: Option<usize>,
    },
    ToggleAlwaysUv,
    SetMinPinLength(PinPolicy),
    EnableLongTouch,
    /// Whether by the preview's number.
    Metadata(bool),
    List,
    /// Whether by the preview's number.
    Delete(Named, bool),
    Rename(Account, Option<String>),
    WriteBlobs(Blobs),
    ReadBlobs,
    Select,
    Reset,
    Unplug,
    /// Milliseconds.
    Wait(u64),
}

/// A step, its proof, and what the user does if the key asks. The protocol is one for all that clientPIN does.
#[derive(Clone, Debug)]
pub(super) struct Action {
    pub(super) step: Step,
    pub(super) proof: Proof,
    pub(super) presence: Presence,
    pub(super) protocol_one: bool,
}

impl From<Step> for Action {
    fn from(step: Step) -> Self {
        Self {
            step,
            proof: Proof::None,
            presence: Presence::Confirmed,
            protocol_one: false,
        }
    }
}
