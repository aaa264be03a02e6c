//! The self-test with the soft key: as it is, and broken in one place each.

mod broken;
mod ended;
mod key;

use super::*;
use crate::client::Unwatched;
use crate::webauthn::Algorithm;
use key::{Owner, PIN, Request, key, whole};

#[test]
fn a_key_with_a_pin_passes_all_and_keeps_nothing() {
    let (mut key, requests) = whole(Some(PIN));
    let results = key::test(&mut key, &mut Owner::of(PIN));
    assert_eq!(key::not_passed(&results), [] as [String; 0]);
    assert!(results.fit());
    assert_eq!(results.left, []);
    let groups: Vec<Group> = results.steps.iter().map(|step| step.group).collect();
    assert!(Group::ALL.iter().all(|group| groups.contains(group)));

    let mut manager = key.manage_credentials(None, &mut Owner::of(PIN)).unwrap();
    assert_eq!(manager.metadata(&mut Unwatched).unwrap().existing, 0);
    assert!(key.large_blobs(&mut Unwatched).unwrap().is_empty());
    assert!(!requests.lock().unwrap().is_empty());
}

#[test]
fn every_algorithm_that_is_listed_is_tried() {
    let (mut key, _) = whole(None);
    let results = key::test(&mut key, &mut Unwatched);
    let listed = key.info().unwrap().algorithms.clone().unwrap();
    let tried = |algorithm: Algorithm| {
        let mut steps = results.steps.iter().filter(|step| step.round == algorithm.name());
        steps.any(|step| step.name == "signs in" && step.outcome == Outcome::Passed)
    };
    for algorithm in Algorithm::ALL {
        let is_listed = listed.iter().any(|listed| listed.alg == algorithm.cose());
        assert_eq!(tried(algorithm), is_listed, "{algorithm:?}");
    }
}

/// Each request that waits for a touch.
fn touches(requests: &[Request]) -> usize {
    requests.iter().filter(|request| request.wants_touch()).count()
}

#[test]
fn the_user_touches_the_key_as_often_as_was_said() {
    for pin in [None, Some(PIN)] {
        let (mut key, requests) = whole(pin);
        let mut owner = Owner::of(PIN);
        let plan = Plan::of(&mut key, &mut owner).unwrap();
        let results = run(&mut key, &plan, &mut owner, &mut |_| {});
        assert!(results.fit());
        assert_eq!(touches(&requests.lock().unwrap()), plan.touches(), "{pin:?}");
    }
}

#[test]
fn what_was_not_tried_is_listed_with_what_it_takes() {
    for (pin, needs) in [(None, Needs::PinSet), (Some(PIN), Needs::Pin)] {
        let (mut key, _) = whole(pin);
        let results = key::test(&mut key, &mut Unwatched);
        let skipped = results.steps.iter().filter(|step| step.outcome == Outcome::Skipped);
        let skipped: Vec<_> = skipped.map(|step| (step.group, step.needs)).collect();
        assert_eq!(
            skipped,
            [(Group::Passkeys, Some(needs)), (Group::Pin, Some(needs))],
            "{results:#?}"
        );
        assert!(results.fit());
    }
}

#[test]
fn always_uv_is_named_where_it_switches_u2f_off() {
    let mut key = key(Some(PIN), |request, forward| {
        let mut answer = forward(request);
        if request.is_get_info() {
            key::edit(&mut answer, |members| {
                let text = |text: &str| key::Value::Text(text.to_owned());
                if let key::Value::Array(versions) = key::member_mut(members, 1) {
                    versions.retain(|version| *version != text("U2F_V2"));
                }
                if let key::Value::Map(options) = key::member_mut(members, 4) {
                    let (_, always_uv) = options.iter_mut().find(|(name, _)| *name == text("alwaysUv")).unwrap();
                    *always_uv = key::Value::Bool(true);
                }
            });
        }
        answer
    });
    let results = key::test(&mut key, &mut Owner::of(PIN));
    let skipped = results.steps.iter().filter(|step| step.outcome == Outcome::Skipped);
    let skipped: Vec<_> = skipped.map(|step| (step.group, step.needs)).collect();
    let needs = Some(Needs::AlwaysUvOff);
    assert_eq!(skipped, [(Group::U2f, needs), (Group::Aws, needs)], "{results:#?}");
}

#[test]
fn a_key_without_room_is_not_filled() {
    let mut key = key(Some(PIN), |request, forward| {
        let mut answer = forward(request);
        if request.is_get_info() {
            key::edit(&mut answer, |members| {
                *key::member_mut(members, 0x14) = key::Value::Integer(1);
            });
        }
        answer
    });
    let results = key::test(&mut key, &mut Owner::of(PIN));
    let step = results.steps.iter().find(|step| step.group == Group::Passkeys).unwrap();
    assert_eq!((step.outcome, step.needs), (Outcome::Skipped, Some(Needs::Room)));
    assert!(results.fit());
}

#[test]
fn passkeys_that_could_not_be_deleted_are_not_made() {
    let mut key = key(Some(PIN), |request, forward| {
        let mut answer = forward(request);
        if request.is_get_info() {
            key::edit(&mut answer, |members| {
                let key::Value::Map(options) = key::member_mut(members, 4) else {
                    panic!()
                };
                options.retain(|(name, _)| !matches!(name, key::Value::Text(name) if name.starts_with("cred")));
            });
        }
        answer
    });
    let results = key::test(&mut key, &mut Owner::of(PIN));
    let step = results.steps.iter().find(|step| step.group == Group::Passkeys).unwrap();
    assert_eq!((step.outcome, step.needs), (Outcome::Skipped, Some(Needs::OtherKey)));
    let remaining = |key: &Key| key.info().unwrap().remaining_discoverable_credentials;
    let before = remaining(&key);
    key.refresh().unwrap();
    assert_eq!(remaining(&key), before);
}
