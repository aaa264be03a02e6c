//! U2F answers translated into WebAuthn responses, as a platform does for keys that know only U2F (CTAP 2.3,
//! "Interoperating with CTAP1/U2F authenticators").

use cbor4ii::core::Value;

use super::options::AttestationConveyancePreference;
use super::response::{AssertionResponse, AttestationResponse, MalformedAnswer};
use crate::cbor;

const USER_PRESENT: u8 = 0x01;
const ATTESTED_CREDENTIAL_DATA: u8 = 0x40;

impl AttestationResponse {
    /// Translates a U2F registration response without its status word (FIDO U2F Raw Message Formats §4.3).
    /// `application` is the application parameter that the key was given: the SHA-256 of the RP ID or the AppID.
    pub fn from_u2f(
        client_data_json: Vec<u8>,
        application: &[u8; 32],
        registration: &[u8],
        preference: AttestationConveyancePreference,
        transports: Vec<String>,
    ) -> Result<Self, MalformedAnswer> {
        let parts = Registration::parse(registration).ok_or(MalformedAnswer::U2fRegistration)?;
        let auth_data = [
            &application[..],
            &[USER_PRESENT | ATTESTED_CREDENTIAL_DATA],
            // A U2F registration tells neither a counter nor an AAGUID.
            &[0; 4],
            &[0; 16],
            &[0, parts.handle_length],
            parts.key_handle,
            &cose_key(parts.x, parts.y),
        ]
        .concat();
        let statement = cbor::encode(&Value::Map(vec![
            (Value::Text("sig".to_owned()), Value::Bytes(parts.signature.to_vec())),
            (
                Value::Text("x5c".to_owned()),
                Value::Array(vec![Value::Bytes(parts.certificate.to_vec())]),
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
    /// Translates a U2F authentication response without its status word (FIDO U2F Raw Message Formats §5.4).
    /// `application` is the application parameter that the key was given; `app_id_used` says that it is the AppID's.
    pub fn from_u2f(
        client_data_json: Vec<u8>,
        key_handle: Vec<u8>,
        application: &[u8; 32],
        app_id_used: bool,
        authentication: &[u8],
    ) -> Result<Self, MalformedAnswer> {
        let (head, signature) = authentication
            .split_at_checked(5)
            .ok_or(MalformedAnswer::U2fAuthentication)?;
        if signature.is_empty() {
            return Err(MalformedAnswer::U2fAuthentication);
        }
        // The user presence byte becomes the flags, unchanged, because the key signed it; the counter follows it.
        let authenticator_data = [&application[..], head].concat();
        let signature = signature.to_vec();
        let credential_id = key_handle;
        Ok(Self {
            credential_id,
            client_data_json,
            authenticator_data,
            signature,
            user_handle: None,
            app_id_used,
        })
    }
}

struct Registration<'a> {
    x: &'a [u8; 32],
    y: &'a [u8; 32],
    handle_length: u8,
    key_handle: &'a [u8],
    certificate: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Registration<'a> {
    /// `05 ‖ 04 ‖ X ‖ Y ‖ L ‖ key handle ‖ certificate ‖ signature`; the certificate's length is in its DER header.
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[0x05, 0x04])?;
        let (x, rest) = rest.split_first_chunk()?;
        let (y, rest) = rest.split_first_chunk()?;
        let (&handle_length, rest) = rest.split_first()?;
        let (key_handle, rest) = rest.split_at_checked(handle_length.into())?;
        let (certificate, signature) = rest.split_at_checked(der_length(rest)?)?;
        (!signature.is_empty()).then_some(Self {
            x,
            y,
            handle_length,
            key_handle,
            certificate,
            signature,
        })
    }
}

/// The length of the DER SEQUENCE that the bytes begin with, header included (X.690 §8.1.3, §10.1).
fn der_length(bytes: &[u8]) -> Option<usize> {
    match *bytes {
        [0x30, length @ 0..=0x7f, ..] => Some(2 + usize::from(length)),
        [0x30, 0x81, length @ 0x80..=0xff, ..] => Some(3 + usize::from(length)),
        [0x30, 0x82, high @ 1..=0xff, low, ..] => Some(4 + usize::from(u16::from_be_bytes([high, low]))),
        _ => None,
    }
}

/// The ES256 COSE key of a point.
fn cose_key(x: &[u8; 32], y: &[u8; 32]) -> Vec<u8> {
    let integer = |value| Value::Integer(value);
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
    use proptest::prelude::*;

    use super::*;

    const APPLICATION: [u8; 32] = [7; 32];

    fn raw_registration(certificate: &[u8]) -> Vec<u8> {
        [
            &[0x05, 0x04][..],
            &[1; 32],
            &[2; 32],
            &[3],
            b"abc",
            certificate,
            b"signature",
        ]
        .concat()
    }

    fn translate(registration: &[u8]) -> Result<AttestationResponse, MalformedAnswer> {
        let direct = AttestationConveyancePreference::Direct;
        AttestationResponse::from_u2f(vec![], &APPLICATION, registration, direct, vec![])
    }

    #[test]
    fn a_registration_becomes_a_fido_u2f_attestation_object() {
        let long = [&[0x30, 0x82, 1, 0][..], &[9; 256]].concat();
        for certificate in [
            &b"\x30\x02ab"[..],
            &[&[0x30, 0x81, 0x80][..], &[8; 128]].concat(),
            &long,
        ] {
            let response = translate(&raw_registration(certificate)).unwrap();
            assert_eq!(response.credential_id, b"abc");
            let Ok(Value::Map(object)) = cbor::decode(&response.attestation_object) else {
                panic!("not a map")
            };
            let statement = Value::Map(vec![
                (Value::Text("sig".into()), Value::Bytes(b"signature".to_vec())),
                (
                    Value::Text("x5c".into()),
                    Value::Array(vec![Value::Bytes(certificate.to_vec())]),
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
    }

    #[test]
    fn an_authentication_becomes_authenticator_data_and_signature() {
        let raw = [&[0x01, 0, 0, 1, 2][..], b"signature"].concat();
        let response = AssertionResponse::from_u2f(vec![], b"abc".to_vec(), &APPLICATION, true, &raw).unwrap();
        assert_eq!(
            response.authenticator_data,
            [&APPLICATION[..], &[0x01, 0, 0, 1, 2]].concat()
        );
        assert_eq!(response.signature, b"signature");
        assert!(response.app_id_used);
        for raw in [&raw[..5], &raw[..3], &[]] {
            let answer = AssertionResponse::from_u2f(vec![], vec![], &APPLICATION, false, raw);
            assert_eq!(answer, Err(MalformedAnswer::U2fAuthentication));
        }
    }

    #[test]
    fn every_truncation_is_malformed() {
        let whole = raw_registration(b"\x30\x02ab");
        for length in 0..=whole.len() - "signature".len() {
            assert_eq!(
                translate(&whole[..length]),
                Err(MalformedAnswer::U2fRegistration),
                "{length}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_translated_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
            let _ = translate(&[&[0x05, 0x04][..], &bytes].concat());
        }
    }
}
