//! A policy as IAM's grammar has it (IAM User Guide, "Grammar of the IAM JSON policy language").

use super::MAX_TEXT;
use super::condition::Condition;
use super::error::PolicyError;
use super::json;
use super::pattern::{Case, Pattern};

mod parse;

/// A policy that was read.
#[derive(Debug, Clone)]
pub struct Document {
    pub(super) version: Version,
    /// The line of the element `Version`, where there is one.
    pub(super) version_line: Option<usize>,
    pub(super) statements: Vec<Statement>,
    pub(super) size: usize,
}

/// The version of the policy language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 2008-10-17, also where the element is missing: `${aws:username}` is ordinary text there.
    V2008,
    /// 2012-10-17, with policy variables.
    V2012,
}

/// What a statement does where it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever else allows.
    Deny,
}

#[derive(Debug, Clone)]
pub(super) struct Statement {
    /// The line that it begins on.
    pub(super) line: usize,
    pub(super) sid: Option<String>,
    pub(super) effect: Effect,
    pub(super) principals: Option<Principals>,
    pub(super) actions: List,
    pub(super) resources: Option<List>,
    pub(super) conditions: Vec<Condition>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug, Clone)]
pub(super) struct List {
    /// Whether it is the one with Not.
    pub(super) negated: bool,
    pub(super) line: usize,
    pub(super) patterns: Vec<Pattern>,
}

impl List {
    pub(super) fn covers(&self, value: &str, context: &super::Context, case: Case) -> bool {
        let matches = |pattern: &Pattern| pattern.matches(value, context, case);
        self.patterns.iter().any(matches) != self.negated
    }
}

/// `Principal` or `NotPrincipal`.
#[derive(Debug, Clone)]
pub(super) struct Principals {
    pub(super) negated: bool,
    pub(super) line: usize,
    pub(super) list: Vec<Principal>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Principal {
    /// `"*"`, or `{"AWS": "*"}`.
    Everybody,
    /// An ARN or account number.
    Aws(String),
    /// A service, a provider of federated identities, or a canonical user ID of S3.
    Other,
}

impl Document {
    /// Reads a policy of any kind.
    ///
    /// What only one kind of policy may have is not looked at here: see [`check_identity`](Self::check_identity) and
    /// [`check_trust`](Self::check_trust).
    ///
    /// # Errors
    ///
    /// [`PolicyError`] with the line where the text is no JSON or against the grammar, has an element twice, an unknown
    /// element or operator, is longer than [`MAX_TEXT`], or has a character that IAM does not take.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.chars().count() > MAX_TEXT {
            return Err(PolicyError::new(
                1,
                format!("the text has more than {MAX_TEXT} characters"),
            ));
        }
        // IAM API Reference, `PolicyDocument`: [\u0009\u000A\u000D\u0020-\u00FF]+
        for (line, content) in (1..).zip(text.split('\n')) {
            if let Some(c) = content.chars().find(|&c| c > '\u{ff}') {
                let problem = format!("IAM takes no character beyond U+00FF, such as {c:?}: write it as \\uXXXX");
                return Err(PolicyError::new(line, problem));
            }
        }
        Self::from_json(text, &json::parse(text)?)
    }

    /// Reads a policy from a part of a text that is JSON.
    pub(super) fn from_json(text: &str, node: &json::Node) -> Result<Self, PolicyError> {
        let size = json::size(text.get(node.span.clone()).unwrap_or(""));
        if size > MAX_TEXT {
            return Err(PolicyError::new(
                node.line,
                format!("the policy has more than {MAX_TEXT} characters"),
            ));
        }
        parse::document(node, size)
    }

    /// The version of the policy language.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// How many characters it has, without white space between its parts: what AWS's limits are about.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// How many statements it has.
    #[must_use]
    pub fn statements(&self) -> usize {
        self.statements.len()
    }

    /// Whether IAM takes it as a policy of a user, group or role.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] where a statement names a principal, or no resource.
    pub fn check_identity(&self) -> Result<(), PolicyError> {
        for statement in &self.statements {
            if let Some(principals) = &statement.principals {
                let problem =
                    "a policy of a user, group or role names no principal: it is about whom it is attached to";
                return Err(PolicyError::new(principals.line, problem));
            }
            if statement.resources.is_none() {
                return Err(PolicyError::new(statement.line, "the statement has no Resource"));
            }
        }
        Ok(())
    }

    /// Whether IAM takes it as a role's trust policy.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] where a statement names no principal, or a resource.
    pub fn check_trust(&self) -> Result<(), PolicyError> {
        for statement in &self.statements {
            if let Some(resources) = &statement.resources {
                let problem = "a trust policy names no resource: it is about its role";
                return Err(PolicyError::new(resources.line, problem));
            }
            if statement.principals.is_none() {
                return Err(PolicyError::new(statement.line, "the statement has no Principal"));
            }
        }
        Ok(())
    }
}
