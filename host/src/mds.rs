//! The FIDO metadata service's blob (FIDO Metadata Service v3.1): what the alliance knows of models of keys.
//!
//! The blob is a JWT, which the alliance signs. Nothing in it is believed before its signature and its chain of
//! certificates are verified.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm};
use serde::Deserialize;
use thiserror::Error;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// The root of the alliance's blob, GlobalSign Root CA - R3: the SHA-256 of its certificate. It certifies many, so with
/// this root the leaf must have the service's name.
const GLOBALSIGN_R3: [u8; 32] = [
    0xCB, 0xB5, 0x22, 0xD7, 0xB7, 0xF1, 0x27, 0xAD, 0x6A, 0x01, 0x13, 0x86, 0x5B, 0xDF, 0x1C, 0xD4, 0x10, 0x2E, 0x7D,
    0x07, 0x59, 0xAF, 0x63, 0x5A, 0x7C, 0xF4, 0x72, 0x0D, 0xC9, 0x63, 0xC5, 0x3B,
];
/// The name of the service (§3.1.8).
const SERVICE: &str = "mds.fidoalliance.org";
/// More certificates than any chain has.
const CHAIN_MAX: usize = 8;

/// The payload, as far as it is used.
#[derive(Debug, Clone, Deserialize)]
pub struct Blob {
    /// Its serial number.
    pub no: u64,
    /// The day from which on there is a newer one: `YYYY-MM-DD`.
    #[serde(rename = "nextUpdate")]
    pub next_update: String,
    /// The models.
    entries: Vec<Entry>,
}

/// A model. Texts come from the blob: escape them before you show them.
#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    #[serde(default)]
    aaguid: Option<String>,
    #[serde(rename = "metadataStatement", default)]
    statement: Option<Statement>,
    /// What happened to it, in no certain order.
    #[serde(rename = "statusReports", default)]
    pub reports: Vec<StatusReport>,
}

#[derive(Debug, Clone, Deserialize)]
struct Statement {
    description: String,
}

/// One thing that happened to a model (§3.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StatusReport {
    /// Such as `FIDO_CERTIFIED_L1` and `REVOKED`.
    pub status: String,
    /// Since when: `YYYY-MM-DD`.
    #[serde(rename = "effectiveDate", default)]
    pub effective_date: Option<String>,
    /// The firmware that it is about, and older ones.
    #[serde(rename = "authenticatorVersion", default)]
    pub authenticator_version: Option<u64>,
}

impl StatusReport {
    /// Whether a website should not trust the model any more (§3.1.4).
    #[must_use]
    pub fn is_bad(&self) -> bool {
        [
            "REVOKED",
            "USER_VERIFICATION_BYPASS",
            "ATTESTATION_KEY_COMPROMISE",
            "USER_KEY_REMOTE_COMPROMISE",
            "USER_KEY_PHYSICAL_COMPROMISE",
        ]
        .contains(&self.status.as_str())
    }
}

impl Entry {
    /// The model's name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.statement.as_ref().map(|statement| statement.description.as_str())
    }
}

impl Blob {
    /// The model of this AAGUID.
    #[must_use]
    pub fn model(&self, aaguid: &str) -> Option<&Entry> {
        let mut entries = self.entries.iter();
        entries.find(|entry| {
            entry
                .aaguid
                .as_deref()
                .is_some_and(|known| known.eq_ignore_ascii_case(aaguid))
        })
    }

    /// Whether there is a newer blob on the day `today`, `YYYY-MM-DD`.
    #[must_use]
    pub fn is_outdated(&self, today: &str) -> bool {
        self.next_update.as_str() < today
    }
}

/// Why a blob is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BlobError {
    /// It is no JWT.
    #[error("it is no JWT of three parts in base64url")]
    Form,
    /// Its header is not what it must be.
    #[error("its header has no algorithm that is known, or no certificates")]
    Header,
    /// A certificate is not signed by the next, or no longer valid.
    #[error("a certificate of its chain is not valid, or not signed by the next")]
    Chain,
    /// The chain ends elsewhere.
    #[error("its certificates do not lead to a root that was given")]
    Root,
    /// GlobalSign certified somebody else.
    #[error("its certificate is not that of mds.fidoalliance.org")]
    Name,
    /// The signature is wrong.
    #[error("its signature is not valid")]
    Signature,
    /// What was signed is not what it must be.
    #[error("its contents are not those of a metadata blob")]
    Payload,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    x5c: Vec<String>,
}

/// Reads a blob that leads to one of `roots`, X.509 in DER.
///
/// # Errors
/// [`BlobError`].
pub fn verify(jwt: &str, roots: &[Vec<u8>]) -> Result<Blob, BlobError> {
    let jwt = jwt.trim();
    let (signed, signature) = jwt.rsplit_once('.').ok_or(BlobError::Form)?;
    let (header, payload) = signed.split_once('.').ok_or(BlobError::Form)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| BlobError::Form);
    let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);
    let header: Header = serde_json::from_slice(&header).map_err(|_| BlobError::Header)?;
    let chain: Result<Vec<Vec<u8>>, _> = header.x5c.iter().map(|der| STANDARD.decode(der)).collect();
    let chain = chain.map_err(|_| BlobError::Header)?;
    let certificates: Option<Vec<_>> = chain.iter().map(|der| certificate(der)).collect();
    let certificates = certificates
        .filter(|chain| chain.len() <= CHAIN_MAX)
        .ok_or(BlobError::Header)?;
    let leaf = certificates.first().ok_or(BlobError::Header)?;
    let root = anchor(&certificates, roots)?;
    if digest(&SHA256, root).as_ref() == GLOBALSIGN_R3 && !is_service(leaf) {
        return Err(BlobError::Name);
    }
    let algorithm: &dyn VerificationAlgorithm = match header.alg.as_str() {
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        "ES256" => &ECDSA_P256_SHA256_FIXED,
        _ => return Err(BlobError::Header),
    };
    let key = UnparsedPublicKey::new(algorithm, &leaf.public_key().subject_public_key.data);
    key.verify(signed.as_bytes(), &signature)
        .map_err(|_| BlobError::Signature)?;
    serde_json::from_slice(&payload).map_err(|_| BlobError::Payload)
}

fn certificate(der: &[u8]) -> Option<X509Certificate<'_>> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Some(certificate),
        _ => None,
    }
}

/// The root that a chain leads to, each of whose certificates is signed by the next, and valid now.
fn anchor<'a>(chain: &[X509Certificate<'_>], roots: &'a [Vec<u8>]) -> Result<&'a [u8], BlobError> {
    let is_issued = |one: &X509Certificate<'_>, issuer: &X509Certificate<'_>| {
        one.issuer() == issuer.subject() && issuer.is_ca() && one.verify_signature(Some(issuer.public_key())).is_ok()
    };
    let issued = chain
        .iter()
        .zip(chain.iter().skip(1))
        .all(|(one, issuer)| is_issued(one, issuer));
    if !issued || !chain.iter().all(|one| one.validity().is_valid()) {
        return Err(BlobError::Chain);
    }
    let last = chain.last().ok_or(BlobError::Header)?;
    let leads_to = |root: &&Vec<u8>| {
        certificate(root).is_some_and(|root| {
            root.validity().is_valid() && (root.as_ref() == last.as_ref() || is_issued(last, &root))
        })
    };
    roots.iter().find(leads_to).map(Vec::as_slice).ok_or(BlobError::Root)
}

fn is_service(leaf: &X509Certificate<'_>) -> bool {
    let names = leaf.subject_alternative_name().ok().flatten();
    names.is_some_and(|names| {
        let mut names = names.value.general_names.iter();
        names.any(|name| matches!(name, GeneralName::DNSName(name) if name.eq_ignore_ascii_case(SERVICE)))
    })
}

#[cfg(test)]
mod tests;
