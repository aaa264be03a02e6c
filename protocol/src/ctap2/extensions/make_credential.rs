//! Extensions of makeCredential (CTAP 2.3 §6.1.2 step 15).

use super::get_assertion::wants_large_blob_key;
use super::hmac_secret::{Input, Salts};
use super::names;
use super::outputs::{Output, Outputs};
use crate::authenticator::Authenticator;
use crate::cbor::Item;
use crate::ctap2::parameters::named;
use crate::ctap2::pin_protocol::KeyAgreement;
use crate::limits::CRED_BLOB_MAX;
use crate::platform::Platform;
use crate::status::Status;
use crate::store::{CredProtect, Credential, Kind, Settings, Traits};

/// The inputs, each of its right type and form.
#[derive(Default)]
pub(in crate::ctap2) struct RegistrationInputs<'a> {
    cred_blob: Option<&'a [u8]>,
    cred_protect: Option<CredProtect>,
    hmac_secret: bool,
    hmac_secret_mc: Option<Input<'a>>,
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
            names::CRED_BLOB,
            names::CRED_PROTECT,
            names::HMAC_SECRET,
            names::HMAC_SECRET_MC,
            names::LARGE_BLOB_KEY,
            names::MIN_PIN_LENGTH,
            names::PIN_COMPLEXITY_POLICY,
            names::THIRD_PARTY_PAYMENT,
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
            cred_protect: cred_protect.map(self::cred_protect).transpose()?,
            hmac_secret,
            hmac_secret_mc: hmac_secret_mc
                .map(|input| self::hmac_secret_mc(input, hmac_secret))
                .transpose()?,
            large_blob_key: large_blob_key.map_or(Ok(false), |input| self::large_blob_key(input, discoverable))?,
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

    /// What the credential's record keeps of credBlob: all of it, or nothing. Only a discoverable credential has a
    /// record.
    pub(in crate::ctap2) fn kept_blob(&self, kind: Kind) -> Option<&'a [u8]> {
        self.cred_blob
            .filter(|blob| blob.len() <= CRED_BLOB_MAX && matches!(kind, Kind::Discoverable(_)))
    }
}

fn cred_protect(input: Item<'_>) -> Result<CredProtect, Status> {
    match input.uint()? {
        1 => Ok(CredProtect::Optional),
        2 => Ok(CredProtect::OptionalWithList),
        3 => Ok(CredProtect::Required),
        // The standard gives no code.
        _ => Err(Status::InvalidParameter),
    }
}

/// hmac-secret-mc goes together with `"hmac-secret": true`.
fn hmac_secret_mc(input: Item<'_>, hmac_secret: bool) -> Result<Input<'_>, Status> {
    let input = Input::decode(input)?;
    if hmac_secret {
        Ok(input)
    } else {
        Err(Status::MissingParameter)
    }
}

/// Only a discoverable credential gets a largeBlobKey.
fn large_blob_key(input: Item<'_>, discoverable: bool) -> Result<bool, Status> {
    if wants_large_blob_key(input)? && discoverable {
        Ok(true)
    } else {
        Err(Status::InvalidOption)
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
            // A blob that is not kept is no reason to refuse the credential.
            let is_kept = inputs.kept_blob(credential.kind).is_some();
            outputs.add(names::CRED_BLOB, &Output::Bool(is_kept))?;
        }
        if inputs.cred_protect.is_some() {
            let level = credential.traits.protection as u64;
            outputs.add(names::CRED_PROTECT, &Output::Uint(level))?;
        }
        if inputs.hmac_secret {
            outputs.add(names::HMAC_SECRET, &Output::Bool(true))?;
        }
        let policy = self.policy_for(inputs, rp_id_hash)?;
        if let Some(settings) = policy.as_ref().filter(|_| inputs.min_pin_length) {
            let length = settings.min_pin_length.into();
            outputs.add(names::MIN_PIN_LENGTH, &Output::Uint(length))?;
        }
        if let Some(salts) = salts {
            let cred_random = self.store.secret.cred_random(credential, rp_id_hash, user_verified);
            let answer = salts.answer(&cred_random, &mut self.rng)?;
            outputs.add(names::HMAC_SECRET_MC, &Output::Bytes(&answer))?;
        }
        if let Some(settings) = policy.filter(|_| inputs.pin_complexity_policy) {
            outputs.add(names::PIN_COMPLEXITY_POLICY, &Output::Bool(settings.pin_complexity))?;
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
