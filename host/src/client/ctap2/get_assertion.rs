//! authenticatorGetAssertion and authenticatorGetNextAssertion (CTAP 2.3 §6.2, §6.3): proofs of possession.

use std::collections::BTreeMap;

use cbor4ii::core::Value;

use super::cbor::{Members, Oddity, Parameters, bytes, text};
use super::entities::{CredentialDescriptor, LargeBlobKey, Options, PinUvAuth, User, extensions};
use super::{Command, Malformed};

/// The request.
#[derive(Clone, Debug, PartialEq)]
pub struct GetAssertion {
    /// The RP ID.
    pub rp_id: String,
    /// The SHA-256 of the client data.
    pub client_data_hash: [u8; 32],
    /// The credentials that will do; where there are none, any discoverable one for this RP ID.
    pub allow_list: Vec<CredentialDescriptor>,
    /// Extension inputs, by identifier.
    pub extensions: Vec<(String, Value)>,
    /// Options, without `rk`.
    pub options: Options,
    /// The proof of user verification.
    pub pin_uv_auth: Option<PinUvAuth>,
}

impl GetAssertion {
    /// A request with nothing but what is required, for the credentials in `allow_list`.
    #[must_use]
    pub fn new(rp_id: String, client_data_hash: [u8; 32], allow_list: Vec<CredentialDescriptor>) -> Self {
        Self {
            rp_id,
            client_data_hash,
            allow_list,
            extensions: Vec::new(),
            options: Options::default(),
            pin_uv_auth: None,
        }
    }
}

/// Asks for the assertion of the next account, after a [`GetAssertion`] that told of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetNextAssertion;

/// The answer to both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The credential; keys of CTAP 2.0 may leave it out where the allow list had one entry.
    pub credential: Option<CredentialDescriptor>,
    /// The authenticator data as it was signed.
    pub auth_data: Vec<u8>,
    /// The signature over the authenticator data and the client data hash.
    pub signature: Vec<u8>,
    /// The account of a discoverable credential.
    pub user: Option<User>,
    /// How many accounts there are; in the first answer only.
    pub number_of_credentials: Option<u64>,
    /// Whether the user chose the account on the key.
    pub user_selected: Option<bool>,
    /// The key of the credential's large blob.
    pub large_blob_key: Option<LargeBlobKey>,
    /// Unsigned extension outputs: CBOR as the key sent it.
    pub unsigned_extension_outputs: Option<Vec<u8>>,
    /// Members the standard does not know: CBOR as the key sent it.
    pub unknown: BTreeMap<i128, Vec<u8>>,
    /// Where the answer departs from the standard.
    pub oddities: Vec<Oddity>,
}

impl Command for GetAssertion {
    const CODE: u8 = 0x02;
    const NAME: &'static str = "authenticatorGetAssertion";
    type Response = Assertion;

    fn waits_for_user(&self) -> bool {
        self.options.up != Some(false)
    }

    fn parameters(&self) -> Vec<u8> {
        Parameters::default()
            .set(0x01, text(&self.rp_id))
            .set(0x02, bytes(&self.client_data_hash))
            .set_some(0x03, CredentialDescriptor::list(&self.allow_list))
            .set_some(0x04, extensions(&self.extensions))
            .set_some(0x05, self.options.value())
            .set_some(0x06, self.pin_uv_auth.as_ref().map(|auth| bytes(&auth.param)))
            .set_some(
                0x07,
                self.pin_uv_auth
                    .as_ref()
                    .map(|auth| Value::Integer(auth.protocol.into())),
            )
            .encode()
    }

    fn parse(data: &[u8]) -> Result<Assertion, Malformed> {
        let mut members = Members::read(data)?;
        let credential = members.optional(0x01, "credential");
        let auth_data = members.required(0x02, "authData")?;
        let signature = members.required(0x03, "signature")?;
        let user = members.optional(0x04, "user");
        let number_of_credentials = members.optional(0x05, "numberOfCredentials");
        let user_selected = members.optional(0x06, "userSelected");
        let large_blob_key = members.optional(0x07, "largeBlobKey");
        let unsigned_extension_outputs = members.raw(0x08).map(<[u8]>::to_vec);
        let (unknown, oddities) = members.finish();
        Ok(Assertion {
            credential,
            auth_data,
            signature,
            user,
            number_of_credentials,
            user_selected,
            large_blob_key,
            unsigned_extension_outputs,
            unknown,
            oddities,
        })
    }
}

impl Command for GetNextAssertion {
    const CODE: u8 = 0x08;
    const NAME: &'static str = "authenticatorGetNextAssertion";
    type Response = Assertion;

    fn waits_for_user(&self) -> bool {
        false
    }

    fn parameters(&self) -> Vec<u8> {
        Vec::new()
    }

    fn parse(data: &[u8]) -> Result<Assertion, Malformed> {
        GetAssertion::parse(data)
    }
}

#[cfg(test)]
mod tests;
