//! Who is signed in, in which browser.
//!
//! The cookie is a random number of 256 bits and means nothing by itself: what it stands for is kept here, and ends
//! here. The store knows only hashes of the numbers, so that a look-up says nothing about them by its time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use brasskey_aws::names::{AwsUser, DeviceName};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use crate::webauthn::{CreationOptions, NoRandomness, RequestOptions};

/// How long a session lasts without a request.
const IDLE: Duration = Duration::minutes(30);
/// How long a session lasts at most, as AWS's console has it.
const WHOLE: Duration = Duration::hours(12);
/// How long one may take from the password to the device.
const BETWEEN: Duration = Duration::minutes(10);
/// How many sessions there may be. Of those that signed nobody in, the oldest makes room.
const SESSIONS_MAX: usize = 256;

/// How far a browser has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// At the sign-in page.
    Stranger,
    /// The password was right, and the user's devices are to be asked for.
    Password(AwsUser),
    /// Signed in, with the serial number of the device that was asked for.
    SignedIn {
        user: AwsUser,
        device: Option<String>,
        since: OffsetDateTime,
    },
}

/// A challenge that waits for its answer. It is taken out to be verified, so it can be used once.
#[derive(Debug)]
pub(super) enum Challenge {
    Register(CreationOptions),
    SignIn(RequestOptions),
}

/// A device that is being assigned.
#[derive(Clone, Debug)]
pub(super) struct Assignment {
    pub(super) name: DeviceName,
    /// The virtual device that was made for it, which is nobody's yet.
    pub(super) serial: Option<String>,
}

/// What is shown once, on the next page.
#[derive(Clone, Debug, Default)]
pub(super) struct Notice {
    pub(super) is_error: bool,
    pub(super) text: String,
    /// Where to read on: address and words.
    pub(super) link: Option<(String, &'static str)>,
}

/// A browser's session.
#[derive(Debug)]
pub(super) struct Session {
    /// What each of its forms carries.
    pub(super) csrf: String,
    pub(super) stage: Stage,
    pub(super) challenge: Option<Challenge>,
    pub(super) assignment: Option<Assignment>,
    pub(super) notice: Option<Notice>,
    /// The way of the sign-in that was chosen.
    pub(super) way: Option<Way>,
    /// Account and name that the sign-in form had last, so that only the password is typed again.
    pub(super) tried: Option<(String, String)>,
    created: OffsetDateTime,
    used: OffsetDateTime,
}

/// How the second factor is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Any of the security keys.
    SecurityKey,
    /// A code of the device with this serial number.
    Code(String),
}

impl Session {
    fn new(stage: Stage, now: OffsetDateTime) -> Result<Self, NoRandomness> {
        Ok(Self {
            csrf: random()?.to_string(),
            stage,
            challenge: None,
            assignment: None,
            notice: None,
            way: None,
            tried: None,
            created: now,
            used: now,
        })
    }

    /// Whether a form's token is that of this session.
    pub(super) fn is_token(&self, token: &str) -> bool {
        self.csrf.as_bytes().ct_eq(token.as_bytes()).into()
    }

    fn is_over(&self, now: OffsetDateTime) -> bool {
        let whole = match self.stage {
            Stage::Password(_) => BETWEEN,
            _ => WHOLE,
        };
        // A clock that was turned back ends sessions: their age is unknown.
        !within(now - self.used, IDLE) || !within(now - self.created, whole)
    }

    fn is_signed_in(&self) -> bool {
        matches!(self.stage, Stage::SignedIn { .. })
    }
}

fn within(age: Duration, limit: Duration) -> bool {
    !age.is_negative() && age < limit
}

/// A session's name in the store: the hash of its cookie.
pub(super) type Id = [u8; 32];

/// A session that requests share.
pub(super) type Shared = Arc<Mutex<Session>>;

/// Locks a session, also after a thread panicked while it held the lock: going on matters more.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All sessions.
#[derive(Debug, Default)]
pub(super) struct Sessions(HashMap<Id, Shared>);

impl Sessions {
    /// The session of a cookie, where there is one that still lasts; it lasts the longer for it.
    pub(super) fn find(&mut self, cookie: &str, now: OffsetDateTime) -> Option<(Id, Shared)> {
        let id = id_of(cookie);
        let session = self.0.get(&id)?;
        if lock(session).is_over(now) {
            self.0.remove(&id);
            return None;
        }
        lock(session).used = now;
        Some((id, Arc::clone(session)))
    }

    /// Begins a session, and returns its cookie. What another session could do ends with that session: each change of
    /// what a browser may do gives it another cookie, so that nobody can plant one that they know.
    pub(super) fn begin(
        &mut self,
        old: Option<&Id>,
        stage: Stage,
        now: OffsetDateTime,
    ) -> Result<(Zeroizing<String>, Shared), NoRandomness> {
        let session = Arc::new(Mutex::new(Session::new(stage, now)?));
        let cookie = random()?;
        if let Some(old) = old {
            self.0.remove(old);
        }
        if self.0.len() >= SESSIONS_MAX {
            self.make_room(now);
        }
        self.0.insert(id_of(&cookie), Arc::clone(&session));
        Ok((cookie, session))
    }

    /// Ends a session.
    pub(super) fn end(&mut self, id: &Id) {
        self.0.remove(id);
    }

    /// Ends all sessions of a user but one: a changed password counts everywhere.
    pub(super) fn end_others(&mut self, user: &AwsUser, but: &Id) {
        self.0.retain(|id, session| {
            let is_users = match &lock(session).stage {
                Stage::Stranger => false,
                Stage::Password(other) | Stage::SignedIn { user: other, .. } => other == user,
            };
            id == but || !is_users
        });
    }

    fn make_room(&mut self, now: OffsetDateTime) {
        self.0.retain(|_, session| !lock(session).is_over(now));
        while self.0.len() >= SESSIONS_MAX {
            let oldest = self.0.iter().min_by_key(|(_, session)| {
                let session = lock(session);
                (session.is_signed_in(), session.used)
            });
            let Some(oldest) = oldest.map(|(id, _)| *id) else {
                return;
            };
            self.0.remove(&oldest);
        }
    }
}

fn id_of(cookie: &str) -> Id {
    Sha256::digest(cookie).into()
}

/// 256 random bits in base64url.
fn random() -> Result<Zeroizing<String>, NoRandomness> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(|_| NoRandomness)?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn signed_in() -> Stage {
        Stage::SignedIn {
            user: AwsUser::Root,
            device: None,
            since: START,
        }
    }

    #[test]
    fn a_session_ends_when_it_rests_and_at_the_latest_after_twelve_hours() {
        let mut sessions = Sessions::default();
        let (cookie, _) = sessions.begin(None, signed_in(), START).unwrap();
        let mut now = START;
        while now - START < WHOLE {
            assert!(sessions.find(&cookie, now).is_some(), "{now}");
            now += IDLE - Duration::seconds(1);
        }
        assert!(sessions.find(&cookie, now).is_none());

        let (cookie, _) = sessions.begin(None, signed_in(), START).unwrap();
        assert!(sessions.find(&cookie, START + IDLE).is_none());
        assert!(sessions.find(&cookie, START).is_none(), "it is gone for good");
    }

    #[test]
    fn who_gave_the_password_only_has_ten_minutes() {
        let mut sessions = Sessions::default();
        let stage = Stage::Password(AwsUser::Root);
        let (cookie, _) = sessions.begin(None, stage, START).unwrap();
        assert!(sessions.find(&cookie, START + BETWEEN - Duration::seconds(1)).is_some());
        assert!(sessions.find(&cookie, START + BETWEEN).is_none());
    }

    #[test]
    fn a_new_stage_has_a_new_cookie_and_the_old_one_is_worth_nothing() {
        let mut sessions = Sessions::default();
        let (before, _) = sessions.begin(None, Stage::Stranger, START).unwrap();
        let (id, _) = sessions.find(&before, START).unwrap();
        let (after, _) = sessions.begin(Some(&id), signed_in(), START).unwrap();
        assert_ne!(*before, *after);
        assert!(sessions.find(&before, START).is_none());
        assert!(sessions.find(&after, START).is_some());
    }

    #[test]
    fn strangers_push_nobody_out_who_is_signed_in() {
        let mut sessions = Sessions::default();
        let (cookie, _) = sessions.begin(None, signed_in(), START).unwrap();
        for second in 0..2 * SESSIONS_MAX {
            let now = START + Duration::milliseconds(i64::try_from(second).unwrap());
            sessions.begin(None, Stage::Stranger, now).unwrap();
        }
        assert_eq!(sessions.0.len(), SESSIONS_MAX);
        assert!(sessions.find(&cookie, START + Duration::seconds(1)).is_some());
    }

    #[test]
    fn a_changed_password_ends_the_other_sessions_of_its_user() {
        let mut sessions = Sessions::default();
        let alice = AwsUser::Iam("alice".to_owned());
        let (here, _) = sessions.begin(None, signed_in(), START).unwrap();
        let (elsewhere, _) = sessions.begin(None, signed_in(), START).unwrap();
        let (other, _) = sessions.begin(None, Stage::Password(alice), START).unwrap();
        let (id, _) = sessions.find(&here, START).unwrap();
        sessions.end_others(&AwsUser::Root, &id);
        assert!(sessions.find(&here, START).is_some());
        assert!(sessions.find(&elsewhere, START).is_none());
        assert!(sessions.find(&other, START).is_some());
    }
}
