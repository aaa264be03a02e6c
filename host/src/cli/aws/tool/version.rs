//! Versions of the AWS CLI, and what came with them.

use std::fmt;

/// The version of an AWS CLI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor, patch: 0 }
    }

    /// Reads what `aws --version` prints: `aws-cli/2.9.19 Python/3.11.2 …`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once("aws-cli/")?;
        let mut numbers = rest
            .split(|c: char| !c.is_ascii_digit())
            .map(|number| number.parse().ok());
        Some(Self {
            major: numbers.next()??,
            minor: numbers.next()??,
            patch: numbers.next().flatten().unwrap_or(0),
        })
    }

    /// Whether all that is asked of it is in it. 1.18 is the first of Python 3 alone, and as old as version 2.
    pub(super) fn is_new_enough(self) -> bool {
        self >= Self::new(1, 18)
    }

    /// Whether it reads AWS_ENDPOINT_URL (1.29.0 and 2.13.0).
    pub(super) fn reads_endpoints(self) -> bool {
        match self.major {
            ..=1 => self >= Self::new(1, 29),
            _ => self >= Self::new(2, 13),
        }
    }

    /// Whether it has `aws login` (2.32.0; version 1 has it not).
    pub(super) fn has_login(self) -> bool {
        self >= Self::new(2, 32)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}
