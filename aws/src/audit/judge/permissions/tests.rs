use serde_json::{Value, json};
use time::macros::datetime;

use super::super::super::inputs::{Attached, Details, GroupDetail, InlinePolicy, UserDetail};
use super::*;

fn details(policies: &[Value]) -> Details {
    let inline = policies.iter().enumerate().map(|(index, document)| InlinePolicy {
        policy_name: format!("policy-{index}"),
        policy_document: document.clone(),
    });
    let user = UserDetail {
        user_name: "alice".to_owned(),
        arn: "arn:aws:iam::123456789012:user/alice".to_owned(),
        user_policy_list: inline.collect(),
        group_list: Vec::new(),
        attached_managed_policies: Vec::new(),
        permissions_boundary: None,
    };
    Details {
        users: vec![user],
        groups: Vec::new(),
        policies: Vec::new(),
    }
}

fn judged(details: &Details) -> WithoutMfa {
    let permissions = Permissions::new(details, datetime!(2026-11-29 12:00 UTC));
    permissions.without_mfa("alice", 123_456_789_012, &mut HashMap::new())
}

fn policy(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn allow_all() -> Value {
    policy(&json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }))
}

fn deny_without_mfa(operator: &str) -> Value {
    policy(&json!([{
        "Effect": "Deny",
        "NotAction": ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetUser", "sts:GetSessionToken"],
        "Resource": "*",
        "Condition": { operator: { "aws:MultiFactorAuthPresent": "false" } }
    }]))
}

fn is_allowed(verdict: &WithoutMfa) -> bool {
    matches!(verdict, WithoutMfa::Allowed { .. })
}

#[test]
fn an_enforcing_policy_stops_access_keys_and_its_known_mistake_does_not() {
    assert!(is_allowed(&judged(&details(&[allow_all()]))));
    let stopped = details(&[allow_all(), deny_without_mfa("BoolIfExists")]);
    assert_eq!(judged(&stopped), WithoutMfa::Nothing);
    // The key is absent in calls with long-term keys, so `Bool` holds for none of them.
    assert!(is_allowed(&judged(&details(&[allow_all(), deny_without_mfa("Bool")]))));
}

#[test]
fn what_takes_mfa_or_sets_it_up_is_not_held_against_a_key() {
    let with_mfa = policy(&json!({
        "Effect": "Allow", "Action": ["s3:*", "ec2:Describe*"], "Resource": "*",
        "Condition": { "Bool": { "aws:MultiFactorAuthPresent": "true" } }
    }));
    let set_up = policy(&json!([
        { "Effect": "Allow", "Action": ["iam:*MFA*", "iam:ChangePassword"],
          "Resource": "arn:aws:iam::*:user/${aws:username}" },
        { "Effect": "Allow", "Action": ["iam:CreateVirtualMFADevice", "sts:GetSessionToken"], "Resource": "*" }
    ]));
    assert_eq!(judged(&details(&[with_mfa, set_up])), WithoutMfa::Nothing);
    assert_eq!(judged(&details(&[])), WithoutMfa::Nothing);
}

#[test]
fn one_action_that_slips_through_is_named() {
    let narrow = policy(&json!({
        "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::bucket/${aws:username}/*"
    }));
    let verdict = judged(&details(&[narrow]));
    assert_eq!(
        verdict,
        WithoutMfa::Allowed {
            action: "s3:Get*".to_owned(),
            policy: "policy-0".to_owned()
        }
    );
}

#[test]
fn the_policy_that_allows_is_named_and_not_another_that_has_the_action() {
    let with_mfa = policy(&json!({
        "Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Condition": { "Bool": { "aws:MultiFactorAuthPresent": "true" } }
    }));
    let verdict = judged(&details(&[with_mfa, allow_all()]));
    assert_eq!(
        verdict,
        WithoutMfa::Allowed {
            action: "s3:*".to_owned(),
            policy: "policy-1".to_owned()
        }
    );
}

#[test]
fn other_conditions_and_policies_that_are_not_there_cannot_be_told() {
    let by_address = policy(&json!({
        "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": { "IpAddress": { "aws:SourceIp": "192.0.2.0/24" } }
    }));
    assert!(matches!(judged(&details(&[by_address])), WithoutMfa::Unknown(_)));
    let mut attached = details(&[allow_all()]);
    for user in &mut attached.users {
        user.attached_managed_policies.push(Attached {
            policy_arn: "arn:aws:iam::aws:policy/Elsewhere".to_owned(),
        });
    }
    assert!(matches!(judged(&attached), WithoutMfa::Unknown(_)));
    assert!(matches!(judged(&details(&[json!("{")])), WithoutMfa::Unknown(_)));
}

#[test]
fn a_group_and_a_boundary_count() {
    let mut details = details(&[]);
    for user in &mut details.users {
        user.group_list.push("team".to_owned());
    }
    assert!(matches!(judged(&details), WithoutMfa::Unknown(_)));
    details.groups.push(GroupDetail {
        group_name: "team".to_owned(),
        group_policy_list: vec![InlinePolicy {
            policy_name: "all".to_owned(),
            policy_document: allow_all(),
        }],
        attached_managed_policies: Vec::new(),
    });
    assert!(is_allowed(&judged(&details)));
    let arn = "arn:aws:iam::123456789012:policy/bound".to_owned();
    for user in &mut details.users {
        let boundary = json!({ "PermissionsBoundaryArn": arn });
        user.permissions_boundary = serde_json::from_value(boundary).unwrap();
    }
    let managed = json!({
        "Arn": arn,
        "PolicyVersionList": [{ "Document": deny_without_mfa("BoolIfExists"), "IsDefaultVersion": true }]
    });
    details.policies.push(serde_json::from_value(managed).unwrap());
    assert_eq!(judged(&details), WithoutMfa::Nothing);
}

#[test]
fn users_with_the_same_policies_are_judged_apart_where_the_policies_tell_them_apart() {
    let by_name = policy(&json!({
        "Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Condition": { "StringEquals": { "aws:username": "alice" } }
    }));
    let mut details = details(&[]);
    details.groups.push(GroupDetail {
        group_name: "team".to_owned(),
        group_policy_list: vec![InlinePolicy {
            policy_name: "alice-only".to_owned(),
            policy_document: by_name,
        }],
        attached_managed_policies: Vec::new(),
    });
    for user in &mut details.users {
        user.group_list.push("team".to_owned());
    }
    let mut bob: Vec<UserDetail> = details.users.clone();
    for user in &mut bob {
        user.user_name = "bob".to_owned();
    }
    details.users.extend(bob);
    let permissions = Permissions::new(&details, datetime!(2026-11-29 12:00 UTC));
    let mut judged = HashMap::new();
    assert!(is_allowed(&permissions.without_mfa(
        "alice",
        123_456_789_012,
        &mut judged
    )));
    assert_eq!(
        permissions.without_mfa("bob", 123_456_789_012, &mut judged),
        WithoutMfa::Nothing
    );
}
