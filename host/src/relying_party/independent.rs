//! The second opinion: the whole answer through the relying-party library.

use webauthn::{
    AttestationType, AuthenticatorAssertionResponse, AuthenticatorAttestationResponse, PublicKey as LibraryKey,
    RelyingParty,
};

use super::algorithm::{Algorithm, PublicKey};
use super::authenticator_data::AttestedCredential;
use super::{Challenge, Check, Credential};
use crate::client::webauthn::{AssertionResponse, AttestationResponse, CreationOptions, RequestOptions, Requirement};
use crate::text::escape;

const NAME: &str = "independent verification";

/// The library accepts the registration, and reads the same credential out of it as we do.
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
    let verified = library.verify_registration(&challenge(&options.challenge), &response, &options.user.id);
    Check::of(
        NAME,
        match verified {
            Err(error) => Err(refused(&error)),
            Ok(result) => {
                let same_id = attested.is_some_and(|attested| attested.id == result.credential.id);
                if same_id
                    && public_key
                        .map(library_key)
                        .as_ref()
                        .is_some_and(|key| same(key, &result.credential.public_key))
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
    let stored = webauthn::Credential {
        id: credential.id.clone(),
        public_key: library_key(&public_key),
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

fn library_key(key: &PublicKey) -> LibraryKey {
    match key.algorithm {
        Algorithm::Es256 => {
            let (x, y) = key
                .bytes
                .get(1..)
                .unwrap_or_default()
                .split_at_checked(32)
                .unwrap_or_default();
            LibraryKey::ES256 {
                x: x.to_vec(),
                y: y.to_vec(),
            }
        }
        Algorithm::EdDsa => LibraryKey::EdDSA(key.bytes.clone()),
    }
}

fn same(a: &LibraryKey, b: &LibraryKey) -> bool {
    match (a, b) {
        (LibraryKey::ES256 { x: ax, y: ay }, LibraryKey::ES256 { x: bx, y: by }) => ax == bx && ay == by,
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

fn refused(error: &webauthn::WebAuthnError) -> String {
    format!("caden refuses it: {}", escape(&error.to_string()))
}
