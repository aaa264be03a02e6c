//! The second reader: the relying-party library `caden` reads the whole answer too.

use webauthn::{
    AttestationType, AuthenticatorAssertionResponse, AuthenticatorAttestationResponse, PublicKey as LibraryKey,
    RelyingParty, WebAuthnError,
};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::RSAPublicKey;

use super::algorithm::PublicKey;
use super::{Check, Credential};
use crate::text::escape;
use crate::webauthn::authenticator_data::AttestedCredential;
use crate::webauthn::{
    Algorithm, AssertionResponse, AttestationResponse, Challenge, CreationOptions, RequestOptions, Requirement,
};

const NAME: &str = "second reader";

/// The library accepts the registration, and reads the same credential as we do.
pub(super) fn registration(
    options: &CreationOptions,
    origin: &str,
    answer: &AttestationResponse,
    attested: Option<&AttestedCredential<'_>>,
    public_key: Option<&PublicKey>,
) -> Check {
    let library = relying_party(options.scope(), origin, options.user_verification)
        .allowed_algorithms(options.algorithms.iter().copied());
    let response = AuthenticatorAttestationResponse {
        client_data_json: answer.client_data_json.clone(),
        attestation_object: answer.attestation_object.clone(),
    };
    let library_key = public_key.map(library_key);
    if let (Some(None), Some(key)) = (&library_key, public_key) {
        return not_available(key.algorithm);
    }
    let verified = library.verify_registration(&challenge(&options.challenge), &response, &options.user.id);
    // It knows ES384 in assertions only.
    if let Err(WebAuthnError::UnsupportedAlgorithm(id)) = verified
        && id == Algorithm::Es384.cose()
    {
        return Check::skipped(
            NAME,
            "not available: caden does not verify attestation that is signed with ES384",
        );
    }
    Check::of(
        NAME,
        match verified {
            Err(error) => Err(refused(&error)),
            Ok(result) => {
                let same_id = attested.is_some_and(|attested| attested.id == result.credential.id);
                if same_id
                    && library_key
                        .flatten()
                        .is_some_and(|key| same(&key, &result.credential.public_key))
                {
                    Ok(format!(
                        "caden accepts it too, with {}",
                        describe(&result.attestation_type)
                    ))
                } else {
                    Err("caden reads another credential out of the answer".to_owned())
                }
            }
        },
    )
}

/// The library accepts the assertion.
pub(super) fn authentication(
    options: &RequestOptions,
    origin: &str,
    credential: &Credential,
    user_handle: &[u8],
    answer: &AssertionResponse,
) -> Check {
    let Ok(public_key) = PublicKey::parse(&credential.public_key) else {
        return Check::failed(NAME, "the registered public key cannot be read");
    };
    let Some(library_key) = library_key(&public_key) else {
        return not_available(public_key.algorithm);
    };
    let stored = webauthn::Credential {
        id: credential.id.clone(),
        public_key: library_key,
        sign_count: credential.counter,
        user_id: user_handle.to_vec(),
        rp_id: credential.scope.clone(),
        created_at: options.challenge.issued(),
        backup_eligible: credential.backup_eligible,
        backup_state: false,
    };
    let response = AuthenticatorAssertionResponse {
        client_data_json: answer.client_data_json.clone(),
        authenticator_data: answer.authenticator_data.clone(),
        signature: answer.signature.clone(),
        user_handle: answer.user_handle.clone(),
        credential_id: answer.credential_id.clone(),
    };
    let library = relying_party(&credential.scope, origin, options.user_verification);
    let verified = library.verify_authentication(&stored, &challenge(&options.challenge), &response);
    Check::of(
        NAME,
        verified
            .map(|_| "caden accepts it too")
            .map_err(|error| refused(&error)),
    )
}

fn relying_party(scope: &str, origin: &str, user_verification: Requirement) -> RelyingParty {
    RelyingParty::new(scope, origin, scope)
        .require_user_verification(user_verification == Requirement::Required)
        .reject_cross_origin(true)
}

fn challenge(challenge: &Challenge) -> webauthn::Challenge {
    webauthn::Challenge {
        bytes: challenge.bytes().to_vec(),
        created_at: challenge.issued(),
    }
}

/// There is no second reader.
fn not_available(algorithm: Algorithm) -> Check {
    Check::skipped(NAME, format!("not available: caden does not know {}", algorithm.name()))
}

/// The key as the library has it; `None` where it does not know the algorithm.
fn library_key(key: &PublicKey) -> Option<LibraryKey> {
    let coordinates = |size| {
        let (x, y) = key.bytes.get(1..)?.split_at_checked(size)?;
        Some((x.to_vec(), y.to_vec()))
    };
    match key.algorithm {
        Algorithm::Es256 => coordinates(32).map(|(x, y)| LibraryKey::ES256 { x, y }),
        Algorithm::Es384 => coordinates(48).map(|(x, y)| LibraryKey::ES384 { x, y }),
        Algorithm::EdDsa => Some(LibraryKey::EdDSA(key.bytes.clone())),
        Algorithm::Rs256 => {
            let (_, rsa) = RSAPublicKey::from_der(&key.bytes).ok()?;
            // In DER, a number whose first bit is set has a zero before it.
            let number = |der: &[u8]| der.strip_prefix(&[0]).unwrap_or(der).to_vec();
            Some(LibraryKey::RS256 {
                n: number(rsa.modulus),
                e: number(rsa.exponent),
            })
        }
        _ => None,
    }
}

fn same(a: &LibraryKey, b: &LibraryKey) -> bool {
    match (a, b) {
        (LibraryKey::ES256 { x: ax, y: ay }, LibraryKey::ES256 { x: bx, y: by })
        | (LibraryKey::ES384 { x: ax, y: ay }, LibraryKey::ES384 { x: bx, y: by })
        | (LibraryKey::RS256 { n: ax, e: ay }, LibraryKey::RS256 { n: bx, e: by }) => ax == bx && ay == by,
        (LibraryKey::EdDSA(a), LibraryKey::EdDSA(b)) => a == b,
        _ => false,
    }
}

fn describe(attestation: &AttestationType) -> &'static str {
    match attestation {
        AttestationType::None => "no attestation",
        AttestationType::SelfAttestation => "self attestation",
        _ => "an attestation certificate",
    }
}

fn refused(error: &WebAuthnError) -> String {
    format!("caden refuses it: {}", escape(&error.to_string()))
}
