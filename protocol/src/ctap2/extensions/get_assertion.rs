//! Extensions of getAssertion and getNextAssertion (CTAP 2.3 §6.2.2 step 10).

use super::hmac_secret::Input;
use super::names;
use super::outputs::{Output, Outputs};
use crate::authenticator::Authenticator;
use crate::cbor::Item;
use crate::ctap2::parameters::named;
use crate::ctap2::pending::Requested;
use crate::ctap2::pin_protocol::KeyAgreement;
use crate::platform::Platform;
use crate::status::Status;
use crate::store::Credential;

/// The inputs, each of its right type and form.
#[derive(Default)]
pub(in crate::ctap2) struct AssertionInputs<'a> {
    cred_blob: bool,
    hmac_secret: Option<Input<'a>>,
    large_blob_key: bool,
    third_party_payment: bool,
}

/// largeBlobKey is asked for with `true` alone.
pub(super) fn wants_large_blob_key(input: Item<'_>) -> Result<bool, Status> {
    if input.bool()? {
        Ok(true)
    } else {
        Err(Status::InvalidOption)
    }
}

impl<'a> AssertionInputs<'a> {
    pub(in crate::ctap2) fn decode(inputs: Option<Item<'a>>) -> Result<Self, Status> {
        let Some(inputs) = inputs else {
            return Ok(Self::default());
        };
        let names = [
            names::CRED_BLOB,
            names::HMAC_SECRET,
            names::LARGE_BLOB_KEY,
            names::THIRD_PARTY_PAYMENT,
        ];
        let [cred_blob, hmac_secret, large_blob_key, third_party_payment] = named(inputs, names)?;
        Ok(Self {
            cred_blob: cred_blob.map_or(Ok(false), Item::bool)?,
            hmac_secret: hmac_secret.map(Input::decode).transpose()?,
            large_blob_key: large_blob_key.map_or(Ok(false), wants_large_blob_key)?,
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
    /// What the extensions answer for one credential, in the canonical order of their names. `blob` is its credBlob,
    /// empty where it has none.
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
            outputs.add(names::CRED_BLOB, &Output::Bytes(blob))?;
        }
        if let Some(salts) = &requested.salts {
            let cred_random = self.store.secret.cred_random(credential, rp_id_hash, user_verified);
            let answer = salts.answer(&cred_random, &mut self.rng)?;
            outputs.add(names::HMAC_SECRET, &Output::Bytes(&answer))?;
        }
        if requested.third_party_payment {
            let made_for_it = Output::Bool(credential.traits.third_party_payment);
            outputs.add(names::THIRD_PARTY_PAYMENT, &made_for_it)?;
        }
        Ok(outputs)
    }
}
