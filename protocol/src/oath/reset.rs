//! RESET: forgets every account and the access code.

use super::session::Sessions;
use crate::authenticator::Authenticator;
use crate::iso7816::StatusWord;
use crate::platform::Platform;

impl<P: Platform> Authenticator<P> {
    /// Takes neither the access code nor a touch, as with other keys: it is the way out for an owner who forgot the
    /// code, and no client asks for a touch there. FIDO's credentials stay.
    pub(super) fn oath_reset(&mut self, data: &[u8]) -> Result<StatusWord, StatusWord> {
        if !data.is_empty() {
            return Err(StatusWord::WrongData);
        }
        // Whether it succeeds or not: nothing that was proven before holds after it.
        self.oath_sessions = Sessions::NONE;
        self.store.reset_oath(&mut self.rng)?;
        Ok(StatusWord::NoError)
    }
}
