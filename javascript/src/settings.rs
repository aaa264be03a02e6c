//! The JSON that describes a new key, or a credential to inject.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use brasskey::client::ceremony::Protocol;
use brasskey::soft::{Backup, ImportedKey, NewCredential, UserVerification};
use brasskey::webauthn::json::Attachment;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// Bytes, as the JSON of WebAuthn has them: base64url without padding.
pub(crate) struct Bytes(pub(crate) Zeroizing<Vec<u8>>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        // The error quotes nothing: it may be a secret.
        let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes());
        let bytes = bytes.map_err(|_| serde::de::Error::custom("bytes are not base64url without padding"))?;
        Ok(Self(Zeroizing::new(bytes)))
    }
}

/// A new key.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Settings {
    pub(crate) aaguid: Option<Bytes>,
    attachment: Option<String>,
    pub(crate) attestation: Option<Attestation>,
    backup: Option<String>,
    pub(crate) list_recent_algorithms: bool,
    pin: Option<String>,
    protocol: Option<String>,
    pub(crate) seed: Option<Bytes>,
    user_verification: Option<String>,
}

/// What it attests with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Attestation {
    pub(crate) certificate: Bytes,
    pub(crate) private_key: Bytes,
}

impl Settings {
    pub(crate) fn attachment(&self) -> Result<Attachment, String> {
        match self.attachment.as_deref() {
            None => Ok(Attachment::CrossPlatform),
            Some(name) => Attachment::from_name(name).ok_or_else(|| unknown("attachment", name)),
        }
    }

    pub(crate) fn backup(&self) -> Result<Backup, String> {
        Ok(match self.backup.as_deref() {
            None | Some("never") => Backup::Never,
            Some("eligible") => Backup::Eligible,
            Some("backed-up") => Backup::BackedUp,
            Some(name) => return Err(unknown("backup", name)),
        })
    }

    pub(crate) fn take_pin(&mut self) -> Option<Zeroizing<String>> {
        self.pin.take().map(Zeroizing::new)
    }

    pub(crate) fn protocol(&self) -> Result<Protocol, String> {
        Ok(match self.protocol.as_deref() {
            None | Some("ctap2") => Protocol::Ctap2,
            Some("u2f") => Protocol::U2f,
            Some(name) => return Err(unknown("protocol", name)),
        })
    }

    pub(crate) fn user_verification(&self) -> Result<UserVerification, String> {
        match self.user_verification.as_deref() {
            None => Ok(UserVerification::Pin),
            Some(name) => name.parse().map_err(|_| unknown("userVerification", name)),
        }
    }
}

fn unknown(member: &str, name: &str) -> String {
    format!("{member} cannot be {name:?}")
}

/// A credential to inject.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Injection {
    credential_id: Option<Bytes>,
    rp_id: String,
    private_key: Bytes,
    algorithm: Option<i64>,
    user_handle: Option<Bytes>,
    user_name: Option<String>,
    user_display_name: Option<String>,
    #[serde(default)]
    sign_count: u32,
    #[serde(default)]
    backup_eligibility: bool,
    large_blob: Option<Bytes>,
}

impl Injection {
    pub(crate) fn read(self) -> Result<NewCredential, String> {
        let vec = |bytes: Bytes| bytes.0.to_vec();
        let key = ImportedKey::read(&self.private_key.0, self.algorithm).map_err(|error| error.to_string())?;
        let mut new = NewCredential::new(self.rp_id, key).map_err(|error| error.to_string())?;
        if let Some(id) = self.credential_id {
            new.id = vec(id);
        }
        new.user_handle = self.user_handle.map(vec);
        (new.user_name, new.user_display_name) = (self.user_name, self.user_display_name);
        (new.sign_count, new.backup_eligible) = (self.sign_count, self.backup_eligibility);
        new.large_blob = self.large_blob.map(vec);
        Ok(new)
    }
}
