//! Conditions and their operators (IAM User Guide, "IAM JSON policy elements: Condition operators").

use super::context::Context;
use super::pattern::{Pattern, Reading};
use super::spelling::meant;

mod compare;

pub(super) use compare::is_well_formed;

/// One key of one operator. All of a statement's have to hold.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) operator: Operator,
    /// As it is written.
    pub(super) key: String,
    pub(super) line: usize,
    /// It holds where one of them matches; with a negated operator, where none does.
    pub(super) values: Vec<Pattern>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Operator {
    /// As it is written.
    pub(super) name: String,
    pub(super) quantifier: Option<Quantifier>,
    pub(super) test: Test,
    /// Whether it is one of the `Not…` operators.
    pub(super) negated: bool,
    pub(super) if_exists: bool,
}

/// For keys with several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantifier {
    All,
    Any,
}

/// How a value of the request is compared with one of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    String,
    StringIgnoreCase,
    StringLike,
    Numeric(Order),
    Date(Order),
    Bool,
    Binary,
    Ip,
    Arn,
    Null,
}

/// What the request's value has to be, seen from the policy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// All operators, without prefix and suffix, and whether they are negated.
const OPERATORS: [(&str, Test, bool); 27] = [
    ("StringEquals", Test::String, false),
    ("StringNotEquals", Test::String, true),
    ("StringEqualsIgnoreCase", Test::StringIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Test::StringIgnoreCase, true),
    ("StringLike", Test::StringLike, false),
    ("StringNotLike", Test::StringLike, true),
    ("NumericEquals", Test::Numeric(Order::Equal), false),
    ("NumericNotEquals", Test::Numeric(Order::Equal), true),
    ("NumericLessThan", Test::Numeric(Order::Less), false),
    ("NumericLessThanEquals", Test::Numeric(Order::LessOrEqual), false),
    ("NumericGreaterThan", Test::Numeric(Order::Greater), false),
    ("NumericGreaterThanEquals", Test::Numeric(Order::GreaterOrEqual), false),
    ("DateEquals", Test::Date(Order::Equal), false),
    ("DateNotEquals", Test::Date(Order::Equal), true),
    ("DateLessThan", Test::Date(Order::Less), false),
    ("DateLessThanEquals", Test::Date(Order::LessOrEqual), false),
    ("DateGreaterThan", Test::Date(Order::Greater), false),
    ("DateGreaterThanEquals", Test::Date(Order::GreaterOrEqual), false),
    ("Bool", Test::Bool, false),
    ("BinaryEquals", Test::Binary, false),
    ("IpAddress", Test::Ip, false),
    ("NotIpAddress", Test::Ip, true),
    // Both of the two behave alike, as the guide says.
    ("ArnEquals", Test::Arn, false),
    ("ArnLike", Test::Arn, false),
    ("ArnNotEquals", Test::Arn, true),
    ("ArnNotLike", Test::Arn, true),
    ("Null", Test::Null, false),
];

impl Operator {
    /// Reads an operator's name; an error says what is wrong with it.
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        let (quantifier, rest) = match name.split_once(':') {
            Some(("ForAllValues", rest)) => (Some(Quantifier::All), rest),
            Some(("ForAnyValue", rest)) => (Some(Quantifier::Any), rest),
            _ => (None, name),
        };
        let (plain, if_exists) = match rest.strip_suffix("IfExists") {
            Some(plain) => (plain, true),
            None => (rest, false),
        };
        let Some(&(_, test, negated)) = OPERATORS.iter().find(|(known, ..)| *known == plain) else {
            let meant = meant(plain, OPERATORS.iter().map(|(known, ..)| *known));
            let meant = meant.map_or_else(String::new, |known| format!(": {known} is meant"));
            return Err(format!("there is no condition operator {name:?}{meant}"));
        };
        // Null asks for existence itself: the guide gives it neither prefix nor suffix.
        if test == Test::Null && (if_exists || quantifier.is_some()) {
            return Err(format!("Null takes neither IfExists nor a prefix: {name:?}"));
        }
        Ok(Self {
            name: name.to_owned(),
            quantifier,
            test,
            negated,
            if_exists,
        })
    }

    /// How the values are to be read. The guide says of each operator whether it takes variables and wildcards.
    pub(super) fn reading(&self, variables: bool) -> Reading {
        let is_text = matches!(
            self.test,
            Test::String | Test::StringIgnoreCase | Test::StringLike | Test::Arn | Test::Bool
        );
        Reading {
            wildcards: matches!(self.test, Test::StringLike | Test::Arn),
            variables: variables && is_text,
        }
    }
}

impl Condition {
    /// Whether it holds for a request.
    pub(super) fn holds(&self, context: &Context) -> bool {
        let actual = context.get(&self.key);
        if self.operator.test == Test::Null {
            // "true": the key is absent. "false": it is there.
            let expected = if actual.is_none() { "true" } else { "false" };
            return self
                .values
                .iter()
                .any(|value| value.text.eq_ignore_ascii_case(expected));
        }
        let Some(actual) = actual else {
            return self.holds_for_absent();
        };
        // Not one of the policy's values is enough for a negated operator to fail.
        let matches = |actual: &String| {
            let is_equal = |expected: &Pattern| compare::matches(self.operator.test, expected, actual, context);
            self.values.iter().any(is_equal) != self.operator.negated
        };
        match self.operator.quantifier {
            Some(Quantifier::All) => actual.iter().all(matches),
            Some(Quantifier::Any) => actual.iter().any(matches),
            // Without a prefix the guide speaks of keys with one value. For others: one that matches is enough, and
            // one that matches is too much for a negated operator.
            None if self.operator.negated => actual.iter().all(matches),
            None => actual.iter().any(matches),
        }
    }

    /// Whether it holds where the request has no such key: not, unless the operator is negated or says IfExists.
    /// ForAllValues always holds then, ForAnyValue never (the guide, "Multivalued context keys").
    pub(super) fn holds_for_absent(&self) -> bool {
        match self.operator {
            Operator { if_exists: true, .. } => true,
            Operator {
                quantifier: Some(quantifier),
                ..
            } => quantifier == Quantifier::All,
            Operator { negated, .. } => negated,
        }
    }
}
