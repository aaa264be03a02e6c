use super::super::grants::Holder;
use super::super::tests::{NOW, account, alice};
use super::*;

const ENFORCE: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":"*","Resource":"*"},
    {"Effect":"Deny","Action":"iam:DeleteUser","Resource":"*",
     "Condition":{"OPERATOR":{"aws:MultiFactorAuthPresent":"false"}}}]}"#;

/// What a policy with this operator says with an access key, and in the console without and with MFA.
fn verdicts(operator: &str) -> [Verdict; 3] {
    let mut account = account();
    let document = ENFORCE.replace("OPERATOR", operator);
    account.put_inline(Holder::User("alice"), "p", &document).unwrap();
    [
        Caller::long_term(alice()),
        Caller::console(alice(), NOW, false),
        Caller::console(alice(), NOW, true),
    ]
    .map(|caller| account.verdict(&caller, "iam:DeleteUser", "*", NOW))
}

#[test]
fn long_term_keys_slip_through_bool_and_not_through_boolifexists() {
    use Verdict::{Allowed, ExplicitDeny};
    assert_eq!(verdicts("Bool"), [Allowed, ExplicitDeny, Allowed]);
    assert_eq!(verdicts("BoolIfExists"), [ExplicitDeny, ExplicitDeny, Allowed]);
}

#[test]
fn the_age_of_mfa_is_the_sessions() {
    let account = account();
    let later = NOW + time::Duration::minutes(10);
    let age = |caller: &Caller| {
        account
            .context(caller, later)
            .single("aws:MultiFactorAuthAge")
            .map(str::to_owned)
    };
    assert_eq!(age(&Caller::console(alice(), NOW, true)).as_deref(), Some("600"));
    assert_eq!(age(&Caller::console(alice(), NOW, false)), None);
    assert_eq!(age(&Caller::long_term(alice())), None);
}

#[test]
fn no_policy_binds_root() {
    let account = account();
    let root = Caller::long_term(AwsUser::Root);
    assert_eq!(account.verdict(&root, "iam:DeleteUser", "*", NOW), Verdict::Allowed);
    let nobody = Caller::long_term(AwsUser::Iam("nobody".to_owned()));
    assert_eq!(account.verdict(&nobody, "iam:GetUser", "*", NOW), Verdict::ImplicitDeny);
}
