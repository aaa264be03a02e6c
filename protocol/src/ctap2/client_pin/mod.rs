//! authenticatorClientPIN (CTAP 2.3 §6.5).
//!
//! | subcommand | file |
//! |---|---|
//! | getPINRetries, getKeyAgreement | this one |
//! | setPIN, changePIN | `set_pin.rs`; what a PIN may be is in `new_pin.rs` |
//! | getPinToken, getPinUvAuthTokenUsingPinWithPermissions, getPinUvAuthTokenUsingUvWithPermissions | `get_token.rs` |
//! | getUVRetries | [`built_in_uv`](super::built_in_uv) |
//!
//! How a PIN is tried, and how often, is in `attempt.rs`.

mod attempt;
mod get_token;
mod new_pin;
mod set_pin;

use super::parameters::{numbered, required};
use crate::authenticator::Authenticator;
use crate::cbor::{Item, Writer};
use crate::ctap2::pin_protocol::Protocol;
use crate::limits::PIN_MISMATCHES;
use crate::platform::{Platform, UserPresence as _};
use crate::status::Status;

/// Subcommands (§6.5.5).
pub(crate) mod subcommand {
    pub(crate) const GET_PIN_RETRIES: u64 = 0x01;
    pub(crate) const GET_KEY_AGREEMENT: u64 = 0x02;
    pub(crate) const SET_PIN: u64 = 0x03;
    pub(crate) const CHANGE_PIN: u64 = 0x04;
    pub(crate) const GET_PIN_TOKEN: u64 = 0x05;
    pub(crate) const GET_PIN_UV_AUTH_TOKEN_USING_UV_WITH_PERMISSIONS: u64 = 0x06;
    pub(crate) const GET_UV_RETRIES: u64 = 0x07;
    pub(crate) const GET_PIN_UV_AUTH_TOKEN_USING_PIN_WITH_PERMISSIONS: u64 = 0x09;
}

/// The parameters of §6.5.5, each of its right type. Each subcommand says which it requires.
struct Parameters<'a> {
    protocol: Option<u64>,
    subcommand: u64,
    /// The platform's COSE_Key.
    key_agreement: Option<Item<'a>>,
    pin_uv_auth_param: Option<&'a [u8]>,
    new_pin_enc: Option<&'a [u8]>,
    pin_hash_enc: Option<&'a [u8]>,
    permissions: Option<u64>,
    rp_id: Option<&'a str>,
}

impl<'a> Parameters<'a> {
    fn decode(parameters: Item<'a>) -> Result<Self, Status> {
        let [
            protocol,
            subcommand,
            key_agreement,
            pin_uv_auth_param,
            new_pin_enc,
            pin_hash_enc,
            _,
            _,
            permissions,
            rp_id,
        ] = numbered(parameters)?;
        key_agreement.map(Item::map).transpose()?;
        Ok(Self {
            protocol: protocol.map(Item::uint).transpose()?,
            subcommand: required(subcommand)?.uint()?,
            key_agreement,
            pin_uv_auth_param: pin_uv_auth_param.map(Item::bytes).transpose()?,
            new_pin_enc: new_pin_enc.map(Item::bytes).transpose()?,
            pin_hash_enc: pin_hash_enc.map(Item::bytes).transpose()?,
            permissions: permissions.map(Item::uint).transpose()?,
            rp_id: rp_id.map(Item::text).transpose()?,
        })
    }
}

/// The protocol of a request, if this key knows it.
fn supported(number: u64) -> Result<Protocol, Status> {
    Protocol::from_number(number).ok_or(Status::InvalidParameter)
}

impl<P: Platform> Authenticator<P> {
    /// Sets and changes the PIN, and gives tokens for it.
    pub(super) fn client_pin(&mut self, parameters: Item<'_>, response: &mut Writer<'_>) -> Result<(), Status> {
        let request = Parameters::decode(parameters)?;
        match request.subcommand {
            subcommand::GET_PIN_RETRIES => self.get_pin_retries(response),
            subcommand::GET_KEY_AGREEMENT => self.get_key_agreement(&request, response),
            subcommand::SET_PIN => self.set_pin(&request),
            subcommand::CHANGE_PIN => self.change_pin(&request),
            subcommand::GET_PIN_TOKEN => self.get_pin_token(&request, response),
            subcommand::GET_PIN_UV_AUTH_TOKEN_USING_PIN_WITH_PERMISSIONS => {
                self.get_token_with_permissions(&request, response)
            }
            subcommand::GET_PIN_UV_AUTH_TOKEN_USING_UV_WITH_PERMISSIONS if self.presence.verifies_user() => {
                self.get_token_using_uv(&request, response)
            }
            subcommand::GET_UV_RETRIES if self.presence.verifies_user() => self.get_uv_retries(response),
            _ => Err(Status::InvalidSubcommand),
        }
    }

    /// getPINRetries (§6.5.5.2).
    fn get_pin_retries(&mut self, response: &mut Writer<'_>) -> Result<(), Status> {
        let retries = self.pin()?.retries;
        let power_cycle = self.pin_mismatches >= PIN_MISMATCHES;
        // 03 pinRetries
        response
            .map(1 + usize::from(power_cycle))
            .uint(0x03)
            .uint(retries.into());
        // 04 powerCycleState
        if power_cycle {
            response.uint(0x04).bool(true);
        }
        Ok(())
    }

    /// getKeyAgreement (§6.5.5.4).
    fn get_key_agreement(&mut self, request: &Parameters<'_>, response: &mut Writer<'_>) -> Result<(), Status> {
        let protocol = supported(required(request.protocol)?)?;
        response.map(1).uint(0x01);
        self.key_agreement.write_public_key(protocol, response)
    }
}
