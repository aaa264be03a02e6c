//! U2F_REGISTER (FIDO U2F Raw Message Formats v1.2 §4).

use zeroize::Zeroizing;

use super::StatusWord;
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::crypto::Algorithm;
use crate::limits::STORAGE_VALUE_MAX;
use crate::platform::{Operation, Platform};
use crate::store::{Kind, Traits};

impl<P: Platform> Authenticator<P> {
    /// Makes a credential for an application. It is an ES256 credential like any other: CTAP2 finds it by its ID, under
    /// the RP ID that the application parameter is the hash of.
    pub(super) fn u2f_register(
        &mut self,
        channel: u32,
        data: &[u8],
        response: &mut Writer<'_>,
    ) -> Result<(), StatusWord> {
        let (challenge, application) = data.split_first_chunk::<32>().ok_or(StatusWord::WrongLength)?;
        let application: &[u8; 32] = application.try_into().map_err(|_| StatusWord::WrongLength)?;

        self.u2f_user_presence(channel, Operation::Register, application)?;

        let secret = &self.store.secret;
        let (credential, key_handle) = secret.seal(
            &mut self.rng,
            application,
            Algorithm::Es256,
            Kind::NonDiscoverable,
            Traits::default(),
        )?;
        let point = secret.private_key(&credential, application)?.point()?;
        let mut value = Zeroizing::new([0; STORAGE_VALUE_MAX]);
        let certificate = self.store.u2f_certificate(self.attestation, &mut value)?;
        let signature = certificate.sign(&[&[0x00], application, challenge, &key_handle, &point])?;

        let length = u8::try_from(key_handle.len()).map_err(|_| StatusWord::Unknown)?;
        response.raw(&[0x05]).raw(&point).raw(&[length]).raw(&key_handle);
        response.raw(certificate.der).raw(&signature);
        Ok(())
    }
}
