//! The report of the self-test: groups of steps, and the outcome of each.

use serde::Serialize;

use crate::relying_party::{Outcome, Report};

/// A question about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Group {
    /// Whether it registers and signs in.
    SignIn,
    /// Whether it resists phishing and replay.
    Protection,
    /// Whether it keeps passkeys.
    Passkeys,
    /// Whether it verifies its user.
    Pin,
    /// Whether it gives secrets, which websites encrypt with.
    Prf,
    /// Whether it speaks the older protocol.
    U2f,
    /// Whether it works at the AWS console.
    Aws,
    /// Whether its answers have the form that the standard asks for.
    Answers,
}

impl Group {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::SignIn,
        Self::Protection,
        Self::Passkeys,
        Self::Pin,
        Self::Prf,
        Self::U2f,
        Self::Aws,
        Self::Answers,
    ];

    /// What it is called.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::SignIn => "registration and sign-in",
            Self::Protection => "phishing and replay",
            Self::Passkeys => "passkeys",
            Self::Pin => "PIN",
            Self::Prf => "secrets (PRF)",
            Self::U2f => "older protocol (U2F)",
            Self::Aws => "AWS console, rehearsed",
            Self::Answers => "form of its answers",
        }
    }
}

/// What is needed to try what was not tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Needs {
    /// The key's PIN.
    Pin,
    /// A key that has a PIN.
    PinSet,
    /// Room on the key.
    Room,
    /// A key that can do it.
    OtherKey,
    /// A key whose alwaysUv is off.
    AlwaysUvOff,
    /// What failed before.
    EarlierStep,
}

/// One thing that was tried, or was not.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// The group that it belongs to.
    pub group: Group,
    /// Which of several ways was tried: an algorithm, for example. Empty where there is only one.
    pub round: &'static str,
    /// What was tried.
    pub name: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// Why, in plain words. Text that came from outside is escaped already.
    pub detail: String,
    /// What is needed, if it was not tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<Needs>,
    /// The checks, where an answer was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

/// A test passkey that stays on the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Whose it is.
    pub user: &'static str,
    /// The credential ID.
    pub id: Vec<u8>,
}

/// Something to show while the self-test runs.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A group begins.
    Begin(Group),
    /// A step of it ended.
    Step(&'a Step),
    /// The group ended.
    End(Group),
}
