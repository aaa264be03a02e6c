//! enumerateCredentialsBegin and enumerateCredentialsGetNextCredential (CTAP 2.3 §6.8.4).

use super::Request;
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::ctap2::assertion::write_user;
use crate::ctap2::credential_list::write_descriptor;
use crate::ctap2::parameters::required;
use crate::ctap2::pending::Sequence;
use crate::ctap2::token::TokenId;
use crate::limits::STORAGE_VALUE_MAX;
use crate::platform::Platform;
use crate::status::Status;
use crate::store::RecordKey;

impl<P: Platform> Authenticator<P> {
    /// The first credential of a relying party, and how many it has.
    pub(super) fn enumerate_credentials_begin(
        &mut self,
        channel: u32,
        request: &Request<'_>,
        response: &mut Writer<'_>,
    ) -> Result<(), Status> {
        // 01 rpIDHash. The standard leaves the code for a wrong length open.
        let [rp_id_hash] = request.params()?;
        let rp_id_hash = required(rp_id_hash)?.bytes()?;
        let rp_id_hash = rp_id_hash.try_into().map_err(|_| Status::InvalidParameter)?;
        let token = self.authorize_listing_of(request, &rp_id_hash)?;
        let total = self.store.count_accounts(&rp_id_hash)?;
        self.write_account(channel, token, rp_id_hash, None, Some(total), response)?
            .ok_or(Status::NoCredentials)
    }

    /// The next credential.
    pub(super) fn enumerate_credentials_get_next_credential(
        &mut self,
        channel: u32,
        response: &mut Writer<'_>,
    ) -> Result<(), Status> {
        let (token, Sequence::Credentials { rp_id_hash, last }) = self.resume(channel)? else {
            return Err(Status::NotAllowed);
        };
        self.write_account(channel, token, rp_id_hash, Some(&last), None, response)?
            .ok_or(Status::NotAllowed)
    }

    /// Answers with the relying party's credential behind `after`; `None` where there is none.
    fn write_account(
        &mut self,
        channel: u32,
        token: Option<TokenId>,
        rp_id_hash: [u8; 32],
        after: Option<&RecordKey>,
        total: Option<u32>,
        response: &mut Writer<'_>,
    ) -> Result<Option<()>, Status> {
        let mut value = [0; STORAGE_VALUE_MAX];
        let next = self.store.next_account(&rp_id_hash, after, &mut value)?;
        let Some(account) = next else {
            return Ok(None);
        };
        let private_key = self.store.secret.private_key(&account.credential, &rp_id_hash)?;
        let traits = account.credential.traits;
        let large_blob_key = traits
            .large_blob_key
            .then(|| self.store.secret.large_blob_key(&account.credential, &rp_id_hash));
        let optional = [total.is_some(), large_blob_key.is_some()];
        response.map(5 + optional.map(usize::from).iter().sum::<usize>());
        // 06 user, 07 credentialID, 08 publicKey
        response.uint(0x06);
        write_user(&account.record, true, response);
        response.uint(0x07);
        write_descriptor(account.record.id, response);
        response.uint(0x08).raw(&private_key.cose_key()?);
        // 09 totalCredentials
        if let Some(total) = total {
            response.uint(0x09).uint(total.into());
        }
        // 0A credProtect, 0B largeBlobKey, 0C thirdPartyPayment
        response.uint(0x0a).uint(traits.protection as u64);
        if let Some(key) = large_blob_key {
            response.uint(0x0b).bytes(&*key);
        }
        response.uint(0x0c).bool(traits.third_party_payment);
        let last = account.key;
        self.suspend(channel, token, Sequence::Credentials { rp_id_hash, last });
        Ok(Some(()))
    }
}
