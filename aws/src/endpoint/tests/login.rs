use super::*;

#[test]
fn a_login_profile_is_created_changed_and_deleted() {
    let (mut account, mut admin) = Client::new("admin");
    admin.call(&mut account, "CreateUser", &[("UserName", "bob")]).ok();
    let none = admin
        .call(&mut account, "GetLoginProfile", &[("UserName", "bob")])
        .error();
    assert_eq!(
        (&*none.0, &*none.2),
        ("NoSuchEntity", "Login Profile for User bob cannot be found.")
    );
    let weak = [("UserName", "bob"), ("Password", "short")];
    let weak = admin.call(&mut account, "CreateLoginProfile", &weak).error();
    assert_eq!((&*weak.0, weak.1), ("PasswordPolicyViolation", 400));
    let create = [
        ("UserName", "bob"),
        ("Password", "A-good-1"),
        ("PasswordResetRequired", "true"),
    ];
    let created = admin.call(&mut account, "CreateLoginProfile", &create).ok();
    assert_eq!(created.text("PasswordResetRequired"), "true");
    let bob = AwsUser::Iam("bob".to_owned());
    assert!(account.password_reset_required(&bob));
    let twice = admin.call(&mut account, "CreateLoginProfile", &create).error();
    assert_eq!((&*twice.0, twice.1), ("EntityAlreadyExists", 409));
    let update = [
        ("UserName", "bob"),
        ("Password", "Another-2"),
        ("PasswordResetRequired", "false"),
    ];
    admin.call(&mut account, "UpdateLoginProfile", &update).ok();
    let got = admin.call(&mut account, "GetLoginProfile", &[("UserName", "bob")]).ok();
    assert_eq!(got.text("PasswordResetRequired"), "false");
    let login = crate::account::Login::User {
        account: format!("{:012}", account.number()),
        name: "bob".to_owned(),
    };
    assert_eq!(account.check_password(&login, "Another-2"), Some(bob));
    admin
        .call(&mut account, "DeleteLoginProfile", &[("UserName", "bob")])
        .ok();
    assert_eq!(account.check_password(&login, "Another-2"), None);
    let gone = admin.call(&mut account, "UpdateLoginProfile", &update).error();
    assert_eq!(gone.0, "NoSuchEntity");
}

#[test]
fn a_user_changes_the_own_password() {
    let (mut account, mut admin) = Client::new("admin");
    let old = account.first_credentials().users[0].password.clone().unwrap();
    let change = [("OldPassword", "wrong"), ("NewPassword", "Another-2")];
    let wrong = admin.call(&mut account, "ChangePassword", &change).error();
    assert_eq!(
        (&*wrong.0, wrong.1, &*wrong.2),
        ("AccessDenied", 403, "The old password was incorrect.")
    );
    let change = [("OldPassword", old.expose()), ("NewPassword", "Another-2")];
    admin.call(&mut account, "ChangePassword", &change).ok();
    assert!(account.first_credentials().users[0].password.is_none());
    account.add_access_key(&AwsUser::Root, 0).unwrap();
    let root = Client::of(&account, &AwsUser::Root)
        .call(&mut account, "ChangePassword", &change)
        .error();
    assert_eq!((&*root.0, root.1), ("InvalidUserType", 400));
}

#[test]
fn a_user_has_two_access_keys() {
    let (mut account, mut admin) = Client::new("admin");
    admin.call(&mut account, "CreateAccessKey", &[]).ok();
    let third = admin.call(&mut account, "CreateAccessKey", &[]).error();
    assert_eq!(
        (&*third.0, &*third.2),
        ("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
    );
    let listed = admin.call(&mut account, "ListAccessKeys", &[]).ok();
    assert_eq!(listed.all("AccessKeyId").len(), 2);
    assert!(listed.all("SecretAccessKey").is_empty());
    let key = admin.key_id.clone();
    let used = admin
        .call(&mut account, "GetAccessKeyLastUsed", &[("AccessKeyId", &key)])
        .ok();
    assert_eq!(
        (used.text("ServiceName"), used.text("Region")),
        ("iam".to_owned(), "us-east-1".to_owned())
    );
    let unknown = admin.call(
        &mut account,
        "GetAccessKeyLastUsed",
        &[("AccessKeyId", "AKIAAAAAAAAAAAAAAAAA")],
    );
    assert_eq!(unknown.error().0, "AccessDenied");
    let missing = [("AccessKeyId", "AKIAAAAAAAAAAAAAAAAA"), ("Status", "Inactive")];
    assert_eq!(
        admin.call(&mut account, "UpdateAccessKey", &missing).error().0,
        "NoSuchEntity"
    );
}
