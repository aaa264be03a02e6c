//! enumerateRPsBegin and enumerateRPsGetNextRP (CTAP 2.3 §6.8.3).

use super::Request;
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::ctap2::pending::Sequence;
use crate::ctap2::token::TokenId;
use crate::limits::STORAGE_VALUE_MAX;
use crate::platform::Platform;
use crate::status::Status;
use crate::store::RecordKey;

impl<P: Platform> Authenticator<P> {
    /// The first relying party that has credentials here, and how many have.
    pub(super) fn enumerate_rps_begin(
        &mut self,
        channel: u32,
        request: &Request<'_>,
        response: &mut Writer<'_>,
    ) -> Result<(), Status> {
        let token = self.authorize_listing(request)?;
        let total = self.store.count_relying_parties()?;
        self.write_relying_party(channel, token, None, Some(total), response)?
            .ok_or(Status::NoCredentials)
    }

    /// The next relying party.
    pub(super) fn enumerate_rps_get_next_rp(&mut self, channel: u32, response: &mut Writer<'_>) -> Result<(), Status> {
        let (token, Sequence::RelyingParties { last }) = self.resume(channel)? else {
            return Err(Status::NotAllowed);
        };
        self.write_relying_party(channel, token, Some(&last), None, response)?
            .ok_or(Status::NotAllowed)
    }

    /// Answers with the relying party behind that of `after`; `None` where there is none.
    fn write_relying_party(
        &mut self,
        channel: u32,
        token: Option<TokenId>,
        after: Option<&RecordKey>,
        total: Option<u32>,
        response: &mut Writer<'_>,
    ) -> Result<Option<()>, Status> {
        let mut value = [0; STORAGE_VALUE_MAX];
        let next = self.store.next_relying_party(after, &mut value)?;
        let Some(account) = next else {
            return Ok(None);
        };
        response.map(2 + usize::from(total.is_some()));
        // 03 rp, 04 rpIDHash, 05 totalRPs
        response.uint(0x03).map(1).text("id").text(account.record.rp_id);
        response.uint(0x04).bytes(&account.rp_id_hash);
        if let Some(total) = total {
            response.uint(0x05).uint(total.into());
        }
        self.suspend(channel, token, Sequence::RelyingParties { last: account.key });
        Ok(Some(()))
    }
}
