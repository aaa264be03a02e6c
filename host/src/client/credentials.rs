//! The passkeys (discoverable credentials) that a key keeps (CTAP 2.3 §6.8).

use super::ctap2::{
    Command as _, CredentialManagement, CredentialManagementResponse, CredentialManagementSubcommand as Subcommand,
    LargeBlobKey, Permissions, Status, StoredPublicKey,
};
use super::enumeration::Enumeration;
use super::error::{Error, Malformed};
use super::interaction::UserInteraction;
use super::key::Key;
use super::pin_protocol::PinUvAuthToken;
use super::watch::Watch;
use crate::webauthn::{RelyingPartyEntity, UserEntity};

/// How many passkeys a key keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// How many there are.
    pub existing: u64,
    /// About how many more have room.
    pub remaining: u64,
}

/// A relying party with passkeys on the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRelyingParty {
    /// The RP ID and name, where the key keeps them. Untrusted; keys may have shortened them.
    pub rp: Option<RelyingPartyEntity>,
    /// The SHA-256 of the RP ID.
    pub rp_id_hash: [u8; 32],
    /// Its passkeys.
    pub credentials: Vec<StoredCredential>,
}

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCredential {
    /// The credential ID.
    pub id: Vec<u8>,
    /// Whose account. Untrusted.
    pub user: Option<UserEntity>,
    /// The public key.
    pub public_key: Option<StoredPublicKey>,
    /// The protection: 1, 2 or 3.
    pub cred_protect: Option<u64>,
    /// The key of its large blob.
    pub large_blob_key: Option<LargeBlobKey>,
    /// Whether it is for payments on the websites of third parties.
    pub third_party_payment: Option<bool>,
}

/// What became of a deleted passkey's large blob.
#[derive(Debug)]
pub enum BlobDeletion {
    /// There was none.
    None,
    /// It is deleted, too.
    Deleted,
    /// It is still there.
    Failed(Error),
}

/// The large-blob keys of `stored` passkeys. Nobody can read a blob that none of them opens.
pub fn large_blob_keys(stored: &[StoredRelyingParty]) -> Vec<&LargeBlobKey> {
    let credentials = stored.iter().flat_map(|relying_party| &relying_party.credentials);
    credentials
        .filter_map(|credential| credential.large_blob_key.as_ref())
        .collect()
}

/// A key whose passkeys may be managed. While this exists, nothing else uses the channel.
pub struct Manager<'a> {
    key: &'a mut Key,
    token: PinUvAuthToken,
    is_preview: bool,
}

impl Key {
    /// Gets the permission to manage passkeys, and the permissions in `more`.
    ///
    /// The token is not bound to a relying party: every key accepts that.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the key cannot; as [`Key::token`].
    pub fn manage_credentials(
        &mut self,
        more: Option<Permissions>,
        user: &mut dyn UserInteraction,
    ) -> Result<Manager<'_>, Error> {
        let info = self.ctap2_info()?;
        let is_preview = match (info.has("credMgmt"), info.has("credentialMgmtPreview")) {
            (true, _) => false,
            (false, true) => true,
            (false, false) => {
                return Err(Error::Unsupported {
                    what: "the management of passkeys",
                });
            }
        };
        let manage = Permissions::CREDENTIAL_MANAGEMENT;
        let token = self.token(more.map_or(manage, |more| manage.and(more)), None, user)?;
        Ok(Manager {
            key: self,
            token,
            is_preview,
        })
    }
}

impl Manager<'_> {
    /// The key and the token, for the other permissions.
    pub fn parts(&mut self) -> (&mut Key, &PinUvAuthToken) {
        (self.key, &self.token)
    }

    /// Deletes a passkey, and then its large blob, where it has one and the token allows to write.
    ///
    /// The passkey is deleted first. If the key is unplugged before the second step, a blob remains that nobody can
    /// read, and that [`LargeBlobArray::retain`](super::large_blobs::LargeBlobArray::retain) finds.
    ///
    /// # Errors
    /// As [`Key::send`]; then the passkey still exists. A failure to delete the blob is not an error, but a result.
    pub fn delete_with_blob(
        &mut self,
        credential: &StoredCredential,
        watch: &mut dyn Watch,
    ) -> Result<BlobDeletion, Error> {
        self.delete(credential.id.clone(), watch)?;
        let Some(blob_key) = &credential.large_blob_key else {
            return Ok(BlobDeletion::None);
        };
        let (key, token) = self.parts();
        let deletion = key.large_blobs(watch).and_then(|mut array| {
            if !array.remove(blob_key) {
                return Ok(BlobDeletion::None);
            }
            key.write_large_blobs(&array, Some(token), watch)?;
            Ok(BlobDeletion::Deleted)
        });
        Ok(deletion.unwrap_or_else(BlobDeletion::Failed))
    }

    /// How many passkeys there are.
    ///
    /// # Errors
    /// As [`Key::send`].
    pub fn metadata(&mut self, watch: &mut dyn Watch) -> Result<Metadata, Error> {
        let answer = self.send(Subcommand::GetCredsMetadata, watch)?;
        let missing = |name| malformed(Malformed::Missing(name));
        Ok(Metadata {
            existing: answer
                .existing_resident_credentials_count
                .ok_or_else(|| missing("existingResidentCredentialsCount"))?,
            remaining: answer.max_possible_remaining_resident_credentials_count.unwrap_or(0),
        })
    }

    /// All passkeys, in the key's order.
    ///
    /// # Errors
    /// [`Error::Malformed`] where the key's list has no end, or has an entry twice; as [`Key::send`].
    pub fn list(&mut self, watch: &mut dyn Watch) -> Result<Vec<StoredRelyingParty>, Error> {
        let Some(mut answer) = found(self.send(Subcommand::EnumerateRpsBegin, watch))? else {
            return Ok(Vec::new());
        };
        let mut enumeration = Enumeration::begin(CredentialManagement::NAME, self.key);
        let total = enumeration.total(answer.total_rps, "totalRPs")?;
        let mut relying_parties = Vec::new();
        // All relying parties first: a key may lose its place in one list when it is asked for another.
        loop {
            let rp_id_hash = answer
                .rp_id_hash
                .ok_or_else(|| malformed(Malformed::Missing("rpIDHash")))?;
            enumeration.entry(&rp_id_hash, "rpIDHash", self.key)?;
            relying_parties.push(StoredRelyingParty {
                rp: answer.rp.take(),
                rp_id_hash,
                credentials: Vec::new(),
            });
            if relying_parties.len() >= total {
                break;
            }
            answer = self.send(Subcommand::EnumerateRpsGetNextRp, watch)?;
        }
        let mut enumeration = Enumeration::begin(CredentialManagement::NAME, self.key);
        for relying_party in &mut relying_parties {
            relying_party.credentials = self.of(relying_party.rp_id_hash, &mut enumeration, watch)?;
        }
        Ok(relying_parties)
    }

    /// The passkeys of one relying party, by the SHA-256 of its RP ID.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn credentials_of(
        &mut self,
        rp_id_hash: [u8; 32],
        watch: &mut dyn Watch,
    ) -> Result<Vec<StoredCredential>, Error> {
        let mut enumeration = Enumeration::begin(CredentialManagement::NAME, self.key);
        self.of(rp_id_hash, &mut enumeration, watch)
    }

    /// The passkeys of one relying party. `enumeration` is that of all relying parties' passkeys.
    fn of(
        &mut self,
        rp_id_hash: [u8; 32],
        enumeration: &mut Enumeration,
        watch: &mut dyn Watch,
    ) -> Result<Vec<StoredCredential>, Error> {
        let Some(mut answer) = found(self.send(Subcommand::EnumerateCredentialsBegin { rp_id_hash }, watch))? else {
            return Ok(Vec::new());
        };
        let total = enumeration.total(answer.total_credentials, "totalCredentials")?;
        let mut credentials = Vec::new();
        loop {
            let credential = credential(answer)?;
            enumeration.entry(&credential.id, "credentialID", self.key)?;
            credentials.push(credential);
            if credentials.len() >= total {
                return Ok(credentials);
            }
            answer = self.send(Subcommand::EnumerateCredentialsGetNextCredential, watch)?;
        }
    }

    /// Deletes a passkey.
    ///
    /// # Errors
    /// As [`Key::send`].
    pub fn delete(&mut self, credential_id: Vec<u8>, watch: &mut dyn Watch) -> Result<(), Error> {
        self.send(Subcommand::DeleteCredential { credential_id }, watch)
            .map(drop)
    }

    /// Gives a passkey's user other names.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the key has only the preview of credential management; as [`Key::send`].
    pub fn update(&mut self, credential_id: Vec<u8>, user: UserEntity, watch: &mut dyn Watch) -> Result<(), Error> {
        if self.is_preview {
            return Err(Error::Unsupported {
                what: "other names for a passkey's user",
            });
        }
        self.send(Subcommand::UpdateUserInformation { credential_id, user }, watch)
            .map(drop)
    }

    fn send(&mut self, subcommand: Subcommand, watch: &mut dyn Watch) -> Result<CredentialManagementResponse, Error> {
        let request = CredentialManagement::new(subcommand, &self.token);
        let request = if self.is_preview { request.preview() } else { request };
        self.key.send(&request, watch)
    }
}

/// The first of several answers; `None` where the list is empty. Some keys say that with a total of zero.
fn found(answer: Result<CredentialManagementResponse, Error>) -> Result<Option<CredentialManagementResponse>, Error> {
    match answer {
        Ok(answer) if answer.total_rps == Some(0) || answer.total_credentials == Some(0) => Ok(None),
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Status {
            status: Status::NoCredentials,
            ..
        }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn credential(answer: CredentialManagementResponse) -> Result<StoredCredential, Error> {
    Ok(StoredCredential {
        id: answer
            .credential_id
            .ok_or_else(|| malformed(Malformed::Missing("credentialID")))?
            .id,
        user: answer.user,
        public_key: answer.public_key,
        cred_protect: answer.cred_protect,
        large_blob_key: answer.large_blob_key,
        third_party_payment: answer.third_party_payment,
    })
}

fn malformed(why: Malformed) -> Error {
    Error::Malformed {
        command: CredentialManagement::NAME,
        why,
    }
}

#[cfg(test)]
mod tests;
