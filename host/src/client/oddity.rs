//! Oddities: what can be wrong with an answer that can still be used.

use std::borrow::Cow;
use std::fmt;

use crate::text::escape;
use crate::webauthn::{FaultKind, Level};

/// The encoding of all messages.
const ENCODING: &str = "CTAP 2.3 §8";

/// A way in which a key's answer departs from the standard without being unusable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// Not in CTAP2's canonical form: in what way.
    NotCanonical(&'static str),
    /// Maps and arrays nested more than four deep.
    TooDeep,
    /// This many bytes follow the map.
    TrailingBytes(usize),
    /// This many bytes came where the standard has no data.
    Data(usize),
    /// A member came twice; the first counts.
    Duplicate(i128),
    /// A member's key is not a number. The member was ignored.
    KeyNotANumber,
    /// A required member is missing.
    Missing(&'static str),
    /// A member or a part of it has the wrong type. What could not be read was ignored.
    WrongType(&'static str),
    /// A member has a value that the standard rules out.
    WrongValue(&'static str),
    /// A member that this request did not ask for, or that belongs in other answers.
    Unasked(&'static str),
    /// A member has a part that the standard does not know.
    UnknownPart(&'static str),
    /// A member that the standard does not know.
    UnknownMember(i128),
    /// A name that is not in the standard's closed list. Untrusted.
    UnknownName {
        /// What it is the name of.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// The authenticator data cannot be read to its last byte: why, escaped.
    AuthData(String),
    /// Another rule of the standard is broken.
    Rule {
        /// How strict it is.
        level: Level,
        /// Where it is written.
        section: &'static str,
        /// How it is broken, escaped.
        what: Cow<'static, str>,
    },
}

impl Oddity {
    /// A rule that a key must keep.
    pub(super) fn must(section: &'static str, what: impl Into<Cow<'static, str>>) -> Self {
        let (level, what) = (Level::Must, what.into());
        Self::Rule { level, section, what }
    }

    /// A rule that a key should keep.
    pub(super) fn should(section: &'static str, what: impl Into<Cow<'static, str>>) -> Self {
        let (level, what) = (Level::Should, what.into());
        Self::Rule { level, section, what }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        match self {
            Self::NotCanonical(_)
            | Self::TooDeep
            | Self::TrailingBytes(_)
            | Self::Data(_)
            | Self::Duplicate(_)
            | Self::KeyNotANumber
            | Self::AuthData(_) => FaultKind::Encoding,
            _ => FaultKind::Contents,
        }
    }

    /// How strict the standard is about it. The standard does not forbid what it does not know: platforms ignore that.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::Rule { level, .. } => *level,
            Self::Data(_) | Self::UnknownPart(_) | Self::UnknownMember(_) | Self::UnknownName { .. } => Level::Should,
            _ => Level::Must,
        }
    }

    /// Where the standard says so, if that is not the command's own section.
    #[must_use]
    pub fn section(&self) -> Option<&'static str> {
        match self {
            Self::Rule { section, .. } => Some(section),
            Self::AuthData(_) => Some("WebAuthn Level 3 §6.1"),
            _ if self.kind() == FaultKind::Encoding => Some(ENCODING),
            _ => None,
        }
    }
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCanonical(how) => write!(f, "the answer is not in canonical form: it {how}"),
            Self::TooDeep => f.write_str("the answer is nested more than four deep"),
            Self::TrailingBytes(count) => write!(f, "{} the answer", follow(*count)),
            Self::Data(count) => write!(f, "{} the status, and nothing should", follow(*count)),
            Self::Duplicate(key) => write!(f, "member {key} comes twice"),
            Self::KeyNotANumber => f.write_str("a member's key is not a number"),
            Self::Missing(member) => write!(f, "{member} is missing"),
            Self::WrongType(member) => write!(f, "{member} has the wrong type"),
            Self::WrongValue(member) => write!(f, "{member} has a value that the standard rules out"),
            Self::Unasked(member) => write!(f, "{member} was not asked for"),
            Self::UnknownPart(member) => write!(f, "{member} has a part that the standard does not know"),
            Self::UnknownMember(key) => write!(f, "the standard has no member {key}"),
            Self::UnknownName { kind, name } => write!(f, "the standard has no {kind} {}", escape(name)),
            Self::AuthData(why) => f.write_str(why),
            Self::Rule { what, .. } => f.write_str(what),
        }
    }
}

fn follow(count: usize) -> String {
    match count {
        1 => "1 byte follows".to_owned(),
        count => format!("{count} bytes follow"),
    }
}
