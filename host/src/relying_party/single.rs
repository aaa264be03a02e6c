//! Checks of one part of an answer, where nobody knows what was asked: for [`decode`](crate::decode).

use super::algorithm::PublicKey;
use super::attestation::{self, AttestationObject, Subject};
use crate::webauthn::Algorithm;
use crate::webauthn::authenticator_data::AuthenticatorData;

/// A COSE key: its algorithm and its bytes, as the relying party reads it.
///
/// # Errors
/// Why it is no key, in words.
pub(crate) fn public_key(cose: &[u8]) -> Result<(Algorithm, Vec<u8>), String> {
    PublicKey::parse(cose).map(|key| (key.algorithm, key.bytes))
}

/// What an attestation object proves, and the verdict on its signature, where its format has one.
///
/// # Errors
/// Why the statement is not as its format demands.
pub(crate) fn attestation(
    object: &[u8],
    client_data_hash: &[u8; 32],
) -> Result<(String, Option<Result<String, String>>), String> {
    let object = AttestationObject::parse(object)?;
    let data = AuthenticatorData::parse(&object.auth_data)?;
    let credential = data.attested.as_ref().ok_or("there is no attested credential data")?;
    let public_key = PublicKey::parse(credential.public_key)?;
    let message = [&object.auth_data[..], client_data_hash].concat();
    let subject = Subject {
        data: &data,
        credential,
        public_key: &public_key,
        message: &message,
        roots: &[],
    };
    let statement = attestation::read(&object, &subject)?;
    let verdict = statement.signature.map(|signature| signature.verify());
    Ok((statement.meaning, verdict))
}

/// The verdict on a signature by the key in `cose`.
///
/// # Errors
/// Why it is not one, in words.
pub(crate) fn signature(cose: &[u8], message: &[u8], signature: &[u8]) -> Result<String, String> {
    let key = PublicKey::parse(cose)?;
    let name = key.algorithm.name();
    match key.algorithm.verify(&key.bytes, message, signature) {
        Ok(()) => Ok(format!("the {name} signature is by this key")),
        Err(_) => Err(format!("the {name} signature is not by this key")),
    }
}
