use super::super::tests::{NOW, account, alice};
use super::*;

fn sign_in<'a>(user: Option<&'a AwsUser>, outcome: Outcome, mfa: Option<&'a str>) -> SignIn<'a> {
    SignIn {
        user,
        outcome,
        mfa,
        ip: "127.0.0.1",
        user_agent: "test",
    }
}

#[test]
fn a_sign_in_leaves_cloudtrails_events() {
    let mut account = account();
    let key = account
        .register_security_key(&alice(), &"key".parse().unwrap(), b"id", json!({}), NOW)
        .unwrap();
    let (alice, root) = (alice(), AwsUser::Root);
    for sign_in in [
        sign_in(Some(&alice), Outcome::Success, Some(&key)),
        sign_in(Some(&root), Outcome::Success, None),
        sign_in(Some(&alice), Outcome::Failure, Some(&key)),
        sign_in(None, Outcome::Failure, None),
    ] {
        account.record_sign_in(&sign_in, NOW).unwrap();
    }
    let events: Vec<_> = account.history().collect();
    let names: Vec<_> = events.iter().map(|event| (&*event.name, &*event.username)).collect();
    assert_eq!(
        names,
        [
            ("ConsoleLogin", "HIDDEN_DUE_TO_SECURITY_REASONS"),
            ("ConsoleLogin", "alice"),
            ("CheckMfa", "alice"),
            ("ConsoleLogin", "root"),
            ("ConsoleLogin", "alice"),
            ("CheckMfa", "alice"),
        ]
    );
    let records: Vec<_> = events.iter().map(|event| &event.record).collect();
    let [unknown, failed, _, roots, success, check] = records[..] else {
        panic!("{records:?}")
    };
    assert_eq!(unknown["errorMessage"], "No username found in supplied account");
    assert_eq!(unknown["responseElements"]["ConsoleLogin"], "Failure");
    assert_eq!(failed["errorMessage"], "Failed authentication");
    assert_eq!(failed["additionalEventData"]["MFAUsed"], "Yes");
    assert_eq!(roots["userIdentity"]["type"], "Root");
    assert_eq!(roots["additionalEventData"]["MFAUsed"], "No");
    assert_eq!(success["eventTime"], "2026-11-29T12:00:00Z");
    assert_eq!(success["additionalEventData"]["MFAIdentifier"], key);
    assert_eq!(success["responseElements"]["ConsoleLogin"], "Success");
    assert_eq!(success["userIdentity"]["userName"], "alice");
    assert_eq!(check["additionalEventData"]["MfaType"], "U2F MFA");
    assert_eq!(check["responseElements"]["CheckMfa"], "Success");
    assert_eq!(
        account.user(&alice).unwrap().password_last_used(),
        Some(NOW.unix_timestamp())
    );
}

#[test]
fn devices_of_two_kinds_are_multiple() {
    let mut account = account();
    let token = account.tokens().next().unwrap();
    let (serial, totp) = (token.serial.clone(), token.totp().unwrap().clone());
    let seconds = NOW.unix_timestamp();
    account
        .enable_device(&alice(), &serial, &totp.code(seconds), &totp.code(seconds + 30), NOW)
        .unwrap();
    account
        .register_security_key(&alice(), &"key".parse().unwrap(), b"id", json!({}), NOW)
        .unwrap();
    let user = alice();
    account
        .record_sign_in(&sign_in(Some(&user), Outcome::Success, Some(&serial)), NOW)
        .unwrap();
    let check = account.history().last().unwrap();
    assert_eq!(check.record["additionalEventData"]["MfaType"], "Multiple MFA Devices");
}

#[test]
fn the_history_is_bounded() {
    let mut account = account();
    for _ in 0..MAX_EVENTS + 10 {
        account
            .record_sign_in(&sign_in(None, Outcome::Failure, None), NOW)
            .unwrap();
    }
    assert_eq!(account.history().count(), MAX_EVENTS);
}
