//! Verifying an assertion (WebAuthn Level 3 §7.2).

use super::algorithm::PublicKey;
use super::checks::{self, unreadable};
use super::{Check, Credential, Report, extensions, second_reader};
use crate::webauthn::authenticator_data::{AuthenticatorData, USER_VERIFIED};
use crate::webauthn::{AssertionResponse, CeremonyType, Origin, RequestOptions};

/// What the relying party asked for and expects. Verification uses up the challenge.
#[derive(Debug)]
pub struct ExpectedAuthentication {
    /// The options that the client was given.
    pub options: RequestOptions,
    /// The origin that the client data must name.
    pub origin: Origin,
    /// The user handle of the account that the credential is registered for.
    pub user_handle: Vec<u8>,
}

impl ExpectedAuthentication {
    /// An answer to these options from this origin, for the account with this user handle.
    #[must_use]
    pub fn new(options: RequestOptions, origin: &Origin, user_handle: impl Into<Vec<u8>>) -> Self {
        Self {
            options,
            origin: origin.clone(),
            user_handle: user_handle.into(),
        }
    }
}

/// A verified sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authentication {
    /// The counter to store.
    pub counter: u32,
    /// Whether the key verified the user.
    pub user_verified: bool,
}

/// Verifies an answer to request options with the credential as it was registered, check by check. Returns an
/// authentication if every check passed.
pub fn verify_authentication(
    expected: ExpectedAuthentication,
    credential: &Credential,
    answer: &AssertionResponse,
) -> (Report, Option<Authentication>) {
    let ExpectedAuthentication {
        options,
        origin,
        user_handle,
    } = expected;
    let origin = origin.as_str();
    let data = AuthenticatorData::parse(&answer.authenticator_data).and_then(|data| match data.attested {
        Some(_) => Err("the answer has attested credential data, which belongs into registrations".to_owned()),
        None => Ok(data),
    });
    let encoding = checks::encoding(&data, &answer.faults);
    let data = data.ok();

    let mut checks = Vec::from(checks::client_data(
        &answer.client_data_json,
        CeremonyType::Get,
        &options.challenge,
        origin,
    ));
    checks.push(encoding);
    checks.push(checks::contents(data.as_ref(), &answer.faults));
    checks.push(Check::of("scope", scope(&options, credential, answer)));
    checks.extend(checks::authenticator_data(
        data.as_ref(),
        &credential.scope,
        options.user_verification,
        Some(credential.backup_eligible),
    ));
    checks.push(Check::of("credential", allowed(&options, credential, answer)));
    checks.push(user(&options, &user_handle, answer));
    checks.push(Check::of("signature", signature(credential, answer)));
    checks.push(match &data {
        Some(data) => Check::of("counter", counter(credential.counter, data.counter)),
        None => unreadable("counter"),
    });
    checks.extend(extensions::authentication(
        &options.extensions,
        data.as_ref(),
        &answer.extensions,
    ));
    checks.push(second_reader::authentication(
        &options,
        origin,
        credential,
        &user_handle,
        answer,
    ));

    let report = Report::new(checks);
    let authentication = data.filter(|_| report.passed()).map(|data| Authentication {
        counter: data.counter,
        user_verified: data.has(USER_VERIFIED),
    });
    (report, authentication)
}

/// §10.1.1: the AppID replaces the RP ID only if it was offered, and only for credentials registered with it.
fn scope(
    options: &RequestOptions,
    credential: &Credential,
    answer: &AssertionResponse,
) -> Result<&'static str, &'static str> {
    let offered = match credential.scope_is_app_id {
        true => options.app_id.as_deref(),
        false => Some(options.rp_id.as_str()),
    };
    if offered != Some(credential.scope.as_str()) {
        return Err("the credential is registered for another relying party");
    }
    match (answer.app_id_used, credential.scope_is_app_id) {
        (false, false) => Ok("the RP ID was used"),
        (true, true) => Ok("the AppID was used, as the credential was registered with it"),
        (true, false) => Err("the AppID was used for a credential that was registered with the RP ID"),
        (false, true) => Err("the RP ID was used for a credential that was registered with the AppID"),
    }
}

/// §7.2 steps 5 and 6: the credential is one that we allowed, and the one that we verify with.
fn allowed(
    options: &RequestOptions,
    credential: &Credential,
    answer: &AssertionResponse,
) -> Result<&'static str, &'static str> {
    let listed = options.allow.iter().any(|allowed| allowed.id == answer.credential_id);
    if !listed && !options.allow.is_empty() {
        Err("the credential ID is none that we allowed")
    } else if answer.credential_id != credential.id {
        Err("the credential ID is not that of the registration")
    } else if listed {
        Ok("its ID is one that we allowed")
    } else {
        Ok("its ID is that of the registration")
    }
}

/// §7.2 step 6: the user handle. The key must send it if it chose the account.
fn user(options: &RequestOptions, expected: &[u8], answer: &AssertionResponse) -> Check {
    match answer.user_handle.as_deref() {
        Some(handle) if handle == expected => Check::passed("user handle", "is that of the account"),
        Some(_) => Check::failed("user handle", "is that of another account"),
        None if options.allow.is_empty() => Check::failed("user handle", "is missing, and no credential was named"),
        None => Check::skipped("user handle", "the key sent none, and did not have to"),
    }
}

/// §7.2 step 21.
fn signature(credential: &Credential, answer: &AssertionResponse) -> Result<String, String> {
    let key = PublicKey::parse(&credential.public_key)?;
    let message = checks::signed_message(&answer.authenticator_data, &answer.client_data_json);
    let name = key.algorithm.name();
    match key.algorithm.verify(&key.bytes, &message, &answer.signature) {
        Ok(()) => Ok(format!("the {name} signature by the credential is valid")),
        Err(_) => Err(format!("the {name} signature by the credential is not valid")),
    }
}

/// §7.2 step 22. The standard lets the relying party decide; this one refuses.
fn counter(stored: u32, received: u32) -> Result<String, String> {
    match received {
        0 if stored == 0 => Ok("stays at 0: this key does not count".to_owned()),
        _ if received > stored => Ok(format!("went up from {stored} to {received}")),
        _ if received == stored => Err(format!("did not go up from {stored}: this key may have been cloned")),
        _ => Err(format!(
            "went back from {stored} to {received}: this key may have been cloned"
        )),
    }
}
