//! Where a key's answer departs from the standard. A browser keeps that to itself; this client tells the relying party.

use std::fmt;

use serde::Serialize;

/// How strict the standard is about a fault, in the words of RFC 2119.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A key should not do this, or the standard does not know what it is.
    Should,
    /// A key must not do this.
    Must,
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultKind {
    /// The encoding of an answer: it is not in the canonical form, or has too many bytes.
    Encoding,
    /// The contents of an answer: its members and their values.
    Contents,
}

/// Where an answer departs from the standard. `Display` names command and section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The command that was answered, as the standard names it.
    pub command: &'static str,
    /// Its kind.
    pub kind: FaultKind,
    /// How strict the standard is about it.
    pub level: Level,
    /// Where the standard says so.
    pub section: &'static str,
    /// What is wrong, in plain words. Text that came from the key is escaped already.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.command, self.what, self.section)
    }
}
