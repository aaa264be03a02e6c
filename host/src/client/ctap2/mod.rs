//! The CTAP2 commands, each in a file: its request and its answer (CTAP 2.3 §6).

use super::channel::Channel;
use super::error::{Error, Malformed};
use super::oddity::Oddity;
use super::watch::Watch;
use crate::webauthn::Fault;

mod auth_data;
mod client_pin;
mod config;
mod credential_management;
mod entities;
mod get_assertion;
mod get_info;
mod large_blobs;
mod make_credential;
mod members;
mod reset;
mod selection;

pub use cbor4ii::core::Value;
pub use client_pin::{ClientPin, ClientPinResponse, Permissions};
pub use config::{Config, ConfigSubcommand, PinRules};
pub use credential_management::{
    CredentialManagement, CredentialManagementResponse, CredentialManagementSubcommand, StoredPublicKey,
};
pub use entities::{LargeBlobKey, Options, PublicKeyCredentialParameters};
pub use get_assertion::{Assertion, GetAssertion, GetNextAssertion};
#[cfg(test)]
pub(crate) use get_info::{CERTIFICATIONS, OPTIONS};
pub(crate) use get_info::{Familiar, Unread};
pub use get_info::{GetInfo, Info};
pub use large_blobs::{LargeBlobs, LargeBlobsResponse};
pub use make_credential::{Attestation, MakeCredential};
pub use reset::Reset;
pub use selection::Selection;

pub use super::status::Status;

/// One CTAP2 command.
pub trait Command {
    /// The command byte.
    const CODE: u8;
    /// The command as the standard names it.
    const NAME: &'static str;
    /// Where the standard describes it.
    const SECTION: &'static str;
    /// What a key answers.
    type Response;

    /// The command byte of this request: [`CODE`](Self::CODE), unless it is a preview of the command with another.
    fn code(&self) -> u8 {
        Self::CODE
    }

    /// Whether a key may wait for its user before it answers. Otherwise it has less time.
    fn waits_for_user(&self) -> bool {
        true
    }

    /// The parameters in canonical CBOR; empty where the command has none.
    fn parameters(&self) -> Vec<u8>;

    /// Reads what follows the status byte of a successful answer.
    ///
    /// # Errors
    /// [`Malformed`] where the answer cannot be used. Smaller faults are left to [`judge`](Self::judge).
    fn parse(data: &[u8]) -> Result<Self::Response, Malformed>;

    /// Where a successful answer to this request departs from the standard. `response` is what was read from `data`.
    fn judge(&self, data: &[u8], response: &Self::Response) -> Vec<Oddity>;
}

/// Sends `command` and waits for the answer. What is odd about it is recorded in the [faults](Channel::faults) of the
/// channel.
///
/// # Errors
/// [`Error::PinBlocked`], [`Error::PinAuthBlocked`] and [`Error::Status`] where the key refuses; [`Error::Cancelled`]
/// and [`Error::TimedOut`] where the request was cancelled; [`Error::Malformed`] where the answer cannot be used;
/// otherwise the errors of [`Channel::cbor`].
pub fn send<C: Command>(channel: &mut Channel, command: &C, watch: &mut dyn Watch) -> Result<C::Response, Error> {
    let mut request = vec![command.code()];
    request.extend(command.parameters());
    let waits = command.waits_for_user();
    let patience = match waits {
        true => channel.timeouts().whole,
        false => channel.timeouts().work,
    };
    let answer = channel.cbor_within(patience, &request, watch)?;
    let malformed = |why| Error::Malformed { command: C::NAME, why };
    let (&status, data) = answer.split_first().ok_or(malformed(Malformed::Truncated))?;
    let status = Status::from(status);
    let (response, oddities) = match status {
        Status::Ok => {
            let response = C::parse(data).map_err(malformed)?;
            let oddities = command.judge(data, &response);
            (Some(response), oddities)
        }
        _ => (None, no_data(data)),
    };
    for oddity in &oddities {
        channel.note(Fault::new(C::NAME, C::SECTION, oddity));
    }
    if let Some(response) = response {
        return Ok(response);
    }
    match status {
        Status::KeepaliveCancel if watch.is_cancelled() => Err(Error::Cancelled),
        // Keepalives went on for too long. Otherwise nobody cancelled, and the key is wrong.
        Status::KeepaliveCancel if channel.gave_up() && waits => Err(Error::TimedOut),
        Status::KeepaliveCancel if channel.gave_up() => Err(Error::NoAnswer),
        Status::PinBlocked => Err(Error::PinBlocked),
        Status::PinAuthBlocked => Err(Error::PinAuthBlocked),
        status => Err(Error::Status {
            command: C::NAME,
            status,
        }),
    }
}

/// What is odd about data where there should be none.
fn no_data(data: &[u8]) -> Vec<Oddity> {
    match data.len() {
        0 => Vec::new(),
        count => vec![Oddity::Data(count)],
    }
}

/// The members that are present although the request did not ask for them.
fn unasked<const N: usize>(members: [(&'static str, bool); N]) -> impl Iterator<Item = Oddity> {
    let there = members.into_iter().filter(|(_, there)| *there);
    there.map(|(name, _)| Oddity::Unasked(name))
}
