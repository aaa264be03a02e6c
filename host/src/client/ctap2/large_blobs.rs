//! authenticatorLargeBlobs (CTAP 2.3 §6.10): the array of large blobs, piece by piece.

use std::collections::BTreeMap;

use cbor4ii::core::Value;
use sha2::{Digest as _, Sha256};

use super::members::{Members, Parameters};
use super::{Command, Malformed, Oddity, no_data};
use crate::cbor::bytes;
use crate::client::pin_protocol::{PinUvAuth, PinUvAuthToken};

/// The request. Offsets and lengths are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LargeBlobs {
    /// Reads up to `length` bytes.
    Get {
        /// How many at most.
        length: u32,
        /// Where to begin.
        offset: u32,
    },
    /// Writes a piece of a new array.
    Set {
        /// The piece.
        fragment: Vec<u8>,
        /// Where it begins: where the piece before it ended.
        offset: u32,
        /// How long the whole array will be; with the first piece only.
        length: Option<u32>,
        /// The proof of user verification, over this piece.
        auth: Option<PinUvAuth>,
    },
}

impl LargeBlobs {
    /// Writes a piece of an array of `whole` bytes.
    #[must_use]
    pub fn set(fragment: Vec<u8>, offset: u32, whole: u32, token: Option<&PinUvAuthToken>) -> Self {
        let auth = token.map(|token| {
            token.authorize(&[
                &[0xFF; 32],
                &[Self::CODE, 0x00],
                &offset.to_le_bytes(),
                &Sha256::digest(&fragment),
            ])
        });
        Self::Set {
            fragment,
            offset,
            length: (offset == 0).then_some(whole),
            auth,
        }
    }
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LargeBlobsResponse {
    /// 0x01: the bytes that were read; fewer than asked for at the end of the array.
    pub config: Option<Vec<u8>>,
    /// Members the standard does not know: CBOR as the key sent it.
    pub unknown: BTreeMap<i128, Vec<u8>>,
    /// Where the answer departs from the standard.
    pub oddities: Vec<Oddity>,
}

impl Command for LargeBlobs {
    const CODE: u8 = 0x0C;
    const NAME: &'static str = "authenticatorLargeBlobs";
    const SECTION: &'static str = "CTAP 2.3 §6.10";
    type Response = LargeBlobsResponse;

    fn waits_for_user(&self) -> bool {
        false
    }

    fn parameters(&self) -> Vec<u8> {
        let number = |number: u32| Value::Integer(number.into());
        match self {
            Self::Get { length, offset } => Parameters::default()
                .set(0x01, number(*length))
                .set(0x03, number(*offset)),
            Self::Set {
                fragment,
                offset,
                length,
                auth,
            } => Parameters::default()
                .set(0x02, bytes(fragment))
                .set(0x03, number(*offset))
                .set_some(0x04, length.map(number))
                .set_some(0x05, auth.as_ref().map(|auth| bytes(&auth.param)))
                .set_some(0x06, auth.as_ref().map(|auth| number(auth.protocol.into()))),
        }
        .encode()
    }

    fn parse(data: &[u8]) -> Result<LargeBlobsResponse, Malformed> {
        if data.is_empty() {
            return Ok(LargeBlobsResponse::default());
        }
        let mut members = Members::read(data)?;
        let config = members.optional(0x01, "config");
        let (unknown, oddities) = members.finish();
        Ok(LargeBlobsResponse {
            config,
            unknown,
            oddities,
        })
    }

    fn judge(&self, data: &[u8], response: &LargeBlobsResponse) -> Vec<Oddity> {
        let Self::Get { length, .. } = self else {
            return no_data(data);
        };
        let mut found = response.oddities.clone();
        let longest = usize::try_from(*length).unwrap_or(usize::MAX);
        match &response.config {
            None => found.push(Oddity::Missing("config")),
            Some(config) if config.len() > longest => {
                found.push(Oddity::must(Self::SECTION, "config has more bytes than were asked for"));
            }
            Some(_) => {}
        }
        found
    }
}

#[cfg(test)]
mod tests;
