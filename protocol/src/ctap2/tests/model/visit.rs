//! Random events in the life of a key, chosen so that they belong together.

use std::vec;
use std::vec::Vec;

use proptest::collection::vec as list;
use proptest::option;
use proptest::prelude::*;

use super::step::{Account, Action, Assert, Blobs, Guess, Make, Named, PINS, PinPolicy, Proof, RPS, Step};
use crate::platform::Presence;
use crate::testing::pin::{ACFG, CM, GA, LBW, MC, PCMR};

/// One step, or several that belong together: by chance few would.
pub(super) fn visit() -> impl Strategy<Value = Vec<Action>> {
    prop_oneof![
        3 => action().prop_map(|action| vec![action]).boxed(),
        4 => session().boxed(),
        1 => persistent_session().boxed(),
        1 => guesses().boxed(),
        1 => walk().boxed(),
    ]
}

/// A token, and what is done with it.
fn session() -> impl Strategy<Value = Vec<Action>> {
    let permissions = prop_oneof![
        2 => Just(MC | GA),
        2 => Just(MC | GA | LBW),
        1 => Just(CM | GA),
        1 => Just(MC | GA | CM | LBW | ACFG),
    ];
    let bound_to = prop_oneof![3 => rp().prop_map(Some), 1 => Just(None)];
    let rest = prop_oneof![3 => Just((CM | ACFG | LBW, None)), 1 => Just((CM, None))];
    let token = prop_oneof![
        4 => (permissions, bound_to).prop_map(|(permissions, rp)| token_for(permissions, rp)),
        2 => rest.prop_map(|(permissions, rp)| token_for(permissions, rp)),
        1 => Just(Action::from(Step::PinToken(Guess::Right))),
    ];
    let waiting = option::weighted(0.2, wait());
    let steps = list((action(), proptest::bool::weighted(0.8), waiting), 1..5);
    (token, any::<bool>(), steps).prop_map(|(token, protocol_one, steps)| {
        let token = Action { protocol_one, ..token };
        let steps = steps.into_iter().flat_map(|(action, uses_it, waiting)| {
            let action = Action {
                proof: if uses_it { Proof::Token } else { action.proof },
                ..action
            };
            [Some(action), waiting.map(Action::from)].into_iter().flatten()
        });
        [token].into_iter().chain(steps).collect()
    })
}

/// A token for a user who knows the PIN.
fn token_for(permissions: u8, rp: Option<usize>) -> Action {
    Action::from(Step::Token {
        guess: Guess::Right,
        permissions,
        rp,
    })
}

/// PINs tried in a row, and what may follow.
fn guesses() -> impl Strategy<Value = Vec<Action>> {
    let guess = || prop_oneof![1 => Just(Guess::Right), 3 => pin().prop_map(Guess::Pin)];
    let attempt = prop_oneof![
        2 => guess().prop_map(Step::PinToken),
        1 => (guess(), pin()).prop_map(|(guess, new)| Step::ChangePin(guess, new)),
        1 => Just(Step::Unplug),
    ];
    let end = option::of(prop_oneof![Just(Step::Reset), pin().prop_map(Step::SetPin)]);
    (list(attempt, 2..8), end).prop_map(|(attempts, end)| attempts.into_iter().chain(end).map(Action::from).collect())
}

/// A few accounts of a relying party, and assertions by one after the other.
fn walk() -> impl Strategy<Value = Vec<Action>> {
    let next = (option::weighted(0.4, wait()), Just(Step::NextAssertion));
    (rp(), list(make(), 2..4), list(next, 1..4), any::<bool>()).prop_map(|(rp, made, nexts, verified)| {
        let proving = |step| Action {
            proof: Proof::Token,
            ..Action::from(step)
        };
        let made = made.into_iter().zip(0..).flat_map(|(make, user)| {
            let make = Make {
                account: (rp, user),
                discoverable: true,
                excluded: None,
                ..make
            };
            [token_for(MC, Some(rp)), proving(Step::Make(make))]
        });
        let assert = Step::Assert(Assert {
            rp,
            listed: None,
            has_empty_list: false,
            up: true,
        });
        let token = verified.then(|| token_for(GA, Some(rp)));
        let assertion = if verified { proving(assert) } else { assert.into() };
        let nexts = nexts
            .into_iter()
            .flat_map(|(wait, next)| wait.into_iter().chain([next]));
        made.chain(token)
            .chain([assertion])
            .chain(nexts.map(Action::from))
            .collect()
    })
}

/// The persistent token, what may happen to it, and what it is for.
fn persistent_session() -> impl Strategy<Value = Vec<Action>> {
    let between = prop_oneof![
        2 => pin().prop_map(|new| Action::from(Step::ChangePin(Guess::Right, new))),
        1 => Just(Action::from(Step::Unplug)),
        3 => action(),
    ];
    let uses = prop_oneof![
        any::<bool>().prop_map(Step::Metadata),
        Just(Step::List),
        (named(), any::<bool>()).prop_map(|(named, preview)| Step::Delete(named, preview)),
    ];
    (between, uses).prop_map(|(between, step)| {
        let using = Action {
            proof: Proof::Persistent,
            ..Action::from(step)
        };
        vec![token_for(PCMR, None), between, using]
    })
}

/// Boxed, because a test's stack has no room for all of its kinds by value.
fn action() -> BoxedStrategy<Action> {
    let action =
        (step(), proof(), presence(), any::<bool>()).prop_map(|(step, proof, presence, protocol_one)| Action {
            step,
            proof,
            presence,
            protocol_one,
        });
    action.boxed()
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

fn step() -> BoxedStrategy<Step> {
    let ceremonies = prop_oneof![
        5 => make().prop_map(Step::Make),
        5 => assert().prop_map(Step::Assert),
        4 => Just(Step::NextAssertion),
    ];
    let pins = prop_oneof![
        2 => pin().prop_map(Step::SetPin),
        3 => (guess(), pin()).prop_map(|(guess, new)| Step::ChangePin(guess, new)),
        1 => guess().prop_map(Step::PinToken),
        2 => token(),
    ];
    let config = prop_oneof![
        2 => Just(Step::ToggleAlwaysUv),
        3 => pin_policy().prop_map(Step::SetMinPinLength),
        1 => Just(Step::EnableLongTouch),
    ];
    let management = prop_oneof![
        1 => any::<bool>().prop_map(Step::Metadata),
        2 => Just(Step::List),
        3 => (named(), any::<bool>()).prop_map(|(named, preview)| Step::Delete(named, preview)),
        3 => (account(), option::of("[a-z]{0,70}")).prop_map(|(account, name)| Step::Rename(account, name)),
    ];
    let rest = prop_oneof![
        2 => blobs().prop_map(Step::WriteBlobs),
        1 => Just(Step::ReadBlobs),
        1 => Just(Step::Select),
        1 => Just(Step::Reset),
        2 => Just(Step::Unplug),
        3 => wait(),
    ];
    prop_oneof![7 => ceremonies, 4 => pins, 2 => config, 3 => management, 3 => rest].boxed()
}

/// Mostly the same, so that steps concern each other.
fn rp() -> impl Strategy<Value = usize> {
    prop_oneof![4 => Just(0), 1 => 0..RPS.len()]
}

/// By its number.
pub(super) fn pin() -> impl Strategy<Value = usize> {
    prop_oneof![1 => Just(1), 1 => 0..PINS.len()]
}

/// To the limits of time and past them.
fn wait() -> impl Strategy<Value = Step> {
    prop::sample::select(vec![1_000, 9_000, 30_000, 30_001, 600_000]).prop_map(Step::Wait)
}

fn account() -> impl Strategy<Value = Account> {
    (rp(), 0..3_u8)
}

fn named() -> impl Strategy<Value = Named> {
    prop_oneof![
        4 => account().prop_map(Named::Account),
        1 => (0..3_usize).prop_map(Named::Plain),
        1 => (0..3_usize).prop_map(Named::Gone),
    ]
}

fn guess() -> impl Strategy<Value = Guess> {
    prop_oneof![2 => Just(Guess::Right), 1 => pin().prop_map(Guess::Pin)]
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
    let flags = (any::<bool>(), proptest::bool::weighted(0.8));
    (rp(), listed, flags).prop_map(|(rp, listed, (has_empty_list, up))| Assert {
        rp,
        listed,
        has_empty_list,
        up,
    })
}

fn token() -> impl Strategy<Value = Step> {
    let permissions = prop_oneof![2 => 0..0x80_u8, 1 => Just(PCMR), 1 => Just(MC | GA | LBW)];
    (guess(), permissions, option::of(rp())).prop_map(|(guess, permissions, rp)| Step::Token { guess, permissions, rp })
}

fn pin_policy() -> impl Strategy<Value = PinPolicy> {
    let length = option::of(prop::sample::select(vec![3, 4, 5, 7, 8, 13, 64]));
    let rare = || proptest::bool::weighted(0.2);
    let rp_ids = prop_oneof![9 => list(rp(), 0..4), 1 => list(rp(), 9)];
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
