//! What an account begins with.

use serde::Serialize;

use super::Account;
use super::device::{Device, DeviceKind};
use super::grants::Grants;
use super::password::Password;
use super::random::{self, NoRandomness};
use super::secret::Secret;
use super::totp::Totp;
use crate::names::AwsUser;

/// How many hardware tokens the practice account sells.
const TOKENS: usize = 3;

/// What `alice` may do: look after her own credentials, whether she has MFA or not. So she begins as users of accounts
/// without an enforcing policy do, and what [`lint`](crate::policy::lint::lint()) says of it is an exercise: a policy
/// that is put beside it mends it (docs/aws.md).
const OWN_CREDENTIALS: &str = include_str!("first/own-credentials.json");

/// The credentials that the account began with: what its owner is shown when it starts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FirstCredentials {
    /// Root's.
    pub root: FirstRoot,
    /// The users'.
    pub users: Vec<FirstUser>,
}

/// Root's first credentials.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FirstRoot {
    /// What root signs in with.
    pub email: String,
    /// None where it has been changed.
    pub password: Option<Secret>,
}

/// A user's first credentials.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FirstUser {
    /// The user's name.
    pub name: String,
    /// None where it has been changed.
    pub password: Option<Secret>,
    /// None where there is no access key any more.
    pub access_key_id: Option<String>,
    /// What signs.
    pub secret_access_key: Option<Secret>,
}

impl Account {
    /// The users, their credentials, and tokens on sale.
    pub(super) fn fill(&mut self, now: i64) -> Result<(), NoRandomness> {
        self.root.password = Some(Password::first(now)?);
        for name in ["admin", "alice"] {
            let user = AwsUser::Iam(name.to_owned());
            // Nobody of this name can be there yet, and a new user has no key.
            _ = self.add_user(name, "/", now);
            let password = Password::first(now)?;
            if let Some(user) = self.user_mut(&user) {
                user.password = Some(password);
                let Grants { inline, attached } = &mut user.grants;
                if name == "admin" {
                    attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
                } else {
                    inline.insert("OwnCredentials".to_owned(), OWN_CREDENTIALS.to_owned());
                }
            }
            _ = self.add_access_key(&user, now);
        }
        for _ in 0..TOKENS {
            let number = u32::from_le_bytes(*random::bytes::<4>()?) % 100_000_000;
            let serial = format!("BRSK{number:08}");
            let token = Device {
                name: serial.clone(),
                kind: DeviceKind::Hardware(Totp::random()?),
                serial,
                owner: None,
                enabled: None,
                last_used: None,
            };
            self.devices.insert(token.serial.clone(), token);
        }
        Ok(())
    }

    /// The credentials that the account began with, as far as they are still good.
    #[must_use]
    pub fn first_credentials(&self) -> FirstCredentials {
        let password = |user: &super::User| user.password.as_ref().and_then(Password::first_text).cloned();
        let users = self
            .users
            .values()
            .filter(|user| ["admin", "alice"].contains(&&*user.name));
        let first = users.map(|user| {
            let key = user.access_keys.first();
            FirstUser {
                name: user.name.clone(),
                password: password(user),
                access_key_id: key.map(|key| key.id.clone()),
                secret_access_key: key.map(|key| key.secret.clone()),
            }
        });
        FirstCredentials {
            users: first.collect(),
            root: FirstRoot {
                email: self.root_email.clone(),
                password: password(&self.root),
            },
        }
    }
}
