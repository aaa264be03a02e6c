//! The passkeys (discoverable credentials) that a key keeps (CTAP 2.3 §6.8).

use super::ctap2::{
    Command as _, CredentialManagement, CredentialManagementCommand as Command, CredentialManagementResponse,
    LargeBlobKey, Permissions, RelyingParty, Status, StoredPublicKey, User,
};
use super::error::{Error, Malformed};
use super::key::Key;
use super::pin_protocol::PinUvAuthToken;
use super::watch::Watch;

/// How many passkeys a key keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// So many there are.
    pub existing: u64,
    /// For about so many more there is room.
    pub remaining: u64,
}

/// A relying party with passkeys on the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRelyingParty {
    /// The RP ID and name, where the key keeps them. Untrusted; keys may have shortened them.
    pub rp: Option<RelyingParty>,
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
    pub user: Option<User>,
    /// The public key.
    pub public_key: Option<StoredPublicKey>,
    /// The protection: 1, 2 or 3.
    pub cred_protect: Option<u64>,
    /// The key of its large blob.
    pub large_blob_key: Option<LargeBlobKey>,
    /// Whether it is for payments on the websites of others.
    pub third_party_payment: Option<bool>,
}

/// A key whose passkeys may be managed. While it is there, nobody else talks on its channel.
pub struct Manager<'a> {
    key: &'a mut Key,
    token: PinUvAuthToken,
    is_preview: bool,
}

impl Key {
    /// Asks for the leave to manage passkeys, and to do what `more` allows besides.
    ///
    /// The token is bound to no relying party, which every key takes.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the key cannot; as [`Key::token`].
    pub fn manage_credentials(
        &mut self,
        more: Option<Permissions>,
        watch: &mut dyn Watch,
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
        let token = self.token(more.map_or(manage, |more| manage.and(more)), None, watch)?;
        Ok(Manager {
            key: self,
            token,
            is_preview,
        })
    }
}

impl Manager<'_> {
    /// The key and the token, for what is allowed besides.
    pub fn parts(&mut self) -> (&mut Key, &PinUvAuthToken) {
        (self.key, &self.token)
    }

    /// How many passkeys there are.
    ///
    /// # Errors
    /// As [`Key::send`].
    pub fn metadata(&mut self, watch: &mut dyn Watch) -> Result<Metadata, Error> {
        let answer = self.send(Command::GetCredsMetadata, watch)?;
        let missing = |name| malformed(Malformed::Missing(name));
        Ok(Metadata {
            existing: answer
                .existing_resident_credentials_count
                .ok_or_else(|| missing("existingResidentCredentialsCount"))?,
            remaining: answer.max_possible_remaining_resident_credentials_count.unwrap_or(0),
        })
    }

    /// All passkeys, in the order in which the key tells them.
    ///
    /// # Errors
    /// As [`Key::send`].
    pub fn list(&mut self, watch: &mut dyn Watch) -> Result<Vec<StoredRelyingParty>, Error> {
        let Some(first) = found(self.send(Command::EnumerateRpsBegin, watch))? else {
            return Ok(Vec::new());
        };
        let total = first.total_rps.unwrap_or(1);
        let mut relying_parties = Vec::new();
        let mut answer = first;
        // All relying parties first: a key may forget where it was when it is asked for something else.
        for index in 0..total {
            if index > 0 {
                answer = self.send(Command::EnumerateRpsGetNextRp, watch)?;
            }
            relying_parties.push(StoredRelyingParty {
                rp: answer.rp.take(),
                rp_id_hash: answer
                    .rp_id_hash
                    .ok_or_else(|| malformed(Malformed::Missing("rpIDHash")))?,
                credentials: Vec::new(),
            });
        }
        for relying_party in &mut relying_parties {
            relying_party.credentials = self.of(relying_party.rp_id_hash, watch)?;
        }
        Ok(relying_parties)
    }

    /// The passkeys of one relying party.
    fn of(&mut self, rp_id_hash: [u8; 32], watch: &mut dyn Watch) -> Result<Vec<StoredCredential>, Error> {
        let Some(first) = found(self.send(Command::EnumerateCredentialsBegin { rp_id_hash }, watch))? else {
            return Ok(Vec::new());
        };
        let total = first.total_credentials.unwrap_or(1);
        let mut credentials = vec![credential(first)?];
        for _ in 1..total {
            credentials.push(credential(
                self.send(Command::EnumerateCredentialsGetNextCredential, watch)?,
            )?);
        }
        Ok(credentials)
    }

    /// Deletes a passkey.
    ///
    /// # Errors
    /// As [`Key::send`].
    pub fn delete(&mut self, credential_id: Vec<u8>, watch: &mut dyn Watch) -> Result<(), Error> {
        self.send(Command::DeleteCredential { credential_id }, watch).map(drop)
    }

    /// Gives a passkey's user other names.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the key has only the preview of credential management; as [`Key::send`].
    pub fn update(&mut self, credential_id: Vec<u8>, user: User, watch: &mut dyn Watch) -> Result<(), Error> {
        if self.is_preview {
            return Err(Error::Unsupported {
                what: "other names for a passkey's user",
            });
        }
        self.send(Command::UpdateUserInformation { credential_id, user }, watch)
            .map(drop)
    }

    fn send(&mut self, command: Command, watch: &mut dyn Watch) -> Result<CredentialManagementResponse, Error> {
        let request = CredentialManagement::new(command, &self.token);
        let request = if self.is_preview { request.preview() } else { request };
        self.key.send(&request, watch)
    }
}

/// The first answer of several, where there is anything. Some keys say so by a total of zero.
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
