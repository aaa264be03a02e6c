//! Extensions of makeCredential (CTAP 2.3 §6.1.2 step 15).

use super::hmac_secret::{self, Salts};
use super::{
    Outputs, cred_blob, cred_protect, hmac_secret_mc, large_blob_key, min_pin_length, pin_complexity_policy,
    third_party_payment,
};
use crate::authenticator::Authenticator;
use crate::cbor::Item;
use crate::credential::{CredProtect, Credential, Kind, Traits};
use crate::ctap2::Status;
use crate::ctap2::parameters::named;
use crate::pin_protocol::KeyAgreement;
use crate::platform::Platform;
use crate::settings::Settings;

/// The inputs, each of its right type and form.
#[derive(Default)]
pub(in crate::ctap2) struct RegistrationInputs<'a> {
    cred_blob: Option<&'a [u8]>,
    cred_protect: Option<CredProtect>,
    hmac_secret: bool,
    hmac_secret_mc: Option<hmac_secret::Input<'a>>,
    large_blob_key: bool,
    min_pin_length: bool,
    pin_complexity_policy: bool,
    third_party_payment: bool,
}

impl<'a> RegistrationInputs<'a> {
    pub(in crate::ctap2) fn decode(inputs: Option<Item<'a>>, discoverable: bool) -> Result<Self, Status> {
        let Some(inputs) = inputs else {
            return Ok(Self::default());
        };
        let names = [
            cred_blob::NAME,
            cred_protect::NAME,
            hmac_secret::NAME,
            hmac_secret_mc::NAME,
            large_blob_key::NAME,
            min_pin_length::NAME,
            pin_complexity_policy::NAME,
            third_party_payment::NAME,
        ];
        let [
            cred_blob,
            cred_protect,
            hmac_secret,
            hmac_secret_mc,
            large_blob_key,
            min_pin_length,
            pin_complexity_policy,
            third_party_payment,
        ] = named(inputs, names)?;
        let hmac_secret = hmac_secret.map_or(Ok(false), Item::bool)?;
        Ok(Self {
            cred_blob: cred_blob.map(Item::bytes).transpose()?,
            cred_protect: cred_protect.map(cred_protect::decode).transpose()?,
            hmac_secret,
            hmac_secret_mc: hmac_secret_mc
                .map(|input| hmac_secret_mc::decode(input, hmac_secret))
                .transpose()?,
            large_blob_key: large_blob_key
                .map_or(Ok(false), |input| large_blob_key::decode_for_new(input, discoverable))?,
            min_pin_length: min_pin_length.map_or(Ok(false), Item::bool)?,
            pin_complexity_policy: pin_complexity_policy.map_or(Ok(false), Item::bool)?,
            third_party_payment: third_party_payment.map_or(Ok(false), Item::bool)?,
        })
    }

    /// The salts of hmac-secret-mc. An error here comes before there is a credential.
    pub(in crate::ctap2) fn salts(&self, key_agreement: &KeyAgreement) -> Result<Option<Salts>, Status> {
        let input = self.hmac_secret_mc.as_ref();
        input.map(|input| input.open(key_agreement)).transpose()
    }

    /// What the credential ID says of all this.
    pub(in crate::ctap2) fn traits(&self) -> Traits {
        Traits {
            protection: self.cred_protect.unwrap_or_default(),
            third_party_payment: self.third_party_payment,
            large_blob_key: self.large_blob_key,
            ..Traits::default()
        }
    }

    /// What the credential's record keeps of credBlob.
    pub(in crate::ctap2) fn kept_blob(&self, kind: Kind) -> Option<&'a [u8]> {
        self.cred_blob.and_then(|blob| cred_blob::kept(blob, kind))
    }
}

impl<P: Platform> Authenticator<P> {
    /// What the extensions answer for a new credential, in the canonical order of their names.
    pub(in crate::ctap2) fn registration_outputs(
        &mut self,
        inputs: &RegistrationInputs<'_>,
        salts: Option<&Salts>,
        rp_id_hash: &[u8; 32],
        credential: &Credential,
        user_verified: bool,
    ) -> Result<Outputs, Status> {
        let mut outputs = Outputs::default();
        if inputs.cred_blob.is_some() {
            cred_blob::made(inputs.kept_blob(credential.kind).is_some(), &mut outputs)?;
        }
        if inputs.cred_protect.is_some() {
            cred_protect::made(credential.traits.protection, &mut outputs)?;
        }
        if inputs.hmac_secret {
            hmac_secret::made(&mut outputs)?;
        }
        let policy = self.policy_for(inputs, rp_id_hash)?;
        if let Some(settings) = policy.as_ref().filter(|_| inputs.min_pin_length) {
            min_pin_length::made(settings.min_pin_length, &mut outputs)?;
        }
        if let Some(salts) = salts {
            let cred_random = self.store.secret.cred_random(credential, rp_id_hash, user_verified);
            salts.answer(hmac_secret_mc::NAME, &cred_random, &mut self.seams.rng, &mut outputs)?;
        }
        if let Some(settings) = policy.filter(|_| inputs.pin_complexity_policy) {
            pin_complexity_policy::made(settings.pin_complexity, &mut outputs)?;
        }
        Ok(outputs)
    }

    /// The settings, where the relying party asks for the PIN's policy and is on the list of those that may know it.
    fn policy_for(
        &mut self,
        inputs: &RegistrationInputs<'_>,
        rp_id_hash: &[u8; 32],
    ) -> Result<Option<Settings>, Status> {
        if !inputs.min_pin_length && !inputs.pin_complexity_policy {
            return Ok(None);
        }
        let settings = self.settings()?;
        Ok(Some(settings).filter(|settings| settings.min_pin_length_rp_ids.contains(rp_id_hash)))
    }
}
