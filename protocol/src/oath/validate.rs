//! VALIDATE: host and key prove to each other that they know the access code.

use super::tlv::Reader;
use super::{tag, tlv};
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::iso7816::StatusWord;
use crate::platform::Platform;

impl<P: Platform> Authenticator<P> {
    /// `75 response to the key's challenge ‖ 74 the host's challenge`. The key answers only a host that was right, so
    /// nobody can have it make the response that it asks for.
    pub(super) fn oath_validate(
        &mut self,
        channel: u32,
        data: &[u8],
        response: &mut Writer<'_>,
    ) -> Result<StatusWord, StatusWord> {
        let mut reader = Reader::new(data);
        let answer = reader.value(tag::RESPONSE)?;
        let challenge = reader.value(tag::CHALLENGE)?;
        reader.finish()?;
        let code = self.store.oath_root(&mut self.rng)?.access_code.as_ref();
        let code = code.ok_or(StatusWord::ReferenceDataNotUsable)?;
        let session = self.oath_sessions.of(channel);
        // Without SELECT there is nothing to answer.
        let asked = session.challenge.ok_or(StatusWord::ConditionsNotSatisfied)?;
        if !code.hash.authenticate(&code.key, &asked).is(answer) {
            session.is_validated = false;
            return Err(StatusWord::WrongData);
        }
        session.is_validated = true;
        let proof = code.hash.authenticate(&code.key, challenge);
        tlv::write(response, tag::RESPONSE, &[proof.bytes()])?;
        Ok(StatusWord::NoError)
    }
}
