//! `RegistrationResponseJSON` and `AuthenticationResponseJSON`: what a page sends back.

use cbor4ii::core::Value as Cbor;
use serde_json::{Map, Value, json};

use super::public_key::{algorithm, subject_public_key_info};
use super::{Attachment, PUBLIC_KEY, encoded, extensions};
use crate::cbor;
use crate::webauthn::{AssertionResponse, AttestationResponse, CreationOptions, RequestOptions, authenticator_data};

impl AttestationResponse {
    /// The `RegistrationResponseJSON` for these options, from a key that is there.
    #[must_use]
    pub fn to_json(&self, options: &CreationOptions, attachment: Attachment) -> String {
        let mut response = Map::new();
        let mut set = |name: &str, value: Value| response.insert(name.to_owned(), value);
        set("clientDataJSON", encoded(&self.client_data_json).into());
        set("attestationObject", encoded(&self.attestation_object).into());
        let authenticator_data = self.authenticator_data().unwrap_or_default();
        set("authenticatorData", encoded(&authenticator_data).into());
        let transports: Value = match attachment {
            Attachment::Platform => json!(["internal"]),
            Attachment::CrossPlatform => self.transports.as_slice().into(),
        };
        set("transports", transports);
        let key = authenticator_data::public_key(&authenticator_data);
        // A registration without an algorithm has no answer that a website takes; the member has to be there.
        set(
            "publicKeyAlgorithm",
            key.as_ref().and_then(algorithm).unwrap_or(0).into(),
        );
        if let Some(der) = key.as_ref().and_then(subject_public_key_info) {
            set("publicKey", encoded(der).into());
        }
        let mut results = extensions::outputs(&self.extensions);
        if options.app_id_exclude.is_some() {
            results.insert("appidExclude".to_owned(), true.into());
        }
        credential(&self.credential_id, response, results, attachment)
    }

    /// The authenticator data in the attestation object.
    fn authenticator_data(&self) -> Option<Vec<u8>> {
        let Cbor::Map(members) = cbor::decode(&self.attestation_object)? else {
            return None;
        };
        match cbor::member(&members, "authData")? {
            Cbor::Bytes(data) => Some(data.clone()),
            _ => None,
        }
    }
}

impl AssertionResponse {
    /// The `AuthenticationResponseJSON` for these options, from a key that is there.
    #[must_use]
    pub fn to_json(&self, options: &RequestOptions, attachment: Attachment) -> String {
        let mut response = Map::new();
        let mut set = |name: &str, value: &[u8]| response.insert(name.to_owned(), encoded(value).into());
        set("clientDataJSON", &self.client_data_json);
        set("authenticatorData", &self.authenticator_data);
        set("signature", &self.signature);
        if let Some(handle) = &self.user_handle {
            set("userHandle", handle);
        }
        let mut results = extensions::outputs(&self.extensions);
        if options.app_id.is_some() {
            results.insert("appid".to_owned(), self.app_id_used.into());
        }
        credential(&self.credential_id, response, results, attachment)
    }
}

fn credential(id: &[u8], response: Map<String, Value>, results: Map<String, Value>, attachment: Attachment) -> String {
    let id = encoded(id);
    json!({
        "id": id,
        "rawId": id,
        "type": PUBLIC_KEY,
        "authenticatorAttachment": attachment.as_str(),
        "response": response,
        "clientExtensionResults": results,
    })
    .to_string()
}
