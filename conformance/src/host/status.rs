//! Status codes (CTAP 2.3 §8.2).

macro_rules! codes {
    ($($code:literal $name:ident),+ $(,)?) => {
        $(
            #[allow(missing_docs, reason = "the standard's names")]
            pub const $name: u8 = $code;
        )+

        /// A code with the standard's name for it.
        #[must_use]
        pub fn named(code: u8) -> String {
            let name = match code {
                $($code => stringify!($name),)+
                // Ranges that the standard leaves to extensions and vendors.
                0xE0..=0xEF => "(of an extension)",
                0xF0..=0xFF => "(of a vendor)",
                _ => "(no code of the standard)",
            };
            format!("0x{code:02X} {name}")
        }
    };
}

/// The key answered this code to the request that `what` names.
///
/// # Panics
/// Where it did not.
#[track_caller]
pub fn of(what: impl std::fmt::Display, found: u8, expected: u8) {
    assert!(
        found == expected,
        "{what}: expected {}, the key answered {}",
        named(expected),
        named(found)
    );
}

/// The key answered this code.
///
/// # Panics
/// Where it did not.
#[track_caller]
pub fn is(found: u8, expected: u8) {
    assert!(
        found == expected,
        "expected {}, the key answered {}",
        named(expected),
        named(found)
    );
}

/// Whether a code is about the form of a request.
#[must_use]
pub fn is_of_form(code: u8) -> bool {
    matches!(
        code,
        CBOR_UNEXPECTED_TYPE | INVALID_CBOR | INVALID_LENGTH | INVALID_SUBCOMMAND
    )
}

codes! {
    0x00 OK,
    0x01 INVALID_COMMAND,
    0x02 INVALID_PARAMETER,
    0x03 INVALID_LENGTH,
    0x04 INVALID_SEQ,
    0x05 TIMEOUT,
    0x06 CHANNEL_BUSY,
    0x0A LOCK_REQUIRED,
    0x0B INVALID_CHANNEL,
    0x11 CBOR_UNEXPECTED_TYPE,
    0x12 INVALID_CBOR,
    0x14 MISSING_PARAMETER,
    0x15 LIMIT_EXCEEDED,
    0x17 FP_DATABASE_FULL,
    0x18 LARGE_BLOB_STORAGE_FULL,
    0x19 CREDENTIAL_EXCLUDED,
    0x21 PROCESSING,
    0x22 INVALID_CREDENTIAL,
    0x23 USER_ACTION_PENDING,
    0x24 OPERATION_PENDING,
    0x25 NO_OPERATIONS,
    0x26 UNSUPPORTED_ALGORITHM,
    0x27 OPERATION_DENIED,
    0x28 KEY_STORE_FULL,
    0x2B UNSUPPORTED_OPTION,
    0x2C INVALID_OPTION,
    0x2D KEEPALIVE_CANCEL,
    0x2E NO_CREDENTIALS,
    0x2F USER_ACTION_TIMEOUT,
    0x30 NOT_ALLOWED,
    0x31 PIN_INVALID,
    0x32 PIN_BLOCKED,
    0x33 PIN_AUTH_INVALID,
    0x34 PIN_AUTH_BLOCKED,
    0x35 PIN_NOT_SET,
    0x36 PUAT_REQUIRED,
    0x37 PIN_POLICY_VIOLATION,
    0x39 REQUEST_TOO_LARGE,
    0x3A ACTION_TIMEOUT,
    0x3B UP_REQUIRED,
    0x3C UV_BLOCKED,
    0x3D INTEGRITY_FAILURE,
    0x3E INVALID_SUBCOMMAND,
    0x3F UV_INVALID,
    0x40 UNAUTHORIZED_PERMISSION,
    0x7F OTHER,
}
