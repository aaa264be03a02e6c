use super::*;

const READ: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:List*","Resource":"*"}}"#;

/// What AWS's guide has for accounts that enforce MFA.
const ENFORCE: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":"iam:*","Resource":"*"},
    {"Effect":"Deny","NotAction":["iam:CreateVirtualMFADevice","iam:EnableMFADevice","iam:ListMFADevices",
     "sts:GetSessionToken"],"Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]}"#;

#[test]
fn inline_policies_are_put_got_and_deleted_for_each_kind() {
    let (mut account, mut admin) = Client::new("admin");
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
    admin.call(&mut account, "CreateGroup", &[("GroupName", "g")]).ok();
    admin
        .call(
            &mut account,
            "CreateRole",
            &[("RoleName", "r"), ("AssumeRolePolicyDocument", trust)],
        )
        .ok();
    for (kind, name) in [("User", "alice"), ("Group", "g"), ("Role", "r")] {
        let parameter = format!("{kind}Name");
        let holder = (&*parameter, name);
        let named = [holder, ("PolicyName", "p")];
        let put = [holder, ("PolicyName", "p"), ("PolicyDocument", READ)];
        admin.call(&mut account, &format!("Put{kind}Policy"), &put).ok();
        let got = admin.call(&mut account, &format!("Get{kind}Policy"), &named).ok();
        assert!(
            got.text("PolicyDocument")
                .starts_with("%7B%22Version%22%3A%222012-10-17%22")
        );
        assert_eq!(got.text(&parameter), name);
        let listed = admin.call(&mut account, &format!("List{kind}Policies"), &[holder]).ok();
        assert!(listed.all("member").contains(&"p".to_owned()), "{}", listed.body);
        admin.call(&mut account, &format!("Delete{kind}Policy"), &named).ok();
        let gone = admin.call(&mut account, &format!("Get{kind}Policy"), &named).error();
        assert_eq!((&*gone.0, gone.1), ("NoSuchEntity", 404));

        let arn = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";
        let attach = [holder, ("PolicyArn", arn)];
        admin.call(&mut account, &format!("Attach{kind}Policy"), &attach).ok();
        let attached = admin
            .call(&mut account, &format!("ListAttached{kind}Policies"), &[holder])
            .ok();
        assert_eq!(
            (attached.text("PolicyName"), attached.text("PolicyArn")),
            ("IAMReadOnlyAccess".to_owned(), arn.to_owned())
        );
        admin.call(&mut account, &format!("Detach{kind}Policy"), &attach).ok();
        assert_eq!(
            admin
                .call(&mut account, &format!("Detach{kind}Policy"), &attach)
                .error()
                .0,
            "NoSuchEntity"
        );
        let unknown = [holder, ("PolicyArn", "arn:aws:iam::aws:policy/Nothing")];
        assert_eq!(
            admin
                .call(&mut account, &format!("Attach{kind}Policy"), &unknown)
                .error()
                .0,
            "NoSuchEntity"
        );
        let broken = [holder, ("PolicyName", "p"), ("PolicyDocument", "{")];
        let broken = admin.call(&mut account, &format!("Put{kind}Policy"), &broken).error();
        assert_eq!((&*broken.0, broken.1), ("MalformedPolicyDocument", 400));
    }
    let long = READ.replace("List*", &"x".repeat(2048));
    let long = [
        ("UserName", "alice"),
        ("PolicyName", "long"),
        ("PolicyDocument", &*long),
    ];
    let long = admin.call(&mut account, "PutUserPolicy", &long).error();
    assert_eq!(
        (&*long.0, &*long.2),
        (
            "LimitExceeded",
            "Maximum policy size of 2048 bytes exceeded for user alice"
        )
    );
}

#[test]
fn managed_policies_have_versions() {
    let (mut account, mut admin) = Client::new("admin");
    let create = [("PolicyName", "p"), ("PolicyDocument", READ)];
    let arn = admin.call(&mut account, "CreatePolicy", &create).ok().text("Arn");
    assert_eq!(arn, format!("arn:aws:iam::{}:policy/p", account.number()));
    assert_eq!(
        admin.call(&mut account, "CreatePolicy", &create).error().0,
        "EntityAlreadyExists"
    );
    for number in 2..=5 {
        let version = [("PolicyArn", &*arn), ("PolicyDocument", READ), ("SetAsDefault", "true")];
        let made = admin.call(&mut account, "CreatePolicyVersion", &version).ok();
        assert_eq!(made.text("VersionId"), format!("v{number}"));
    }
    let sixth = [("PolicyArn", &*arn), ("PolicyDocument", READ)];
    assert_eq!(
        admin.call(&mut account, "CreatePolicyVersion", &sixth).error().0,
        "LimitExceeded"
    );
    let versions = admin
        .call(&mut account, "ListPolicyVersions", &[("PolicyArn", &arn)])
        .ok();
    assert_eq!(versions.all("VersionId"), ["v1", "v2", "v3", "v4", "v5"]);
    let v5 = [("PolicyArn", &*arn), ("VersionId", "v5")];
    assert_eq!(
        admin.call(&mut account, "DeletePolicyVersion", &v5).error().0,
        "DeleteConflict"
    );
    admin
        .call(
            &mut account,
            "SetDefaultPolicyVersion",
            &[("PolicyArn", &arn), ("VersionId", "v1")],
        )
        .ok();
    admin.call(&mut account, "DeletePolicyVersion", &v5).ok();
    assert_eq!(
        admin.call(&mut account, "GetPolicyVersion", &v5).error().0,
        "NoSuchEntity"
    );
    assert_eq!(
        admin
            .call(&mut account, "GetPolicy", &[("PolicyArn", &arn)])
            .ok()
            .text("DefaultVersionId"),
        "v1"
    );

    admin
        .call(
            &mut account,
            "AttachUserPolicy",
            &[("UserName", "alice"), ("PolicyArn", &arn)],
        )
        .ok();
    let local = admin.call(&mut account, "ListPolicies", &[("Scope", "Local")]).ok();
    assert_eq!(
        (local.all("Arn"), local.text("AttachmentCount")),
        (vec![arn.clone()], "1".to_owned())
    );
    assert_eq!(
        admin
            .call(&mut account, "DeletePolicy", &[("PolicyArn", &arn)])
            .error()
            .0,
        "DeleteConflict"
    );
    let aws = admin
        .call(
            &mut account,
            "ListPolicies",
            &[("Scope", "AWS"), ("OnlyAttached", "true")],
        )
        .ok();
    assert_eq!(aws.all("PolicyName"), ["AdministratorAccess"]);
    let document = [
        ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess"),
        ("VersionId", "v1"),
    ];
    assert!(
        admin
            .call(&mut account, "GetPolicyVersion", &document)
            .ok()
            .text("Document")
            .contains("%22%2A%22")
    );
}

#[test]
fn every_policy_of_aws_is_one_that_iam_takes() {
    for policy in crate::account::AWS_POLICIES {
        crate::account::check_document(policy.document).unwrap();
        assert_eq!(policy.id.len(), 21, "{}", policy.arn);
    }
}

#[test]
fn who_may_do_nothing_is_told_what_is_missing() {
    let (mut account, mut alice) = Client::new("alice");
    let number = account.number();
    let denied = alice.call(&mut account, "ListUsers", &[]).error();
    assert_eq!((&*denied.0, denied.1), ("AccessDenied", 403));
    assert_eq!(
        denied.2,
        format!(
            "User: arn:aws:iam::{number}:user/alice is not authorized to perform: iam:ListUsers on resource: \
             arn:aws:iam::{number}:user/ because no identity-based policy allows the iam:ListUsers action"
        )
    );
    alice.call(&mut account, "GetUser", &[]).ok();
    let others = alice
        .call(&mut account, "ListMFADevices", &[("UserName", "admin")])
        .error();
    assert_eq!(others.0, "AccessDenied");
}

#[test]
fn an_enforcing_policy_changes_what_a_user_may_before_and_after_mfa() {
    let (mut account, mut admin) = Client::new("admin");
    let alice = AwsUser::Iam("alice".to_owned());
    let put = [
        ("UserName", "alice"),
        ("PolicyName", "Enforce"),
        ("PolicyDocument", ENFORCE),
    ];
    admin.call(&mut account, "CreateGroup", &[("GroupName", "people")]).ok();
    let in_group = [
        ("GroupName", "people"),
        ("PolicyName", "Enforce"),
        ("PolicyDocument", ENFORCE),
    ];
    admin.call(&mut account, "PutGroupPolicy", &in_group).ok();
    assert!(admin.call(&mut account, "PutUserPolicy", &put).status == 200);
    admin.call(&mut account, "DeleteUserPolicy", &put[..2]).ok();
    admin
        .call(
            &mut account,
            "AddUserToGroup",
            &[("GroupName", "people"), ("UserName", "alice")],
        )
        .ok();

    let mut client = Client::of(&account, &alice);
    let denied = client.call(&mut account, "ListUsers", &[]).error();
    assert!(
        denied.2.ends_with("with an explicit deny in an identity-based policy"),
        "{}",
        denied.2
    );
    let created = client
        .call(&mut account, "CreateVirtualMFADevice", &[("VirtualMFADeviceName", "p")])
        .ok();
    let serial = created.text("SerialNumber");
    let step = time::Duration::seconds(30);
    let (one, two) = (code(&account, &serial, NOW - step), code(&account, &serial, NOW));
    let enable = [
        ("UserName", "alice"),
        ("SerialNumber", &*serial),
        ("AuthenticationCode1", &*one),
        ("AuthenticationCode2", &*two),
    ];
    client.call(&mut account, "EnableMFADevice", &enable).ok();
    assert_eq!(
        client.call(&mut account, "ListUsers", &[]).error().0,
        "AccessDenied",
        "still without a session"
    );

    client.now += step;
    let code = code(&account, &serial, client.now);
    let token = [("SerialNumber", &*serial), ("TokenCode", &*code)];
    let mut session = client.session(&client.sts().call(&mut account, "GetSessionToken", &token).ok());
    session.call(&mut account, "ListUsers", &[]).ok();
}

#[test]
fn policies_are_simulated() {
    let (mut account, mut admin) = Client::new("admin");
    let parameters = [
        ("PolicyInputList.member.1", ENFORCE),
        ("ActionNames.member.1", "iam:ListUsers"),
        ("ActionNames.member.2", "iam:EnableMFADevice"),
        ("ActionNames.member.3", "s3:GetObject"),
    ];
    let decisions = |reply: Reply| reply.ok().all("EvalDecision");
    let without = decisions(admin.call(&mut account, "SimulateCustomPolicy", &parameters));
    assert_eq!(without, ["explicitDeny", "allowed", "explicitDeny"]);
    let mut with = parameters.to_vec();
    with.extend([
        ("ContextEntries.member.1.ContextKeyName", "aws:MultiFactorAuthPresent"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", "true"),
        ("ContextEntries.member.1.ContextKeyType", "boolean"),
    ]);
    let with = decisions(admin.call(&mut account, "SimulateCustomPolicy", &with));
    assert_eq!(with, ["allowed", "allowed", "implicitDeny"]);
    let arn = format!("arn:aws:iam::{}:user/alice", account.number());
    let principal = [
        ("PolicySourceArn", &*arn),
        ("ActionNames.member.1", "iam:ChangePassword"),
        ("ActionNames.member.2", "iam:DeleteUser"),
        ("ResourceArns.member.1", &*arn),
    ];
    let own = decisions(admin.call(&mut account, "SimulatePrincipalPolicy", &principal));
    assert_eq!(own, ["allowed", "implicitDeny"]);
    let nobody = [
        ("PolicySourceArn", "arn:aws:iam::123456789012:user/nobody"),
        ("ActionNames.member.1", "iam:X"),
    ];
    assert_eq!(
        admin.call(&mut account, "SimulatePrincipalPolicy", &nobody).error().0,
        "NoSuchEntity"
    );
}
