//! SELECT: begins a session.

use rand_core::TryRng as _;

use super::{tag, tlv};
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::iso7816::StatusWord;
use crate::limits::{OATH_CHALLENGE, OATH_IDENTIFIER, OATH_VERSION};
use crate::platform::{Platform, StorageError};

/// The identifier of the OATH application.
pub const AID: [u8; 7] = [0xa0, 0x00, 0x00, 0x05, 0x27, 0x21, 0x01];

/// SELECT (ISO/IEC 7816-4 §11.2.2), which has the number of CALCULATE ALL.
pub(super) const INSTRUCTION: u8 = 0xa4;
/// P1: by the name of an application.
pub(super) const BY_NAME: u8 = 0x04;

impl<P: Platform> Authenticator<P> {
    /// Says version and identifier. With an access code it also says what the host has to answer, and by which hash.
    pub(super) fn oath_select(
        &mut self,
        channel: u32,
        name: &[u8],
        response: &mut Writer<'_>,
    ) -> Result<StatusWord, StatusWord> {
        // Some hosts give the application's full name, which has a byte more.
        if !name.starts_with(&AID) {
            return Err(StatusWord::NotFound);
        }
        let (identifier, hash) = match self.store.oath_root(&mut self.rng) {
            Ok(root) => (root.identifier, root.access_code.as_ref().map(|code| code.hash)),
            // Clients send nothing after a SELECT that failed, and a reset must find its way to a root that is damaged.
            // Nothing else does.
            Err(StorageError::Failed) => ([0; OATH_IDENTIFIER], None),
            Err(error) => return Err(error.into()),
        };
        tlv::write(response, tag::VERSION, &[&OATH_VERSION])?;
        tlv::write(response, tag::NAME, &[&identifier])?;
        let mut challenge = None;
        if let Some(hash) = hash {
            let mut new = [0; OATH_CHALLENGE];
            self.rng.try_fill_bytes(&mut new).map_err(|_| StatusWord::Unknown)?;
            tlv::write(response, tag::CHALLENGE, &[&new])?;
            tlv::write(response, tag::ALGORITHM, &[&[hash.code()]])?;
            challenge = Some(new);
        }
        self.oath_sessions.open(channel, challenge);
        Ok(StatusWord::NoError)
    }
}
