//! Names, ARNs and limits of IAM, and the AppID from the time of U2F.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use sha2::{Digest as _, Sha256};

/// How many MFA devices a user may have, of any kind (IAM User Guide, "Multi-factor authentication").
pub const MAX_DEVICES: usize = 8;

/// The AppID of security keys that were registered as U2F keys.
pub const LEGACY_APP_ID: &str = "https://u2f.aws.amazon.com/app-id.json";

/// The longest device name. Assumed: AWS publishes the characters (`[\w+=,.@-]+`) and that a serial number, which is
/// the whole ARN, has at most 256; this leaves room for the rest of the ARN, as [`device_arn`] makes it.
const DEVICE_NAME_MAX: usize = 128;

/// The name of an MFA device, unique within its user: letters, digits and `_+=,.@-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeviceName(String);

impl DeviceName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeviceName {
    type Err = DeviceNameError;

    fn from_str(name: &str) -> Result<Self, DeviceNameError> {
        is_iam_name(name, DEVICE_NAME_MAX)
            .then(|| Self(name.to_owned()))
            .ok_or(DeviceNameError)
    }
}

/// A name that IAM does not accept for a device or a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceNameError;

impl DeviceNameError {
    /// What to do about it.
    pub fn hint(self) -> &'static str {
        "use letters, digits and _+=,.@- only: up to 128 for a device, up to 64 for a user"
    }
}

impl fmt::Display for DeviceNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AWS does not accept this name")
    }
}

impl std::error::Error for DeviceNameError {}

/// Whose device it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "kit", derive(serde::Serialize, serde::Deserialize))]
pub enum AwsUser {
    /// The account's root user.
    Root,
    /// An IAM user: 1 to 64 letters, digits and `_+=,.@-` (IAM API Reference, `MFADevice`).
    Iam(String),
}

impl AwsUser {
    /// The user's own ARN: `arn:aws:iam::ACCOUNT:user/NAME`, or `arn:aws:iam::ACCOUNT:root`.
    #[must_use]
    pub fn arn(&self, account: u64) -> String {
        match self {
            Self::Root => format!("arn:aws:iam::{account:012}:root"),
            Self::Iam(name) => format!("arn:aws:iam::{account:012}:user/{name}"),
        }
    }

    /// The account and the user that an ARN of [`AwsUser::arn`] names.
    #[must_use]
    pub fn from_arn(arn: &str) -> Option<(u64, Self)> {
        let (account, user) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
        let user = match user {
            "root" => Self::Root,
            user => user.strip_prefix("user/")?.parse().ok()?,
        };
        Some((account.parse().ok()?, user))
    }
}

impl fmt::Display for AwsUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("root"),
            Self::Iam(name) => f.write_str(name),
        }
    }
}

impl FromStr for AwsUser {
    type Err = DeviceNameError;

    fn from_str(name: &str) -> Result<Self, DeviceNameError> {
        is_iam_name(name, 64)
            .then(|| Self::Iam(name.to_owned()))
            .ok_or(DeviceNameError)
    }
}

fn is_iam_name(name: &str, longest: usize) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    (1..=longest).contains(&name.len()) && name.bytes().all(allowed)
}

/// A serial number like the one that AWS gives a security key:
/// `arn:aws:iam::ACCOUNT:u2f/user/USER/NAME-XXXXXXXXXXXXXXXXXXXXXXXXXX`, or `…:u2f/root/NAME-…`.
///
/// AWS makes the 26 base-32 characters up. Here they come from the credential ID, so that a device keeps its own.
pub fn device_arn(account: u64, user: &AwsUser, name: &str, credential_id: &[u8]) -> String {
    let hash = Sha256::digest(credential_id);
    let (sixteen, _) = hash.split_at(16);
    let made_up = BASE32_NOPAD.encode(sixteen);
    match user {
        AwsUser::Root => format!("arn:aws:iam::{account:012}:u2f/root/{name}-{made_up}"),
        AwsUser::Iam(user) => format!("arn:aws:iam::{account:012}:u2f/user/{user}/{name}-{made_up}"),
    }
}

#[cfg(test)]
mod tests;
