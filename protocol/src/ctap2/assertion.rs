//! What getAssertion and getNextAssertion answer (CTAP 2.3 §6.2.2 steps 7 to 13, §6.2.3).

use super::authenticator_data::{AuthenticatorData, BackupFlags};
use super::credential_list::write_descriptor;
use super::pending::Ceremony;
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::limits::STORAGE_VALUE_MAX;
use crate::platform::Platform;
use crate::status::Status;
use crate::store::{CredProtect, Credential, CredentialId, Kind, Newest, Occasion, Record, RecordKey};

/// The credential that signs an assertion.
pub(super) enum Chosen<'a> {
    /// Named by the allow list.
    Listed { id: &'a [u8], credential: Credential },
    /// Found by its relying party. The first of several answers tells their number.
    Discovered {
        key: RecordKey,
        number_of_credentials: Option<u32>,
    },
}

impl<P: Platform> Authenticator<P> {
    /// The relying party's newest usable account, of those older than `before`.
    pub(super) fn newest_account(
        &mut self,
        rp_id_hash: &[u8; 32],
        before: Option<u32>,
        user_verified: bool,
    ) -> Result<Option<Newest>, Status> {
        // Levels 2 and 3 hide a credential from discovery without user verification.
        let usable = |credential: &Credential| credential.traits.protection == CredProtect::Optional || user_verified;
        Ok(self.store.newest(rp_id_hash, before, usable)?)
    }

    /// Step 13 and §6.2.3: signs, and writes the response.
    pub(super) fn assertion(
        &mut self,
        ceremony: &Ceremony,
        chosen: &Chosen<'_>,
        response: &mut Writer<'_>,
    ) -> Result<(), Status> {
        let Ceremony {
            rp_id_hash,
            client_data_hash,
            flags,
            extensions,
        } = ceremony;
        let mut value = [0; STORAGE_VALUE_MAX];
        let (id, credential, record, number_of_credentials) = match *chosen {
            Chosen::Listed { id, credential } => {
                let id = CredentialId::from_slice(id).map_err(|_| Status::Other)?;
                let key = self.store.record_key(rp_id_hash, credential.kind);
                let record = match key {
                    Some(key) => self.store.record(&key, &mut value)?,
                    None => None,
                };
                (id, credential, record, None)
            }
            Chosen::Discovered {
                key,
                number_of_credentials,
            } => {
                let record = self.store.record(&key, &mut value)?.ok_or(Status::Other)?;
                let credential = self.store.credential(&record, rp_id_hash).ok_or(Status::Other)?;
                let id = CredentialId::from_slice(record.id).map_err(|_| Status::Other)?;
                (id, credential, Some(record), number_of_credentials)
            }
        };
        let private_key = self.store.secret.private_key(&credential, rp_id_hash)?;
        let sign_count = self.store.sign_count(
            &mut self.rng,
            &credential,
            rp_id_hash,
            if flags.user_present {
                Occasion::Touched
            } else {
                Occasion::Silent
            },
        )?;
        let blob = record.map_or(&[][..], |record| record.cred_blob);
        let outputs = self.assertion_outputs(extensions, rp_id_hash, &credential, blob, flags.user_verified)?;
        let large_blob_key = (extensions.large_blob_key && credential.traits.large_blob_key)
            .then(|| self.store.secret.large_blob_key(&credential, rp_id_hash));

        let user = record.filter(|_| matches!(credential.kind, Kind::Discoverable(_)));
        let optional = [
            user.is_some(),
            number_of_credentials.is_some(),
            large_blob_key.is_some(),
        ];
        response.map(3 + optional.map(usize::from).iter().sum::<usize>());
        // 01 credential
        response.uint(0x01);
        write_descriptor(&id, response);
        // 02 authData
        response.uint(0x02);
        let start = AuthenticatorData {
            rp_id_hash,
            flags: *flags,
            backup: BackupFlags::new(credential.traits, self.config.backup.is_backed_up()),
            sign_count,
            attested: None,
            extensions: &outputs,
        }
        .write(response)?;
        // 03 signature
        let signature = private_key.sign(&[response.since(start), client_data_hash])?;
        response.uint(0x03).bytes(&signature);
        // 04 user: for a discoverable credential at least its ID, also where the allow list names it (§6.2.3). Its
        // names are there to choose among accounts.
        if let Some(record) = user {
            response.uint(0x04);
            let is_choice = matches!(chosen, Chosen::Discovered { .. });
            write_user(&record, is_choice && flags.user_verified, response);
        }
        // 05 numberOfCredentials
        if let Some(number) = number_of_credentials {
            response.uint(0x05).uint(number.into());
        }
        // 07 largeBlobKey
        if let Some(key) = large_blob_key {
            response.uint(0x07).bytes(&*key);
        }
        Ok(())
    }
}

/// The user entity. Without user verification it has nothing that names a person (§6.2.3).
pub(super) fn write_user(record: &Record<'_>, user_verified: bool, response: &mut Writer<'_>) {
    let name = record.user_name.filter(|_| user_verified);
    let display_name = record.user_display_name.filter(|_| user_verified);
    response.map(1 + usize::from(name.is_some()) + usize::from(display_name.is_some()));
    response.text("id").bytes(record.user_id);
    if let Some(name) = name {
        response.text("name").text(name);
    }
    if let Some(display_name) = display_name {
        response.text("displayName").text(display_name);
    }
}
