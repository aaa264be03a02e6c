//! Attestation statements (WebAuthn Level 3 §8): what they prove, in plain words.

use cbor4ii::core::Value;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::x509::{X509Name, X509Version};

use super::algorithm::PublicKey;
use crate::cbor;
use crate::text::escape;
use crate::webauthn::Algorithm;
use crate::webauthn::authenticator_data::{
    ATTESTED_CREDENTIAL_DATA, AttestedCredential, AuthenticatorData, USER_PRESENT,
};

/// The attestation object (§6.5.4), read strictly.
pub(super) struct AttestationObject {
    pub(super) format: String,
    statement: Vec<(Value, Value)>,
    pub(super) auth_data: Vec<u8>,
}

impl AttestationObject {
    /// Reads an attestation object of exactly three members, in canonical CBOR.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let object = cbor::decode_canonical(bytes).map_err(|why| format!("the attestation object {why}"))?;
        if let Value::Map(members) = object
            && let Ok([(k1, format), (k2, statement), (k3, auth_data)]) = <[(Value, Value); 3]>::try_from(members)
            && [k1, k2, k3] == ["fmt", "attStmt", "authData"].map(|name| Value::Text(name.to_owned()))
            && let (Value::Text(format), Value::Map(statement), Value::Bytes(auth_data)) =
                (format, statement, auth_data)
        {
            return Ok(Self {
                format,
                statement,
                auth_data,
            });
        }
        Err("the attestation object is not made of fmt, attStmt and authData".to_owned())
    }
}

/// What a statement is verified against.
pub(super) struct Subject<'a> {
    pub(super) data: &'a AuthenticatorData<'a>,
    pub(super) credential: &'a AttestedCredential<'a>,
    pub(super) public_key: &'a PublicKey,
    /// Authenticator data and client data hash: what is signed, except in `fido-u2f`.
    pub(super) message: &'a [u8],
    /// The roots that the attestation must chain to. If there are none, any attestation is accepted.
    pub(super) roots: &'a [Vec<u8>],
}

/// A statement that is as its format demands. Its signature is not yet verified.
pub(super) struct Statement {
    /// What it would prove, for the user; escaped.
    pub(super) meaning: String,
    /// `None` where the format has no signature.
    pub(super) signature: Option<Signature>,
}

/// A signature to verify.
pub(super) struct Signature {
    algorithm: Algorithm,
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
    /// Whose signature it is, for the user.
    signer: &'static str,
}

impl Signature {
    /// Verifies it, and says whose it is.
    pub(super) fn verify(&self) -> Result<String, String> {
        let name = self.algorithm.name();
        match self.algorithm.verify(&self.key, &self.message, &self.signature) {
            Ok(()) => Ok(format!("the {name} signature by {} is valid", self.signer)),
            Err(_) => Err(format!("the {name} signature by {} is not valid", self.signer)),
        }
    }
}

/// Reads a statement as its format demands. The error says what is wrong with it.
pub(super) fn read(object: &AttestationObject, subject: &Subject<'_>) -> Result<Statement, String> {
    match object.format.as_str() {
        "none" => none(&object.statement, subject),
        "packed" => packed(&object.statement, subject),
        "fido-u2f" => fido_u2f(&object.statement, subject),
        other => Err(format!("the format {} is none that a security key uses", escape(other))),
    }
}

/// §8.7.
fn none(statement: &[(Value, Value)], subject: &Subject<'_>) -> Result<Statement, String> {
    trust_without_certificate(subject)?;
    if !statement.is_empty() {
        return Err("the format is none, and yet there is a statement".to_owned());
    }
    Ok(Statement {
        meaning: "none: nothing is proved about which key this is".to_owned(),
        signature: None,
    })
}

/// §8.2.
fn packed(statement: &[(Value, Value)], subject: &Subject<'_>) -> Result<Statement, String> {
    let (algorithm, signature, certificates) = match statement {
        [(_, Value::Integer(id)), (_, Value::Bytes(signature))] if has_names(statement, &["alg", "sig"]) => {
            (id, signature, None)
        }
        [
            (_, Value::Integer(id)),
            (_, Value::Bytes(signature)),
            (_, Value::Array(x5c)),
        ] if has_names(statement, &["alg", "sig", "x5c"]) => (id, signature, Some(x5c)),
        _ => return Err("the packed statement is not made of alg, sig and perhaps x5c".to_owned()),
    };
    let algorithm = i64::try_from(*algorithm)
        .ok()
        .and_then(Algorithm::from_cose)
        .ok_or_else(|| format!("the statement's algorithm {algorithm} is none that can be verified"))?;
    let (meaning, key, signer) = match certificates {
        None if algorithm != subject.public_key.algorithm => {
            return Err("the self attestation names another algorithm than the credential has".to_owned());
        }
        None => {
            trust_without_certificate(subject)?;
            (
                "self: the credential vouches for itself; nothing is proved about which key this is".to_owned(),
                subject.public_key.bytes.clone(),
                "the credential",
            )
        }
        Some(x5c) => {
            let chain = Chain::parse(x5c)?;
            chain.check_packed(subject.credential.aaguid)?;
            (
                chain.meaning("packed", subject.roots)?,
                chain.leaf_key(algorithm)?,
                "the attestation certificate",
            )
        }
    };
    let (message, signature) = (subject.message.to_vec(), signature.clone());
    Ok(Statement {
        meaning,
        signature: Some(Signature {
            algorithm,
            key,
            message,
            signature,
            signer,
        }),
    })
}

/// §8.6. The signature does not cover flags, counter and AAGUID, so they must be what the client's translation sets
/// (CTAP 2.3, "Interoperating with CTAP1/U2F authenticators").
fn fido_u2f(statement: &[(Value, Value)], subject: &Subject<'_>) -> Result<Statement, String> {
    let [(_, Value::Bytes(signature)), (_, Value::Array(x5c))] = statement else {
        return Err("the fido-u2f statement is not made of sig and x5c".to_owned());
    };
    if !has_names(statement, &["sig", "x5c"]) || x5c.len() != 1 {
        return Err("the fido-u2f statement is not made of sig and x5c with one certificate".to_owned());
    }
    let data = subject.data;
    if data.flags != USER_PRESENT | ATTESTED_CREDENTIAL_DATA
        || data.counter != 0
        || *subject.credential.aaguid != [0; 16]
    {
        return Err("a U2F registration has neither flags beyond presence, nor a counter, nor an AAGUID".to_owned());
    }
    if subject.public_key.algorithm != Algorithm::Es256 {
        return Err("a U2F credential has an ES256 key".to_owned());
    }
    let chain = Chain::parse(x5c)?;
    let client_data_hash = subject.message.last_chunk::<32>().map_or(&[][..], |hash| hash);
    let message = [
        &[0][..],
        data.rp_id_hash,
        client_data_hash,
        subject.credential.id,
        &subject.public_key.bytes,
    ]
    .concat();
    let signature = Signature {
        algorithm: Algorithm::Es256,
        key: chain.leaf_key(Algorithm::Es256)?,
        message,
        signature: signature.clone(),
        signer: "the attestation certificate",
    };
    Ok(Statement {
        meaning: chain.meaning("U2F", subject.roots)?,
        signature: Some(signature),
    })
}

/// A name, escaped and cut to a readable length.
fn name(name: &X509Name<'_>) -> String {
    escape(&name.to_string().chars().take(120).collect::<String>()).into_owned()
}

fn has_names(statement: &[(Value, Value)], names: &[&str]) -> bool {
    statement.iter().map(|(key, _)| key).eq(names
        .iter()
        .map(|name| Value::Text((*name).to_owned()))
        .collect::<Vec<_>>()
        .iter())
}

/// If roots are given, a statement without a certificate is not enough.
fn trust_without_certificate(subject: &Subject<'_>) -> Result<(), String> {
    match subject.roots {
        [] => Ok(()),
        _ => Err("there is no certificate that could chain to a root that we trust".to_owned()),
    }
}

/// An `x5c`: the attestation certificate, then each certificate's issuer.
struct Chain<'a> {
    leaf: X509Certificate<'a>,
    issuers: Vec<X509Certificate<'a>>,
}

impl<'a> Chain<'a> {
    /// Reads the certificates; each must be signed by the next, and the last by itself where it names itself as issuer.
    fn parse(x5c: &'a [Value]) -> Result<Self, String> {
        let mut certificates = Vec::with_capacity(x5c.len());
        for der in x5c {
            let Value::Bytes(der) = der else {
                return Err("a certificate is not bytes".to_owned());
            };
            match X509Certificate::from_der(der) {
                Ok(([], certificate)) => certificates.push(certificate),
                _ => return Err("a certificate is not X.509".to_owned()),
            }
        }
        for (position, certificate) in certificates.iter().enumerate() {
            let issuer = match certificates.get(position + 1) {
                Some(issuer) => issuer,
                None if certificate.issuer() == certificate.subject() => certificate,
                None => continue,
            };
            if certificate.issuer() != issuer.subject()
                || certificate.verify_signature(Some(issuer.public_key())).is_err()
            {
                return Err("a certificate is not signed by the one it names as its issuer".to_owned());
            }
        }
        let mut certificates = certificates.into_iter();
        match certificates.next() {
            Some(leaf) => Ok(Self {
                leaf,
                issuers: certificates.collect(),
            }),
            None => Err("there is no certificate".to_owned()),
        }
    }

    /// The certificate's key, of the algorithm that the statement names.
    fn leaf_key(&self, algorithm: Algorithm) -> Result<Vec<u8>, String> {
        let key = &self.leaf.public_key().subject_public_key.data;
        algorithm
            .certified(key)
            .ok_or_else(|| format!("the attestation certificate has no key for {}", algorithm.name()))
    }

    /// §8.2.1: version 3, a subject of country, organization, unit and common name, no authority, and the AAGUID where
    /// it is named.
    fn check_packed(&self, aaguid: &[u8; 16]) -> Result<(), String> {
        let leaf = &self.leaf;
        let missing = |name: &str| Err(format!("the subject of the attestation certificate has no {name}"));
        let is_country = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        let says = |text: Result<&str, _>, fits: fn(&str) -> bool| text.is_ok_and(fits);
        let subject = leaf.subject();
        if !subject.iter_country().any(|country| says(country.as_str(), is_country)) {
            return missing("country (C) of two letters");
        }
        if !subject
            .iter_organization()
            .any(|name| says(name.as_str(), |text| !text.is_empty()))
        {
            return missing("organization (O)");
        }
        if !subject
            .iter_common_name()
            .any(|name| says(name.as_str(), |text| !text.is_empty()))
        {
            return missing("common name (CN)");
        }
        if leaf.extensions_map().is_err() {
            return Err("the attestation certificate has an extension twice".to_owned());
        }
        let unit = leaf
            .subject()
            .iter_organizational_unit()
            .filter_map(|unit| unit.as_str().ok());
        if leaf.version() != X509Version::V3 || !unit.into_iter().any(|unit| unit == "Authenticator Attestation") {
            return Err("the certificate is not one for attestation".to_owned());
        }
        if !matches!(leaf.basic_constraints(), Ok(Some(constraints)) if !constraints.value.ca) {
            return Err("the certificate does not exclude that it is an authority's".to_owned());
        }
        // id-fido-gen-ce-aaguid: an OCTET STRING of 16 bytes.
        let extension = leaf
            .extensions()
            .iter()
            .find(|e| e.oid.to_id_string() == "1.3.6.1.4.1.45724.1.1.4");
        match extension {
            Some(extension) if extension.critical || extension.value != [&[0x04, 16][..], aaguid].concat() => {
                Err("the certificate is for another model than the key says it is".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Whom the certificate names, and whether it chains to a root that we trust.
    fn meaning(&self, format: &str, roots: &[Vec<u8>]) -> Result<String, String> {
        let trust = match roots {
            [] => "which is not chained to a root that we trust",
            _ if self.is_trusted(roots) => "which chains to a root that we trust",
            _ => return Err("the certificate chains to another root than those that we trust".to_owned()),
        };
        let (subject, issuer) = (name(self.leaf.subject()), name(self.leaf.issuer()));
        Ok(format!("{format}: certified as \"{subject}\" by \"{issuer}\", {trust}"))
    }

    /// Whether the last certificate is a root or was issued by one, and all are valid now (§7.1 step 24).
    fn is_trusted(&self, roots: &[Vec<u8>]) -> bool {
        let last = self.issuers.last().unwrap_or(&self.leaf);
        let anchors = |root: &X509Certificate<'_>| {
            root.as_ref() == last.as_ref()
                || root.is_ca()
                    && root.validity().is_valid()
                    && root.subject() == last.issuer()
                    && last.verify_signature(Some(root.public_key())).is_ok()
        };
        self.leaf.validity().is_valid()
            && self
                .issuers
                .iter()
                .all(|issuer| issuer.is_ca() && issuer.validity().is_valid())
            && roots
                .iter()
                .filter_map(|root| Some(X509Certificate::from_der(root).ok()?.1))
                .any(|root| anchors(&root))
    }
}
