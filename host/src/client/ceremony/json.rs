//! The two ceremonies as a page sees them: JSON in, and JSON or an exception out.

use std::time::Duration;

use super::{CeremonyError, Protocol, create, get};
use crate::client::{Key, UserInteraction};
use crate::webauthn::json::{Attachment, Exception};
use crate::webauthn::{CeremonyType, CreationOptions, Origin, RequestOptions};

/// `navigator.credentials.create()` of a page at `origin`, in a browser where `key` is at hand. Takes a
/// `PublicKeyCredentialCreationOptionsJSON`, and returns a `RegistrationResponseJSON`.
///
/// `attachment` is what the key passes for. A website that wants the other kind gets no answer. When the options'
/// `timeout` is over, by the clock of the key's channel, neither.
///
/// # Errors
/// What the page gets instead.
pub fn create_json(
    key: &mut Key,
    options: &str,
    origin: &Origin,
    attachment: Attachment,
    user: &mut dyn UserInteraction,
) -> Result<String, Exception> {
    let mut options = CreationOptions::from_json(options, origin)?;
    let refused = |error: CeremonyError| error.exception(CeremonyType::Create);
    match options.attachment.take() {
        Some(wanted) if wanted != attachment => return Err(refused(CeremonyError::Elsewhere(wanted))),
        _ => {}
    }
    let protocol = protocol(key);
    let answer = within(key, options.timeout, |key| {
        create(key, &options, origin, protocol, user)
    });
    let answer = answer.map_err(refused)?;
    Ok(answer.to_json(&options, attachment))
}

/// `navigator.credentials.get()`, in the same way. Takes a `PublicKeyCredentialRequestOptionsJSON`, and returns an
/// `AuthenticationResponseJSON`.
///
/// # Errors
/// What the page gets instead.
pub fn get_json(
    key: &mut Key,
    options: &str,
    origin: &Origin,
    attachment: Attachment,
    user: &mut dyn UserInteraction,
) -> Result<String, Exception> {
    let options = RequestOptions::from_json(options, origin)?;
    let protocol = protocol(key);
    let answer = within(key, options.timeout, |key| get(key, &options, origin, protocol, user));
    let answer = answer.map_err(|error| error.exception(CeremonyType::Get))?;
    Ok(answer.to_json(&options, attachment))
}

/// Does `work`, but gives up after `timeout` (WebAuthn Level 3 §5.1.3 and §5.1.4, `lifetimeTimer`).
fn within<T>(key: &mut Key, timeout: Duration, work: impl FnOnce(&mut Key) -> T) -> T {
    let deadline = key.channel().time().now() + timeout;
    key.channel().give_up_at(Some(deadline));
    let result = work(key);
    key.channel().give_up_at(None);
    result
}

/// A key from before CTAP2 speaks U2F.
fn protocol(key: &Key) -> Protocol {
    match key.info() {
        Some(_) => Protocol::Ctap2,
        None => Protocol::U2f,
    }
}

#[cfg(test)]
mod tests;
