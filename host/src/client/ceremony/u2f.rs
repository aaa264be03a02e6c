//! U2F answers translated into WebAuthn responses, as a platform does for keys that know only U2F (CTAP 2.3,
//! "Interoperating with CTAP1/U2F authenticators").

use cbor4ii::core::Value;

use super::response::MalformedAnswer;
use crate::cbor;
use crate::client::u2f::{Authentication, Registration};
use crate::webauthn::{AssertionResponse, AttestationConveyancePreference, AttestationResponse, ExtensionOutputs};

const USER_PRESENT: u8 = 0x01;
const ATTESTED_CREDENTIAL_DATA: u8 = 0x40;

impl AttestationResponse {
    /// Translates a U2F registration. `application` is the application parameter that the key was given: the SHA-256 of
    /// the RP ID or the AppID.
    pub fn from_u2f(
        client_data_json: Vec<u8>,
        application: &[u8; 32],
        registration: &Registration,
        preference: AttestationConveyancePreference,
        transports: Vec<String>,
    ) -> Result<Self, MalformedAnswer> {
        let key_handle = &registration.key_handle;
        let length = u16::try_from(key_handle.len()).map_err(|_| MalformedAnswer::U2fRegistration)?;
        let auth_data = [
            &application[..],
            &[USER_PRESENT | ATTESTED_CREDENTIAL_DATA],
            // A U2F registration has neither a counter nor an AAGUID.
            &[0; 4],
            &[0; 16],
            &length.to_be_bytes(),
            key_handle,
            &cose_key(&registration.public_key),
        ]
        .concat();
        let statement = cbor::encode(&Value::Map(vec![
            (
                Value::Text("sig".to_owned()),
                Value::Bytes(registration.signature.clone()),
            ),
            (
                Value::Text("x5c".to_owned()),
                Value::Array(vec![Value::Bytes(registration.certificate.clone())]),
            ),
        ]));
        Self::from_ctap2(
            client_data_json,
            "fido-u2f",
            &auth_data,
            &statement,
            preference,
            transports,
        )
    }
}

impl AssertionResponse {
    /// Translates a U2F authentication. `application` is the application parameter that the key was given;
    /// `app_id_used` says that it is the AppID's.
    #[must_use]
    pub fn from_u2f(
        client_data_json: Vec<u8>,
        key_handle: Vec<u8>,
        application: &[u8; 32],
        app_id_used: bool,
        authentication: &Authentication,
    ) -> Self {
        // The user presence byte becomes the flags, unchanged, because the key signed it; the counter follows it.
        let authenticator_data = [
            &application[..],
            &[authentication.user_presence],
            &authentication.counter.to_be_bytes(),
        ]
        .concat();
        Self {
            credential_id: key_handle,
            client_data_json,
            authenticator_data,
            signature: authentication.signature.clone(),
            user_handle: None,
            app_id_used,
            extensions: ExtensionOutputs::default(),
            faults: Vec::new(),
        }
    }
}

/// The ES256 COSE key of an uncompressed point.
fn cose_key(point: &[u8; 65]) -> Vec<u8> {
    let integer = |value| Value::Integer(value);
    let (x, y) = point[1..].split_at(32);
    cbor::encode(&Value::Map(vec![
        (integer(1), integer(2)),
        (integer(3), integer(-7)),
        (integer(-1), integer(1)),
        (integer(-2), Value::Bytes(x.to_vec())),
        (integer(-3), Value::Bytes(y.to_vec())),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const APPLICATION: [u8; 32] = [7; 32];

    #[test]
    fn a_registration_becomes_a_fido_u2f_attestation_object() {
        let mut public_key = [4; 65];
        public_key[1..33].fill(1);
        public_key[33..].fill(2);
        let registration = Registration {
            public_key,
            key_handle: b"abc".to_vec(),
            certificate: b"\x30\x02ab".to_vec(),
            signature: b"signature".to_vec(),
        };
        let direct = AttestationConveyancePreference::Direct;
        let response = AttestationResponse::from_u2f(vec![], &APPLICATION, &registration, direct, vec![]).unwrap();
        assert_eq!(response.credential_id, b"abc");
        let Ok(Value::Map(object)) = cbor::decode_canonical(&response.attestation_object) else {
            panic!("not a map")
        };
        let statement = Value::Map(vec![
            (Value::Text("sig".into()), Value::Bytes(b"signature".to_vec())),
            (
                Value::Text("x5c".into()),
                Value::Array(vec![Value::Bytes(b"\x30\x02ab".to_vec())]),
            ),
        ]);
        assert_eq!(cbor::member(&object, "attStmt"), Some(&statement));
        let key = [
            &b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"[..],
            &[1; 32],
            b"\x22\x58\x20",
            &[2; 32],
        ]
        .concat();
        let data = [&APPLICATION[..], &[0x41, 0, 0, 0, 0], &[0; 16], b"\0\x03abc", &key].concat();
        assert_eq!(cbor::member(&object, "authData"), Some(&Value::Bytes(data)));
    }

    #[test]
    fn an_authentication_becomes_authenticator_data_and_signature() {
        let authentication = Authentication {
            user_presence: 1,
            counter: 0x0102,
            signature: b"signature".to_vec(),
        };
        let response = AssertionResponse::from_u2f(vec![], b"abc".to_vec(), &APPLICATION, true, &authentication);
        assert_eq!(
            response.authenticator_data,
            [&APPLICATION[..], &[0x01, 0, 0, 1, 2]].concat()
        );
        assert_eq!(response.signature, b"signature");
        assert!(response.app_id_used);
    }
}
