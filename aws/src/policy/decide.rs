//! What policies do with a request (IAM User Guide, "Policy evaluation logic").

use super::context::Context;
use super::document::{Document, Effect, Statement};
use super::pattern::Case;

/// A call that somebody makes.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The action, such as `iam:EnableMFADevice`.
    pub action: &'a str,
    /// The ARN of what it is done to; `*` for actions that are about no resource of their own.
    pub resource: &'a str,
    /// What else is known of it.
    pub context: &'a Context,
}

/// What policies say of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it, and none denies it.
    Allowed {
        /// The first that does.
        statement: Place,
    },
    /// A statement denies it. Nothing else matters then.
    ExplicitDeny {
        /// The first that does.
        statement: Place,
    },
    /// No statement says anything about it, which denies it too.
    ImplicitDeny,
}

impl Decision {
    /// Whether the request is allowed.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}

/// Where a statement stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The policy's index among those that were given.
    pub policy: usize,
    /// The statement's index in it.
    pub statement: usize,
    /// The statement's name, where it has one.
    pub sid: Option<String>,
    /// The line of the policy that the statement begins on.
    pub line: usize,
}

/// What the policies of a user (its own, its groups', managed and inline) do with a request.
///
/// A statement that names a principal, or no resource, applies to nothing: IAM does not take it in such a policy.
#[must_use]
pub fn decide(policies: &[&Document], request: &Request<'_>) -> Decision {
    decide_with(policies, |statement| statement.applies(request))
}

/// The same with another way to find the statements that apply.
pub(super) fn decide_with(policies: &[&Document], applies: impl Fn(&Statement) -> bool) -> Decision {
    let mut allowed = None;
    for (policy, document) in policies.iter().enumerate() {
        for (index, statement) in document.statements.iter().enumerate() {
            if !applies(statement) {
                continue;
            }
            let place = || Place {
                policy,
                statement: index,
                sid: statement.sid.clone(),
                line: statement.line,
            };
            match statement.effect {
                Effect::Deny => return Decision::ExplicitDeny { statement: place() },
                Effect::Allow => {
                    allowed.get_or_insert_with(place);
                }
            }
        }
    }
    allowed.map_or(Decision::ImplicitDeny, |statement| Decision::Allowed { statement })
}

impl Statement {
    /// Whether it is about a request, as a statement of a user's policy.
    pub(super) fn applies(&self, request: &Request<'_>) -> bool {
        let resources = self.resources.as_ref();
        self.principals.is_none()
            && self.covers_action(request.action, request.context)
            && resources.is_some_and(|list| list.covers(request.resource, request.context, Case::Sensitive))
            && self.conditions_hold(request.context)
    }

    /// Names of actions do not depend on case (the guide, "Action").
    pub(super) fn covers_action(&self, action: &str, context: &Context) -> bool {
        self.actions.covers(action, context, Case::Ignored)
    }

    pub(super) fn conditions_hold(&self, context: &Context) -> bool {
        self.conditions.iter().all(|condition| condition.holds(context))
    }
}
