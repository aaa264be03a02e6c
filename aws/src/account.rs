//! An account to practise with: its users, their MFA devices, policies, sessions and sign-ins.
//!
//! It is plain data, kept as JSON. Nothing in it is secret of anything else than itself, but it is treated like a real
//! account: codes are verified and used once, passwords that somebody chose are hashed, and secrets are zeroized.

mod authorize;
mod aws_policies;
mod caller;
mod device;
mod devices;
mod error;
mod first;
mod grants;
mod group;
mod managed;
mod password;
mod qr;
pub(crate) mod random;
mod report;
mod role;
mod secret;
mod session;
mod sign_in;
mod totp;
mod user;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

pub use self::authorize::Verdict;
pub(crate) use self::aws_policies::{ALL as AWS_POLICIES, AwsPolicy};
pub use self::caller::{Caller, Principal, Session};
pub use self::device::{Device, DeviceKind, NewDevice};
pub use self::error::IamError;
pub use self::first::{FirstCredentials, FirstRoot, FirstUser};
pub(crate) use self::grants::{Grants, Holder, check_document, check_trust};
pub(crate) use self::group::Group;
pub(crate) use self::managed::Managed;
pub use self::password::Login;
pub use self::random::NoRandomness;
use self::report::Report;
pub(crate) use self::report::ReportState;
pub(crate) use self::role::{NewRole, Role};
pub use self::secret::Secret;
pub(crate) use self::session::{Credentials, TokenError};
pub(crate) use self::sign_in::timestamp;
pub use self::sign_in::{Event, Outcome, SignIn};
pub use self::totp::{STEP, Totp};
pub use self::user::{AccessKey, User};
use crate::names::AwsUser;

/// The version of the state's form.
const VERSION: u32 = 1;

/// An account to practise with.
#[derive(Debug, Serialize, Deserialize)]
pub struct Account {
    version: u32,
    number: u64,
    created: i64,
    root_email: String,
    /// The root user has a password and keys as users have.
    root: User,
    /// By name in lower case: IAM tells no names apart by case.
    users: BTreeMap<String, User>,
    /// By name in lower case, as users are.
    groups: BTreeMap<String, Group>,
    /// By name in lower case, as users are.
    roles: BTreeMap<String, Role>,
    /// The account's managed policies by ARN.
    managed: BTreeMap<String, Managed>,
    /// All MFA devices by serial number, whose ever they are: AWS's tokens on sale among them.
    devices: BTreeMap<String, Device>,
    /// Whose access key it is.
    keys: BTreeMap<String, AwsUser>,
    /// Authenticates session tokens.
    token_key: Secret,
    /// When the credential report was asked for, and whether it is ready.
    report: Option<Report>,
    events: VecDeque<Event>,
}

impl Account {
    /// A new account: root, an administrator `admin`, and `alice`, who may manage her own credentials only.
    ///
    /// # Errors
    /// [`NoRandomness`] where the system has none.
    pub fn new(now: OffsetDateTime) -> Result<(Self, FirstCredentials), NoRandomness> {
        let number = random::account_number()?;
        let now = now.unix_timestamp();
        let mut account = Self {
            version: VERSION,
            number,
            created: now,
            root_email: "root@example.com".to_owned(),
            root: User::root(number, now),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            roles: BTreeMap::new(),
            managed: BTreeMap::new(),
            devices: BTreeMap::new(),
            keys: BTreeMap::new(),
            token_key: random::secret_key()?,
            report: None,
            events: VecDeque::new(),
        };
        account.fill(now)?;
        let first = account.first_credentials();
        Ok((account, first))
    }

    /// Reads the state that [`Account::to_json`] wrote.
    ///
    /// # Errors
    /// Where it is damaged, or of another version.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        let account: Self = serde_json::from_slice(json)?;
        match account.version {
            VERSION => Ok(account),
            version => Err(serde::de::Error::custom(format!(
                "it has version {version}, and this program knows version {VERSION}"
            ))),
        }
    }

    /// The state as JSON: all secrets of the account are in it.
    ///
    /// # Errors
    /// None that is known of.
    pub fn to_json(&self) -> Result<zeroize::Zeroizing<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec_pretty(self).map(zeroize::Zeroizing::new)
    }

    /// The account's number; shown with twelve digits.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The address that root signs in with.
    #[must_use]
    pub fn root_email(&self) -> &str {
        &self.root_email
    }

    /// All IAM users by name.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// A user, root or not.
    #[must_use]
    pub fn user(&self, user: &AwsUser) -> Option<&User> {
        match user {
            AwsUser::Root => Some(&self.root),
            AwsUser::Iam(name) => self
                .users
                .get(&name.to_ascii_lowercase())
                .filter(|user| user.name == *name),
        }
    }

    pub(crate) fn user_mut(&mut self, user: &AwsUser) -> Option<&mut User> {
        match user {
            AwsUser::Root => Some(&mut self.root),
            AwsUser::Iam(name) => self
                .users
                .get_mut(&name.to_ascii_lowercase())
                .filter(|user| user.name == *name),
        }
    }

    /// The user, or AWS's error that there is none of this name.
    pub(crate) fn existing(&self, user: &AwsUser) -> Result<&User, IamError> {
        self.user(user).ok_or_else(|| IamError::no_user(user))
    }

    pub(crate) fn existing_mut(&mut self, user: &AwsUser) -> Result<&mut User, IamError> {
        self.user_mut(user).ok_or_else(|| IamError::no_user(user))
    }
}

#[cfg(test)]
mod tests;
