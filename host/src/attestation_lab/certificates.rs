//! The certificates (WebAuthn Level 3 §8.2.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p256::pkcs8::DecodePrivateKey as _;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use zeroize::Zeroizing;

use super::Model;

/// id-fido-gen-ce-aaguid.
const AAGUID_EXTENSION: [u64; 10] = [1, 3, 6, 1, 4, 1, 45724, 1, 1, 4];

/// Why there are no certificates.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The country is not a code of two letters.
    #[error("{0:?} is not a country's code of two capital letters")]
    Country(String),
    /// A text is empty, or too long for a certificate.
    #[error("the {what} has {length} bytes, and not 1 to {max}")]
    Length {
        /// Which text.
        what: &'static str,
        /// Its length, in bytes.
        length: usize,
        /// The longest that fits.
        max: usize,
    },
    /// The library failed, because there was no randomness.
    #[error("cannot make a certificate: {0}")]
    Library(#[from] rcgen::Error),
}

impl LabError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Country(_) => "use the code of ISO 3166, such as SE",
            Self::Length { .. } => "choose another text",
            Self::Library(_) => "try again",
        }
    }
}

/// A certificate and its private key (P-256).
pub struct Issued {
    certificate: Certificate,
    key: KeyPair,
    secret: Zeroizing<[u8; 32]>,
}

impl Issued {
    /// The certificate: X.509, DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        self.certificate.der()
    }

    /// The certificate: X.509, PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        pem("CERTIFICATE", self.der())
    }

    /// The private key: PKCS #8, PEM.
    #[must_use]
    pub fn key_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(pem("PRIVATE KEY", self.key.serialized_der()))
    }

    /// The private key: the scalar, big-endian.
    #[must_use]
    pub fn secret(&self) -> Zeroizing<[u8; 32]> {
        self.secret.clone()
    }
}

/// The textual encoding of RFC 7468: base64 in lines of 64 characters.
fn pem(label: &str, der: &[u8]) -> String {
    // Three bytes become four characters, so each line can be encoded by itself.
    let lines: String = der.chunks(48).map(|line| STANDARD.encode(line) + "\n").collect();
    format!("-----BEGIN {label}-----\n{lines}-----END {label}-----\n")
}

/// Root, batch and enterprise.
pub(super) fn issue(model: &Model) -> Result<[Issued; 3], LabError> {
    check(model)?;
    let root_params = root(model)?;
    let root_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let issuer = Issuer::from_params(&root_params, &root_key);
    let below = |params: &CertificateParams| -> Result<Issued, LabError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.signed_by(&key, &issuer)?;
        issued(certificate, key)
    };
    let batch = below(&leaf(model, "batch attestation")?)?;
    let enterprise = below(&leaf(model, "enterprise attestation")?)?;
    let certificate = root_params.self_signed(&root_key)?;
    Ok([issued(certificate, root_key)?, batch, enterprise])
}

fn issued(certificate: Certificate, key: KeyPair) -> Result<Issued, LabError> {
    let secret = p256::SecretKey::from_pkcs8_der(key.serialized_der())
        .map_err(|_| rcgen::Error::CouldNotParseKeyPair)?
        .to_bytes();
    Ok(Issued {
        certificate,
        key,
        secret: Zeroizing::new(secret.into()),
    })
}

fn check(model: &Model) -> Result<(), LabError> {
    for (what, text, max) in [
        ("name of the model", &model.name, Model::NAME_MAX),
        ("name of the organization", &model.organization, 64),
    ] {
        let length = text.len();
        if !(1..=max).contains(&length) {
            return Err(LabError::Length { what, length, max });
        }
    }
    match model.country.as_bytes() {
        [b'A'..=b'Z', b'A'..=b'Z'] => Ok(()),
        _ => Err(LabError::Country(model.country.clone())),
    }
}

/// What all three have: a subject, and a validity that is longer than any test. It ends with the last year that all
/// decoders read in the same way (RFC 5280 §4.1.2.5: UTCTime).
fn params(model: &Model, role: &str) -> Result<CertificateParams, LabError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    let mut subject = DistinguishedName::new();
    let country = model.country.as_str().try_into().map(DnValue::PrintableString)?;
    subject.push(DnType::CountryName, country);
    subject.push(DnType::OrganizationName, model.organization.as_str());
    subject.push(DnType::CommonName, format!("{} {role}", model.name));
    params.distinguished_name = subject;
    Ok(params)
}

fn root(model: &Model) -> Result<CertificateParams, LabError> {
    let mut params = params(model, "attestation root")?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// §8.2.1: the organizational unit of attestation certificates, no CA, and the AAGUID in an extension that is not
/// critical.
fn leaf(model: &Model, role: &str) -> Result<CertificateParams, LabError> {
    let mut params = params(model, role)?;
    params
        .distinguished_name
        .push(DnType::OrganizationalUnitName, "Authenticator Attestation");
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    let value = [&[0x04, 16][..], &model.aaguid].concat();
    params
        .custom_extensions
        .push(CustomExtension::from_oid_content(&AAGUID_EXTENSION, value));
    Ok(params)
}
