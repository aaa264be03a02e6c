//! authenticatorMakeCredential (CTAP 2.3 §6.1): a new credential.

use std::collections::BTreeMap;

use cbor4ii::core::Value;

use super::auth_data::{self, Expected};
use super::entities::{LargeBlobKey, Options, PublicKeyCredentialParameters, extensions};
use super::members::{Members, Parameters, is_no_map_with_members};
use super::{Command, Malformed, Oddity, unasked};
use crate::cbor::{bytes, text};
use crate::client::pin_protocol::PinUvAuth;
use crate::webauthn::{CredentialDescriptor, RelyingPartyEntity, UserEntity};

/// The attestation statement formats of the IANA registry (WebAuthn Level 3 §8).
const FORMATS: [&str; 8] = [
    "none",
    "packed",
    "fido-u2f",
    "tpm",
    "android-key",
    "android-safetynet",
    "apple",
    "compound",
];

/// The request.
#[derive(Clone, Debug, PartialEq)]
pub struct MakeCredential {
    /// The SHA-256 of the client data.
    pub client_data_hash: [u8; 32],
    /// Who asks.
    pub rp: RelyingPartyEntity,
    /// For which account.
    pub user: UserEntity,
    /// Algorithms, most preferred first.
    pub pub_key_cred_params: Vec<PublicKeyCredentialParameters>,
    /// Credentials of this account: a key that holds one of them refuses.
    pub exclude_list: Vec<CredentialDescriptor>,
    /// Extension inputs, by identifier.
    pub extensions: Vec<(String, Value)>,
    /// Options.
    pub options: Options,
    /// The proof of user verification.
    pub pin_uv_auth: Option<PinUvAuth>,
    /// 1: the vendor's choice, 2: the platform's.
    pub enterprise_attestation: Option<u8>,
    /// Attestation formats, most preferred first.
    pub attestation_formats_preference: Vec<String>,
}

impl MakeCredential {
    /// A request with nothing but what is required.
    #[must_use]
    pub fn new(
        client_data_hash: [u8; 32],
        rp: RelyingPartyEntity,
        user: UserEntity,
        pub_key_cred_params: Vec<PublicKeyCredentialParameters>,
    ) -> Self {
        Self {
            client_data_hash,
            rp,
            user,
            pub_key_cred_params,
            exclude_list: Vec::new(),
            extensions: Vec::new(),
            options: Options::default(),
            pin_uv_auth: None,
            enterprise_attestation: None,
            attestation_formats_preference: Vec::new(),
        }
    }
}

/// The answer: the new credential and what the key says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The attestation statement format identifier. Untrusted text.
    pub fmt: String,
    /// The authenticator data as it was signed.
    pub auth_data: Vec<u8>,
    /// The attestation statement: CBOR as the key sent it.
    pub att_stmt: Vec<u8>,
    /// Whether this is an enterprise attestation, which names the key.
    pub ep_att: Option<bool>,
    /// The key of the credential's large blob.
    pub large_blob_key: Option<LargeBlobKey>,
    /// Unsigned extension outputs: CBOR as the key sent it.
    pub unsigned_extension_outputs: Option<Vec<u8>>,
    /// Members the standard does not know: CBOR as the key sent it.
    pub unknown: BTreeMap<i128, Vec<u8>>,
    /// Where the answer departs from the standard.
    pub oddities: Vec<Oddity>,
}

impl Command for MakeCredential {
    const CODE: u8 = 0x01;
    const NAME: &'static str = "authenticatorMakeCredential";
    const SECTION: &'static str = "CTAP 2.3 §6.1";
    type Response = Attestation;

    fn parameters(&self) -> Vec<u8> {
        let algorithms = self
            .pub_key_cred_params
            .iter()
            .filter_map(PublicKeyCredentialParameters::value)
            .collect();
        let formats = &self.attestation_formats_preference;
        Parameters::default()
            .set(0x01, bytes(&self.client_data_hash))
            .set_some(0x02, self.rp.value())
            .set_some(0x03, self.user.value())
            .set(0x04, Value::Array(algorithms))
            .set_some(0x05, CredentialDescriptor::list(&self.exclude_list))
            .set_some(0x06, extensions(&self.extensions))
            .set_some(0x07, self.options.value())
            .set_some(0x08, self.pin_uv_auth.as_ref().map(|auth| bytes(&auth.param)))
            .set_some(
                0x09,
                self.pin_uv_auth
                    .as_ref()
                    .map(|auth| Value::Integer(auth.protocol.into())),
            )
            .set_some(
                0x0A,
                self.enterprise_attestation.map(|kind| Value::Integer(kind.into())),
            )
            .set_some(
                0x0B,
                (!formats.is_empty()).then(|| Value::Array(formats.iter().map(|format| text(format)).collect())),
            )
            .encode()
    }

    fn parse(data: &[u8]) -> Result<Attestation, Malformed> {
        let mut members = Members::read(data)?;
        let fmt = members.required(0x01, "fmt")?;
        let auth_data = members.required(0x02, "authData")?;
        let att_stmt = members.raw(0x03).ok_or(Malformed::Missing("attStmt"))?.to_vec();
        if att_stmt.first().is_none_or(|first| first >> 5 != 5) {
            return Err(Malformed::Value("attStmt"));
        }
        let ep_att = members.optional(0x04, "epAtt");
        let large_blob_key = members.optional(0x05, "largeBlobKey");
        let unsigned_extension_outputs = members.raw(0x06).map(<[u8]>::to_vec);
        let (unknown, oddities) = members.finish();
        Ok(Attestation {
            fmt,
            auth_data,
            att_stmt,
            ep_att,
            large_blob_key,
            unsigned_extension_outputs,
            unknown,
            oddities,
        })
    }

    fn judge(&self, _: &[u8], response: &Attestation) -> Vec<Oddity> {
        let mut found = response.oddities.clone();
        if !FORMATS.contains(&response.fmt.as_str()) {
            let name = response.fmt.clone();
            let kind = "attestation statement format";
            found.push(Oddity::UnknownName { kind, name });
        }
        if response.fmt == "none" && response.att_stmt != [0xA0] {
            found.push(Oddity::must(
                "WebAuthn Level 3 §8.7",
                "the attestation statement format is none, and yet there is a statement",
            ));
        }
        let asked = |name: &str| self.extensions.iter().any(|(asked, _)| asked == name);
        found.extend(unasked([
            // §6.1.2 step 18: only where an enterprise attestation is returned, and only if it was asked for.
            (
                "epAtt",
                response.ep_att.is_some() && self.enterprise_attestation.is_none(),
            ),
            (
                "largeBlobKey",
                response.large_blob_key.is_some() && !asked("largeBlobKey"),
            ),
            (
                "unsignedExtensionOutputs",
                response.unsigned_extension_outputs.is_some() && self.extensions.is_empty(),
            ),
        ]));
        if response
            .unsigned_extension_outputs
            .as_deref()
            .is_some_and(is_no_map_with_members)
        {
            found.push(Oddity::WrongValue("unsignedExtensionOutputs"));
        }
        found.extend(auth_data::judge(
            &response.auth_data,
            &Expected {
                rp_id: Some(&self.rp.id),
                up: true,
                attested: true,
                extensions: Some(&self.extensions),
            },
        ));
        found
    }
}

#[cfg(test)]
mod tests;
