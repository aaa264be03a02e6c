//! Who asks, and for what: the requests that a policy is judged by.

use std::collections::BTreeMap;

use super::actions::HARMFUL;
use super::{Shown, word};
use crate::policy::condition::{Condition, Order, Test};
use crate::policy::context::Context;
use crate::policy::decide::{Decision, Request, decide, decide_with};
use crate::policy::document::{Document, Principal, Statement};
use crate::policy::pattern::{Atom, Case, Pattern};

/// The user whose requests they are.
pub(super) const USER: &str = "arn:aws:iam::123456789012:user/alice";
/// Somebody else.
pub(super) const OTHER_USER: &str = "arn:aws:iam::123456789012:user/bob";
/// A device that is named freely.
pub(super) const DEVICE: &str = "arn:aws:iam::123456789012:mfa/phone-of-alice";
/// A device that is named after its user.
pub(super) const NAMED_DEVICE: &str = "arn:aws:iam::123456789012:mfa/alice";

pub(super) const PRESENT: &str = "aws:MultiFactorAuthPresent";
pub(super) const AGE: &str = "aws:MultiFactorAuthAge";
pub(super) const VIA_SERVICE: &str = "aws:ViaAWSService";

/// How the user has signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// With an access key: the keys of MFA are absent.
    LongTermKey,
    /// With a password, or a session token without a code.
    PlainSession,
    /// With MFA, a minute ago.
    MfaSession,
    /// With MFA, 36 hours ago: the longest that a session of `GetSessionToken` lasts.
    OldMfaSession,
}

impl Who {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::LongTermKey => "with a long-term access key, without MFA",
            Self::PlainSession => "in a session without MFA, as of a password alone",
            Self::MfaSession => "in a session with MFA of a minute ago",
            Self::OldMfaSession => "in a session with MFA of 36 hours ago",
        }
    }

    /// What AWS says of the request (IAM User Guide, "AWS global condition context keys").
    pub(super) fn context(self) -> Context {
        let context = Context::new()
            .with("aws:username", "alice")
            .with("aws:userid", "AIDAEXAMPLEOFALICE000")
            .with("aws:PrincipalArn", USER)
            .with("aws:PrincipalAccount", "123456789012")
            .with("aws:PrincipalType", "User")
            .with("aws:PrincipalIsAWSService", "false")
            .with("aws:CurrentTime", "2026-11-01T12:00:00Z")
            .with("aws:EpochTime", "1793534400")
            .with("aws:SourceIp", "198.51.100.7")
            .with("aws:SecureTransport", "true")
            .with(VIA_SERVICE, "false");
        match self {
            Self::LongTermKey => context,
            Self::PlainSession => context.with(PRESENT, "false"),
            Self::MfaSession => context.with(PRESENT, "true").with(AGE, "60"),
            Self::OldMfaSession => context.with(PRESENT, "true").with(AGE, "129600"),
        }
    }
}

/// A request that somebody makes.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    who: Who,
    action: String,
    resource: String,
    /// For a trust policy: whose ARN asks, and the account.
    principal: Option<(String, Option<u64>)>,
    context: Context,
}

impl Scene {
    pub(super) fn new(who: Who, action: &str, resource: &str) -> Self {
        Self {
            who,
            action: action.to_owned(),
            resource: resource.to_owned(),
            principal: None,
            context: who.context(),
        }
    }

    pub(super) fn with(mut self, key: &str, value: &str) -> Self {
        self.context.insert(key, value);
        self
    }

    pub(super) fn without(mut self, key: &str) -> Self {
        self.context = self.context.without(key);
        self
    }

    /// The same request with what the statement's conditions ask for, besides MFA. `None` where that is not found.
    pub(super) fn meeting(mut self, statement: &Statement) -> Option<Self> {
        for condition in statement.conditions.iter().filter(|condition| !is_mfa(&condition.key)) {
            meet(condition, &mut self.context)?;
        }
        let others = statement.conditions.iter().filter(|condition| !is_mfa(&condition.key));
        let all_hold = others.into_iter().all(|condition| condition.holds(&self.context));
        all_hold.then_some(self)
    }

    /// The same request with something that a condition does not hold for. `None` where that is not found.
    pub(super) fn failing(mut self, condition: &Condition) -> Option<Self> {
        self.context = fail(condition, &self.who.context(), &self.context)?;
        Some(self)
    }

    /// The value of a condition key; `None` where it is absent.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.context.get(key)?.first().map(String::as_str)
    }

    /// What the policy says to it.
    pub(super) fn ask(&self, document: &Document) -> Decision {
        let request = Request {
            action: &self.action,
            resource: &self.resource,
            context: &self.context,
        };
        let Some((arn, account)) = &self.principal else {
            return decide(&[document], &request);
        };
        decide_with(&[document], |statement| {
            let principals = statement.principals.as_ref();
            principals.is_some_and(|principals| principals.cover(arn, *account))
                && statement.covers_action(&self.action, &self.context)
                && statement.conditions_hold(&self.context)
        })
    }

    pub(super) fn shown(&self, document: &Document) -> Shown {
        let mut context = BTreeMap::new();
        let mut show = |key: &str| {
            let values = self.context.get(key).unwrap_or_default();
            // By whatever case it is written, once.
            if !context.keys().any(|shown: &String| shown.eq_ignore_ascii_case(key)) {
                context.insert(key.to_owned(), values.to_vec());
            }
        };
        show(PRESENT);
        if self.context.single(VIA_SERVICE) == Some("true") {
            show(VIA_SERVICE);
        }
        for condition in document.statements.iter().flat_map(|statement| &statement.conditions) {
            show(&condition.key);
        }
        Shown {
            who: self.who.text(),
            action: self.action.clone(),
            resource: self.resource.clone(),
            context,
            decision: word(&self.ask(document)),
        }
    }

    /// Whether it is one of an IAM user, and not of root, which the statement may be about.
    pub(super) fn is_of_user(&self) -> bool {
        let arn = self.context.single("aws:PrincipalArn");
        arn.is_none_or(|arn| arn.contains(":user/"))
    }

    pub(super) fn action(&self) -> &str {
        &self.action
    }
}

pub(super) fn is_mfa(key: &str) -> bool {
    key.eq_ignore_ascii_case(PRESENT) || key.eq_ignore_ascii_case(AGE)
}

/// Whether a statement asks about MFA.
pub(super) fn asks_for_mfa(statement: &Statement) -> bool {
    statement.conditions.iter().any(|condition| is_mfa(&condition.key))
}

/// Whether what a statement asks about MFA holds for somebody.
pub(super) fn mfa_holds(statement: &Statement, who: Who) -> bool {
    let context = who.context();
    let mut asked = statement.conditions.iter().filter(|condition| is_mfa(&condition.key));
    asked.all(|condition| condition.holds(&context))
}

/// A statement with what it asks about MFA only.
pub(super) fn only_mfa(statement: &Statement) -> Statement {
    let mut bare = statement.clone();
    bare.conditions.retain(|condition| is_mfa(&condition.key));
    bare
}

/// Whether a statement can be about users, and is not about root alone.
pub(super) fn is_about_users(statement: &Statement) -> bool {
    let scene = Scene::new(Who::PlainSession, "iam:GetUser", USER).meeting(statement);
    scene.is_none_or(|scene| scene.is_of_user())
}

/// Requests that a statement is about, when somebody makes them: each of the harmful ones that it covers, or one made
/// after its own patterns.
pub(super) fn scenes(statement: &Statement, who: Who) -> Vec<Scene> {
    let context = who.context();
    let principal = match &statement.principals {
        None => None,
        Some(_) => match principal(statement) {
            Some(principal) => Some(principal),
            None => return Vec::new(),
        },
    };
    let resource = |natural: &str| match &statement.resources {
        None => Some("*".to_owned()),
        Some(list) if list.covers(natural, &context, Case::Sensitive) => Some(natural.to_owned()),
        Some(list) if list.negated => None,
        Some(list) => list.patterns.first().and_then(|pattern| example(pattern, &context)),
    };
    let trust_actions = [("sts:AssumeRole", "*")];
    let known = if principal.is_some() { &trust_actions } else { HARMFUL };
    let covered = known
        .iter()
        .filter(|(action, _)| statement.covers_action(action, &context));
    let mut requests: Vec<(String, String)> = covered
        .filter_map(|(action, natural)| Some(((*action).to_owned(), resource(natural)?)))
        .collect();
    if requests.is_empty() && !statement.actions.negated && principal.is_none() {
        let action = statement
            .actions
            .patterns
            .first()
            .and_then(|pattern| example(pattern, &context));
        requests.extend(action.zip(resource("*")));
    }
    let scene = |(action, resource): (String, String)| Scene {
        who,
        action,
        resource,
        principal: principal.clone(),
        context: context.clone(),
    };
    requests
        .into_iter()
        .map(scene)
        .filter_map(|scene| scene.meeting(statement))
        .collect()
}

/// Somebody whom a statement of a trust policy is about.
fn principal(statement: &Statement) -> Option<(String, Option<u64>)> {
    let principals = statement.principals.as_ref()?;
    let own = (USER.to_owned(), Some(123_456_789_012));
    if principals.cover(USER, own.1) {
        return Some(own);
    }
    principals.list.iter().find_map(|principal| {
        let Principal::Aws(name) = principal else {
            return None;
        };
        let number = name.split(':').find_map(|part| part.parse().ok());
        let is_account = name.ends_with(":root") || name.parse::<u64>().is_ok();
        let found = match number {
            Some(account) if is_account => (format!("arn:aws:iam::{account:012}:user/alice"), Some(account)),
            _ => (name.clone(), number),
        };
        principals.cover(&found.0, found.1).then_some(found)
    })
}

/// A text that a pattern matches.
pub(super) fn example(pattern: &Pattern, context: &Context) -> Option<String> {
    let text: String = pattern
        .resolve(context)?
        .into_iter()
        .map(|atom| match atom {
            Atom::Char(character) => character.to_string(),
            Atom::One => "x".to_owned(),
            Atom::Many => "example".to_owned(),
        })
        .collect();
    Some(text.replacen("::example:", "::123456789012:", 1))
}

/// Changes a request so that a condition holds.
fn meet(condition: &Condition, context: &mut Context) -> Option<()> {
    if condition.holds(context) {
        return Some(());
    }
    let first = condition.values.first();
    let text = first.map(|value| value.text.as_str()).unwrap_or_default();
    let value = match condition.operator.test {
        Test::Null if text.eq_ignore_ascii_case("true") => {
            *context = std::mem::take(context).without(&condition.key);
            return Some(());
        }
        Test::Ip if condition.operator.negated => "192.0.2.1".to_owned(),
        Test::Ip => text.split('/').next()?.to_owned(),
        _ if condition.operator.negated || condition.operator.test == Test::Null => "example".to_owned(),
        Test::Date(Order::Greater) => "2999-01-01T00:00:00Z".to_owned(),
        Test::Date(Order::Less) => "1971-01-01T00:00:00Z".to_owned(),
        Test::Numeric(Order::Greater) => "999999999999".to_owned(),
        Test::Numeric(Order::Less) => "-999999999999".to_owned(),
        Test::String | Test::StringIgnoreCase | Test::StringLike | Test::Arn => example(first?, context)?,
        _ => text.to_owned(),
    };
    context.insert(&condition.key, value);
    Some(())
}

/// A context that a condition does not hold for: what is natural for somebody where that is enough, then a value that
/// is made after the condition's, or is far from it, and at last none.
fn fail(condition: &Condition, natural: &Context, context: &Context) -> Option<Context> {
    let key = &condition.key;
    let own = natural.get(key).map(<[String]>::to_vec);
    // Each value of an operator without Not makes it hold, and of one with Not the first makes it fail, if any does.
    let few = if condition.operator.negated { 4 } else { 0 };
    let named = condition.values.iter().take(few).flat_map(|value| {
        let address = value.text.split('/').next().map(str::to_owned);
        [example(value, context), address]
    });
    let is_region = key.eq_ignore_ascii_case("aws:RequestedRegion");
    let far: &[&str] = match condition.operator.test {
        Test::Bool => &["false", "true"],
        Test::Date(_) => &["1971-01-01T00:00:00Z", "2999-01-01T00:00:00Z"],
        Test::Numeric(_) => &["-999999999999", "999999999999"],
        Test::Ip => &["203.0.113.77", "2001:db8::77"],
        Test::Arn => &["arn:aws:iam::123456789012:user/mallory"],
        _ if is_region => &["eu-west-1", "us-west-2"],
        _ => &["example", "other"],
    };
    let far = far.iter().copied().map(str::to_owned);
    let made = named.flatten().chain(far).map(|value| vec![value]);
    // A key without values counts as absent.
    let mut all = own.into_iter().chain(made).chain([Vec::new()]);
    all.find_map(|values| {
        let mut changed = context.clone();
        changed.insert_all(key, values);
        (!condition.holds(&changed)).then_some(changed)
    })
}
