//! What a host sends, what proves it, and what the user does when asked.

use std::string::String;
use std::vec;
use std::vec::Vec;

use proptest::collection::vec as list;
use proptest::option;
use proptest::prelude::*;

use crate::platform::Presence;
use crate::testing::pin::{ACFG, CM, GA, LBW, MC, PCMR};
use crate::testing::request::RP;

pub(super) const RPS: [&str; 3] = [RP, "login.example.org", "other.example"];

/// From four code points to thirteen; the first is too simple for the complexity policy, the last too short for any.
pub(super) const PINS: [&str; 6] = ["1234", "4711", "äöü€", "hunter2", "correct horse", "471"];

/// A user's account at a relying party, each by its number.
pub(super) type Account = (usize, u8);

/// What a request proves itself by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    None,
    /// No bytes: how a platform lets the user pick a key.
    Empty,
    /// The pinUvAuthToken that the host got last, whatever became of it.
    Token,
    /// The same under the protocol that it is not of.
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
    /// The n-th of those that are no more.
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
        permissions: u64,
        rp: Option<usize>,
    },
    ToggleAlwaysUv,
    SetMinPinLength(PinPolicy),
    EnableLongTouch,
    Metadata,
    List,
    Delete(Named),
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

impl Step {
    /// The permission and the relying party of a token that would do.
    fn needs(&self) -> Option<(u64, Option<usize>)> {
        match self {
            Self::Make(make) => Some((MC, Some(make.account.0))),
            Self::Assert(assert) => Some((GA, Some(assert.rp))),
            Self::ToggleAlwaysUv | Self::SetMinPinLength(_) | Self::EnableLongTouch => Some((ACFG, None)),
            Self::Metadata | Self::List | Self::Delete(_) | Self::Rename(..) => Some((CM, None)),
            Self::WriteBlobs(_) => Some((LBW, None)),
            _ => None,
        }
    }
}

/// A step on its own, or with a token that was got for it just before.
pub(super) fn visit() -> impl Strategy<Value = Vec<Action>> {
    (action(), proptest::bool::weighted(0.6)).prop_map(|(action, prepares)| {
        let Some((permissions, rp)) = action.step.needs().filter(|_| prepares) else {
            return vec![action];
        };
        let token = Step::Token {
            guess: Guess::Right,
            permissions,
            rp,
        };
        let token = Action {
            protocol_one: action.protocol_one,
            ..Action::from(token)
        };
        let action = Action {
            proof: Proof::Token,
            ..action
        };
        vec![token, action]
    })
}

fn action() -> impl Strategy<Value = Action> {
    (step(), proof(), presence(), any::<bool>()).prop_map(|(step, proof, presence, protocol_one)| Action {
        step,
        proof,
        presence,
        protocol_one,
    })
}

fn proof() -> impl Strategy<Value = Proof> {
    prop_oneof![
        5 => Just(Proof::None),
        5 => Just(Proof::Token),
        2 => Just(Proof::Persistent),
        1 => Just(Proof::Empty),
        1 => Just(Proof::OtherProtocol),
        1 => Just(Proof::Forged),
    ]
}

fn presence() -> impl Strategy<Value = Presence> {
    prop_oneof![
        12 => Just(Presence::Confirmed),
        1 => Just(Presence::Declined),
        1 => Just(Presence::TimedOut),
        1 => Just(Presence::Aborted),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let ceremonies = prop_oneof![
        5 => make().prop_map(Step::Make),
        5 => assert().prop_map(Step::Assert),
        4 => Just(Step::NextAssertion),
    ];
    let pins = prop_oneof![
        2 => (0..PINS.len()).prop_map(Step::SetPin),
        3 => (guess(), 0..PINS.len()).prop_map(|(guess, new)| Step::ChangePin(guess, new)),
        1 => guess().prop_map(Step::PinToken),
        2 => token(),
    ];
    let config = prop_oneof![
        2 => Just(Step::ToggleAlwaysUv),
        3 => pin_policy().prop_map(Step::SetMinPinLength),
        1 => Just(Step::EnableLongTouch),
    ];
    let management = prop_oneof![
        1 => Just(Step::Metadata),
        2 => Just(Step::List),
        3 => named().prop_map(Step::Delete),
        3 => (account(), option::of("[a-z]{0,70}")).prop_map(|(account, name)| Step::Rename(account, name)),
    ];
    let rest = prop_oneof![
        2 => blobs().prop_map(Step::WriteBlobs),
        1 => Just(Step::ReadBlobs),
        1 => Just(Step::Select),
        1 => Just(Step::Reset),
        2 => Just(Step::Unplug),
        3 => prop::sample::select(vec![1_000, 9_000, 30_000, 30_001, 600_000]).prop_map(Step::Wait),
    ];
    prop_oneof![7 => ceremonies, 4 => pins, 2 => config, 3 => management, 3 => rest]
}

fn account() -> impl Strategy<Value = Account> {
    (0..RPS.len(), 0..3_u8)
}

fn named() -> impl Strategy<Value = Named> {
    prop_oneof![
        4 => account().prop_map(Named::Account),
        1 => (0..3_usize).prop_map(Named::Plain),
        1 => (0..3_usize).prop_map(Named::Gone),
    ]
}

fn guess() -> impl Strategy<Value = Guess> {
    prop_oneof![2 => Just(Guess::Right), 1 => (0..PINS.len()).prop_map(Guess::Pin)]
}

fn make() -> impl Strategy<Value = Make> {
    let flags = (any::<bool>(), any::<bool>(), proptest::bool::weighted(0.3));
    let kind = proptest::bool::weighted(0.8);
    let blob = option::of(list(any::<u8>(), 0..36));
    (
        account(),
        kind,
        option::weighted(0.2, named()),
        option::of(1..=3_u8),
        blob,
        flags,
    )
        .prop_map(
            |(account, discoverable, excluded, protection, blob, (payment, policy, large_blob_key))| Make {
                account,
                discoverable,
                excluded,
                protection,
                blob,
                large_blob_key,
                payment,
                policy,
            },
        )
}

fn assert() -> impl Strategy<Value = Assert> {
    let listed = option::weighted(0.4, named());
    (0..RPS.len(), listed, proptest::bool::weighted(0.8)).prop_map(|(rp, listed, up)| Assert { rp, listed, up })
}

fn token() -> impl Strategy<Value = Step> {
    let permissions = prop_oneof![2 => 0..0x80_u64, 1 => Just(PCMR), 1 => Just(MC | GA | LBW), 1 => Just(CM)];
    (guess(), permissions, option::of(0..RPS.len())).prop_map(|(guess, permissions, rp)| Step::Token {
        guess,
        permissions,
        rp,
    })
}

fn pin_policy() -> impl Strategy<Value = PinPolicy> {
    let length = option::of(prop::sample::select(vec![3, 4, 5, 7, 8, 13, 64]));
    let rare = || proptest::bool::weighted(0.2);
    let rp_ids = prop_oneof![9 => list(0..RPS.len(), 0..4), 1 => list(0..RPS.len(), 9)];
    (length, rare(), rare(), rp_ids).prop_map(|(length, force_change, complexity, rp_ids)| PinPolicy {
        length,
        force_change,
        complexity,
        rp_ids,
    })
}

fn blobs() -> impl Strategy<Value = Blobs> {
    (17..400_usize, any::<u8>(), 40..400_usize, proptest::bool::weighted(0.2)).prop_map(
        |(length, seed, fragment, damaged)| Blobs {
            length,
            seed,
            fragment,
            damaged,
        },
    )
}
