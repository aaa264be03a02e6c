//! SET CODE: sets the access code, or removes it.

use super::tag;
use super::tlv::Reader;
use crate::authenticator::Authenticator;
use crate::crypto::hmac::{HmacHash, HmacKey};
use crate::iso7816::StatusWord;
use crate::platform::Platform;
use crate::store::oath::AccessCode;

impl<P: Platform> Authenticator<P> {
    /// `73 hash, key ‖ 74 challenge ‖ 75 response`, where the response shows that the host has the key that it sends;
    /// or an empty `73`, and there is no access code any more.
    pub(super) fn oath_set_code(&mut self, channel: u32, data: &[u8]) -> Result<StatusWord, StatusWord> {
        let code = read(data)?;
        // Other hosts have proven a code that is not the key's any more.
        self.oath_sessions.end_others(channel);
        self.store.set_access_code(code)?;
        self.oath_sessions.of(channel).is_validated = true;
        Ok(StatusWord::NoError)
    }
}

fn read(data: &[u8]) -> Result<Option<AccessCode>, StatusWord> {
    let mut reader = Reader::new(data);
    let Some((&hash, key)) = reader.value(tag::KEY)?.split_first() else {
        reader.finish()?;
        return Ok(None);
    };
    let challenge = reader.value(tag::CHALLENGE)?;
    let response = reader.value(tag::RESPONSE)?;
    reader.finish()?;
    // Clients put a type into the upper half of the byte, as if this were an account. It means nothing here.
    let hash = HmacHash::from_code(hash & 0x0f).ok_or(StatusWord::WrongData)?;
    let key = HmacKey::new(key).ok_or(StatusWord::WrongData)?;
    if challenge.is_empty() || !hash.authenticate(&key, challenge).is(response) {
        return Err(StatusWord::WrongData);
    }
    Ok(Some(AccessCode { hash, key }))
}
