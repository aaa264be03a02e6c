//! SEND REMAINING: goes on with LIST or CALCULATE ALL, where 61xx said that there is more.

use super::session::Walk;
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::iso7816::StatusWord;
use crate::platform::Platform;
use crate::store::oath::AccountKey;

impl<P: Platform> Authenticator<P> {
    pub(super) fn oath_send_remaining(
        &mut self,
        channel: u32,
        walk: Option<(Walk, AccountKey)>,
        data: &[u8],
        response: &mut Writer<'_>,
    ) -> Result<StatusWord, StatusWord> {
        if !data.is_empty() {
            return Err(StatusWord::WrongData);
        }
        let (walk, last) = walk.ok_or(StatusWord::ConditionsNotSatisfied)?;
        self.oath_walk(channel, walk, Some(last), response)
    }
}
