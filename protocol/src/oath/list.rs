//! LIST: the names of all accounts, with type and hash.

use super::session::Walk;
use super::{tag, tlv};
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::iso7816::StatusWord;
use crate::limits::MAX_MESSAGE;
use crate::platform::Platform;
use crate::store::oath::AccountKey;

/// A message, without the status word that ends it.
pub(super) const ROOM: usize = MAX_MESSAGE - 2;

impl<P: Platform> Authenticator<P> {
    pub(super) fn oath_list(
        &mut self,
        channel: u32,
        data: &[u8],
        response: &mut Writer<'_>,
    ) -> Result<StatusWord, StatusWord> {
        if !data.is_empty() {
            return Err(StatusWord::WrongData);
        }
        self.oath_walk(channel, Walk::List, None, response)
    }

    /// Writes what comes after an account, as much of it as fits into the message, and no entry in part. The list is
    /// walked by storage key: each step costs one read, however many accounts there are.
    pub(super) fn oath_walk(
        &mut self,
        channel: u32,
        walk: Walk,
        after: Option<AccountKey>,
        response: &mut Writer<'_>,
    ) -> Result<StatusWord, StatusWord> {
        let mut last = after;
        while let Some((key, account)) = self.store.next_oath_account(last.as_ref())? {
            let name = account.name.as_bytes();
            let size = match &walk {
                Walk::List => 2 + 1 + name.len(),
                Walk::Codes { form, .. } => 2 + name.len() + form.size(&account),
            };
            if response.position() + size > ROOM {
                self.oath_sessions.of(channel).walk = last.map(|last| (walk, last));
                return Ok(StatusWord::MoreData(0));
            }
            match &walk {
                Walk::List => tlv::write(response, tag::NAME_LIST, &[&[account.kind_and_hash()], name])?,
                Walk::Codes { challenge, form } => {
                    tlv::write(response, tag::NAME, &[name])?;
                    Self::oath_entry(&account, *challenge, *form, response)?;
                }
            }
            last = Some(key);
        }
        Ok(StatusWord::NoError)
    }
}
