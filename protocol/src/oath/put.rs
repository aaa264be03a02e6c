//! PUT: adds an account, or replaces the one with the same name.

use super::tag;
use super::tlv::Reader;
use crate::authenticator::Authenticator;
use crate::crypto::hmac::HmacKey;
use crate::iso7816::StatusWord;
use crate::platform::Platform;
use crate::store::oath::{Account, Properties};

impl<P: Platform> Authenticator<P> {
    /// `71 name ‖ 73 type and hash, digits, secret ‖ [78 properties] ‖ [7A initial moving factor]`.
    pub(super) fn oath_put(&mut self, data: &[u8]) -> Result<StatusWord, StatusWord> {
        let account = read(data)?;
        self.store.keep_oath_account(&account, &mut self.rng)?;
        Ok(StatusWord::NoError)
    }
}

fn read(data: &[u8]) -> Result<Account, StatusWord> {
    let mut reader = Reader::new(data);
    let name = reader.name()?;
    let key = reader.value(tag::KEY)?;
    let properties = reader.optional_byte(tag::PROPERTY)?.unwrap_or_default();
    let moving_factor = reader.optional_value(tag::MOVING_FACTOR)?;
    reader.finish()?;

    let (&[kind, digits], secret) = key.split_first_chunk().ok_or(StatusWord::WrongData)?;
    let (kind, hash) = Account::decode_kind(kind).ok_or(StatusWord::WrongData)?;
    if !Account::may_have(digits) {
        return Err(StatusWord::WrongData);
    }
    let moving_factor = match moving_factor {
        None => 0,
        Some(factor) => u32::from_be_bytes(factor.try_into().map_err(|_| StatusWord::WrongData)?),
    };
    Ok(Account {
        name,
        kind,
        hash,
        digits,
        properties: Properties::decode(properties).ok_or(StatusWord::WrongData)?,
        moving_factor: moving_factor.into(),
        secret: HmacKey::new(secret).ok_or(StatusWord::WrongData)?,
    })
}
