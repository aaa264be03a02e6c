//! An MFA device.

use std::fmt;

use data_encoding::{BASE64URL_NOPAD, DecodeError};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::secret::Secret;
use super::totp::Totp;
use crate::names::AwsUser;

/// An MFA device of the account, somebody's or nobody's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Device {
    /// Its serial number: the ARN of virtual devices and security keys, the number on the back of a hardware token.
    pub serial: String,
    /// What its user calls it; a hardware token goes by its serial number.
    pub name: String,
    /// What kind it is, with what verifies it.
    pub kind: DeviceKind,
    /// Whose it is, once it is enabled.
    pub owner: Option<AwsUser>,
    /// When it was enabled, in seconds since 1970.
    pub enabled: Option<i64>,
    /// When somebody signed in with it last.
    pub last_used: Option<i64>,
}

/// The kinds of MFA devices that AWS takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceKind {
    /// An authenticator app.
    Virtual(Totp),
    /// A token that shows codes. AWS knows the seeds of those that it sells; the practice account sells a few, too.
    Hardware(Totp),
    /// A passkey or security key.
    SecurityKey {
        /// What the relying party keeps of it.
        credential: serde_json::Value,
        /// Its credential ID.
        credential_id: CredentialId,
    },
}

impl Device {
    /// Whether it is an authenticator app.
    #[must_use]
    pub fn is_virtual(&self) -> bool {
        matches!(self.kind, DeviceKind::Virtual(_))
    }

    /// Whether it is a passkey or security key.
    #[must_use]
    pub fn is_security_key(&self) -> bool {
        matches!(self.kind, DeviceKind::SecurityKey { .. })
    }

    /// Its one-time codes, where it has any.
    #[must_use]
    pub fn totp(&self) -> Option<&Totp> {
        match &self.kind {
            DeviceKind::Virtual(totp) | DeviceKind::Hardware(totp) => Some(totp),
            DeviceKind::SecurityKey { .. } => None,
        }
    }

    pub(super) fn totp_mut(&mut self) -> Option<&mut Totp> {
        match &mut self.kind {
            DeviceKind::Virtual(totp) | DeviceKind::Hardware(totp) => Some(totp),
            DeviceKind::SecurityKey { .. } => None,
        }
    }

    /// As CloudTrail's `CheckMfa` names the kind.
    #[must_use]
    pub fn mfa_type(&self) -> &'static str {
        match self.kind {
            DeviceKind::Virtual(_) => "Virtual MFA",
            // Assumed: AWS's examples have the other two only.
            DeviceKind::Hardware(_) => "Hardware MFA",
            DeviceKind::SecurityKey { .. } => "U2F MFA",
        }
    }
}

/// The credential ID of a security key; base64url in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CredentialId(pub Vec<u8>);

impl From<CredentialId> for String {
    fn from(id: CredentialId) -> Self {
        BASE64URL_NOPAD.encode(&id.0)
    }
}

impl TryFrom<String> for CredentialId {
    type Error = DecodeError;

    fn try_from(text: String) -> Result<Self, DecodeError> {
        BASE64URL_NOPAD.decode(text.as_bytes()).map(Self)
    }
}

/// A virtual device that was created, and is to be set up in an authenticator app: shown once.
#[derive(Clone)]
pub struct NewDevice {
    /// Its serial number, which is its ARN.
    pub serial: String,
    /// The seed in base 32.
    pub seed: Secret,
    /// `otpauth://totp/…`
    pub uri: Secret,
    /// The address as a QR code, in PNG.
    pub qr_png: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for NewDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewDevice")
            .field("serial", &self.serial)
            .finish_non_exhaustive()
    }
}
