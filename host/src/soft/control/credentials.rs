//! The operations on credentials, and the JSON that they take (WebAuthn Level 3 §11.5 to §11.9).

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hyper::StatusCode;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

use super::guard::Refusal;
use crate::soft::{Backup, CredentialError, ImportedKey, NewCredential, SoftKey, StoredCredential};

/// WebDriver writes base64url without padding, CDP base64 with: both are read.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What to send to inject a credential.
pub(super) const INJECT: &str =
    "send {\"rpId\":\"example.com\",\"privateKey\":\"<base64url of PKCS#8>\"}, and see the description for what else";

/// What makes a private key that can be injected, in base64.
const MAKE_KEY: &str =
    "make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -outform DER | openssl base64 -A`";

/// Bytes in base64.
struct Base64(Zeroizing<Vec<u8>>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let text = Zeroizing::new(text.replace('+', "-").replace('/', "_"));
        // The error quotes nothing: it may be a secret.
        let bytes = LENIENT
            .decode(text.as_bytes())
            .map_err(|_| D::Error::custom("not base64url"))?;
        Ok(Self(Zeroizing::new(bytes)))
    }
}

/// The description of a credential to inject.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Injection {
    credential_id: Option<Base64>,
    #[serde(default)]
    is_resident_credential: bool,
    rp_id: String,
    private_key: Base64,
    algorithm: Option<i64>,
    user_handle: Option<Base64>,
    user_name: Option<String>,
    user_display_name: Option<String>,
    #[serde(default)]
    sign_count: u32,
    #[serde(default)]
    backup_eligibility: bool,
    backup_state: Option<bool>,
    large_blob: Option<Base64>,
}

impl Injection {
    fn read(self) -> Result<NewCredential, Refusal> {
        let bad = |error: String, hint| Refusal::new(StatusCode::BAD_REQUEST, error, hint);
        let key = ImportedKey::read(&self.private_key.0, self.algorithm);
        let key = key.map_err(|error| bad(error.to_string(), MAKE_KEY))?;
        let mut new = NewCredential::new(self.rp_id, key)
            .map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string(), "try again"))?;
        if let Some(id) = self.credential_id {
            new.id = id.0.to_vec();
        }
        new.user_handle = match (self.is_resident_credential, self.user_handle) {
            (false, _) => None,
            (true, Some(handle)) => Some(handle.0.to_vec()),
            (true, None) => {
                let error = "a discoverable credential belongs to a user".to_owned();
                return Err(bad(error, "add \"userHandle\", or leave \"isResidentCredential\" out"));
            }
        };
        (new.user_name, new.user_display_name) = (self.user_name, self.user_display_name);
        (new.sign_count, new.backup_eligible) = (self.sign_count, self.backup_eligibility);
        new.large_blob = self.large_blob.map(|blob| blob.0.to_vec());
        Ok(new)
    }
}

/// A counter to set.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Count {
    sign_count: u32,
}

#[derive(Serialize)]
pub(super) struct Credentials {
    credentials: Vec<StoredCredential>,
}

/// All credentials that the key keeps records of.
pub(super) async fn list(key: &SoftKey) -> Result<Credentials, Refusal> {
    let credentials = with(key, SoftKey::credentials).await?;
    Ok(Credentials { credentials })
}

/// Injects one.
pub(super) async fn inject(key: &SoftKey, injection: Injection) -> Result<StoredCredential, Refusal> {
    if let Some(state) = injection.backup_state {
        // The key says for all eligible credentials at once whether they are backed up.
        let backed_up = with(key, SoftKey::backup).await? == Backup::BackedUp;
        if state != (injection.backup_eligibility && backed_up) {
            return Err(Refusal::new(
                StatusCode::CONFLICT,
                "\"backupState\" is not what this key says of such a credential",
                "start the token with the backup state that its credentials shall have, or leave \"backupState\" out",
            ));
        }
    }
    let new = injection.read()?;
    with(key, move |key| key.inject(&new)).await
}

/// Deletes the one with this ID, or all.
pub(super) async fn delete(key: &SoftKey, id: Option<&str>) -> Result<Credentials, Refusal> {
    match id {
        Some(id) => {
            let id = decode(id)?;
            with(key, move |key| key.delete_credential(&id)).await?;
        }
        None => {
            with(key, SoftKey::delete_credentials).await?;
        }
    }
    list(key).await
}

/// Sets the counter of the one with this ID, or that of all that are not listed.
pub(super) async fn set_count(key: &SoftKey, id: Option<&str>, count: Count) -> Result<Credentials, Refusal> {
    let id = id.map(decode).transpose()?;
    with(key, move |key| key.set_sign_count(id.as_deref(), count.sign_count)).await?;
    list(key).await
}

fn decode(id: &str) -> Result<Vec<u8>, Refusal> {
    LENIENT.decode(id).map_err(|_| {
        let hint = "take it from GET /v1/credentials";
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "the credential ID in the path is not base64url",
            hint,
        )
    })
}

/// Runs `act` on a thread that may wait for the key.
async fn with<T: Send + 'static>(
    key: &SoftKey,
    act: impl FnOnce(&SoftKey) -> Result<T, CredentialError> + Send + 'static,
) -> Result<T, Refusal> {
    let key = key.clone();
    match tokio::task::spawn_blocking(move || act(&key)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(refusal(error)),
        Err(_) => Err(Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the key could not be looked into",
            "look at what the token wrote to stderr, and start it again",
        )),
    }
}

fn refusal(error: CredentialError) -> Refusal {
    use brasskey_protocol::store::ImportError;
    let (status, hint) = match error {
        CredentialError::Off => (StatusCode::CONFLICT, "switch it on: POST /v1/power"),
        CredentialError::Busy => (
            StatusCode::CONFLICT,
            "answer its request (POST /v1/button), and try again",
        ),
        CredentialError::Import(ImportError::Exists) => (StatusCode::CONFLICT, "delete that one first"),
        CredentialError::Import(ImportError::Storage(_) | ImportError::Rng) | CredentialError::Storage(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "make room where the token keeps its state, or start one that keeps it in memory",
        ),
        CredentialError::Import(_) => (StatusCode::BAD_REQUEST, INJECT),
        CredentialError::LargeBlob => (StatusCode::CONFLICT, "inject a shorter one, or delete others"),
        CredentialError::LargeBlobOfHidden => (
            StatusCode::BAD_REQUEST,
            "add \"isResidentCredential\" and \"userHandle\", or leave \"largeBlob\" out",
        ),
        CredentialError::Unknown => (StatusCode::NOT_FOUND, "take the ID from GET /v1/credentials"),
    };
    Refusal::new(status, error.to_string(), hint)
}
