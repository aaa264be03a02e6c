//! What can be verified of an answer of U2F, with what is known beside it.

use super::{origin, sha256, signed_in_over_u2f};
use crate::client::u2f::{Authentication, Registration};
use crate::relying_party::{Check, judge_attestation, judge_signature};
use crate::text::escape;
use crate::webauthn::{AttestationConveyancePreference, AttestationResponse};

/// The check of an answer without its status word, where it is one with a signature.
pub(super) fn check(
    answer: &[u8],
    client_data: Option<&[u8]>,
    rp_id: Option<&str>,
    public_key: Option<&[u8]>,
) -> Option<Check> {
    const NAME: &str = "signature";
    if let Ok(registration) = Registration::parse(answer) {
        let verdict = |json: &[u8], application: &[u8; 32]| attested(json, application, &registration);
        return Some(for_any("attestation signature", client_data, rp_id, verdict));
    }
    let authentication = Authentication::parse(answer).ok()?;
    let Some(key) = public_key else {
        return Some(Check::skipped(NAME, "it takes the credential's public key"));
    };
    let verdict = |json: &[u8], application: &[u8; 32]| {
        let message = signed_in_over_u2f(application, &authentication, &sha256(json));
        judge_signature(key, &message, &authentication.signature)
    };
    Some(for_any(NAME, client_data, rp_id, verdict))
}

/// The check of a signature that `verdict` judges by the client data and the application parameter: for the RP ID or
/// AppID that is known, or else for any that the website may have.
fn for_any(
    name: &'static str,
    client_data: Option<&[u8]>,
    rp_id: Option<&str>,
    verdict: impl Fn(&[u8], &[u8; 32]) -> Result<String, String>,
) -> Check {
    let Some(json) = client_data else {
        return Check::skipped(name, "it takes the client data");
    };
    let names = rp_id.map_or_else(|| applications(json), |id| vec![id.to_owned()]);
    let mut why = None;
    for application in &names {
        match verdict(json, &sha256(application.as_bytes())) {
            Ok(words) => return Check::passed(name, format!("{words}, for {}", escape(application))),
            Err(words) => why = Some(words),
        }
    }
    match why {
        Some(words) => {
            let tried: Vec<_> = names.iter().map(|name| escape(name)).collect();
            Check::failed(name, format!("{words}, for {}", tried.join(", ")))
        }
        None => Check::skipped(name, "the RP ID or AppID is not known"),
    }
}

/// What a website may have named itself: the origin, which is an AppID of U2F, its domain, and each end of that.
fn applications(client_data: &[u8]) -> Vec<String> {
    let Some((origin, host)) = origin(client_data) else {
        return Vec::new();
    };
    let ends = host.match_indices('.').filter_map(|(dot, _)| host.get(dot + 1..));
    let mut names: Vec<_> = [&*host].into_iter().chain(ends).map(str::to_owned).collect();
    names.push(origin);
    names
}

/// Whether the attestation of a registration for `application` verifies: as WebAuthn's statement `fido-u2f`, which
/// has the same parts.
fn attested(client_data: &[u8], application: &[u8; 32], registration: &Registration) -> Result<String, String> {
    let direct = AttestationConveyancePreference::Direct;
    let response = AttestationResponse::from_u2f(client_data.to_vec(), application, registration, direct, Vec::new())
        .map_err(|error| error.to_string())?;
    match judge_attestation(&response.attestation_object, &sha256(client_data))? {
        (_, Some(verdict)) => verdict,
        (_, None) => Err("there is no signature".to_owned()),
    }
}
