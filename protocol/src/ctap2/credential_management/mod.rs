//! authenticatorCredentialManagement (CTAP 2.3 §6.8): lists, renames and deletes discoverable credentials.

mod authorization;
mod change;
mod enumerate_credentials;
mod enumerate_rps;
mod metadata;

use super::parameters::{numbered, required};
use super::user_verification::PinUvAuth;
use crate::authenticator::Authenticator;
use crate::cbor::{Item, Writer};
use crate::platform::Platform;
use crate::status::Status;

/// The subcommands (§6.8).
mod subcommand {
    pub(super) const GET_CREDS_METADATA: u8 = 0x01;
    pub(super) const ENUMERATE_RPS_BEGIN: u8 = 0x02;
    pub(super) const ENUMERATE_RPS_GET_NEXT_RP: u8 = 0x03;
    pub(super) const ENUMERATE_CREDENTIALS_BEGIN: u8 = 0x04;
    pub(super) const ENUMERATE_CREDENTIALS_GET_NEXT_CREDENTIAL: u8 = 0x05;
    pub(super) const DELETE_CREDENTIAL: u8 = 0x06;
    pub(super) const UPDATE_USER_INFORMATION: u8 = 0x07;
}

/// A request that must be authorized.
struct Request<'a> {
    /// It came under the preview's number.
    preview: bool,
    sub_command: u8,
    /// As received: `pinUvAuthParam` authenticates these very bytes.
    params: Option<Item<'a>>,
    pin_uv_auth: PinUvAuth<'a>,
}

impl<'a> Request<'a> {
    /// The members 1 to `N` of `subCommandParams`, each of which may be missing. A missing `pinUvAuthParam` is the
    /// error that comes first.
    fn params<const N: usize>(&self) -> Result<[Option<Item<'a>>; N], Status> {
        if !self.pin_uv_auth.is_given() {
            return Err(Status::PuatRequired);
        }
        self.params.map_or(Ok([None; N]), numbered)
    }
}

impl<P: Platform> Authenticator<P> {
    /// Runs one subcommand.
    pub(super) fn credential_management(
        &mut self,
        channel: u32,
        preview: bool,
        parameters: Item<'_>,
        response: &mut Writer<'_>,
    ) -> Result<(), Status> {
        let [sub_command, params, protocol, param] = numbered(parameters)?;
        let sub_command = u8::try_from(required(sub_command)?.uint()?).map_err(|_| Status::InvalidSubcommand)?;
        // These two continue what a token authorized before. Their other parameters are ignored.
        match sub_command {
            subcommand::ENUMERATE_RPS_GET_NEXT_RP => return self.enumerate_rps_get_next_rp(channel, response),
            subcommand::ENUMERATE_CREDENTIALS_GET_NEXT_CREDENTIAL => {
                return self.enumerate_credentials_get_next_credential(channel, response);
            }
            _ => self.pending = None,
        }
        let request = Request {
            preview,
            sub_command,
            params,
            pin_uv_auth: PinUvAuth::decode(param, protocol)?,
        };
        match sub_command {
            subcommand::GET_CREDS_METADATA => self.get_creds_metadata(&request, response),
            subcommand::ENUMERATE_RPS_BEGIN => self.enumerate_rps_begin(channel, &request, response),
            subcommand::ENUMERATE_CREDENTIALS_BEGIN => self.enumerate_credentials_begin(channel, &request, response),
            subcommand::DELETE_CREDENTIAL => self.delete_credential(&request),
            subcommand::UPDATE_USER_INFORMATION => self.update_user_information(&request),
            _ => Err(Status::InvalidSubcommand),
        }
    }
}
