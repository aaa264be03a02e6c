//! Registering a new credential (WebAuthn Level 3 §7.1).

use serde::{Deserialize, Serialize};

use super::algorithm::{PublicKey, cose_algorithm};
use super::attestation::{self, AttestationObject, Statement, Subject};
use super::checks::{self, unreadable};
use super::registrations::base64url;
use super::{Check, Report, extensions, second_reader};
use crate::webauthn::authenticator_data::{AttestedCredential, AuthenticatorData, BACKUP_ELIGIBLE};
use crate::webauthn::{Algorithm, AttestationResponse, CeremonyType, CreationOptions, CredentialDescriptor, Origin};

/// What the relying party asked for and expects. Verification uses up the challenge.
#[derive(Debug)]
pub struct ExpectedRegistration {
    /// The options that the client was given.
    pub options: CreationOptions,
    /// The origin that the client data must name.
    pub origin: Origin,
    /// The AAGUID from the key's getInfo, where known.
    pub aaguid: Option<[u8; 16]>,
    /// The certificates, X.509 in DER. The attestation must chain to one of them. If there are none, any attestation is
    /// accepted.
    pub attestation_roots: Vec<Vec<u8>>,
}

impl ExpectedRegistration {
    /// An answer to these options from this origin, by any key.
    #[must_use]
    pub fn new(options: CreationOptions, origin: &Origin) -> Self {
        Self {
            options,
            origin: origin.clone(),
            aaguid: None,
            attestation_roots: Vec::new(),
        }
    }

    /// By a key of the model that getInfo named, if it named one.
    #[must_use]
    pub fn aaguid(mut self, aaguid: Option<[u8; 16]>) -> Self {
        self.aaguid = aaguid;
        self
    }

    /// By a key whose attestation chains to one of these certificates, X.509 in DER.
    #[must_use]
    pub fn attestation_roots(mut self, roots: impl Into<Vec<Vec<u8>>>) -> Self {
        self.attestation_roots = roots.into();
        self
    }
}

/// A verified credential: what the relying party needs to verify it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    /// The credential ID, 1 to 1023 bytes.
    #[serde(with = "base64url")]
    pub id: Vec<u8>,
    /// The public key as the key encoded it: COSE, canonical CBOR.
    #[serde(with = "base64url")]
    pub public_key: Vec<u8>,
    /// The COSE algorithm identifier.
    pub algorithm: i64,
    /// The signature counter.
    pub counter: u32,
    /// The model of the key; zero where it does not say.
    #[serde(with = "base64url")]
    pub aaguid: [u8; 16],
    /// The RP ID, or the AppID of a legacy U2F registration. The key knows its hash.
    pub scope: String,
    /// Whether the scope is an AppID, used through the `appid` extension.
    pub scope_is_app_id: bool,
    /// Whether the credential may leave the key. It never changes.
    pub backup_eligible: bool,
    /// How the key was reached.
    pub transports: Vec<String>,
    /// What the attestation proved, in plain words; escaped.
    pub attestation: String,
}

impl From<&Credential> for CredentialDescriptor {
    fn from(credential: &Credential) -> Self {
        Self {
            id: credential.id.clone(),
            transports: credential.transports.clone(),
        }
    }
}

/// Verifies an answer to creation options, check by check. Returns a credential if every check passed.
pub fn verify_registration(
    expected: ExpectedRegistration,
    answer: &AttestationResponse,
) -> (Report, Option<Credential>) {
    let ExpectedRegistration {
        options,
        origin,
        aaguid,
        attestation_roots,
    } = expected;
    let origin = origin.as_str();
    let object = AttestationObject::parse(&answer.attestation_object);
    let data = match &object {
        Ok(object) => AuthenticatorData::parse(&object.auth_data),
        Err(why) => Err(why.clone()),
    };
    let encoding = checks::encoding(&data, &answer.faults);
    let data = data.ok();
    let attested = data.as_ref().and_then(|data| data.attested.as_ref());
    let public_key = attested.map(|attested| PublicKey::parse(attested.public_key));

    let mut checks = Vec::from(checks::client_data(
        &answer.client_data_json,
        CeremonyType::Create,
        &options.challenge,
        origin,
    ));
    checks.push(encoding);
    checks.push(checks::contents(data.as_ref(), &answer.faults));
    checks.extend(checks::authenticator_data(
        data.as_ref(),
        options.scope(),
        options.user_verification,
        None,
    ));
    checks.push(match &data {
        Some(data) => Check::of(
            "credential",
            credential(data.attested.as_ref(), &answer.credential_id, aaguid),
        ),
        None => unreadable("credential"),
    });
    checks.push(match (attested, &public_key) {
        (Some(attested), Some(key)) => Check::of("algorithm", algorithm(attested, key, &options.algorithms)),
        _ => unreadable("algorithm"),
    });
    let statement = match (&object, &data, attested, &public_key) {
        (Ok(object), Some(data), Some(credential), Some(Ok(public_key))) => {
            let message = checks::signed_message(&object.auth_data, &answer.client_data_json);
            let subject = Subject {
                data,
                credential,
                public_key,
                message: &message,
                roots: &attestation_roots,
            };
            Some(attestation::read(object, &subject))
        }
        _ => None,
    };
    checks.extend(attestation(statement.as_ref()));
    checks.push(match &data {
        Some(data) => Check::passed("counter", format!("starts at {}", data.counter)),
        None => unreadable("counter"),
    });
    checks.extend(extensions::registration(
        &options.extensions,
        data.as_ref(),
        &answer.extensions,
    ));
    checks.push(second_reader::registration(
        &options,
        origin,
        answer,
        attested,
        public_key.and_then(Result::ok).as_ref(),
    ));

    let report = Report::new(checks);
    let credential = match (data.as_ref(), attested, statement) {
        (Some(data), Some(attested), Some(Ok(statement))) if report.passed() => Some(Credential {
            id: attested.id.to_vec(),
            public_key: attested.public_key.to_vec(),
            algorithm: cose_algorithm(attested.public_key).unwrap_or_default(),
            counter: data.counter,
            aaguid: *attested.aaguid,
            scope: options.scope().to_owned(),
            scope_is_app_id: options.legacy_app_id.is_some(),
            backup_eligible: data.has(BACKUP_ELIGIBLE),
            transports: answer.transports.clone(),
            attestation: statement.meaning,
        }),
        _ => None,
    };
    (report, credential)
}

/// Attested credential data is there, is the response's, and is of the model that getInfo named.
fn credential(
    attested: Option<&AttestedCredential<'_>>,
    response_id: &[u8],
    aaguid: Option<[u8; 16]>,
) -> Result<String, &'static str> {
    let attested = attested.ok_or("the key sent no credential")?;
    if attested.id != response_id {
        return Err("the credential ID is not the one that the client names");
    }
    match aaguid {
        Some(known) if known != *attested.aaguid => Err("the AAGUID is not the one that the key gives in getInfo"),
        _ => Ok(format!("its ID has {} bytes", attested.id.len())),
    }
}

/// §7.1 step 20: the algorithm is one that was asked for.
fn algorithm(
    attested: &AttestedCredential<'_>,
    key: &Result<PublicKey, String>,
    asked: &[i64],
) -> Result<&'static str, String> {
    let algorithm = key.as_ref().map_err(Clone::clone)?.algorithm;
    if asked.contains(&algorithm.cose()) && cose_algorithm(attested.public_key) == Some(algorithm.cose()) {
        Ok(algorithm.name())
    } else {
        let names: Vec<&str> = asked
            .iter()
            .filter_map(|id| Algorithm::from_cose(*id))
            .map(Algorithm::name)
            .collect();
        Err(format!(
            "{} was not asked for, only {}",
            algorithm.name(),
            names.join(", ")
        ))
    }
}

/// `attestation` and `signature`. The statement proves something only if its signature is valid.
fn attestation(statement: Option<&Result<Statement, String>>) -> [Check; 2] {
    match statement {
        None => ["attestation", "signature"].map(unreadable),
        Some(Err(why)) => [
            Check::failed("attestation", why.as_str()),
            Check::skipped("signature", "not looked at, because the attestation is refused"),
        ],
        Some(Ok(statement)) => [
            Check::passed("attestation", statement.meaning.as_str()),
            match &statement.signature {
                Some(signature) => Check::of("signature", signature.verify()),
                None => Check::skipped(
                    "signature",
                    "this attestation has none; the first sign-in will show one",
                ),
            },
        ],
    }
}
