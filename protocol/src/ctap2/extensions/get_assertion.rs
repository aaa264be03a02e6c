//! Extensions of getAssertion and getNextAssertion (CTAP 2.3 §6.2.2 step 10).

use super::hmac_secret::{self, Salts};
use super::{Outputs, cred_blob, large_blob_key, third_party_payment};
use crate::authenticator::Authenticator;
use crate::cbor::Item;
use crate::credential::Credential;
use crate::ctap2::Status;
use crate::ctap2::parameters::named;
use crate::pin_protocol::KeyAgreement;
use crate::platform::Platform;

/// The inputs, each of its right type and form.
#[derive(Default)]
pub(in crate::ctap2) struct AssertionInputs<'a> {
    cred_blob: bool,
    hmac_secret: Option<hmac_secret::Input<'a>>,
    large_blob_key: bool,
    third_party_payment: bool,
}

/// What each credential that the request comes to is asked for: getNextAssertion asks the same again.
#[derive(Default)]
pub(in crate::ctap2) struct Requested {
    pub(in crate::ctap2) cred_blob: bool,
    pub(in crate::ctap2) large_blob_key: bool,
    third_party_payment: bool,
    salts: Option<Salts>,
}

impl<'a> AssertionInputs<'a> {
    pub(in crate::ctap2) fn decode(inputs: Option<Item<'a>>) -> Result<Self, Status> {
        let Some(inputs) = inputs else {
            return Ok(Self::default());
        };
        let names = [
            cred_blob::NAME,
            hmac_secret::NAME,
            large_blob_key::NAME,
            third_party_payment::NAME,
        ];
        let [cred_blob, hmac_secret, large_blob_key, third_party_payment] = named(inputs, names)?;
        Ok(Self {
            cred_blob: cred_blob.map_or(Ok(false), Item::bool)?,
            hmac_secret: hmac_secret.map(hmac_secret::Input::decode).transpose()?,
            large_blob_key: large_blob_key.map_or(Ok(false), large_blob_key::decode)?,
            third_party_payment: third_party_payment.map_or(Ok(false), Item::bool)?,
        })
    }

    /// Decrypts the salts.
    pub(in crate::ctap2) fn open(&self, user_present: bool, key_agreement: &KeyAgreement) -> Result<Requested, Status> {
        // Its secrets are not given out silently.
        if self.hmac_secret.is_some() && !user_present {
            return Err(Status::UnsupportedOption);
        }
        let salts = self.hmac_secret.as_ref().map(|input| input.open(key_agreement));
        Ok(Requested {
            cred_blob: self.cred_blob,
            large_blob_key: self.large_blob_key,
            third_party_payment: self.third_party_payment,
            salts: salts.transpose()?,
        })
    }
}

impl<P: Platform> Authenticator<P> {
    /// What the extensions answer for one credential, in the canonical order of their names. `blob` is its credBlob.
    pub(in crate::ctap2) fn assertion_outputs(
        &mut self,
        requested: &Requested,
        rp_id_hash: &[u8; 32],
        credential: &Credential,
        blob: &[u8],
        user_verified: bool,
    ) -> Result<Outputs, Status> {
        let mut outputs = Outputs::default();
        if requested.cred_blob {
            cred_blob::asserted(blob, &mut outputs)?;
        }
        if let Some(salts) = &requested.salts {
            let cred_random = self.store.secret.cred_random(credential, rp_id_hash, user_verified);
            salts.answer(hmac_secret::NAME, &cred_random, &mut self.seams.rng, &mut outputs)?;
        }
        if requested.third_party_payment {
            third_party_payment::asserted(credential.traits.third_party_payment, &mut outputs)?;
        }
        Ok(outputs)
    }
}
