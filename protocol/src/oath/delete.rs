//! DELETE: removes an account.

use super::tlv::Reader;
use crate::authenticator::Authenticator;
use crate::iso7816::StatusWord;
use crate::platform::Platform;

impl<P: Platform> Authenticator<P> {
    /// `71 name`. A damaged account can be deleted, too.
    pub(super) fn oath_delete(&mut self, data: &[u8]) -> Result<StatusWord, StatusWord> {
        let mut reader = Reader::new(data);
        let name = reader.name()?;
        reader.finish()?;
        if !self.store.has_oath_account(&name)? {
            return Err(StatusWord::ReferenceDataNotUsable);
        }
        self.store.delete_oath_account(&name)?;
        Ok(StatusWord::NoError)
    }
}
