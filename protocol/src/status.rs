//! CTAP2 status codes (CTAP 2.3 §8.2).

use core::fmt;

use crate::platform::StorageError;

macro_rules! statuses {
    ($($name:ident = $code:literal, $text:literal;)*) => {
        /// The status byte that begins every CTAP2 response. Total over `u8`.
        #[cfg_attr(feature = "ctap-types", doc = "\n\nIn `ctap-types`: [`Error`](ctap_types::ctap2::Error).")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Status {
            $(#[doc = $text] $name,)*
            /// A code of an extension (0xE0 to 0xEF).
            Extension(u8),
            /// A code of the key's vendor (0xF0 to 0xFF).
            Vendor(u8),
            /// A code that the standard does not know.
            Unknown(u8),
        }

        impl From<u8> for Status {
            fn from(code: u8) -> Self {
                match code {
                    $($code => Self::$name,)*
                    0xe0..=0xef => Self::Extension(code),
                    0xf0..=0xff => Self::Vendor(code),
                    code => Self::Unknown(code),
                }
            }
        }

        impl Status {
            /// The byte on the wire.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self {
                    $(Self::$name => $code,)*
                    Self::Extension(code) | Self::Vendor(code) | Self::Unknown(code) => code,
                }
            }

            /// The standard's name for it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Extension(_) => "an error of an extension",
                    Self::Vendor(_) => "an error of the vendor",
                    Self::Unknown(_) => "an unknown error",
                }
            }
        }
    };
}

statuses! {
    Ok = 0x00, "CTAP2_OK";
    InvalidCommand = 0x01, "CTAP1_ERR_INVALID_COMMAND";
    InvalidParameter = 0x02, "CTAP1_ERR_INVALID_PARAMETER";
    InvalidLength = 0x03, "CTAP1_ERR_INVALID_LENGTH";
    InvalidSeq = 0x04, "CTAP1_ERR_INVALID_SEQ";
    Timeout = 0x05, "CTAP1_ERR_TIMEOUT";
    ChannelBusy = 0x06, "CTAP1_ERR_CHANNEL_BUSY";
    LockRequired = 0x0a, "CTAP1_ERR_LOCK_REQUIRED";
    InvalidChannel = 0x0b, "CTAP1_ERR_INVALID_CHANNEL";
    CborUnexpectedType = 0x11, "CTAP2_ERR_CBOR_UNEXPECTED_TYPE";
    InvalidCbor = 0x12, "CTAP2_ERR_INVALID_CBOR";
    MissingParameter = 0x14, "CTAP2_ERR_MISSING_PARAMETER";
    LimitExceeded = 0x15, "CTAP2_ERR_LIMIT_EXCEEDED";
    UnsupportedExtension = 0x16, "CTAP2_ERR_UNSUPPORTED_EXTENSION";
    FpDatabaseFull = 0x17, "CTAP2_ERR_FP_DATABASE_FULL";
    LargeBlobStorageFull = 0x18, "CTAP2_ERR_LARGE_BLOB_STORAGE_FULL";
    CredentialExcluded = 0x19, "CTAP2_ERR_CREDENTIAL_EXCLUDED";
    Processing = 0x21, "CTAP2_ERR_PROCESSING";
    InvalidCredential = 0x22, "CTAP2_ERR_INVALID_CREDENTIAL";
    UserActionPending = 0x23, "CTAP2_ERR_USER_ACTION_PENDING";
    OperationPending = 0x24, "CTAP2_ERR_OPERATION_PENDING";
    NoOperations = 0x25, "CTAP2_ERR_NO_OPERATIONS";
    UnsupportedAlgorithm = 0x26, "CTAP2_ERR_UNSUPPORTED_ALGORITHM";
    OperationDenied = 0x27, "CTAP2_ERR_OPERATION_DENIED";
    KeyStoreFull = 0x28, "CTAP2_ERR_KEY_STORE_FULL";
    NotBusy = 0x29, "CTAP2_ERR_NOT_BUSY";
    NoOperationPending = 0x2a, "CTAP2_ERR_NO_OPERATION_PENDING";
    UnsupportedOption = 0x2b, "CTAP2_ERR_UNSUPPORTED_OPTION";
    InvalidOption = 0x2c, "CTAP2_ERR_INVALID_OPTION";
    KeepaliveCancel = 0x2d, "CTAP2_ERR_KEEPALIVE_CANCEL";
    NoCredentials = 0x2e, "CTAP2_ERR_NO_CREDENTIALS";
    UserActionTimeout = 0x2f, "CTAP2_ERR_USER_ACTION_TIMEOUT";
    NotAllowed = 0x30, "CTAP2_ERR_NOT_ALLOWED";
    PinInvalid = 0x31, "CTAP2_ERR_PIN_INVALID";
    PinBlocked = 0x32, "CTAP2_ERR_PIN_BLOCKED";
    PinAuthInvalid = 0x33, "CTAP2_ERR_PIN_AUTH_INVALID";
    PinAuthBlocked = 0x34, "CTAP2_ERR_PIN_AUTH_BLOCKED";
    PinNotSet = 0x35, "CTAP2_ERR_PIN_NOT_SET";
    PuatRequired = 0x36, "CTAP2_ERR_PUAT_REQUIRED";
    PinPolicyViolation = 0x37, "CTAP2_ERR_PIN_POLICY_VIOLATION";
    PinTokenExpired = 0x38, "CTAP2_ERR_PIN_TOKEN_EXPIRED";
    RequestTooLarge = 0x39, "CTAP2_ERR_REQUEST_TOO_LARGE";
    ActionTimeout = 0x3a, "CTAP2_ERR_ACTION_TIMEOUT";
    UpRequired = 0x3b, "CTAP2_ERR_UP_REQUIRED";
    UvBlocked = 0x3c, "CTAP2_ERR_UV_BLOCKED";
    IntegrityFailure = 0x3d, "CTAP2_ERR_INTEGRITY_FAILURE";
    InvalidSubcommand = 0x3e, "CTAP2_ERR_INVALID_SUBCOMMAND";
    UvInvalid = 0x3f, "CTAP2_ERR_UV_INVALID";
    UnauthorizedPermission = 0x40, "CTAP2_ERR_UNAUTHORIZED_PERMISSION";
    Other = 0x7f, "CTAP1_ERR_OTHER";
    SpecLast = 0xdf, "CTAP2_ERR_SPEC_LAST";
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (0x{:02X})", self.name(), self.code())
    }
}

/// Only a command that keeps something new has an error of its own for a full storage (`key_store_error`).
impl From<StorageError> for Status {
    fn from(_: StorageError) -> Self {
        Self::Other
    }
}

/// The error of a command that keeps something new.
pub(crate) fn key_store_error(error: StorageError) -> Status {
    match error {
        StorageError::Full => Status::KeyStoreFull,
        StorageError::Failed => Status::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn every_byte_is_a_status_and_comes_back_as_it_went() {
        for code in 0..=u8::MAX {
            assert_eq!(Status::from(code).code(), code);
        }
    }

    #[test]
    fn ranges_without_names_are_told_apart() {
        assert_eq!(Status::from(0xe3), Status::Extension(0xe3));
        assert_eq!(Status::from(0xf3), Status::Vendor(0xf3));
        assert_eq!(Status::from(0x13), Status::Unknown(0x13));
    }
}
