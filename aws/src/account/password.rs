//! Passwords of the console.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::Account;
use super::error::IamError;
use super::random::{self, NoRandomness};
use super::secret::Secret;
use crate::names::AwsUser;

/// Who signs in, as the sign-in page asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// Root, by the account's e-mail address.
    Root {
        /// The address.
        email: String,
    },
    /// An IAM user.
    User {
        /// The account's number, with twelve digits.
        account: String,
        /// The user's name.
        name: String,
    },
}

/// What a password is kept as.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kept {
    /// One that the practice account made up: shown when it starts.
    First(Secret),
    /// One that somebody chose, who may have it elsewhere, too: Argon2id's salt and hash, in hexadecimal.
    Hash { salt: String, hash: Secret },
}

/// A user's password for the console.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Password {
    kept: Kept,
    /// When the login profile was created.
    pub(crate) created: i64,
    /// When it became what it is.
    pub(crate) changed: i64,
    pub(crate) last_used: Option<i64>,
    /// The user has to choose another at the next sign-in.
    pub(crate) reset_required: bool,
}

impl Password {
    pub(super) fn first(now: i64) -> Result<Self, NoRandomness> {
        Ok(Self::new(Kept::First(random::password()?), now))
    }

    fn new(kept: Kept, now: i64) -> Self {
        Self {
            kept,
            created: now,
            changed: now,
            last_used: None,
            reset_required: false,
        }
    }

    /// One that somebody chose.
    pub(crate) fn chosen(text: &str, now: i64) -> Result<Self, IamError> {
        Ok(Self::new(Kept::hash(text)?, now))
    }

    /// Another one that somebody chose.
    pub(crate) fn change(&mut self, text: &str, now: i64) -> Result<(), IamError> {
        self.kept = Kept::hash(text)?;
        self.changed = now;
        self.reset_required = false;
        Ok(())
    }

    /// The one that the account began with, where it is still that.
    pub(super) fn first_text(&self) -> Option<&Secret> {
        match &self.kept {
            Kept::First(text) => Some(text),
            Kept::Hash { .. } => None,
        }
    }
}

impl Kept {
    fn hash(text: &str) -> Result<Self, IamError> {
        let salt = random::bytes::<16>()?;
        let hash = argon2id(text, &*salt).ok_or_else(|| IamError::failure(&"no memory for a password"))?;
        Ok(Self::Hash {
            salt: HEXLOWER.encode(&*salt),
            hash: Secret::new(HEXLOWER.encode(&*hash)),
        })
    }
}

/// Whether it is the password. Without one, or with a first one, it takes as long.
pub(crate) fn is_password(password: Option<&Password>, text: &str) -> bool {
    let salt = match password.map(|password| &password.kept) {
        Some(Kept::Hash { salt, .. }) => HEXLOWER.decode(salt.as_bytes()).unwrap_or_default(),
        _ => vec![0; 16],
    };
    let Some(computed) = argon2id(text, &salt) else {
        return false;
    };
    match password.map(|password| &password.kept) {
        Some(Kept::Hash { hash, .. }) => hash.is(&Zeroizing::new(HEXLOWER.encode(&*computed))),
        Some(Kept::First(first)) => first.is(text),
        None => false,
    }
}

/// Argon2id as the OWASP Password Storage Cheat Sheet has it: 19 MiB, two passes.
fn argon2id(text: &str, salt: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let params = Params::new(19 * 1024, 2, 1, Some(32)).ok()?;
    let mut memory = Zeroizing::new(Vec::new());
    memory.try_reserve_exact(params.block_count()).ok()?;
    memory.resize(params.block_count(), Block::new());
    let mut hash = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(text.as_bytes(), salt, &mut *hash, &mut memory[..])
        .ok()?;
    Some(hash)
}

impl Account {
    /// Whose password it is; nobody's where either is wrong. Unknown users take as long as known ones.
    #[must_use]
    pub fn check_password(&self, login: &Login, password: &str) -> Option<AwsUser> {
        let user = self.login(login);
        let kept = user.as_ref().and_then(|user| self.user(user)?.password.as_ref());
        if is_password(kept, password) { user } else { None }
    }

    /// Whom a login names, whatever the password.
    pub(super) fn login(&self, login: &Login) -> Option<AwsUser> {
        match login {
            Login::Root { email } => email.eq_ignore_ascii_case(&self.root_email).then_some(AwsUser::Root),
            Login::User { account, name } => {
                let user = AwsUser::Iam(name.clone());
                (*account == format!("{:012}", self.number) && self.user(&user).is_some()).then_some(user)
            }
        }
    }

    /// Whether the user has to choose another password before anything else.
    #[must_use]
    pub fn password_reset_required(&self, user: &AwsUser) -> bool {
        let password = self.user(user).and_then(|user| user.password.as_ref());
        password.is_some_and(|password| password.reset_required)
    }

    /// Gives a user a password for the console, whether there was one or not.
    ///
    /// # Errors
    /// NoSuchEntity, PasswordPolicyViolation.
    pub fn set_password(&mut self, user: &AwsUser, password: &str, now: OffsetDateTime) -> Result<(), IamError> {
        self.existing(user)?;
        check_policy(user, password)?;
        let new = Password::chosen(password, now.unix_timestamp())?;
        self.existing_mut(user)?.password = Some(new);
        Ok(())
    }

    /// Gives a user, who has a password, another one, as an administrator does.
    ///
    /// # Errors
    /// NoSuchEntity, PasswordPolicyViolation.
    pub(crate) fn replace_password(&mut self, user: &AwsUser, new: &str, now: OffsetDateTime) -> Result<(), IamError> {
        check_policy(user, new)?;
        self.password_mut(user)?.change(new, now.unix_timestamp())
    }

    /// Says whether a user has to choose another password at the next sign-in.
    ///
    /// # Errors
    /// NoSuchEntity.
    pub fn require_password_reset(&mut self, user: &AwsUser, required: bool) -> Result<(), IamError> {
        self.password_mut(user)?.reset_required = required;
        Ok(())
    }

    /// Takes a user's password: there is no signing in to the console any more.
    ///
    /// # Errors
    /// NoSuchEntity.
    pub fn delete_password(&mut self, user: &AwsUser) -> Result<(), IamError> {
        self.password_mut(user)?;
        self.existing_mut(user)?.password = None;
        Ok(())
    }

    fn password_mut(&mut self, user: &AwsUser) -> Result<&mut Password, IamError> {
        let password = self.existing_mut(user)?.password.as_mut();
        password.ok_or_else(|| IamError::no_login_profile(user))
    }

    /// Gives a user, who has a password, another one, as the user does.
    ///
    /// # Errors
    /// As ChangePassword has them: AccessDenied where the old one is wrong, PasswordPolicyViolation.
    pub fn change_password(
        &mut self,
        user: &AwsUser,
        old: &str,
        new: &str,
        now: OffsetDateTime,
    ) -> Result<(), IamError> {
        let kept = self.existing(user)?.password.as_ref();
        if kept.is_none() {
            return Err(IamError::no_such(format!(
                "Login Profile for User {user} cannot be found."
            )));
        }
        if !is_password(kept, old) {
            return Err(IamError::new("AccessDenied", 403, "The old password was incorrect."));
        }
        check_policy(user, new)?;
        self.password_mut(user)?.change(new, now.unix_timestamp())
    }
}

/// AWS's password policy for accounts that set none (IAM User Guide, "Default password policy"): 8 to 128 characters,
/// three of upper case, lower case, digits and symbols, and not the user's name.
pub(crate) fn check_policy(user: &AwsUser, password: &str) -> Result<(), IamError> {
    let violation = |message: &str| Err(IamError::new("PasswordPolicyViolation", 400, message));
    if password.chars().count() < 8 {
        return violation("Password should have a minimum length of 8");
    }
    let symbol = |c: char| "!@#$%^&*()_+-=[]{}|'".contains(c);
    let kinds: [fn(char) -> bool; 3] = [
        |c| c.is_ascii_uppercase(),
        |c| c.is_ascii_lowercase(),
        |c| c.is_ascii_digit(),
    ];
    let had = kinds.iter().filter(|kind| password.chars().any(kind)).count();
    if had + usize::from(password.chars().any(symbol)) < 3 {
        return violation(
            "Password should have at least three of: uppercase letters, lowercase letters, numbers, symbols",
        );
    }
    match user.to_string() == password {
        true => violation("Password should not be the same as the user name"),
        false => Ok(()),
    }
}
