//! What all requests share: the account, the sessions, and what was checked.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Mutex;

use brasskey_aws::account::Account;
use brasskey_aws::names::AwsUser;
use time::OffsetDateTime;

use super::Clock;
use super::error::Error;
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
    account: Mutex<Account>,
    ceremonies: Mutex<Ceremonies>,
    file: Option<StateFile>,
    clock: Clock,
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
        let (file, kept) = match file.map(StateFile::open).transpose()? {
            Some((file, kept)) => (Some(file), kept),
            None => (None, None),
        };
        let account = match kept {
            Some(account) => account,
            None => {
                let (account, _) = Account::new(clock()).map_err(|error| Error::Randomness(error.to_string()))?;
                if let Some(file) = &file {
                    file.save(&account)?;
                }
                account
            }
        };
        let origin = Origin::parse(&format!("http://localhost:{port}"));
        Ok(Self {
            origin: origin.map_err(|error| Error::Thread(std::io::Error::other(error.to_string())))?,
            port,
            sessions: Mutex::default(),
            throttle: Mutex::default(),
            account: Mutex::new(account),
            ceremonies: Mutex::default(),
            file,
            clock,
        })
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        (self.clock)()
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&Account) -> T) -> T {
        look(&lock(&self.account))
    }

    /// Changes the account, and keeps it before anybody is told. An account that cannot be kept is as before.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Account) -> T) -> Result<T, Error> {
        let mut account = lock(&self.account);
        let Some(file) = &self.file else {
            return Ok(change(&mut account));
        };
        let json = |account: &Account| account.to_json().unwrap_or_default();
        let before = json(&account);
        let result = change(&mut account);
        if json(&account) == before {
            return Ok(result);
        }
        if let Err(error) = file.save(&account) {
            if let Ok(unchanged) = Account::from_json(&before) {
                *account = unchanged;
            }
            return Err(error);
        }
        Ok(result)
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
