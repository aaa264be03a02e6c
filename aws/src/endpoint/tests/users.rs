use super::*;

#[test]
fn users_are_got_renamed_and_deleted_once_they_have_nothing() {
    let (mut account, mut admin) = Client::new("admin");
    let own = admin.call(&mut account, "GetUser", &[]).ok();
    assert_eq!(own.text("UserName"), "admin");
    admin.call(&mut account, "CreateUser", &[("UserName", "Bob")]).ok();
    let taken = admin.call(&mut account, "CreateUser", &[("UserName", "bob")]).error();
    assert_eq!(
        (&*taken.0, taken.1, &*taken.2),
        ("EntityAlreadyExists", 409, "User with name bob already exists.")
    );
    admin.call(&mut account, "CreateAccessKey", &[("UserName", "Bob")]).ok();
    let update = [("UserName", "Bob"), ("NewUserName", "robert"), ("NewPath", "/x/")];
    admin.call(&mut account, "UpdateUser", &update).ok();
    assert_eq!(
        admin.call(&mut account, "GetUser", &[("UserName", "Bob")]).error().0,
        "NoSuchEntity"
    );
    let robert = AwsUser::Iam("robert".to_owned());
    let mut client = Client::of(&account, &robert).sts();
    let identity = client.call(&mut account, "GetCallerIdentity", &[]).ok();
    assert_eq!(
        identity.text("Arn"),
        format!("arn:aws:iam::{}:user/x/robert", account.number())
    );

    let delete = [("UserName", "robert")];
    let has_key = admin.call(&mut account, "DeleteUser", &delete).error();
    assert_eq!((&*has_key.0, has_key.1), ("DeleteConflict", 409));
    assert_eq!(has_key.2, "Cannot delete entity, must delete access keys first.");
    let key = client.key_id;
    admin
        .call(
            &mut account,
            "DeleteAccessKey",
            &[("UserName", "robert"), ("AccessKeyId", &key)],
        )
        .ok();
    admin.call(&mut account, "CreateGroup", &[("GroupName", "g")]).ok();
    admin
        .call(
            &mut account,
            "AddUserToGroup",
            &[("GroupName", "g"), ("UserName", "robert")],
        )
        .ok();
    let in_group = admin.call(&mut account, "DeleteUser", &delete).error().2;
    assert_eq!(in_group, "Cannot delete entity, must remove users from group first.");
    let not_empty = admin.call(&mut account, "DeleteGroup", &[("GroupName", "g")]).error();
    assert_eq!(not_empty.0, "DeleteConflict");
    let members = admin.call(&mut account, "GetGroup", &[("GroupName", "g")]).ok();
    assert_eq!(members.text("UserName"), "robert");
    let groups = admin
        .call(&mut account, "ListGroupsForUser", &[("UserName", "robert")])
        .ok();
    assert_eq!(groups.all("GroupName"), ["g"]);
    admin
        .call(
            &mut account,
            "RemoveUserFromGroup",
            &[("GroupName", "g"), ("UserName", "robert")],
        )
        .ok();
    admin.call(&mut account, "DeleteUser", &delete).ok();
    admin.call(&mut account, "DeleteGroup", &[("GroupName", "g")]).ok();
}

#[test]
fn root_is_described_without_a_name() {
    let (mut account, _) = Client::new("admin");
    account.add_access_key(&AwsUser::Root, 0).unwrap();
    let mut root = Client::of(&account, &AwsUser::Root);
    let got = root.call(&mut account, "GetUser", &[]).ok();
    assert!(got.all("UserName").is_empty());
    assert_eq!(got.text("Arn"), format!("arn:aws:iam::{}:root", account.number()));
    assert_eq!(got.text("UserId"), format!("{:012}", account.number()));
}

#[test]
fn there_is_a_report_after_it_was_asked_for_twice() {
    let (mut account, mut admin) = Client::new("admin");
    let report = |account: &mut Account, client: &mut Client| client.call(account, "GetCredentialReport", &[]);
    let none = report(&mut account, &mut admin).error();
    assert_eq!((&*none.0, none.1), ("ReportNotPresent", 410));
    let started = admin.call(&mut account, "GenerateCredentialReport", &[]).ok();
    assert_eq!(started.text("State"), "STARTED");
    assert_eq!(report(&mut account, &mut admin).error().0, "ReportInProgress");
    let complete = admin.call(&mut account, "GenerateCredentialReport", &[]).ok();
    assert_eq!(complete.text("State"), "COMPLETE");
    let got = report(&mut account, &mut admin).ok();
    let csv = data_encoding::BASE64.decode(got.text("Content").as_bytes()).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    assert_eq!(csv.lines().count(), 4);
    assert_eq!(got.text("ReportFormat"), "text/csv");
    admin.now += time::Duration::hours(4);
    assert_eq!(report(&mut account, &mut admin).error().0, "ReportExpired");
}

#[test]
fn the_summary_counts_roots_devices_apart() {
    let (mut account, mut admin) = Client::new("admin");
    let value = |reply: &Reply, key: &str| -> usize {
        let at = reply.all("key").iter().position(|other| other == key).unwrap();
        reply.all("value")[at].parse().unwrap()
    };
    let before = admin.call(&mut account, "GetAccountSummary", &[]).ok();
    assert_eq!((value(&before, "AccountMFAEnabled"), value(&before, "Users")), (0, 2));
    let name = "key".parse().unwrap();
    account
        .register_security_key(&AwsUser::Root, &name, b"id", serde_json::json!({}), NOW)
        .unwrap();
    let after = admin.call(&mut account, "GetAccountSummary", &[]).ok();
    assert_eq!(
        (value(&after, "AccountMFAEnabled"), value(&after, "MFADevicesInUse")),
        (1, 1)
    );
}

#[test]
fn what_the_account_does_not_have_is_answered_as_at_aws() {
    let (mut account, mut admin) = Client::new("admin");
    let policy = admin.call(&mut account, "GetAccountPasswordPolicy", &[]).error();
    assert_eq!((&*policy.0, policy.1), ("NoSuchEntity", 404));
    assert!(
        policy
            .2
            .ends_with(&format!("domain name {} cannot be found.", account.number()))
    );
    let organization = admin.call(&mut account, "ListOrganizationsFeatures", &[]).error();
    assert_eq!(organization.0, "OrganizationNotFoundException");
    let aliases = admin.call(&mut account, "ListAccountAliases", &[]).ok();
    assert!(aliases.all("member").is_empty());
}
