use super::super::tests::Key;
use super::super::{ExpectedAuthentication, ExpectedRegistration, verify_authentication, verify_registration};
use super::*;
use crate::relying_party::registrations::{Accounts, Unchanged};
use crate::webauthn::{Challenge, Origin};

fn alice() -> UserEntity {
    UserEntity {
        id: b"alice's handle".to_vec(),
        name: Some("alice".to_owned()),
        display_name: Some("Alice".to_owned()),
    }
}

/// Registers a key with a profile's settings and stores it.
fn register(settings: &Settings, accounts: &mut Accounts, key: &Key, name: &str) -> Result<(), Unchanged> {
    let options = settings
        .creation_options(alice(), accounts.account(&settings.rp.id, "alice"))
        .unwrap();
    let answer = key.register(&options, &settings.origin);
    let expected = ExpectedRegistration::new(options, &Origin::parse(&settings.origin).unwrap());
    let (report, credential) = verify_registration(expected, &answer);
    assert!(report.passed(), "{report:#?}");
    let credential = credential.unwrap();
    accounts
        .add(&settings.rp.id, "alice", &alice().id, name, credential, settings.limit)
        .map(|_| ())
}

#[test]
fn every_profile_may_ask_from_its_origin() {
    for profile in [Profile::Webauthn, Profile::Aws] {
        let settings = profile.settings();
        let origin = Origin::parse(&settings.origin).unwrap();
        assert_eq!(origin.as_str(), settings.origin);
        origin.check_rp_id(&settings.rp.id).unwrap();
        settings
            .app_id
            .iter()
            .for_each(|app_id| origin.check_app_id(app_id).unwrap());
        assert_eq!(settings.algorithms.first(), Some(&-7));
        assert!(settings.timeout <= Challenge::LIFETIME);
    }
}

#[test]
fn aws_signs_in_with_any_of_eight_devices() {
    let settings = Profile::Aws.settings();
    let mut accounts = Accounts::default();
    let keys: Vec<Key> = (0..9)
        .map(|number| Key::new(if number % 2 == 0 { -7 } else { -8 }, number))
        .collect();
    for (number, key) in keys.iter().take(8).enumerate() {
        register(&settings, &mut accounts, key, &format!("key-{number}")).unwrap();
    }
    assert_eq!(
        register(&settings, &mut accounts, &keys[8], "key-8"),
        Err(Unchanged::Full)
    );

    let account = accounts.account(&settings.rp.id, "alice").unwrap();
    let next = settings.creation_options(alice(), Some(account)).unwrap();
    assert_eq!(next.exclude.len(), 8);
    for key in &keys[..8] {
        let options = settings.request_options(account).unwrap();
        assert_eq!(options.allow, next.exclude);
        let answer = key.sign_in(&options, &settings.origin, 9);
        let credential = &account.registration(&answer.credential_id).unwrap().credential;
        let origin = Origin::parse(&settings.origin).unwrap();
        let expected = ExpectedAuthentication::new(options, &origin, alice().id);
        let (report, authentication) = verify_authentication(expected, credential, &answer);
        assert!(report.passed(), "{report:#?}");
        assert_eq!(authentication.unwrap().counter, 9);
    }
}

#[test]
fn a_key_from_the_time_of_u2f_signs_in_through_the_app_id() {
    let settings = Profile::Aws.settings();
    let mut options = settings.creation_options(alice(), None).unwrap();
    options.legacy_app_id = Some(LEGACY_APP_ID.to_owned());
    let key = Key::new(-7, 1);
    let answer = key.register_u2f(&options, &settings.origin);
    let expected = ExpectedRegistration::new(options, &Origin::parse(&settings.origin).unwrap());
    let (report, credential) = verify_registration(expected, &answer);
    assert!(report.passed(), "{report:#?}");
    let mut accounts = Accounts::default();
    accounts
        .add(
            &settings.rp.id,
            "alice",
            &alice().id,
            "old",
            credential.unwrap(),
            settings.limit,
        )
        .unwrap();
    let account = accounts.account(&settings.rp.id, "alice").unwrap();

    for (app_id_used, passes) in [(true, true), (false, false)] {
        let options = settings.request_options(account).unwrap();
        let scope = if app_id_used { LEGACY_APP_ID } else { &settings.rp.id };
        let answer = key.sign_in_u2f(&options, &settings.origin, scope, app_id_used, 1);
        let origin = Origin::parse(&settings.origin).unwrap();
        let expected = ExpectedAuthentication::new(options, &origin, alice().id);
        let (report, _) = verify_authentication(expected, &account.registrations[0].credential, &answer);
        assert_eq!(report.passed(), passes, "{report:#?}");
    }
}
