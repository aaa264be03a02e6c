//! deleteCredential and updateUserInformation (CTAP 2.3 §6.8.5 and §6.8.6).

use super::Request;
use crate::authenticator::Authenticator;
use crate::cbor::Item;
use crate::ctap2::credential_list::descriptor_parts;
use crate::ctap2::make_credential::user;
use crate::ctap2::parameters::required;
use crate::limits::STORAGE_VALUE_MAX;
use crate::platform::Platform;
use crate::status::{Status, key_store_error};
use crate::store::{Account, Record};

impl<P: Platform> Authenticator<P> {
    /// Deletes a credential. The platform deletes its large blob.
    pub(super) fn delete_credential(&mut self, request: &Request<'_>) -> Result<(), Status> {
        // 02 credentialID
        let [_, id] = request.params()?;
        let id = credential_id(required(id)?)?;

        let mut value = [0; STORAGE_VALUE_MAX];
        let account = self.authorized_account(request, id, &mut value)?;
        Ok(self.store.delete(&account)?)
    }

    /// Renames a user. The credential ID and the counter stay the same.
    pub(super) fn update_user_information(&mut self, request: &Request<'_>) -> Result<(), Status> {
        // 02 credentialID, 03 user
        let [_, id, user] = request.params()?;
        let (id, user) = (required(id)?, required(user)?);
        let (id, user) = (credential_id(id)?, self::user(user)?);

        let mut value = [0; STORAGE_VALUE_MAX];
        let Account { key, record, .. } = self.authorized_account(request, id, &mut value)?;
        // An ID that no credential can have gives the same error as any other wrong one.
        if user.id != record.user_id {
            return Err(Status::InvalidParameter);
        }
        let record = Record {
            user_name: user.name.filter(|name| !name.is_empty()),
            user_display_name: user.display_name.filter(|name| !name.is_empty()),
            ..record
        };
        self.store.keep(&key, &record).map_err(key_store_error)
    }

    /// The account with this credential ID, where the request's token may change it.
    fn authorized_account<'v>(
        &mut self,
        request: &Request<'_>,
        id: &[u8],
        value: &'v mut [u8; STORAGE_VALUE_MAX],
    ) -> Result<Account<'v>, Status> {
        let bound = self.authorize_change(request)?;
        self.store
            .account_by_id(id, bound.as_ref(), value)?
            // A token that is bound to a relying party learns nothing of the others' credentials.
            .ok_or(match bound {
                Some(_) => Status::PinAuthInvalid,
                None => Status::NoCredentials,
            })
    }
}

/// The ID in a descriptor. Where the type is not "public-key" it is empty, which no credential's is.
fn credential_id(descriptor: Item<'_>) -> Result<&[u8], Status> {
    let (kind, id) = descriptor_parts(descriptor)?;
    let (kind, id) = (kind.text()?, id.bytes()?);
    Ok(if kind == "public-key" { id } else { &[] })
}
