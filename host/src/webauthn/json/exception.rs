//! What a page gets where it gets no answer.

use std::fmt;

/// Why a page gets no answer: the exception that a browser throws, and why in plain words. Browsers say less, so that a
/// website learns nothing of a user's keys: do not build on the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Its name.
    pub name: ExceptionName,
    /// Why. Without text from a key.
    pub message: String,
}

impl Exception {
    pub(crate) fn new(name: ExceptionName, message: impl Into<String>) -> Self {
        Self {
            name,
            message: message.into(),
        }
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name.as_str(), self.message)
    }
}

impl std::error::Error for Exception {}

/// The exceptions of WebAuthn Level 3 (§5.1.3, §5.1.4, and those of the dictionaries). All but [`Self::Type`] are names
/// of a `DOMException` (Web IDL §2.8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExceptionName {
    /// Somebody gave up.
    Abort,
    /// The key cannot do what the options require.
    Constraint,
    /// Bytes in the options are not base64url.
    Encoding,
    /// The key holds one of the excluded credentials.
    InvalidState,
    /// The user refused, or nobody touched the key, or it holds none of the credentials; and everything else.
    NotAllowed,
    /// The options ask for what there is not.
    NotSupported,
    /// The origin may not use this RP ID.
    Security,
    /// A credential ID in the options is not one that it has to be.
    Syntax,
    /// A member of the options is missing, or has another type. Not a `DOMException`.
    Type,
    /// The key's answer is of no use.
    Unknown,
}

impl ExceptionName {
    /// The name, such as `NotAllowedError`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Abort => "AbortError",
            Self::Constraint => "ConstraintError",
            Self::Encoding => "EncodingError",
            Self::InvalidState => "InvalidStateError",
            Self::NotAllowed => "NotAllowedError",
            Self::NotSupported => "NotSupportedError",
            Self::Security => "SecurityError",
            Self::Syntax => "SyntaxError",
            Self::Type => "TypeError",
            Self::Unknown => "UnknownError",
        }
    }
}
