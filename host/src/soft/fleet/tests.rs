use super::*;
use crate::client::ceremony::{CeremonyError, Protocol, create, get};
use crate::client::{Pin, Unwatched};
use crate::relying_party::{
    Credential, ExpectedAuthentication, ExpectedRegistration, verify_authentication, verify_registration,
};
use crate::webauthn::{CreationOptions, Origin, RelyingPartyEntity, RequestOptions, UserEntity};

fn fleet(seed: u8) -> Fleet {
    Fleet::new([seed; 32], UserVerification::Always, Backup::Eligible).expect("a fleet")
}

fn origin() -> Origin {
    Origin::parse("https://example.com").expect("an origin")
}

fn register(fleet: &mut Fleet, number: u64) -> Credential {
    let user = UserEntity::new(number.to_be_bytes(), "a user");
    let options = CreationOptions::new(RelyingPartyEntity::new("example.com"), user).expect("options");
    let answer = fleet
        .with(number, |key| {
            create(key, &options, &origin(), Protocol::Ctap2, &mut Unwatched)
        })
        .expect("a key")
        .expect("a registration");
    verify_registration(ExpectedRegistration::new(options, &origin()), &answer)
        .1
        .expect("a good registration")
}

/// Whether the relying party lets the key in.
fn signs_in(fleet: &mut Fleet, number: u64, credential: &Credential) -> bool {
    let options = RequestOptions::new("example.com").expect("options").allow([credential]);
    let answer = fleet
        .with(number, |key| {
            get(key, &options, &origin(), Protocol::Ctap2, &mut Unwatched)
        })
        .expect("a key");
    answer.is_ok_and(|answer| {
        let expected = ExpectedAuthentication::new(options, &origin(), number.to_be_bytes());
        verify_authentication(expected, credential, &answer).1.is_some()
    })
}

#[test]
fn each_key_knows_its_own_credentials() {
    let mut fleet = fleet(1);
    let credentials: Vec<_> = (0..20).map(|number| register(&mut fleet, number)).collect();
    for (number, credential) in (0..).zip(&credentials) {
        assert!(signs_in(&mut fleet, number, credential), "{number}");
    }
    assert!(!signs_in(&mut fleet, 0, &credentials[1]));
    assert_eq!(fleet.len(), 20);
}

#[test]
fn the_same_seed_makes_the_same_keys_elsewhere() {
    let credential = register(&mut fleet(1), 7);
    assert!(signs_in(&mut fleet(1), 7, &credential));
    assert!(!signs_in(&mut fleet(2), 7, &credential));
}

#[test]
fn no_two_registrations_are_the_same() {
    let mut fleet = fleet(1);
    let first = register(&mut fleet, 7);
    assert_ne!(first.id, register(&mut fleet, 7).id);
    assert_ne!(first.id, register(&mut fleet, 8).id);
}

#[test]
fn a_key_keeps_its_counter() {
    let mut fleet = Fleet::new([1; 32], UserVerification::Pin, Backup::Never).expect("a fleet");
    let mut credential = register(&mut fleet, 7);
    for _ in 0..3 {
        assert!(signs_in(&mut fleet, 7, &credential));
        credential.counter += 1;
    }
}

#[test]
fn what_one_key_is_told_changes_no_other() {
    let mut fleet = fleet(1);
    let has_pin = |fleet: &mut Fleet, number| {
        let info = fleet.with(number, |key| key.ctap2_info().cloned());
        info.expect("a key").expect("a key with CTAP2").options["clientPin"]
    };
    assert!(!has_pin(&mut fleet, 0));
    let pin = Pin::new("1234").expect("a PIN");
    let set = fleet.with(1, |key| key.set_pin(&pin, &mut Unwatched)).expect("a key");
    set.expect("a new PIN");
    assert!(has_pin(&mut fleet, 1));
    assert!(!has_pin(&mut fleet, 0));
    assert!(has_pin(&mut fleet, 1));
}

#[test]
fn a_verification_that_fails_is_not_a_refusal() {
    let mut fleet = Fleet::new([3; 32], UserVerification::Never, Backup::Never).expect("a fleet");
    let user = UserEntity::new([0], "a user");
    let options = CreationOptions::new(RelyingPartyEntity::new("example.com"), user).expect("options");
    let refused = fleet
        .with(0, |key| {
            create(key, &options, &origin(), Protocol::Ctap2, &mut Unwatched)
        })
        .expect("a key")
        .expect_err("nobody is verified");
    assert!(
        matches!(refused, CeremonyError::Key(client::Error::NotVerified)),
        "{refused:?}"
    );
}
