//! authenticatorGetAssertion and authenticatorGetNextAssertion (CTAP 2.3 §6.2, §6.3): proofs of possession.

use std::collections::BTreeMap;

use cbor4ii::core::Value;

use super::auth_data::{self, Expected};
use super::entities::{LargeBlobKey, Options, extensions};
use super::members::{Members, Parameters, is_no_map_with_members};
use super::{Command, Malformed, Oddity, unasked};
use crate::cbor::{bytes, text};
use crate::client::pin_protocol::PinUvAuth;
use crate::webauthn::{CredentialDescriptor, UserEntity};

/// The request.
#[derive(Clone, Debug, PartialEq)]
pub struct GetAssertion {
    /// The RP ID.
    pub rp_id: String,
    /// The SHA-256 of the client data.
    pub client_data_hash: [u8; 32],
    /// The credentials that may answer. If the list is empty, any discoverable one for this RP ID.
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

/// Asks for the assertion of the next account, after a [`GetAssertion`] that named several.
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
    pub user: Option<UserEntity>,
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
    const SECTION: &'static str = "CTAP 2.3 §6.2";
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

    fn judge(&self, _: &[u8], response: &Assertion) -> Vec<Oddity> {
        let mut found = judge(response);
        let is_discovery = self.allow_list.is_empty();
        // Keys do not send transports back.
        let is_allowed = |answer: &CredentialDescriptor| self.allow_list.iter().any(|allowed| allowed.id == answer.id);
        let asked = |name: &str| self.extensions.iter().any(|(asked, _)| asked == name);
        found.extend(unasked([
            // §6.2.2 step 11: the key takes one of the listed credentials, and does not mention the others.
            (
                "numberOfCredentials",
                response.number_of_credentials.is_some() && !is_discovery,
            ),
            ("userSelected", response.user_selected.is_some() && !is_discovery),
            (
                "largeBlobKey",
                response.large_blob_key.is_some() && !asked("largeBlobKey"),
            ),
            (
                "unsignedExtensionOutputs",
                response.unsigned_extension_outputs.is_some() && self.extensions.is_empty(),
            ),
        ]));
        if response.number_of_credentials == Some(0) {
            found.push(Oddity::WrongValue("numberOfCredentials"));
        }
        if response.user_selected == Some(true) && response.number_of_credentials.is_some_and(|number| number > 1) {
            found.push(Oddity::must(
                Self::SECTION,
                "the user has chosen the account, and yet the key tells of several",
            ));
        }
        if is_discovery && response.user.is_none() {
            found.push(Oddity::Missing("user"));
        }
        match &response.credential {
            // CTAP 2.0 let a key leave it out where the list has one entry.
            None if self.allow_list.len() == 1 => found.push(Oddity::should(Self::SECTION, "credential is missing")),
            None => found.push(Oddity::Missing("credential")),
            Some(credential) if !is_discovery && !is_allowed(credential) => found.push(Oddity::must(
                Self::SECTION,
                "the credential is none of those that were allowed",
            )),
            Some(_) => {}
        }
        found.extend(auth_data::judge(
            &response.auth_data,
            &Expected {
                rp_id: Some(&self.rp_id),
                up: self.options.up != Some(false),
                attested: false,
                extensions: Some(&self.extensions),
            },
        ));
        found
    }
}

/// What is odd in the answer to either command.
fn judge(response: &Assertion) -> Vec<Oddity> {
    let mut found = response.oddities.clone();
    if let Some(user) = &response.user {
        if !(1..=64).contains(&user.id.len()) {
            found.push(Oddity::WrongValue("user"));
        }
        if (user.name.is_some() || user.display_name.is_some()) && !auth_data::user_verified(&response.auth_data) {
            found.push(Oddity::must(
                GetAssertion::SECTION,
                "the key names its user although it did not verify them: only the user handle may be told",
            ));
        }
    }
    if response
        .unsigned_extension_outputs
        .as_deref()
        .is_some_and(is_no_map_with_members)
    {
        found.push(Oddity::WrongValue("unsignedExtensionOutputs"));
    }
    found
}

impl Command for GetNextAssertion {
    const CODE: u8 = 0x08;
    const NAME: &'static str = "authenticatorGetNextAssertion";
    const SECTION: &'static str = "CTAP 2.3 §6.3";
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

    fn judge(&self, _: &[u8], response: &Assertion) -> Vec<Oddity> {
        let mut found = judge(response);
        found.extend(unasked([
            ("numberOfCredentials", response.number_of_credentials.is_some()),
            ("userSelected", response.user_selected.is_some()),
        ]));
        for (name, missing) in [
            ("credential", response.credential.is_none()),
            ("user", response.user.is_none()),
        ] {
            if missing {
                found.push(Oddity::Missing(name));
            }
        }
        // It asks for the same as the request before it, which is not known here.
        found.extend(auth_data::judge(
            &response.auth_data,
            &Expected {
                rp_id: None,
                up: auth_data::user_present(&response.auth_data),
                attested: false,
                extensions: None,
            },
        ));
        found
    }
}

#[cfg(test)]
mod tests;
