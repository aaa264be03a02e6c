//! The seams: five small traits between the key and the world around it.
//!
//! A chip, a PC and a test each implement them once; nothing else in this crate knows where it runs.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::rng::HealthyRng;

/// What the key needs from the place it runs in.
pub trait Platform {
    /// Asks the user for a touch.
    type UserPresence: UserPresence;
    /// Keeps records across power cycles.
    type Storage: Storage;
    /// Randomness good enough for keys.
    type Rng: Rng;
    /// Time since power-up.
    type Clock: Clock;
    /// Shows the user what the key is doing.
    type Indicator: Indicator;
}

/// The five seams of one key, in one place.
pub struct Seams<P: Platform> {
    /// Asks the user for a touch.
    pub presence: P::UserPresence,
    /// Keeps records across power cycles.
    pub storage: P::Storage,
    /// Randomness good enough for keys.
    pub rng: HealthyRng<P::Rng>,
    /// Time since power-up.
    pub clock: P::Clock,
    /// Shows the user what the key is doing.
    pub indicator: P::Indicator,
}

/// A cryptographically secure random number generator that may fail.
///
/// A failure ends the running command with `CTAP1_ERR_OTHER`, and the key refuses all work until a power cycle.
pub trait Rng: rand_core::TryCryptoRng {}
impl<T: rand_core::TryCryptoRng> Rng for T {}

/// Time since power-up.
pub trait Clock {
    /// Milliseconds since power-up. Never goes back; a warm restart that a host can cause does not set it to zero.
    fn now(&self) -> u64;
}

/// What the user is asked to agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// authenticatorMakeCredential, or U2F_REGISTER.
    Register,
    /// authenticatorGetAssertion, or U2F_AUTHENTICATE.
    Authenticate,
    /// authenticatorMakeCredential that excludes a credential of this key: the touch changes nothing.
    Excluded,
    /// authenticatorSelection, and the touch that platforms ask for with an empty `pinUvAuthParam`.
    Select,
    /// authenticatorReset: all credentials will be erased. One-time codes stay.
    Reset,
    /// A one-time code of the account that the request names as its user.
    Code,
}

/// How the user agrees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Gesture {
    /// A touch.
    #[default]
    Touch,
    /// A touch held for [`LONG_TOUCH`](crate::limits::LONG_TOUCH) without a break: a shorter one does not count.
    LongTouch,
}

/// Who asks: the relying party as the protocol names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelyingParty<'a> {
    /// The request has none.
    None,
    /// CTAP2: the RP ID. Untrusted text.
    Id(&'a str),
    /// U2F: the application parameter, the SHA-256 of an AppID or RP ID.
    Application(&'a [u8; 32]),
}

/// One request for a touch. All text is untrusted: escape it before showing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresenceRequest<'a> {
    /// What the touch allows.
    pub operation: Operation,
    /// What kind of touch.
    pub gesture: Gesture,
    /// Who asks.
    pub relying_party: RelyingParty<'a>,
    /// The account's name, where the request has one.
    pub user: Option<&'a str>,
}

/// How a wait for the user ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The user touched the key after the request came.
    Confirmed,
    /// The user refused.
    Declined,
    /// The deadline passed.
    TimedOut,
    /// [`Abort`] was set: the host sent CTAPHID_CANCEL, or CTAPHID_INIT on the channel of the request.
    Aborted,
}

/// How the key's own verification of its user ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// It is the user.
    Verified,
    /// It is somebody else, or the key did not recognize them.
    Mismatch,
    /// The deadline passed.
    TimedOut,
    /// [`Abort`] was set.
    Aborted,
}

/// Tells the running request to end. Whoever runs the CTAPHID engine sets it at
/// [`Event::Abort`](crate::ctaphid::Event::Abort) and clears it before it takes the next request;
/// [`UserPresence::wait`] watches it.
#[derive(Debug, Default)]
pub struct Abort(AtomicBool);

impl Abort {
    /// Not set.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Sets or clears the flag.
    pub fn set(&self, aborted: bool) {
        self.0.store(aborted, Ordering::Release);
    }

    /// Whether the running request must end.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The user: their touch, and their identity where the key itself can verify it.
pub trait UserPresence {
    /// Waits for the user (CTAP2 and one-time codes). This is the only place in the key that waits.
    ///
    /// A touch counts only if it begins after the call: a button that is already held is not consent. `deadline` is a
    /// time of [`Clock`]. The wait ends early with [`Presence::Aborted`] as soon as the host cancels.
    fn wait(&mut self, request: &PresenceRequest<'_>, deadline: u64) -> Presence;

    /// Says whether the user has touched or refused for this request, and never waits (U2F, where the host polls).
    /// `None`: neither so far.
    ///
    /// The first call opens a prompt. It stays while the host polls on the same CTAPHID channel with the same operation
    /// and application. Meanwhile nobody on another channel closes it: while the prompt has no answer and its last poll
    /// was within [`U2F_POLL_GAP`](crate::limits::U2F_POLL_GAP), other hosts wait. So the user's touch does not go to a
    /// host that merely asks more often. A touch or a refusal is bound to the channel, the operation and the
    /// application that it was given for. It lives [`U2F_TOUCH_LIFETIME`](crate::limits::U2F_TOUCH_LIFETIME), and ends
    /// with the call that reports it.
    fn poll(&mut self, channel: u32, request: &PresenceRequest<'_>) -> Option<Presence>;

    /// Drops any prompt, and any touch that no call has reported: a touch for U2F must not count for CTAP2.
    fn forget(&mut self);

    /// Whether the key verifies its user by itself (CTAP 2.3 §6.4, option `uv`), by a fingerprint or a code on a keypad
    /// of its own. A key with only a button does not.
    fn verifies_user(&self) -> bool {
        false
    }

    /// Tries once to verify the user, until `deadline`, a time of [`Clock`]. This is not a touch, which the key asks
    /// for separately. Only called where [`Self::verifies_user`].
    fn verify_user(&mut self, _deadline: u64) -> Verification {
        Verification::Mismatch
    }
}

/// Why the storage did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageError {
    /// No room. Nothing was changed.
    Full,
    /// The medium failed, or holds what no version of this key wrote. A record that was being changed is in its old
    /// state or in its new one; the next power-up shows which.
    Failed,
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the key's storage is full",
            Self::Failed => "the key's storage failed",
        })
    }
}

impl core::error::Error for StorageError {}

/// Records by key, kept across power cycles.
///
/// Keys are 1 to [`STORAGE_KEY_MAX`](crate::limits::STORAGE_KEY_MAX) bytes, ordered bytewise; values are up to
/// [`STORAGE_VALUE_MAX`](crate::limits::STORAGE_VALUE_MAX) bytes. When `write` or `remove` returns `Ok`, the change is
/// durable; a power cut at any moment leaves each record in its old state or in its new one.
///
/// Every method fails with [`StorageError::Failed`] where the medium does.
pub trait Storage {
    /// Copies the record at `key` to the start of `value` and returns its length.
    ///
    /// # Errors
    /// [`StorageError::Failed`], also where `value` is too short for the record.
    fn read(&mut self, key: &[u8], value: &mut [u8]) -> Result<Option<usize>, StorageError>;

    /// Creates or replaces the record at `key`. There is always room for a record that is no longer than the one that
    /// it replaces: a full storage must not keep counters from going up, or a reset from working.
    ///
    /// # Errors
    /// [`StorageError::Full`] where there is no room: then the record is as it was.
    fn write(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError>;

    /// Removes the record at `key`, if there is one.
    ///
    /// # Errors
    /// [`StorageError::Failed`]: then the record is still there, or not.
    fn remove(&mut self, key: &[u8]) -> Result<(), StorageError>;

    /// Finds the first key that begins with `prefix`, and comes after `after` where that is given. Copies it to `key`
    /// and returns its length. `after` begins with `prefix` too.
    ///
    /// # Errors
    /// [`StorageError::Failed`].
    fn next_key(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        key: &mut [u8; crate::limits::STORAGE_KEY_MAX],
    ) -> Result<Option<usize>, StorageError>;

    /// How many more records of `length` bytes certainly fit. The estimate may be too low, but never too high. Every
    /// new record takes at least one of these places, however short it is, and gives it back when it is removed.
    ///
    /// # Errors
    /// [`StorageError::Failed`].
    fn room(&mut self, length: usize) -> Result<u32, StorageError>;

    /// Makes unreadable what was removed or replaced: erases pages, or creates the file anew. Called after a reset.
    ///
    /// # Errors
    /// [`StorageError::Full`] where this takes room that is not there.
    fn scrub(&mut self) -> Result<(), StorageError>;

    /// Whether the next power-up will find the records. Asked before a credential is made or used: the keys of all of
    /// them, also of those that have no record, come from the master secret, and end with it.
    ///
    /// # Errors
    /// [`StorageError::Failed`] where the records are lost.
    fn check(&mut self) -> Result<(), StorageError> {
        Ok(())
    }
}

/// What the key shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indication {
    /// Nothing to do.
    Idle,
    /// A command is running.
    Processing,
    /// Waiting for the user's touch: keepalives carry `STATUS_UPNEEDED`.
    WaitingForTouch,
    /// CTAPHID_WINK: draws the user's attention for a moment.
    Wink,
}

/// The light on the key, or what stands for it. On a PC this also feeds the CTAPHID keepalive status.
pub trait Indicator {
    /// Shows `indication` until the next call; a wink ends by itself.
    fn show(&mut self, indication: Indication);
}
