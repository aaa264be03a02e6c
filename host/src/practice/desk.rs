//! What all requests share: the account, the sessions, and what was checked.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Mutex;

use brasskey_aws::account::{Account, IamError};
use brasskey_aws::endpoint::Answer;
use brasskey_aws::names::AwsUser;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::Clock;
use super::error::Error;
use super::security_key::Refused;
use super::session::{Sessions, lock};
use super::state_file::StateFile;
use super::throttle::Throttle;
use crate::relying_party::Report;
use crate::webauthn::Origin;

/// How many ceremonies with security keys are remembered.
const CEREMONIES_MAX: usize = 50;

/// One practice account, as it is served.
pub(super) struct Desk {
    pub(super) origin: Origin,
    pub(super) port: u16,
    pub(super) sessions: Mutex<Sessions>,
    pub(super) throttle: Mutex<Throttle>,
    account: Mutex<Served>,
    ceremonies: Mutex<Ceremonies>,
    clock: Clock,
}

/// The account, and where it is kept.
struct Served {
    account: Account,
    kept: Option<Kept>,
}

/// The file, and what is in it: the account goes back to this where a change cannot be written.
struct Kept {
    file: StateFile,
    json: Zeroizing<Vec<u8>>,
}

/// What tells by itself whether the account was changed: an account of thousands of users takes long to compare.
pub(super) trait Changed {
    fn has_changed(&self) -> bool;
}

/// What is refused has changed nothing.
impl<T> Changed for Result<T, IamError> {
    fn has_changed(&self) -> bool {
        self.is_ok()
    }
}

impl<T> Changed for (Report, Result<T, Refused>) {
    fn has_changed(&self) -> bool {
        self.1.is_ok()
    }
}

impl Changed for Answer {
    fn has_changed(&self) -> bool {
        self.changed
    }
}

/// The ceremonies with security keys since the start, the oldest first.
#[derive(Default)]
struct Ceremonies {
    count: u64,
    seen: VecDeque<Ceremony>,
}

/// A ceremony with a security key, and what the relying party checked.
#[derive(Clone, Debug)]
pub(super) struct Ceremony {
    pub(super) number: u64,
    pub(super) user: AwsUser,
    pub(super) kind: CeremonyKind,
    pub(super) time: OffsetDateTime,
    pub(super) report: Report,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CeremonyKind {
    Registration,
    SignIn,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl Desk {
    /// Opens the account of the file, or makes a new one.
    pub(super) fn open(file: Option<PathBuf>, clock: Clock, port: u16) -> Result<Self, Error> {
        let (file, found) = match file.map(StateFile::open).transpose()? {
            Some((file, found)) => (Some(file), found),
            None => (None, None),
        };
        let is_new = found.is_none();
        let account = match found {
            Some(account) => account,
            None => {
                let (account, _) = Account::new(clock()).map_err(|error| Error::Randomness(error.to_string()))?;
                account
            }
        };
        let kept = match file {
            Some(file) => {
                let json = file.json(&account)?;
                if is_new {
                    file.save(&json)?;
                }
                Some(Kept { file, json })
            }
            None => None,
        };
        let origin = Origin::parse(&format!("http://localhost:{port}"));
        Ok(Self {
            origin: origin.map_err(|error| Error::Thread(std::io::Error::other(error.to_string())))?,
            port,
            sessions: Mutex::default(),
            throttle: Mutex::default(),
            account: Mutex::new(Served { account, kept }),
            ceremonies: Mutex::default(),
            clock,
        })
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        (self.clock)()
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&Account) -> T) -> T {
        look(&lock(&self.account).account)
    }

    /// Changes the account, and keeps it before anybody is told. An account that cannot be kept is as before.
    ///
    /// When an access key was last used is kept with the next change, or at the end: AWS is late with it, too.
    pub(super) fn change<T: Changed>(&self, change: impl FnOnce(&mut Account) -> T) -> Result<T, Error> {
        let served = &mut *lock(&self.account);
        let result = change(&mut served.account);
        if result.has_changed() {
            served.keep()?;
        }
        Ok(result)
    }

    /// The same where nobody can say whether anything was changed.
    pub(super) fn change_perhaps<T>(&self, change: impl FnOnce(&mut Account) -> T) -> Result<T, Error> {
        let served = &mut *lock(&self.account);
        let result = change(&mut served.account);
        served.keep().map(|()| result)
    }

    /// Keeps what no change has kept.
    pub(super) fn keep(&self) -> Result<(), Error> {
        lock(&self.account).keep()
    }

    /// Remembers what was checked, and returns its number.
    pub(super) fn remember(&self, user: &AwsUser, kind: CeremonyKind, report: Report) -> u64 {
        let time = self.now();
        let mut ceremonies = lock(&self.ceremonies);
        ceremonies.count += 1;
        let number = ceremonies.count;
        if ceremonies.seen.len() >= CEREMONIES_MAX {
            ceremonies.seen.pop_front();
        }
        ceremonies.seen.push_back(Ceremony {
            number,
            user: user.clone(),
            kind,
            time,
            report,
        });
        number
    }

    /// A user's ceremonies, the newest first.
    pub(super) fn ceremonies(&self, user: &AwsUser) -> Vec<Ceremony> {
        let ceremonies = lock(&self.ceremonies);
        let seen = ceremonies.seen.iter().rev();
        seen.filter(|ceremony| ceremony.user == *user).cloned().collect()
    }
}

impl Served {
    /// Writes the account, if it is not what the file has.
    fn keep(&mut self) -> Result<(), Error> {
        let Some(Kept { file, json }) = &mut self.kept else {
            return Ok(());
        };
        let next = file.json(&self.account)?;
        if next == *json {
            return Ok(());
        }
        match file.save(&next) {
            Ok(()) => {
                *json = next;
                Ok(())
            }
            Err(error) => {
                if let Ok(before) = Account::from_json(json) {
                    self.account = before;
                }
                Err(error)
            }
        }
    }
}
