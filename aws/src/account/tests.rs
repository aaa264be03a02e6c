use time::macros::datetime;

use super::*;

pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-29 12:00 UTC);

pub(crate) fn account() -> Account {
    Account::new(NOW).unwrap().0
}

pub(crate) fn alice() -> AwsUser {
    AwsUser::Iam("alice".to_owned())
}

#[test]
fn a_new_account_has_root_an_administrator_and_alice() {
    let (account, first) = Account::new(NOW).unwrap();
    assert_eq!(format!("{:012}", account.number()).len(), 12);
    assert!(account.number() >= 100_000_000_000);
    let json = serde_json::to_value(&first).unwrap();
    assert_eq!(json["root"]["email"], "root@example.com");
    let names: Vec<_> = first.users.iter().map(|user| user.name.as_str()).collect();
    assert_eq!(names, ["admin", "alice"]);
    for user in json["users"].as_array().unwrap() {
        assert_eq!(user["accessKeyId"].as_str().unwrap().len(), 20);
        assert!(user["accessKeyId"].as_str().unwrap().starts_with("AKIA"));
        assert_eq!(user["secretAccessKey"].as_str().unwrap().len(), 40);
    }
    assert_eq!(account.user(&alice()).unwrap().id.len(), 21);
    assert_eq!(account.tokens().count(), 3);
    assert!(!format!("{first:?}").contains(first.users[0].password.as_ref().unwrap().expose()));
}

#[test]
fn alice_begins_with_what_lint_finds_and_the_enforcing_policy_mends() {
    use crate::policy::lint::{Severity, lint};
    use crate::policy::{Document, print};
    let mut account = account();
    let policy = &account.user(&alice()).unwrap().grants.inline["OwnCredentials"];
    let found = lint(&Document::parse(policy).unwrap());
    let errors: Vec<_> = found
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| finding.rule)
        .collect();
    assert_eq!(errors, ["mfa-removable-without-mfa"], "{found:#?}");
    let own = account.user_arn(account.user(&alice()).unwrap());
    let may = |account: &Account, mfa, action| {
        let caller = Caller::console(alice(), NOW, mfa);
        account.authorize(&caller, action, &own, NOW).is_ok()
    };
    assert!(may(&account, false, "iam:DeactivateMFADevice"));
    let printed = print::enforcing(&print::Options::default()).unwrap().policy;
    account
        .put_inline(Holder::User("alice"), "RequireMFA", &printed)
        .unwrap();
    for (mfa, action, expected) in [
        (false, "iam:DeactivateMFADevice", false),
        (false, "iam:EnableMFADevice", true),
        (false, "iam:ListAccessKeys", false),
        (true, "iam:DeactivateMFADevice", true),
        (true, "iam:ListAccessKeys", true),
    ] {
        assert_eq!(may(&account, mfa, action), expected, "{action}, MFA: {mfa}");
    }
}

#[test]
fn passwords_are_the_owners() {
    let (mut account, first) = Account::new(NOW).unwrap();
    let number = format!("{:012}", account.number());
    let login = |name: &str| Login::User {
        account: number.clone(),
        name: name.to_owned(),
    };
    let root = Login::Root {
        email: "Root@Example.com".to_owned(),
    };
    let password = first.users[1].password.as_ref().unwrap().expose();
    let roots = first.root.password.as_ref().unwrap().expose();
    assert_eq!(account.check_password(&login("alice"), password), Some(alice()));
    assert_eq!(account.check_password(&root, roots), Some(AwsUser::Root));
    let elsewhere = Login::User {
        account: "1".to_owned(),
        name: "alice".to_owned(),
    };
    for (login, password) in [
        (&login("alice"), roots),
        (&login("admin"), password),
        (&login("nobody"), ""),
        (&login("ALICE"), password),
        (&elsewhere, password),
        (&root, ""),
    ] {
        assert_eq!(account.check_password(login, password), None, "{login:?}");
    }

    let wrong = account.change_password(&alice(), "wrong", "Another-1-password", NOW);
    assert_eq!(wrong.unwrap_err().code, "AccessDenied");
    for weak in ["short", "only-lower-case", "ALLUPPERCASE1"] {
        let weak = account.change_password(&alice(), password, weak, NOW).unwrap_err();
        assert_eq!(weak.code, "PasswordPolicyViolation");
    }
    account
        .change_password(&alice(), password, "Another-1-password", NOW)
        .unwrap();
    assert_eq!(account.check_password(&login("alice"), password), None);
    assert_eq!(
        account.check_password(&login("alice"), "Another-1-password"),
        Some(alice())
    );
    assert!(account.first_credentials().users[1].password.is_none());
    let json = account.to_json().unwrap();
    assert!(!String::from_utf8_lossy(&json).contains("Another-1-password"));
}

#[test]
fn the_state_is_read_as_it_was_written() {
    let (mut account, first) = Account::new(NOW).unwrap();
    let device = account.create_virtual_device(&"phone".parse().unwrap()).unwrap();
    account
        .register_security_key(
            &alice(),
            &"key".parse().unwrap(),
            b"\x00\xFF",
            serde_json::json!({"a": 1}),
            NOW,
        )
        .unwrap();
    let json = account.to_json().unwrap();
    let again = Account::from_json(&json).unwrap();
    assert_eq!(again.to_json().unwrap(), json);
    assert_eq!(again.number(), account.number());
    assert!(
        again
            .device(&device.serial)
            .unwrap()
            .totp()
            .unwrap()
            .seed()
            .is(device.seed.expose())
    );
    assert_eq!(
        serde_json::to_value(again.first_credentials()).unwrap(),
        serde_json::to_value(first).unwrap()
    );

    let newer = String::from_utf8_lossy(&json).replacen("\"version\": 1", "\"version\": 2", 1);
    let error = Account::from_json(newer.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("version 2"), "{error}");
    assert!(Account::from_json(b"{}").is_err());
}

#[test]
fn identifiers_have_their_shapes() {
    let uuid = random::uuid().unwrap();
    let lengths: Vec<_> = uuid.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12]);
    assert_eq!(uuid.as_bytes()[14], b'4');
    assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
    assert_eq!(random::id("AROA").unwrap().len(), 21);
    assert_eq!(random::id("AKIA").unwrap().len(), 20);
}
