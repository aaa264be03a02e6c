//! Why a text is no policy.

use thiserror::Error;

/// A text that is no policy, or a policy that AWS does not take.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct PolicyError {
    /// The line of the text, from 1.
    pub line: usize,
    /// What is wrong there. Parts of it are quoted from the text, and not escaped.
    pub problem: String,
}

impl PolicyError {
    pub(super) fn new(line: usize, problem: impl Into<String>) -> Self {
        Self {
            line,
            problem: problem.into(),
        }
    }
}
