//! A security key for tests, on p256 and ed25519-dalek.

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::DecodePrivateKey as _;
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, KeyPair};
use sha2::{Digest as _, Sha256};

use crate::client::u2f::{Authentication, Registration};
use crate::webauthn::{
    AssertionResponse, AttestationConveyancePreference, AttestationResponse, CeremonyType, ClientData, CreationOptions,
    RequestOptions,
};

pub(in crate::relying_party) struct Key {
    pub(super) id: Vec<u8>,
    aaguid: [u8; 16],
    flags: u8,
    secret: Secret,
}

enum Secret {
    Es256(SigningKey),
    EdDsa(ed25519_dalek::SigningKey),
}

/// An attestation certificate and its key.
pub(super) struct Attestation {
    pub(super) certificate: Vec<u8>,
    secret: SigningKey,
}

impl Attestation {
    /// A self-signed certificate, for packed attestation of an AAGUID or for U2F.
    pub(super) fn new(unit: &str, aaguid: Option<[u8; 16]>, is_ca: IsCa) -> Self {
        // No subject has a title.
        Self::without(DnType::CustomDnType(vec![2, 5, 4, 12]), unit, aaguid, is_ca)
    }

    /// The same without one part of the subject.
    pub(super) fn without(without: DnType, unit: &str, aaguid: Option<[u8; 16]>, is_ca: IsCa) -> Self {
        let pair = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name = DistinguishedName::new();
        let subject = [
            (DnType::CountryName, "SE"),
            (DnType::OrganizationName, "Test"),
            (DnType::OrganizationalUnitName, unit),
            (DnType::CommonName, "Test <key>\u{202e}"),
        ];
        for (kind, value) in subject.into_iter().filter(|(kind, _)| *kind != without) {
            params.distinguished_name.push(kind, value);
        }
        params.is_ca = is_ca;
        if let Some(aaguid) = aaguid {
            let value = [&[0x04, 16][..], &aaguid].concat();
            params.custom_extensions.push(CustomExtension::from_oid_content(
                &[1, 3, 6, 1, 4, 1, 45724, 1, 1, 4],
                value,
            ));
        }
        let certificate = params.self_signed(&pair).unwrap().der().to_vec();
        let secret = p256::SecretKey::from_pkcs8_der(pair.serialized_der()).unwrap().into();
        Self { certificate, secret }
    }

    pub(super) fn packed(aaguid: [u8; 16]) -> Self {
        Self::new("Authenticator Attestation", Some(aaguid), IsCa::ExplicitNoCa)
    }

    pub(super) fn authority() -> Self {
        Self::new(
            "Authenticator Attestation",
            None,
            IsCa::Ca(BasicConstraints::Unconstrained),
        )
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.secret.sign(message);
        signature.as_bytes().to_vec()
    }
}

impl Key {
    pub(in crate::relying_party) fn new(algorithm: i64, seed: u8) -> Self {
        let bytes = [seed + 1; 32];
        let secret = match algorithm {
            -7 => Secret::Es256(SigningKey::from_slice(&bytes).unwrap()),
            _ => Secret::EdDsa(ed25519_dalek::SigningKey::from_bytes(&bytes)),
        };
        Self {
            id: [&b"credential "[..], &[seed; 16]].concat(),
            aaguid: [7; 16],
            flags: 0x01,
            secret,
        }
    }

    pub(super) fn with_flags(self, flags: u8) -> Self {
        Self { flags, ..self }
    }

    pub(super) fn with_aaguid(self, aaguid: [u8; 16]) -> Self {
        Self { aaguid, ..self }
    }

    /// Registers with packed self attestation.
    pub(in crate::relying_party) fn register(&self, options: &CreationOptions, origin: &str) -> AttestationResponse {
        let data = self.client_data(options, origin);
        let auth_data = self.auth_data(options.scope(), Some(5));
        let signature = self.sign(&[&auth_data[..], &data.hash].concat());
        self.response(
            data,
            "packed",
            &auth_data,
            &statement(self.algorithm(), &signature, None),
        )
    }

    /// Registers with packed attestation by a certificate.
    pub(super) fn register_certified(
        &self,
        options: &CreationOptions,
        attestation: &Attestation,
    ) -> AttestationResponse {
        let data = self.client_data(options, super::ORIGIN);
        let auth_data = self.auth_data(options.scope(), Some(5));
        let signature = attestation.sign(&[&auth_data[..], &data.hash].concat());
        let statement = statement(-7, &signature, Some(&attestation.certificate));
        self.response(data, "packed", &auth_data, &statement)
    }

    /// Registers with any statement.
    pub(super) fn register_as(&self, options: &CreationOptions, format: &str, statement: &[u8]) -> AttestationResponse {
        let data = self.client_data(options, super::ORIGIN);
        self.response(data, format, &self.auth_data(options.scope(), Some(5)), statement)
    }

    /// Registers over U2F.
    pub(in crate::relying_party) fn register_u2f(
        &self,
        options: &CreationOptions,
        origin: &str,
    ) -> AttestationResponse {
        let Secret::Es256(secret) = &self.secret else {
            panic!("U2F is ES256")
        };
        let data = self.client_data(options, origin);
        let application: [u8; 32] = Sha256::digest(options.scope()).into();
        let point = secret.verifying_key().to_sec1_point(false);
        let attestation = Attestation::new("U2F", None, IsCa::NoCa);
        let signature = attestation.sign(&[&[0][..], &application, &data.hash, &self.id, point.as_bytes()].concat());
        let registration = Registration {
            public_key: point.as_bytes().try_into().unwrap(),
            key_handle: self.id.clone(),
            certificate: attestation.certificate.clone(),
            signature,
        };
        let direct = AttestationConveyancePreference::Direct;
        AttestationResponse::from_u2f(data.json, &application, &registration, direct, vec!["usb".to_owned()]).unwrap()
    }

    /// Signs in.
    pub(in crate::relying_party) fn sign_in(
        &self,
        options: &RequestOptions,
        origin: &str,
        counter: u32,
    ) -> AssertionResponse {
        let auth_data = [
            &Sha256::digest(&options.rp_id)[..],
            &[self.flags],
            &counter.to_be_bytes(),
        ]
        .concat();
        self.assert(options, origin, auth_data)
    }

    /// Signs in with any authenticator data.
    pub(super) fn assert(&self, options: &RequestOptions, origin: &str, auth_data: Vec<u8>) -> AssertionResponse {
        let data = ClientData::new(CeremonyType::Get, options.challenge.bytes(), origin);
        let signature = self.sign(&[&auth_data[..], &data.hash].concat());
        AssertionResponse::from_ctap2(
            data.json,
            Some(self.id.clone()),
            &options.allow,
            auth_data,
            signature,
            None,
        )
        .unwrap()
    }

    /// Signs in over U2F.
    pub(in crate::relying_party) fn sign_in_u2f(
        &self,
        options: &RequestOptions,
        origin: &str,
        scope: &str,
        app_id_used: bool,
        counter: u32,
    ) -> AssertionResponse {
        let application: [u8; 32] = Sha256::digest(scope).into();
        let data = ClientData::new(CeremonyType::Get, options.challenge.bytes(), origin);
        let head = [&[0x01][..], &counter.to_be_bytes()].concat();
        let signature = self.sign(&[&application[..], &head, &data.hash].concat());
        let authentication = Authentication {
            user_presence: 0x01,
            counter,
            signature,
        };
        AssertionResponse::from_u2f(data.json, self.id.clone(), &application, app_id_used, &authentication)
    }

    pub(super) fn auth_data(&self, scope: &str, counter: Option<u32>) -> Vec<u8> {
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let counter = counter.unwrap_or(0).to_be_bytes();
        let hash = Sha256::digest(scope);
        [
            &hash[..],
            &[self.flags | 0x40],
            &counter,
            &self.aaguid,
            &length,
            &self.id,
            &self.cose_key(),
        ]
        .concat()
    }

    pub(super) fn cose_key(&self) -> Vec<u8> {
        match &self.secret {
            Secret::Es256(secret) => {
                let point = secret.verifying_key().to_sec1_point(false);
                let (x, y) = point.as_bytes()[1..].split_at(32);
                [&b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"[..], x, b"\x22\x58\x20", y].concat()
            }
            Secret::EdDsa(secret) => [
                &b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20"[..],
                &secret.verifying_key().to_bytes(),
            ]
            .concat(),
        }
    }

    fn algorithm(&self) -> i64 {
        match self.secret {
            Secret::Es256(_) => -7,
            Secret::EdDsa(_) => -8,
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Es256(secret) => {
                let signature: DerSignature = secret.sign(message);
                signature.as_bytes().to_vec()
            }
            Secret::EdDsa(secret) => secret.sign(message).to_bytes().to_vec(),
        }
    }

    fn client_data(&self, options: &CreationOptions, origin: &str) -> ClientData {
        ClientData::new(CeremonyType::Create, options.challenge.bytes(), origin)
    }

    pub(super) fn response(
        &self,
        data: ClientData,
        format: &str,
        auth_data: &[u8],
        statement: &[u8],
    ) -> AttestationResponse {
        let direct = AttestationConveyancePreference::Direct;
        let transports = vec!["usb".to_owned()];
        AttestationResponse::from_ctap2(data.json, format, auth_data, statement, direct, transports).unwrap()
    }
}

/// A packed statement, written out byte by byte.
pub(super) fn statement(algorithm: i64, signature: &[u8], certificate: Option<&[u8]>) -> Vec<u8> {
    let algorithm = u8::try_from(0x1f - algorithm).unwrap();
    let signature = [&[0x58, u8::try_from(signature.len()).unwrap()][..], signature].concat();
    let head = if certificate.is_some() { 0xa3 } else { 0xa2 };
    let mut statement = [&[head][..], b"\x63alg", &[algorithm], b"\x63sig", &signature].concat();
    if let Some(certificate) = certificate {
        let length = u16::try_from(certificate.len()).unwrap().to_be_bytes();
        statement.extend([&b"\x63x5c\x81\x59"[..], &length, certificate].concat());
    }
    statement
}
