//! Why a file is not judged.

use std::fmt;

/// What is wrong with a file without anything in it.
pub(super) const EMPTY: &str = "it is empty";

/// A file that cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ReadError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: Option<u64>,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.file, self.problem),
            None => write!(f, "{}: {}", self.file, self.problem),
        }
    }
}

impl ReadError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.problem.as_str() {
            EMPTY => "the command that wrote it failed: delete it, or run the command again",
            _ => {
                "give whole answers of `aws … --output json` of one account, and the credential report; \
                 `brasskey aws check --help` lists them"
            }
        }
    }
}

/// What serde says, without the place, which is said apart.
pub(super) fn reason(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
    match error.is_eof() {
        true => format!("it ends too early: {said}"),
        false => said.to_owned(),
    }
}
