use ring::digest::{SHA256, digest};

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

#[test]
fn the_legacy_app_id_has_the_known_hash() {
    let hash: String = digest(&SHA256, LEGACY_APP_ID.as_bytes())
        .as_ref()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(hash, "968978a29953de52d3ef0f0c71b7b7b6b1af9f08e257896a8d8126918530293b");
}

#[test]
fn device_and_user_names_are_iams() {
    for name in ["my-key", "a", "A_1+=,.@-", &"x".repeat(128)] {
        assert_eq!(name.parse::<DeviceName>().unwrap().as_str(), name);
    }
    for name in ["", "my key", "a/b", "a:b", "é", "a\n", &"x".repeat(129)] {
        assert_eq!(name.parse::<DeviceName>(), Err(DeviceNameError), "{name:?}");
    }
    assert_eq!("alice".parse::<AwsUser>(), Ok(AwsUser::Iam("alice".to_owned())));
    assert_eq!("x".repeat(65).parse::<AwsUser>(), Err(DeviceNameError));
}

#[test]
fn serial_numbers_have_the_shape_that_aws_gives_them() {
    const ACCOUNT: u64 = 123_456_789_012;
    let alice: AwsUser = "alice".parse().unwrap();
    let arn = device_arn(ACCOUNT, &alice, "my-key", b"id");
    let made_up = arn
        .strip_prefix("arn:aws:iam::123456789012:u2f/user/alice/my-key-")
        .unwrap();
    assert_eq!(made_up.len(), 26);
    let is_base_32 = |byte: u8| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte);
    assert!(made_up.bytes().all(is_base_32), "{made_up}");
    assert_eq!(
        device_arn(1, &AwsUser::Root, "other", b"id"),
        format!("arn:aws:iam::000000000001:u2f/root/other-{made_up}")
    );
    assert_ne!(device_arn(ACCOUNT, &alice, "my-key", b"other"), arn);

    let longest = device_arn(ACCOUNT, &"x".repeat(64).parse().unwrap(), &"x".repeat(128), b"id");
    assert!(longest.len() <= 256, "a serial number has at most 256 characters");
}
