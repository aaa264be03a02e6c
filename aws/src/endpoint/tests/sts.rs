use time::Duration;

use super::*;

const STEP: Duration = Duration::seconds(30);

/// alice with an app, and its serial number.
fn alice_with_mfa() -> (Account, Client, String) {
    let (mut account, mut alice) = Client::new("alice");
    let serial = account.create_virtual_device(&"phone".parse().unwrap()).unwrap().serial;
    let (one, two) = (code(&account, &serial, NOW - STEP), code(&account, &serial, NOW));
    account
        .enable_device(&AwsUser::Iam("alice".to_owned()), &serial, &one, &two, NOW)
        .unwrap();
    alice.now += STEP;
    (account, alice.sts(), serial)
}

fn role(account: &mut Account, name: &str, principal: &str, mfa: bool) -> String {
    let mut admin = Client::of(account, &AwsUser::Iam("admin".to_owned()));
    let condition = if mfa {
        r#","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#
    } else {
        ""
    };
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},
            "Action":"sts:AssumeRole"{condition}}}}}"#
    );
    let made = admin.call(
        account,
        "CreateRole",
        &[("RoleName", name), ("AssumeRolePolicyDocument", &trust)],
    );
    made.ok().text("Arn")
}

#[test]
fn a_session_token_wants_a_code_that_is_right_and_new() {
    let (mut account, mut alice, serial) = alice_with_mfa();
    let used = code(&account, &serial, NOW);
    let wrong = [("SerialNumber", &*serial), ("TokenCode", &*used)];
    let error = alice.call(&mut account, "GetSessionToken", &wrong).error();
    assert_eq!((&*error.0, error.1), ("AccessDenied", 403));
    assert_eq!(
        error.2,
        "MultiFactorAuthentication failed with invalid MFA one time pass code. "
    );
    let other = [
        ("SerialNumber", "arn:aws:iam::123456789012:mfa/x"),
        ("TokenCode", "123456"),
    ];
    let error = alice.call(&mut account, "GetSessionToken", &other).error();
    assert!(
        error.2.contains("unable to validate MFA code.  Please verify"),
        "{}",
        error.2
    );
    let half = alice
        .call(&mut account, "GetSessionToken", &[("TokenCode", "123456")])
        .error();
    assert!(half.2.contains("must provide both"), "{}", half.2);

    let new = code(&account, &serial, alice.now);
    let right = [
        ("SerialNumber", &*serial),
        ("TokenCode", &*new),
        ("DurationSeconds", "900"),
    ];
    let reply = alice.call(&mut account, "GetSessionToken", &right).ok();
    assert!(reply.text("AccessKeyId").starts_with("ASIA"));
    assert_eq!(reply.text("Expiration"), "2026-11-29T12:15:30Z");
    assert_eq!(
        alice.call(&mut account, "GetSessionToken", &right).error().0,
        "AccessDenied",
        "a code is used once"
    );
    let mut session = alice.session(&reply);
    let identity = session.call(&mut account, "GetCallerIdentity", &[]).ok();
    assert_eq!(
        identity.text("Arn"),
        format!("arn:aws:iam::{}:user/alice", account.number())
    );
    let nested = session.call(&mut account, "GetSessionToken", &[]).error();
    assert_eq!(nested.2, "Cannot call GetSessionToken with session credentials");

    session.now += Duration::seconds(900);
    let expired = session.call(&mut account, "GetCallerIdentity", &[]).error();
    assert_eq!((&*expired.0, expired.1), ("ExpiredToken", 403));
}

#[test]
fn a_token_that_was_changed_or_lost_its_user_is_invalid() {
    let (mut account, mut alice, _) = alice_with_mfa();
    let reply = alice.call(&mut account, "GetSessionToken", &[]).ok();
    let session = alice.session(&reply);
    let iam = Client {
        service: "iam",
        ..session.clone()
    };
    let without_mfa = iam.clone().call(&mut account, "GetUser", &[]).error();
    assert_eq!(without_mfa.0, "InvalidClientTokenId", "no MFA, no IAM");
    let mut token = session.token.clone().unwrap().into_bytes();
    for at in [0, 50, token.len() - 5] {
        token[at] = if token[at] == b'A' { b'B' } else { b'A' };
        let token = String::from_utf8(token.clone()).unwrap();
        let mut changed = Client {
            token: Some(token),
            ..session.clone()
        };
        assert_eq!(
            changed.call(&mut account, "GetCallerIdentity", &[]).error().0,
            "InvalidClientTokenId"
        );
    }
    let mut other_key = Client {
        key_id: "ASIAAAAAAAAAAAAAAAAA".to_owned(),
        ..session.clone()
    };
    assert_eq!(
        other_key.call(&mut account, "GetCallerIdentity", &[]).error().0,
        "InvalidClientTokenId"
    );
    let mut bare = Client {
        token: None,
        ..session.clone()
    };
    assert_eq!(
        bare.call(&mut account, "GetCallerIdentity", &[]).error().0,
        "InvalidClientTokenId"
    );
    account
        .rename_user(&AwsUser::Iam("alice".to_owned()), "other", "/")
        .unwrap();
    account.add_user("alice", "/", 0).unwrap();
    assert_eq!(
        session.clone().call(&mut account, "GetCallerIdentity", &[]).error().0,
        "InvalidClientTokenId"
    );
}

#[test]
fn roots_sessions_are_short_and_roots_assume_no_role() {
    let (mut account, _, _) = alice_with_mfa();
    account.add_access_key(&AwsUser::Root, 0).unwrap();
    let mut root = Client::of(&account, &AwsUser::Root).sts();
    let reply = root
        .call(&mut account, "GetSessionToken", &[("DurationSeconds", "129600")])
        .ok();
    assert_eq!(reply.text("Expiration"), "2026-11-29T13:00:00Z");
    let everybody = role(&mut account, "r", "*", false);
    let assume = [("RoleArn", &*everybody), ("RoleSessionName", "s1")];
    let error = root.call(&mut account, "AssumeRole", &assume).error();
    assert_eq!(error.2, "Roles may not be assumed by root accounts.");
}

#[test]
fn a_role_is_assumed_by_whom_it_trusts() {
    let (mut account, mut alice, serial) = alice_with_mfa();
    let number = account.number();
    let by_account = role(&mut account, "account", &format!("arn:aws:iam::{number}:root"), false);
    let by_name = role(
        &mut account,
        "name",
        &format!("arn:aws:iam::{number}:user/alice"),
        false,
    );
    let with_mfa = role(&mut account, "mfa", &format!("arn:aws:iam::{number}:user/alice"), true);
    let assume = |arn: &str, more: &[(&'static str, String)]| {
        let mut all = vec![("RoleArn", arn.to_owned()), ("RoleSessionName", "s1".to_owned())];
        all.extend_from_slice(more);
        all
    };
    let call = |account: &mut Account, client: &mut Client, parameters: Vec<(&str, String)>| {
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, &**value)).collect();
        client.call(account, "AssumeRole", &parameters)
    };
    let denied = call(&mut account, &mut alice, assume(&by_account, &[])).error();
    assert_eq!(denied.0, "AccessDenied", "her own policies say nothing of it");
    assert_eq!(
        denied.2,
        format!(
            "User: arn:aws:iam::{number}:user/alice is not authorized to perform: sts:AssumeRole on resource: \
             {by_account}"
        )
    );
    let unknown = format!("arn:aws:iam::{number}:role/unknown");
    assert_eq!(
        call(&mut account, &mut alice, assume(&unknown, &[])).error().0,
        "AccessDenied"
    );
    let reply = call(&mut account, &mut alice, assume(&by_name, &[])).ok();
    assert_eq!(reply.text("Arn"), format!("arn:aws:sts::{number}:assumed-role/name/s1"));
    assert!(reply.text("AssumedRoleId").starts_with("AROA") && reply.text("AssumedRoleId").ends_with(":s1"));
    let mut session = alice.session(&reply);
    let identity = session.call(&mut account, "GetCallerIdentity", &[]).ok();
    assert_eq!(
        identity.text("Arn"),
        format!("arn:aws:sts::{number}:assumed-role/name/s1")
    );
    let unnamed = Client {
        service: "iam",
        ..session.clone()
    }
    .call(&mut account, "GetUser", &[])
    .error();
    assert_eq!(
        unnamed.2,
        "Must specify userName when calling with non-User credentials"
    );
    let chained = assume(&by_name, &[("DurationSeconds", "3601".to_owned())]);
    assert_eq!(call(&mut account, &mut session, chained).error().0, "AccessDenied");

    assert_eq!(
        call(&mut account, &mut alice, assume(&with_mfa, &[])).error().0,
        "AccessDenied"
    );
    let code = code(&account, &serial, alice.now);
    let mfa = [("SerialNumber", serial.clone()), ("TokenCode", code)];
    call(&mut account, &mut alice, assume(&with_mfa, &mfa)).ok();
    let long = assume(&by_name, &[("DurationSeconds", "7200".to_owned())]);
    let long = call(&mut account, &mut alice, long).error();
    assert_eq!(
        long.2,
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    );
}

#[test]
fn a_sessions_policy_narrows_its_role() {
    let (mut account, mut alice, _) = alice_with_mfa();
    let principal = format!("arn:aws:iam::{}:user/alice", account.number());
    let arn = role(&mut account, "r", &principal, false);
    let mut admin = Client::of(&account, &AwsUser::Iam("admin".to_owned()));
    let attach = [
        ("RoleName", "r"),
        ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess"),
    ];
    admin.call(&mut account, "AttachRolePolicy", &attach).ok();
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}}"#;
    let assume = [("RoleArn", &*arn), ("RoleSessionName", "s1"), ("Policy", policy)];
    let reply = alice.call(&mut account, "AssumeRole", &assume).ok();
    assert!(!reply.text("PackedPolicySize").is_empty());
    let mut session = alice.session(&reply);
    session.service = "iam";
    session.call(&mut account, "ListUsers", &[]).ok();
    assert_eq!(session.call(&mut account, "ListRoles", &[]).error().0, "AccessDenied");
}
