//! Codes and their form in responses.

use subtle::{ConditionallySelectable, ConstantTimeEq};

use super::{tag, tlv};
use crate::bytes::concat;
use crate::cbor::Writer;
use crate::iso7816::StatusWord;
use crate::limits::OATH_CHALLENGE;
use crate::store::oath::Account;

/// What becomes of an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The host gets all of it: P2 is 00.
    Whole,
    /// The host gets the 31 bits that the code comes from: P2 is 01.
    Truncated,
}

impl Form {
    pub(super) fn of(p2: u8) -> Self {
        if p2 == 1 { Self::Truncated } else { Self::Whole }
    }

    /// How many bytes the object of an account's code takes.
    pub(super) fn size(self, account: &Account) -> usize {
        match self {
            Self::Whole => 2 + 1 + account.hash.size(),
            Self::Truncated => 2 + 1 + 4,
        }
    }

    /// Writes the account's code for a moving factor.
    pub(super) fn write(
        self,
        response: &mut Writer<'_>,
        account: &Account,
        factor: [u8; OATH_CHALLENGE],
    ) -> Result<(), StatusWord> {
        let tag = account.hash.authenticate(&account.secret, &factor);
        let digits = [account.digits];
        match self {
            Self::Whole => tlv::write(response, tag::RESPONSE, &[&digits, tag.bytes()]),
            Self::Truncated => {
                let code = truncate(tag.bytes()).ok_or(StatusWord::Unknown)?;
                tlv::write(response, tag::TRUNCATED, &[&digits, &code])
            }
        }
    }
}

/// Dynamic truncation (RFC 4226 §5.3): four bytes from where the last one says, without the first bit. The host takes
/// from it as many decimal digits as the account has.
///
/// That place is looked for at all sixteen, so that no address tells a part of the HMAC that the code does not.
fn truncate(tag: &[u8]) -> Option<[u8; 4]> {
    let offset = tag.last()? & 0x0f;
    let mut code = [0; 4];
    for (position, place) in (0..=0x0f_u8).zip(tag.windows(code.len())) {
        let chosen = position.ct_eq(&offset);
        for (to, from) in code.iter_mut().zip(place) {
            to.conditional_assign(from, chosen);
        }
    }
    let [first, rest @ ..] = code;
    Some(concat(&[&[first & 0x7f], &rest]))
}
