//! CTAP2 commands, one a file: what is asked and what comes back (CTAP 2.3 §6).

use super::channel::Channel;
use super::error::{Error, Malformed};
use super::fault::Fault;
use super::oddity::Oddity;
use super::watch::Watch;

mod auth_data;
mod cbor;
mod client_pin;
mod config;
mod credential_management;
mod entities;
mod get_assertion;
mod get_info;
mod large_blobs;
mod make_credential;
mod reset;
mod selection;

pub(super) use cbor::{array_elements, decode as decode_value, decode_prefix, encode as encode_value};
pub use cbor4ii::core::Value;
pub use client_pin::{ClientPin, ClientPinResponse, Permissions};
pub use config::{Config, ConfigCommand, PinRules};
pub use credential_management::{
    CredentialManagement, CredentialManagementCommand, CredentialManagementResponse, StoredPublicKey,
};
pub use entities::{CredentialDescriptor, LargeBlobKey, Options, PublicKeyCredentialParameters, RelyingParty, User};
pub use get_assertion::{Assertion, GetAssertion, GetNextAssertion};
#[cfg(test)]
pub(crate) use get_info::{CERTIFICATIONS, OPTIONS};
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

    /// The command byte for this request: [`CODE`](Self::CODE), unless a preview of the command had another.
    fn code(&self) -> u8 {
        Self::CODE
    }

    /// Whether a key may wait for its user before it answers. Where it may not, it has less time.
    fn waits_for_user(&self) -> bool {
        true
    }

    /// The parameters in canonical CBOR; empty where the command has none.
    fn parameters(&self) -> Vec<u8>;

    /// Reads what follows the status byte of a successful answer.
    ///
    /// # Errors
    /// [`Malformed`] where the answer is of no use. What is merely odd is left to [`judge`](Self::judge).
    fn parse(data: &[u8]) -> Result<Self::Response, Malformed>;

    /// Where a successful answer to this request departs from the standard: `data`, and what was read out of it.
    fn judge(&self, data: &[u8], response: &Self::Response) -> Vec<Oddity>;
}

/// Sends `command` and waits for the answer. What is odd about it is among the [faults](Channel::faults) of the channel.
///
/// # Errors
/// [`Error::PinBlocked`], [`Error::PinAuthBlocked`] and [`Error::Status`] where the key refuses, [`Error::Cancelled`] and [`Error::TimedOut`] where the request was
/// cancelled, [`Error::Malformed`] where the answer is of no use; otherwise the errors of [`Channel::cbor`].
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
        // Keepalives went on for too long. A key that says so unasked is wrong: nobody cancelled.
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

/// The names of the members that are there although the answer has no place for them.
fn unasked<const N: usize>(members: [(&'static str, bool); N]) -> impl Iterator<Item = Oddity> {
    let there = members.into_iter().filter(|(_, there)| *there);
    there.map(|(name, _)| Oddity::Unasked(name))
}
