//! CTAP2 status codes (CTAP 2.3 §8.2), in the standard's words and in plain ones.

use std::fmt;

macro_rules! statuses {
    ($($code:literal $variant:ident $name:literal $meaning:literal $($hint:literal)?;)*) => {
        /// How a CTAP2 command ended: the first byte of every answer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Status {
            $(#[doc = concat!("`", $name, "`: ", $meaning, ".")] $variant,)*
            /// A code of an extension (0xE0 to 0xEF).
            Extension(u8),
            /// A code of the key's vendor (0xF0 to 0xFF).
            Vendor(u8),
            /// A code the standard does not know.
            Unknown(u8),
        }

        impl From<u8> for Status {
            fn from(code: u8) -> Self {
                match code {
                    $($code => Self::$variant,)*
                    0xE0..=0xEF => Self::Extension(code),
                    0xF0..=0xFF => Self::Vendor(code),
                    _ => Self::Unknown(code),
                }
            }
        }

        impl Status {
            /// The byte on the wire.
            #[must_use]
            pub fn code(self) -> u8 {
                match self {
                    $(Self::$variant => $code,)*
                    Self::Extension(code) | Self::Vendor(code) | Self::Unknown(code) => code,
                }
            }

            /// The standard's name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Extension(_) => "an error of an extension",
                    Self::Vendor(_) => "an error of its vendor",
                    Self::Unknown(_) => "an unknown error",
                }
            }

            /// What it means, in plain words.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)*
                    Self::Extension(_) => "an extension failed in a way of its own",
                    Self::Vendor(_) => "the key failed in a way that only its maker knows",
                    Self::Unknown(_) => "the standard has no such code",
                }
            }

            /// What to do next, where there is something to do.
            #[must_use]
            pub fn hint(self) -> Option<&'static str> {
                match self {
                    $($(Self::$variant => Some($hint),)?)*
                    _ => None,
                }
            }
        }
    };
}

statuses! {
    0x00 Ok "CTAP2_OK" "the command succeeded";
    0x01 InvalidCommand "CTAP1_ERR_INVALID_COMMAND" "the key does not know the command";
    0x02 InvalidParameter "CTAP1_ERR_INVALID_PARAMETER" "the key refuses a parameter";
    0x03 InvalidLength "CTAP1_ERR_INVALID_LENGTH" "the request or a part of it has the wrong length";
    0x04 InvalidSeq "CTAP1_ERR_INVALID_SEQ" "the request does not follow the one before";
    0x05 Timeout "CTAP1_ERR_TIMEOUT" "the message took too long";
    0x06 ChannelBusy "CTAP1_ERR_CHANNEL_BUSY" "the key works for another program"
        "close the other program, or finish there first";
    0x0A LockRequired "CTAP1_ERR_LOCK_REQUIRED" "the command needs a lock on the key";
    0x0B InvalidChannel "CTAP1_ERR_INVALID_CHANNEL" "the key does not know the channel";
    0x11 CborUnexpectedType "CTAP2_ERR_CBOR_UNEXPECTED_TYPE" "a part of the request has the wrong type";
    0x12 InvalidCbor "CTAP2_ERR_INVALID_CBOR" "the request is not canonical CBOR";
    0x14 MissingParameter "CTAP2_ERR_MISSING_PARAMETER" "the request lacks a parameter";
    0x15 LimitExceeded "CTAP2_ERR_LIMIT_EXCEEDED" "the request has more of something than the key takes";
    0x16 UnsupportedExtension "CTAP2_ERR_UNSUPPORTED_EXTENSION" "the key does not know an extension";
    0x17 FpDatabaseFull "CTAP2_ERR_FP_DATABASE_FULL" "the key has no room for another fingerprint"
        "remove a fingerprint from the key first";
    0x18 LargeBlobStorageFull "CTAP2_ERR_LARGE_BLOB_STORAGE_FULL" "the key has no room for the large blob";
    0x19 CredentialExcluded "CTAP2_ERR_CREDENTIAL_EXCLUDED" "this key is already registered with this account"
        "use another key, or remove the earlier registration first";
    0x21 Processing "CTAP2_ERR_PROCESSING" "the key is still at work";
    0x22 InvalidCredential "CTAP2_ERR_INVALID_CREDENTIAL" "the credential is not valid for this";
    0x23 UserActionPending "CTAP2_ERR_USER_ACTION_PENDING" "the key still waits for its user";
    0x24 OperationPending "CTAP2_ERR_OPERATION_PENDING" "the key is in the middle of another operation";
    0x25 NoOperations "CTAP2_ERR_NO_OPERATIONS" "nothing was in progress";
    0x26 UnsupportedAlgorithm "CTAP2_ERR_UNSUPPORTED_ALGORITHM" "the key knows none of the algorithms asked for"
        "`brasskey info` lists the key's algorithms";
    0x27 OperationDenied "CTAP2_ERR_OPERATION_DENIED" "the user refused, or did not act in time"
        "try again, and touch the key while it blinks";
    0x28 KeyStoreFull "CTAP2_ERR_KEY_STORE_FULL" "the key has no room for another passkey"
        "remove a passkey from the key, or register without a discoverable credential";
    0x29 NotBusy "CTAP2_ERR_NOT_BUSY" "the key was not busy";
    0x2A NoOperationPending "CTAP2_ERR_NO_OPERATION_PENDING" "nothing was pending";
    0x2B UnsupportedOption "CTAP2_ERR_UNSUPPORTED_OPTION" "the key does not support an option";
    0x2C InvalidOption "CTAP2_ERR_INVALID_OPTION" "an option does not make sense here";
    0x2D KeepaliveCancel "CTAP2_ERR_KEEPALIVE_CANCEL" "the request was cancelled";
    0x2E NoCredentials "CTAP2_ERR_NO_CREDENTIALS" "the key holds no credential for this relying party and account"
        "use the key that was registered, or register this one first";
    0x2F UserActionTimeout "CTAP2_ERR_USER_ACTION_TIMEOUT" "nobody touched the key in time"
        "try again, and touch the key while it blinks";
    0x30 NotAllowed "CTAP2_ERR_NOT_ALLOWED" "the key does not allow this now";
    0x31 PinInvalid "CTAP2_ERR_PIN_INVALID" "the PIN is wrong"
        "try again with care: after eight wrong PINs the key must be reset";
    0x32 PinBlocked "CTAP2_ERR_PIN_BLOCKED" "the PIN is blocked after too many wrong ones"
        "only a reset, which erases the key, helps";
    0x33 PinAuthInvalid "CTAP2_ERR_PIN_AUTH_INVALID" "the proof that the PIN was given is not valid"
        "give the PIN again";
    0x34 PinAuthBlocked "CTAP2_ERR_PIN_AUTH_BLOCKED" "three wrong PINs in a row"
        "unplug the key, plug it in again, and try with the right PIN";
    0x35 PinNotSet "CTAP2_ERR_PIN_NOT_SET" "the key has no PIN"
        "set a PIN first";
    0x36 PuatRequired "CTAP2_ERR_PUAT_REQUIRED" "the key asks for its PIN or a fingerprint"
        "give the key's PIN";
    0x37 PinPolicyViolation "CTAP2_ERR_PIN_POLICY_VIOLATION" "the PIN is too short, too long or too simple"
        "`brasskey info` shows how long the PIN must be";
    0x38 PinTokenExpired "CTAP2_ERR_PIN_TOKEN_EXPIRED" "the PIN was given too long ago"
        "give the PIN again";
    0x39 RequestTooLarge "CTAP2_ERR_REQUEST_TOO_LARGE" "the request is longer than the key takes";
    0x3A ActionTimeout "CTAP2_ERR_ACTION_TIMEOUT" "the operation took too long"
        "try again";
    0x3B UpRequired "CTAP2_ERR_UP_REQUIRED" "the key must be touched or presented again"
        "take the key away and present it again";
    0x3C UvBlocked "CTAP2_ERR_UV_BLOCKED" "the key's fingerprint reader is blocked after too many failures"
        "give the key's PIN instead";
    0x3D IntegrityFailure "CTAP2_ERR_INTEGRITY_FAILURE" "the data does not match its checksum";
    0x3E InvalidSubcommand "CTAP2_ERR_INVALID_SUBCOMMAND" "the key does not know the subcommand";
    0x3F UvInvalid "CTAP2_ERR_UV_INVALID" "the fingerprint was not recognised"
        "try again, or give the key's PIN instead";
    0x40 UnauthorizedPermission "CTAP2_ERR_UNAUTHORIZED_PERMISSION" "the key does not give this permission";
    0x7F Other "CTAP1_ERR_OTHER" "the key failed without saying why"
        "unplug the key, plug it in again, and try once more";
    0xDF SpecLast "CTAP2_ERR_SPEC_LAST" "the key failed with a code that has no meaning";
}

impl Status {
    /// Whether the key is fine and its user refused, cancelled or did not act.
    #[must_use]
    pub fn is_from_user(self) -> bool {
        matches!(
            self,
            Self::OperationDenied | Self::KeepaliveCancel | Self::UserActionTimeout | Self::ActionTimeout
        )
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (0x{:02X}): {}", self.name(), self.code(), self.meaning())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_a_status_and_comes_back() {
        for code in 0..=u8::MAX {
            let status = Status::from(code);
            assert_eq!(status.code(), code);
            assert!(status.to_string().contains(&format!("0x{code:02X}")));
        }
    }

    #[test]
    fn ranges_without_names_are_told_apart() {
        assert_eq!(Status::from(0xE3), Status::Extension(0xE3));
        assert_eq!(Status::from(0xF3), Status::Vendor(0xF3));
        assert_eq!(Status::from(0x13), Status::Unknown(0x13));
    }
}
