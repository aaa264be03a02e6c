//! The soft key's credentials, for tests of websites: to list, inject with a private key, delete, and set counters.
//!
//! Names and formats are those of WebDriver's virtual authenticators (WebAuthn Level 3 §11), so that tests can move
//! here.

mod private_key;

use std::fmt;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use brasskey_protocol::authenticator::{Authenticator, Backup};
use brasskey_protocol::crypto::Algorithm;
use brasskey_protocol::limits::{LARGE_BLOB_ARRAY_MAX, MAX_MESSAGE};
use brasskey_protocol::platform::StorageError;
use brasskey_protocol::store::{Account, Import, ImportError, Kind, Traits};
use serde::{Serialize, Serializer};
use web_time::Instant;
use zeroize::Zeroizing;

use super::SoftKey;
use super::engine::{Engine, SoftPlatform};
use crate::client::ctap2::{Command as _, LargeBlobKey, LargeBlobs};
use crate::client::large_blobs::LargeBlobArray;

pub use private_key::{ImportedKey, UnfitKey};

/// How long to wait for the key to end a request. Requests that wait for a touch take longer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait before looking again.
const LOOK: Duration = Duration::from_millis(2);
/// The channel of requests from inside the key. No host has it.
const NO_CHANNEL: u32 = 0;

/// A credential to inject.
#[derive(Clone, Debug)]
pub struct NewCredential {
    /// Its ID, 1 to 255 bytes.
    pub id: Vec<u8>,
    /// Its relying party.
    pub rp_id: String,
    /// What it signs with.
    pub private_key: ImportedKey,
    /// `user.id`, for a discoverable credential: it replaces the one that the account has. `None` for a credential that
    /// is found only by its ID.
    pub user_handle: Option<Vec<u8>>,
    /// `user.name`.
    pub user_name: Option<String>,
    /// `user.displayName`.
    pub user_display_name: Option<String>,
    /// Its counter: the next signature has one more.
    pub sign_count: u32,
    /// Whether it may leave the key (BE). Its counter then does not change.
    pub backup_eligible: bool,
    /// Its large blob. Only for a discoverable credential.
    pub large_blob: Option<Vec<u8>>,
}

impl NewCredential {
    /// A credential with a random ID that is not discoverable.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn new(rp_id: impl Into<String>, private_key: ImportedKey) -> Result<Self, getrandom::Error> {
        let mut id = vec![0; 32];
        getrandom::fill(&mut id)?;
        Ok(Self {
            id,
            rp_id: rp_id.into(),
            private_key,
            user_handle: None,
            user_name: None,
            user_display_name: None,
            sign_count: 0,
            backup_eligible: false,
            large_blob: None,
        })
    }
}

/// A credential that the key keeps a record of: discoverable, or injected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredCredential {
    /// Its ID.
    #[serde(rename = "credentialId", serialize_with = "base64url")]
    pub id: Vec<u8>,
    /// Whether it is discoverable.
    #[serde(rename = "isResidentCredential")]
    pub is_discoverable: bool,
    /// Its relying party; untrusted text.
    pub rp_id: String,
    /// `user.id`; empty for one that is not discoverable.
    #[serde(serialize_with = "base64url")]
    pub user_handle: Vec<u8>,
    /// `user.name`; untrusted text.
    pub user_name: Option<String>,
    /// `user.displayName`; untrusted text.
    pub user_display_name: Option<String>,
    /// The COSE algorithm identifier.
    pub algorithm: i64,
    /// The public key: COSE, canonical CBOR.
    #[serde(serialize_with = "base64url")]
    pub public_key: Vec<u8>,
    /// Its counter now.
    pub sign_count: u32,
    /// BE.
    #[serde(rename = "backupEligibility")]
    pub backup_eligible: bool,
    /// BS.
    #[serde(rename = "backupState")]
    pub backed_up: bool,
    /// Its credProtect level, 1 to 3.
    pub cred_protect: u8,
    /// Whether it has a key for a large blob.
    pub has_large_blob_key: bool,
    /// Whether it was injected.
    pub injected: bool,
}

/// Bytes as in the JSON of WebAuthn: without padding.
fn base64url<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
}

impl StoredCredential {
    fn new(key: &Authenticator<SoftPlatform>, account: &Account<'_>, backup: Backup) -> Self {
        let Account { credential, record, .. } = account;
        let eligible = credential.traits.backup_eligible;
        Self {
            id: record.id.to_vec(),
            is_discoverable: matches!(credential.kind, Kind::Discoverable(_)),
            rp_id: record.rp_id.to_owned(),
            user_handle: record.user_id.to_vec(),
            user_name: record.user_name.map(str::to_owned),
            user_display_name: record.user_display_name.map(str::to_owned),
            algorithm: credential.algorithm.cose(),
            // A key that opened signs, and so it has its public half.
            public_key: key.public_key_of(account).map(|key| key.to_vec()).unwrap_or_default(),
            sign_count: key.sign_count_of(account),
            backup_eligible: eligible,
            backed_up: eligible && backup == Backup::BackedUp,
            cred_protect: credential.traits.protection as u8,
            has_large_blob_key: credential.traits.large_blob_key,
            injected: record.imported.is_some(),
        }
    }
}

/// Why a credential could not be looked at, injected or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialError {
    /// The key is switched off.
    Off,
    /// The key waits for its user.
    Busy,
    /// The key cannot keep such a credential.
    Import(ImportError),
    /// The key has no record of this credential.
    Unknown,
    /// There is no room for the large blob.
    LargeBlob,
    /// Only a discoverable credential has a large blob.
    LargeBlobOfHidden,
    /// The storage failed.
    Storage(StorageError),
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("the key is switched off"),
            Self::Busy => f.write_str("the key is at work on a request"),
            Self::Import(error) => error.fmt(f),
            Self::Unknown => f.write_str("the key keeps no record of a credential with this ID"),
            Self::LargeBlob => write!(f, "the large blobs are longer than {LARGE_BLOB_ARRAY_MAX} bytes in all"),
            Self::LargeBlobOfHidden => f.write_str("only a discoverable credential has a large blob"),
            Self::Storage(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CredentialError {}

impl From<StorageError> for CredentialError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<ImportError> for CredentialError {
    fn from(error: ImportError) -> Self {
        Self::Import(error)
    }
}

/// **Only for tests.** Each waits a moment while a request runs. It fails with [`CredentialError::Busy`] where that
/// request waits for its user, with [`CredentialError::Off`] where the key is off, and otherwise as it says.
impl SoftKey {
    /// The credentials that the key keeps records of: the discoverable ones, and those that were injected. The key
    /// keeps nothing of the others: their IDs hold everything.
    ///
    /// # Errors
    /// [`CredentialError::Storage`] where the records cannot be read.
    pub fn credentials(&self) -> Result<Vec<StoredCredential>, CredentialError> {
        self.engine().with_authenticator(credentials)
    }

    /// Injects a credential with its private key. It signs like any other, and a reset of the key erases it.
    ///
    /// # Errors
    /// [`CredentialError::Import`], [`CredentialError::LargeBlob`], [`CredentialError::LargeBlobOfHidden`] and
    /// [`CredentialError::Storage`].
    pub fn inject(&self, new: &NewCredential) -> Result<StoredCredential, CredentialError> {
        self.engine().with_authenticator(|key| inject(key, new))
    }

    /// Whether the key's credentials may leave it, and whether they did.
    ///
    /// # Errors
    /// [`CredentialError::Busy`] and [`CredentialError::Off`].
    pub fn backup(&self) -> Result<Backup, CredentialError> {
        self.engine().with_authenticator(|key| Ok(key.backup()))
    }

    /// Deletes a credential that the key keeps a record of.
    ///
    /// # Errors
    /// [`CredentialError::Unknown`] and [`CredentialError::Storage`].
    pub fn delete_credential(&self, id: &[u8]) -> Result<(), CredentialError> {
        self.engine().with_authenticator(|key| known(key.delete_recorded(id)?))
    }

    /// Deletes every credential that the key keeps a record of, and returns how many there were.
    ///
    /// # Errors
    /// [`CredentialError::Storage`] where the records cannot be changed.
    pub fn delete_credentials(&self) -> Result<usize, CredentialError> {
        self.engine().with_authenticator(|key| {
            let all = credentials(key)?;
            for credential in &all {
                key.delete_recorded(&credential.id)?;
            }
            Ok(all.len())
        })
    }

    /// Sets the counter of a credential that the key keeps a record of. Without an ID, sets the counter that all others
    /// share. The next signature has a higher one. A counter that is set back looks like that of a cloned key.
    ///
    /// # Errors
    /// [`CredentialError::Unknown`] and [`CredentialError::Storage`].
    pub fn set_sign_count(&self, id: Option<&[u8]>, sign_count: u32) -> Result<(), CredentialError> {
        self.engine().with_authenticator(|key| match id {
            Some(id) => known(key.set_sign_count_of(id, sign_count)?),
            None => Ok(key.set_shared_sign_count(sign_count)?),
        })
    }
}

fn known(found: bool) -> Result<(), CredentialError> {
    if found { Ok(()) } else { Err(CredentialError::Unknown) }
}

fn credentials(key: &mut Authenticator<SoftPlatform>) -> Result<Vec<StoredCredential>, CredentialError> {
    let backup = key.backup();
    let mut found = Vec::new();
    key.each_recorded(|key, account| found.push(StoredCredential::new(key, account, backup)))?;
    Ok(found)
}

fn inject(key: &mut Authenticator<SoftPlatform>, new: &NewCredential) -> Result<StoredCredential, CredentialError> {
    if new.large_blob.is_some() && new.user_handle.is_none() {
        return Err(CredentialError::LargeBlobOfHidden);
    }
    // Refuse a blob that has no room while the account still has its older credential.
    let blobs = new
        .large_blob
        .as_ref()
        .map(|blob| blobs_with_room_for(key, blob))
        .transpose()?;
    let algorithm = Algorithm::from_cose(new.private_key.algorithm().into()).ok_or(ImportError::PrivateKey)?;
    key.import(&Import {
        id: &new.id,
        rp_id: &new.rp_id,
        algorithm,
        private_key: new.private_key.bytes(),
        user_id: new.user_handle.as_deref(),
        user_name: new.user_name.as_deref(),
        user_display_name: new.user_display_name.as_deref(),
        sign_count: new.sign_count,
        traits: Traits {
            large_blob_key: new.large_blob.is_some(),
            backup_eligible: new.backup_eligible,
            ..Traits::default()
        },
    })?;
    if let Some((mut blobs, blob)) = blobs.zip(new.large_blob.as_ref()) {
        set_blob(&mut blobs, &large_blob_key(key, &new.id)?, blob)?;
        key.replace_large_blobs(&blobs.serialize())?;
    }
    let mut all = credentials(key)?;
    all.retain(|credential| credential.id == new.id);
    all.pop().ok_or(CredentialError::Unknown)
}

/// The large blobs, where one more fits.
fn blobs_with_room_for(key: &mut Authenticator<SoftPlatform>, blob: &[u8]) -> Result<LargeBlobArray, CredentialError> {
    let get = LargeBlobs::Get {
        length: u32::try_from(LARGE_BLOB_ARRAY_MAX).map_err(|_| StorageError::Failed)?,
        offset: 0,
    };
    let request = [&[LargeBlobs::CODE], get.parameters().as_slice()].concat();
    let mut response = Box::new([0; MAX_MESSAGE]);
    let length = key.ctap2(NO_CHANNEL, &request, &mut response);
    let answer = response.get(1..length).unwrap_or_default();
    let read = LargeBlobs::parse(answer).map_err(|_| StorageError::Failed)?.config;
    let blobs = read.and_then(|read| LargeBlobArray::parse(&read)).unwrap_or_default();
    // Its length does not depend on the key.
    let mut more = blobs.clone();
    set_blob(&mut more, &LargeBlobKey(Zeroizing::default()), blob)?;
    if more.serialize().len() > LARGE_BLOB_ARRAY_MAX {
        return Err(CredentialError::LargeBlob);
    }
    Ok(blobs)
}

fn set_blob(blobs: &mut LargeBlobArray, key: &LargeBlobKey, blob: &[u8]) -> Result<(), CredentialError> {
    Ok(blobs.set(key, blob).map_err(|_| ImportError::Rng)?)
}

fn large_blob_key(key: &mut Authenticator<SoftPlatform>, id: &[u8]) -> Result<LargeBlobKey, CredentialError> {
    let mut found = None;
    key.each_recorded(|key, account| {
        if account.record.id == id {
            found = Some(LargeBlobKey(key.large_blob_key_of(account)));
        }
    })?;
    found.ok_or(CredentialError::Unknown)
}

impl Engine {
    /// Runs `act` with the authenticator between two requests.
    fn with_authenticator<T>(
        &self,
        act: impl FnOnce(&mut Authenticator<SoftPlatform>) -> Result<T, CredentialError>,
    ) -> Result<T, CredentialError> {
        let deadline = Instant::now() + PATIENCE;
        let mut processor = loop {
            match self.try_processor() {
                Some(processor) => break processor,
                None if Instant::now() >= deadline => return Err(CredentialError::Busy),
                None => thread::sleep(LOOK),
            }
        };
        act(processor.authenticator().ok_or(CredentialError::Off)?)
    }
}

#[cfg(test)]
mod tests;
