//! CTAP2 commands, one file each (CTAP 2.3 §6).

mod assertion;
mod attestation;
pub(crate) mod authenticator_data;
mod built_in_uv;
pub(crate) mod client_pin;
pub mod command;
pub(crate) mod config;
mod credential_list;
mod credential_management;
mod enterprise_attestation;
mod extensions;
mod get_assertion;
mod get_info;
mod get_next_assertion;
mod identifiers;
mod large_blobs;
mod make_credential;
mod parameters;
pub(crate) mod pending;
pub mod pin_protocol;
mod reset;
mod selection;
pub(crate) mod token;
mod user_presence;
mod user_verification;

pub use crate::status::Status;

use crate::authenticator::Authenticator;
use crate::cbor::{Item, Writer, scan};
use crate::limits::MAX_MESSAGE;
use crate::platform::{Indication, Indicator as _, Platform, Storage as _};

impl<P: Platform> Authenticator<P> {
    /// Runs one CTAP2 request: command byte ‖ CBOR in, status byte ‖ CBOR out. Returns the response's length.
    ///
    /// `channel` is the CTAPHID channel of the request: a sequence of commands continues only there.
    pub fn ctap2(&mut self, channel: u32, request: &[u8], response: &mut [u8; MAX_MESSAGE]) -> usize {
        self.indicator.show(Indication::Processing);
        let (status, body) = response.split_at_mut(1);
        let mut writer = Writer::new(body);
        let outcome = self.dispatch(channel, request, &mut writer);
        // A response that is too long for a message is refused, never cut (writer.finish).
        let outcome = outcome.and_then(|()| writer.finish().map_err(|_| Status::Other));
        self.indicator.show(Indication::Idle);
        let (code, length) = match outcome {
            Ok(length) => (Status::Ok, length),
            Err(code) => (code, 0),
        };
        status.fill(code.code());
        1 + length
    }

    fn dispatch(&mut self, channel: u32, request: &[u8], response: &mut Writer<'_>) -> Result<(), Status> {
        if self.must_refuse() {
            return Err(Status::Other);
        }
        let (&command, body) = request.split_first().ok_or(Status::InvalidLength)?;
        // One command has two numbers: libfido2 (1.12 and 1.14) uses the preview's even with a key that has `credMgmt`.
        let preview = command == command::CREDENTIAL_MANAGEMENT_PREVIEW;
        let command = if preview {
            command::CREDENTIAL_MANAGEMENT
        } else {
            command
        };
        // CTAP 2.3 §6: other commands may end a sequence. getInfo does not, because hosts send it in between.
        if command != command::GET_INFO {
            self.pending.take_if(|pending| !pending.goes_on_with(command));
        }
        if let command::MAKE_CREDENTIAL | command::GET_ASSERTION | command::GET_NEXT_ASSERTION = command {
            self.store.storage.check()?;
        }
        match command {
            command::MAKE_CREDENTIAL => self.make_credential(parameters(body)?, response),
            command::GET_ASSERTION => self.get_assertion(channel, parameters(body)?, response),
            command::CLIENT_PIN => self.client_pin(parameters(body)?, response),
            command::CONFIG => self.config(parameters(body)?),
            // These have no parameters. What follows the command byte is ignored.
            command::GET_INFO => self.get_info(response),
            command::GET_NEXT_ASSERTION => self.get_next_assertion(channel, response),
            command::RESET => self.reset(),
            command::CREDENTIAL_MANAGEMENT => self.credential_management(channel, preview, parameters(body)?, response),
            command::SELECTION => self.selection(),
            command::LARGE_BLOBS => self.large_blobs(channel, parameters(body)?, response),
            _ => Err(Status::InvalidCommand),
        }
    }
}

/// The parameter map of a request, checked for the canonical form before anything looks inside (CTAP 2.3 §8).
fn parameters(body: &[u8]) -> Result<Item<'_>, Status> {
    // Without any parameters, every required one is missing.
    if body.is_empty() {
        return Err(Status::MissingParameter);
    }
    scan(body).map_err(|_| Status::InvalidCbor)?;
    let (parameters, _) = Item::split(body).ok_or(Status::InvalidCbor)?;
    Ok(parameters)
}

#[cfg(test)]
pub(crate) mod tests;
