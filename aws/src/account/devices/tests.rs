use super::super::tests::{NOW, account, alice};
use super::*;
use serde_json::json;
use time::Duration;

const STEP: Duration = Duration::seconds(super::super::STEP);

fn name(name: &str) -> DeviceName {
    name.parse().unwrap()
}

/// Two consecutive codes of a device, and the moment of the second.
fn codes(account: &Account, serial: &str, at: OffsetDateTime) -> (String, String, OffsetDateTime) {
    let totp = account.device(serial).unwrap().totp().unwrap();
    let code = |at: OffsetDateTime| totp.code(at.unix_timestamp());
    (code(at), code(at + STEP), at + STEP)
}

fn enable(account: &mut Account, user: &AwsUser, serial: &str, at: OffsetDateTime) -> Result<(), IamError> {
    let (one, two, at) = codes(account, serial, at);
    account.enable_device(user, serial, &one, &two, at)
}

fn code_of(result: Result<(), IamError>) -> (&'static str, u16) {
    let error = result.unwrap_err();
    (error.code, error.status)
}

#[test]
fn a_virtual_device_lives_as_at_aws() {
    let mut account = account();
    let device = account.create_virtual_device(&name("phone")).unwrap();
    let number = account.number();
    assert_eq!(device.serial, format!("arn:aws:iam::{number}:mfa/phone"));
    assert_eq!(device.seed.expose().len(), 64);
    let seed = device.seed.expose();
    assert_eq!(
        device.uri.expose(),
        format!("otpauth://totp/Amazon%20Web%20Services:phone@{number}?secret={seed}&issuer=Amazon%20Web%20Services")
    );
    assert!(device.qr_png.starts_with(b"\x89PNG"));
    let again = account.pending_virtual_device(&device.serial).unwrap();
    assert_eq!(again.qr_png, device.qr_png);
    let taken = account.create_virtual_device(&name("phone")).unwrap_err();
    assert_eq!((taken.code, taken.status), ("EntityAlreadyExists", 409));

    let serial = &device.serial;
    let wrong = account.enable_device(&alice(), serial, "000000", "000000", NOW);
    assert_eq!(code_of(wrong), ("InvalidAuthenticationCode", 403));
    assert!(account.devices(&alice()).is_empty());
    enable(&mut account, &alice(), serial, NOW).unwrap();
    assert_eq!(account.devices(&alice()).len(), 1);
    assert!(
        account.pending_virtual_device(serial).is_err(),
        "the seed is shown once"
    );
    assert_eq!(
        code_of(enable(&mut account, &alice(), serial, NOW)),
        ("EntityAlreadyExists", 409)
    );

    let later = NOW + STEP * 10;
    let code = codes(&account, serial, later).0;
    assert_eq!(
        account
            .verify_code(&AwsUser::Root, serial, &code, later)
            .unwrap_err()
            .message,
        "MFA Device invalid for user."
    );
    account.verify_code(&alice(), serial, &code, later).unwrap();
    assert_eq!(account.device(serial).unwrap().last_used, Some(later.unix_timestamp()));
    let twice = account.verify_code(&alice(), serial, &code, later);
    assert_eq!(code_of(twice), ("InvalidAuthenticationCode", 403));

    assert_eq!(code_of(account.delete_virtual_device(serial)), ("DeleteConflict", 409));
    account.deactivate_device(&alice(), serial).unwrap();
    assert_eq!(
        code_of(account.deactivate_device(&alice(), serial)),
        ("NoSuchEntity", 404)
    );
    assert!(account.devices(&alice()).is_empty());
    assert_eq!(account.virtual_devices().count(), 1);
    account.delete_virtual_device(serial).unwrap();
    assert_eq!(code_of(account.delete_virtual_device(serial)), ("NoSuchEntity", 404));
}

#[test]
fn a_device_out_of_sync_is_resynchronized() {
    let mut account = account();
    let serial = account.create_virtual_device(&name("phone")).unwrap().serial;
    let (one, two, _) = codes(&account, &serial, NOW - STEP * 20);
    account.enable_device(&alice(), &serial, &one, &two, NOW).unwrap();
    let (one, two, at) = codes(&account, &serial, NOW);
    assert!(account.verify_code(&alice(), &serial, &one, NOW).is_err());
    assert_eq!(
        code_of(account.resync_device(&alice(), &serial, &two, &one, at)),
        ("InvalidAuthenticationCode", 403)
    );
    account.resync_device(&alice(), &serial, &one, &two, at).unwrap();
    let (next, _, _) = codes(&account, &serial, at + STEP);
    account.verify_code(&alice(), &serial, &next, at + STEP).unwrap();
}

#[test]
fn a_hardware_token_is_assigned_by_its_serial_number() {
    let mut account = account();
    let serial = account.tokens().next().unwrap().serial.clone();
    assert!((9..=256).contains(&serial.len()));
    enable(&mut account, &AwsUser::Root, &serial, NOW).unwrap();
    assert_eq!(account.tokens().count(), 2);
    assert_eq!(code_of(account.delete_virtual_device(&serial)), ("NoSuchEntity", 404));
    account.remove_device(&AwsUser::Root, &serial).unwrap();
    assert_eq!(account.tokens().count(), 3);
    assert_eq!(
        code_of(account.enable_device(&alice(), "GALT00000000", "123456", "234567", NOW)),
        ("NoSuchEntity", 404)
    );
}

#[test]
fn a_security_key_is_forgotten_when_it_is_deactivated() {
    let mut account = account();
    let register = |account: &mut Account, user: &AwsUser, device: &str, id: &[u8]| {
        account.register_security_key(user, &name(device), id, json!({ "counter": 0 }), NOW)
    };
    let serial = register(&mut account, &alice(), "key", b"id").unwrap();
    let prefix = format!("arn:aws:iam::{}:u2f/user/alice/key-", account.number());
    assert!(serial.starts_with(&prefix), "{serial}");
    for (device, id) in [("key", b"other".as_slice()), ("key", b"id")] {
        let error = register(&mut account, &alice(), device, id).unwrap_err();
        assert_eq!(error.code, "EntityAlreadyExists");
    }
    let roots = register(&mut account, &AwsUser::Root, "key", b"id").unwrap();
    assert!(roots.contains(":u2f/root/key-"));
    account
        .update_security_key(&serial, json!({ "counter": 7 }), NOW)
        .unwrap();
    assert_eq!(account.device(&serial).unwrap().last_used, Some(NOW.unix_timestamp()));
    assert_eq!(
        code_of(account.verify_code(&alice(), &serial, "123456", NOW)),
        ("NoSuchEntity", 404)
    );
    account.remove_device(&alice(), &serial).unwrap();
    assert!(account.device(&serial).is_none());
    assert_eq!(
        code_of(account.update_security_key(&serial, json!({}), NOW)),
        ("NoSuchEntity", 404)
    );
}

#[test]
fn a_user_has_eight_devices_of_any_kind() {
    let mut account = account();
    for number in 0..4 {
        let serial = account
            .create_virtual_device(&name(&format!("phone-{number}")))
            .unwrap()
            .serial;
        enable(&mut account, &alice(), &serial, NOW).unwrap();
        account
            .register_security_key(&alice(), &name(&format!("key-{number}")), &[number], json!({}), NOW)
            .unwrap();
    }
    let serial = account.create_virtual_device(&name("ninth")).unwrap().serial;
    let error = enable(&mut account, &alice(), &serial, NOW).unwrap_err();
    assert_eq!((error.code, error.status), ("LimitExceeded", 409));
    assert_eq!(error.message, "Cannot exceed quota for MFADevicesPerUser: 8");
    let key = account.register_security_key(&alice(), &name("key"), b"ninth", json!({}), NOW);
    assert_eq!(key.unwrap_err().code, "LimitExceeded");
    enable(&mut account, &AwsUser::Root, &serial, NOW).unwrap();
}
