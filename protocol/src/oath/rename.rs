//! RENAME: gives an account another name.

use super::tlv::Reader;
use crate::authenticator::Authenticator;
use crate::iso7816::StatusWord;
use crate::platform::Platform;

impl<P: Platform> Authenticator<P> {
    /// `71 old name ‖ 71 new name`. An account that has the new name stays: its owner would lose its secret.
    pub(super) fn oath_rename(&mut self, data: &[u8]) -> Result<StatusWord, StatusWord> {
        let mut reader = Reader::new(data);
        let (old, new) = (reader.name()?, reader.name()?);
        reader.finish()?;
        let account = self.store.oath_account(&old)?;
        let account = account.ok_or(StatusWord::ReferenceDataNotUsable)?;
        if self.store.has_oath_account(&new)? {
            return Err(StatusWord::WrongData);
        }
        self.store.rename_oath_account(account, new, &mut self.rng)?;
        Ok(StatusWord::NoError)
    }
}
