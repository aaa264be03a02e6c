//! Allow and exclude lists: arrays of PublicKeyCredentialDescriptor (WebAuthn Level 3 §5.8.3).

use super::parameters::named;
use crate::authenticator::Authenticator;
use crate::cbor::{Array, Item, Writer};
use crate::limits::MAX_CREDENTIALS_IN_LIST;
use crate::platform::Platform;
use crate::status::Status;
use crate::store::{CredProtect, Credential};

/// An allow or exclude list whose descriptors were all checked. There is at least one.
#[derive(Clone, Copy)]
pub(super) struct CredentialList<'a>(Array<'a>);

impl<'a> CredentialList<'a> {
    /// The list of a request, if it has one. An empty list counts as none. Platforms must not send it (§6.1.2, §6.2.2),
    /// but those that do mean "no list", and most keys read it so. Nothing is lost: a host that sends an empty list
    /// might as well send none, and the rules of discovery hold, such as credProtect's, which hide level 2 without user
    /// verification. A list that has only entries of unknown types is not empty.
    pub(super) fn decode(item: Option<Item<'a>>) -> Result<Option<Self>, Status> {
        let Some(item) = item else { return Ok(None) };
        let list = item.array()?;
        for descriptor in list {
            let (kind, id) = descriptor_parts(descriptor)?;
            kind.text()?;
            id.bytes()?;
        }
        // More than `maxCredentialCountInList`: the standard leaves the code open.
        if list.remaining() > MAX_CREDENTIALS_IN_LIST as u64 {
            return Err(Status::LimitExceeded);
        }
        Ok((list.remaining() > 0).then_some(Self(list)))
    }

    /// The credential IDs of type "public-key"; descriptors of other types are skipped.
    fn ids(self) -> impl Iterator<Item = &'a [u8]> {
        self.0.filter_map(|descriptor| {
            let (kind, id) = descriptor_parts(descriptor).ok()?;
            if kind.text() == Ok("public-key") {
                id.bytes().ok()
            } else {
                None
            }
        })
    }
}

/// Writes the PublicKeyCredentialDescriptor of a credential.
pub(super) fn write_descriptor(id: &[u8], response: &mut Writer<'_>) {
    response.map(2).text("id").bytes(id).text("type").text("public-key");
}

/// `type` and `id` of a descriptor.
pub(super) fn descriptor_parts(descriptor: Item<'_>) -> Result<(Item<'_>, Item<'_>), Status> {
    match named(descriptor, ["type", "id"])? {
        [Some(kind), Some(id)] => Ok((kind, id)),
        _ => Err(Status::CborUnexpectedType),
    }
}

impl<P: Platform> Authenticator<P> {
    /// The first entry of the list that is a credential of this key for the relying party. Level 3 hides a credential
    /// without user verification (§6.1.2 step 12, §6.2.2 step 7).
    pub(super) fn first_listed<'a>(
        &mut self,
        list: CredentialList<'a>,
        rp_id_hash: &[u8; 32],
        user_verified: bool,
    ) -> Result<Option<(&'a [u8], Credential)>, Status> {
        for id in list.ids() {
            if let Some(credential) = self.store.open(id, rp_id_hash)?
                && (credential.traits.protection != CredProtect::Required || user_verified)
            {
                return Ok(Some((id, credential)));
            }
        }
        Ok(None)
    }
}
