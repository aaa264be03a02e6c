//! Every size and time, each with its source. Times are in milliseconds.

/// The size of a CTAPHID report (CTAP 2.3 §11.2.4: 64 bytes at full speed).
pub const REPORT_SIZE: usize = 64;
/// Payload bytes in an initialization packet (§11.2.4).
pub const INIT_PAYLOAD: usize = REPORT_SIZE - 7;
/// Payload bytes in a continuation packet (§11.2.4).
pub const CONT_PAYLOAD: usize = REPORT_SIZE - 5;
/// The largest message CTAPHID can carry: 57 + 128 × 59 (§11.2.4).
pub const MAX_MESSAGE: usize = INIT_PAYLOAD + 128 * CONT_PAYLOAD;
/// How long a message may stall between two packets before ERR_MSG_TIMEOUT. The standard leaves it to the key; hosts
/// and test tools look for 0.4 to 1 s.
pub const PACKET_TIMEOUT: u64 = 500;
/// How often a keepalive leaves while a CBOR command runs. The standard asks for at most 100 ms (§11.2.9.1.7); the
/// difference pays for the host's scheduling.
pub const KEEPALIVE_INTERVAL: u64 = 75;
/// The longest lock that CTAPHID_LOCK can ask for, in seconds (§11.2.9.2.2).
pub const LOCK_MAX_SECONDS: u8 = 10;

/// How long the user has to touch the key. The standard asks for at least 10 s (§6.1.2, §6.2.2); 30 s is usual.
pub const USER_ACTION_TIMEOUT: u64 = 30_000;
/// How long a touch given for a U2F request may wait for the host's next poll (FIDO U2F Raw Message Formats v1.2 §3).
pub const U2F_TOUCH_LIFETIME: u64 = 10_000;
/// How long a U2F request may go without a poll until it makes way for another host's. Hosts poll several times a
/// second.
pub const U2F_POLL_GAP: u64 = 1_500;
/// How long a sequence of commands waits for its next command. For getNextAssertion this is the standard's rule (CTAP
/// 2.3 §6.3), for the others what it allows (§6).
pub const SEQUENCE_TIMEOUT: u64 = 30_000;
/// How long after power-up a key without a display accepts authenticatorReset (§6.6).
pub const RESET_WINDOW: u64 = 10_000;

/// How long a long touch must be held (§6.6).
pub const LONG_TOUCH: u64 = 5_000;

/// Maps and arrays may nest this deep (§8, message encoding).
pub const CBOR_MAX_DEPTH: usize = 4;
/// Entries in an allow or exclude list: `maxCredentialCountInList`. Our choice: Firefox and Chrome split longer lists.
pub const MAX_CREDENTIALS_IN_LIST: usize = 16;
/// The longest credential ID that this key makes.
pub const SEALED_CREDENTIAL_ID: usize = 59;
/// The longest credential ID that this key accepts: `maxCredentialIdLength`. An imported one may be as long as a U2F
/// key handle.
pub const MAX_CREDENTIAL_ID: usize = if cfg!(feature = "import") {
    255
} else {
    SEALED_CREDENTIAL_ID
};
/// `user.id` is 1 to 64 bytes (WebAuthn Level 3 §5.4.3).
pub const USER_ID_MAX: usize = 64;
/// The key keeps this many bytes of `user.name` and `user.displayName`, and never half a character (CTAP 2.3 §6.1.2: at
/// least 64).
pub const USER_NAME_MAX: usize = 64;
/// `maxCredBlobLength`: at least 32 (CTAP 2.3 §12.2).
pub const CRED_BLOB_MAX: usize = 32;
/// `maxSerializedLargeBlobArray`: at least 1024 (CTAP 2.3 §6.10). While a new array replaces the old one the storage
/// holds both.
pub const LARGE_BLOB_ARRAY_MAX: usize = 4096;
/// `maxFragmentLength`: the most of a large-blob array that one message carries (§6.10.2).
pub const MAX_FRAGMENT: usize = MAX_MESSAGE - 64;
/// The key keeps this many bytes of an RP ID, which is more than any domain name has (RFC 1035 §2.3.4: 253).
pub const RP_ID_MAX: usize = 255;

/// Wrong PINs until the key accepts no PIN any more (CTAP 2.3 §6.5.2.2: at most 8).
pub const PIN_RETRIES: u8 = 8;
/// Wrong PINs in a row until the key demands a power cycle (§6.5.5.7).
pub const PIN_MISMATCHES: u8 = 3;
/// Failures of the key's own user verification in a row until only the PIN is accepted (§6.5.2.3: 1 to 25).
pub const UV_RETRIES: u8 = 5;
/// The shortest PIN, in code points, unless the key is configured otherwise (§6.4: at least 4).
pub const MIN_PIN_LENGTH: u8 = 4;
/// The longest PIN, in code points and in bytes (§6.4: 8 to 63).
pub const MAX_PIN_LENGTH: u8 = 63;
/// The length of a PIN as platforms send it, padded with zeros (§6.5.5.5).
pub const PADDED_PIN: usize = 64;
/// RP IDs that may learn the minimum PIN length: `maxRPIDsForSetMinPINLength`.
pub const MIN_PIN_LENGTH_RP_IDS: usize = 8;
/// How long a token may wait for its first use over USB (§6.5.2.1).
pub const TOKEN_INITIAL_USAGE: u64 = 30_000;
/// How long the touch that gave a token counts over USB (§6.5.2.1).
pub const TOKEN_USER_PRESENT: u64 = 30_000;
/// How long a token is accepted (§6.5.2.1: at most 10 minutes).
pub const TOKEN_MAX_USAGE: u64 = 600_000;

/// The version of YKOATH that the applet answers SELECT with. Clients use all of the protocol from 5.3.1 on: renaming.
pub const OATH_VERSION: [u8; 3] = [5, 4, 3];
/// The longest name of an account of one-time codes, in bytes (YKOATH, PUT).
pub const OATH_NAME_MAX: usize = 64;
/// The fewest digits of a code (RFC 4226 §5.3).
pub const OATH_DIGITS_MIN: u8 = 6;
/// The most digits of a code (RFC 4226 §5.4; 31 bits make nine whole ones, and no client asks for more than eight).
pub const OATH_DIGITS_MAX: u8 = 8;
/// The identifier that SELECT answers, and that salts the access code: as long as other keys have it.
pub const OATH_IDENTIFIER: usize = 8;
/// A challenge of the key, and a time step (RFC 4226 §5.1: the moving factor has 8 bytes).
pub const OATH_CHALLENGE: usize = 8;
/// Channels whose sessions with the applet the key remembers; a further one takes the place of the one that was idle
/// longest. Our choice.
pub const OATH_SESSIONS: usize = 4;

/// The longest key of a storage record.
pub const STORAGE_KEY_MAX: usize = 40;
/// The largest storage record.
pub const STORAGE_VALUE_MAX: usize = 1024;
/// Discoverable credentials leave room for so many records, each of the longest length that a credential's has: for the
/// PIN, the settings, the RP IDs that may see the minimum PIN length, the attestation certificates, and two large-blob
/// arrays, because a new one is written before the old one is removed. Our choice.
pub const RESERVED_RECORDS: u32 = 32;
/// Values of a discoverable credential's counter that one storage write reserves.
pub const COUNTER_BLOCK: u32 = 64;
/// Values of the shared counter that one storage write reserves.
pub const SHARED_COUNTER_BLOCK: u32 = 1024;
/// Signatures without a touch never bring a signature counter past this value, half of its range.
pub const COUNTER_HALF: u32 = 1 << 31;
/// The shared counter goes up by one plus a random number under this mask.
pub const SHARED_COUNTER_STEP_MASK: u32 = 0x0f;
