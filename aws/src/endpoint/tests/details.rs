use super::*;

const READ: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:List*","Resource":"*"}}"#;
const AWS: &str = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";
const OPERATION: &str = "GetAccountAuthorizationDetails";

/// The practice account with a group `Team`, which alice is in, a role `r` and a policy `own`.
fn account() -> (Account, Client) {
    let (mut account, mut admin) = Client::new("admin");
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
    let group = ("GroupName", "Team");
    let inline = ("PolicyName", "p");
    let calls: [(&str, &[(&str, &str)]); 7] = [
        ("CreateGroup", &[group]),
        ("AddUserToGroup", &[group, ("UserName", "alice")]),
        ("PutGroupPolicy", &[group, inline, ("PolicyDocument", READ)]),
        ("AttachGroupPolicy", &[group, ("PolicyArn", AWS)]),
        (
            "PutUserPolicy",
            &[("UserName", "alice"), inline, ("PolicyDocument", READ)],
        ),
        ("CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", trust)]),
        ("CreatePolicy", &[("PolicyName", "own"), ("PolicyDocument", READ)]),
    ];
    for (action, parameters) in calls {
        admin.call(&mut account, action, parameters).ok();
    }
    (account, admin)
}

#[test]
fn details_have_everything_that_belongs_to_users_groups_and_roles() {
    let (mut account, mut admin) = account();
    let all = admin.call(&mut account, OPERATION, &[]).ok();
    let users = all.text("UserDetailList");
    let alice = users
        .split("<Path>")
        .find(|user| user.contains("<UserName>alice<"))
        .unwrap();
    assert!(
        alice.contains("<GroupList><member>Team</member></GroupList>"),
        "{alice}"
    );
    let document = "<PolicyName>p</PolicyName><PolicyDocument>%7B%22Version%22%3A%222012-10-17%22";
    assert!(alice.contains(&format!("<member>{document}")), "{alice}");
    assert!(
        alice.contains("<AttachedManagedPolicies></AttachedManagedPolicies>"),
        "{alice}"
    );
    assert!(!users.contains("PasswordLastUsed"), "{users}");
    let groups = all.text("GroupDetailList");
    assert!(
        groups.contains(&format!("<GroupPolicyList><member>{document}")),
        "{groups}"
    );
    assert!(groups.contains(&format!("<PolicyArn>{AWS}</PolicyArn>")), "{groups}");
    let roles = all.text("RoleDetailList");
    assert!(roles.contains("<RoleName>r</RoleName>"), "{roles}");
    assert!(
        roles.contains("<AssumeRolePolicyDocument>%7B") && !roles.contains("MaxSessionDuration"),
        "{roles}"
    );
    let policies = all.text("Policies");
    assert!(policies.contains("<PolicyName>own<") && policies.contains("<PolicyName>IAMReadOnlyAccess<"));
    assert!(
        policies.contains("<PolicyVersionList><member><Document>%7B"),
        "{policies}"
    );
    assert_eq!(all.text("IsTruncated"), "false");
}

#[test]
fn details_come_by_kind_and_in_pages() {
    let (mut account, mut admin) = account();
    let lists = [
        "UserDetailList",
        "RoleDetailList",
        "GroupDetailList",
        "Policies",
        "Policies",
    ];
    let kinds = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];
    for (kind, list) in kinds.into_iter().zip(lists) {
        let some = admin.call(&mut account, OPERATION, &[("Filter.member.1", kind)]).ok();
        for other in lists {
            assert_eq!(some.text(other).is_empty(), other != list, "{kind}: {}", some.body);
        }
    }
    let wrong = admin
        .call(&mut account, OPERATION, &[("Filter.member.1", "Users")])
        .error();
    assert_eq!(wrong.0, "ValidationError");

    let whole = admin
        .call(&mut account, OPERATION, &[("MaxItems", "1000")])
        .ok()
        .all("Arn");
    let (mut paged, mut marker) = (Vec::new(), None::<String>);
    loop {
        let mut parameters = vec![("MaxItems", "1")];
        parameters.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let page = admin.call(&mut account, OPERATION, &parameters).ok();
        let arns = page.all("Arn");
        assert_eq!(arns.len(), 1, "{}", page.body);
        paged.extend(arns);
        match &*page.text("IsTruncated") {
            "true" => marker = Some(page.text("Marker")),
            _ => break,
        }
    }
    assert_eq!(paged, whole);
    assert!(whole.len() > 4, "{whole:?}");
}

#[test]
fn details_are_for_who_may_have_them() {
    let (mut account, mut alice) = Client::new("alice");
    let (code, status, message) = alice.call(&mut account, OPERATION, &[]).error();
    assert_eq!((&*code, status), ("AccessDenied", 403));
    assert!(
        message.contains("iam:GetAccountAuthorizationDetails on resource: *"),
        "{message}"
    );
}
