//! CTAP2: one method a command.

use cbor_smol::{cbor_deserialize, cbor_serialize};
use ctap_types::ctap2::get_info::{self, Extension};
use ctap_types::ctap2::{
    self, AttestationStatementFormat, Error, Result, VendorOperation, client_pin, config, credential_management,
    get_assertion, large_blobs, make_credential,
};
use ctap_types::sizes::{LARGE_BLOB_MAX_FRAGMENT_LENGTH, MAX_CREDENTIAL_COUNT_IN_LIST};
use zeroize::Zeroizing;

use super::{Authenticator, CHANNEL, MAX_MESSAGE, error};
use crate::cbor::{Item, Writer};
use crate::ctap2::command;
use crate::platform::Platform;

/// An answer. It may hold a largeBlobKey, so it is wiped.
type Answer = Zeroizing<[u8; MAX_MESSAGE]>;

/// `maxMsgSize` for which a fragment of a large-blob array fits (CTAP 2.3 §6.10.2: 64 bytes less).
const MESSAGE_SIZE: usize = LARGE_BLOB_MAX_FRAGMENT_LENGTH + 64;

impl<P: Platform> Authenticator<P> {
    /// Runs a command with the parameters that `encode` writes. What follows the status comes back.
    fn call<'a>(
        &mut self,
        command: u8,
        encode: impl FnOnce(&mut [u8]) -> cbor_smol::Result<&[u8]>,
        answer: &'a mut Answer,
    ) -> Result<&'a [u8]> {
        let mut message = [0; MAX_MESSAGE];
        let (first, body) = message.split_at_mut(1);
        first.fill(command);
        let length = 1 + encode(body).map_err(|_| Error::RequestTooLarge)?.len();
        let length = self.ctap2(CHANNEL, message.get(..length).unwrap_or_default(), answer);
        match answer.get(..length) {
            // An answer without members is a status alone.
            Some([0]) => Ok(&[0xa0]),
            Some([0, body @ ..]) => Ok(body),
            Some([code, ..]) => Err(error(*code)),
            _ => Err(Error::Other),
        }
    }
}

fn room() -> Answer {
    Zeroizing::new([0; MAX_MESSAGE])
}

/// For a command without parameters.
fn nothing(_: &mut [u8]) -> cbor_smol::Result<&[u8]> {
    Ok(&[])
}

fn unreadable(_: cbor_smol::Error) -> Error {
    Error::Other
}

impl<P: Platform> ctap2::Authenticator for Authenticator<P> {
    fn get_info(&mut self) -> get_info::Response {
        let mut answer = room();
        let described = self.call(command::GET_INFO, nothing, &mut answer);
        described.ok().and_then(information).unwrap_or_default()
    }

    fn make_credential_into(
        &mut self,
        request: &make_credential::Request<'_>,
        response: &mut make_credential::Response,
    ) -> Result<()> {
        let mut answer = room();
        let body = self.call(
            command::MAKE_CREDENTIAL,
            |body| cbor_serialize(request, body),
            &mut answer,
        )?;
        *response = cbor_deserialize(body).map_err(unreadable)?;
        Ok(())
    }

    fn get_assertion_into(
        &mut self,
        request: &get_assertion::Request<'_>,
        response: &mut get_assertion::Response,
    ) -> Result<()> {
        let mut answer = room();
        let body = self.call(
            command::GET_ASSERTION,
            |body| cbor_serialize(request, body),
            &mut answer,
        )?;
        *response = cbor_deserialize(body).map_err(unreadable)?;
        Ok(())
    }

    fn get_next_assertion(&mut self) -> Result<get_assertion::Response> {
        let mut answer = room();
        let body = self.call(command::GET_NEXT_ASSERTION, nothing, &mut answer)?;
        cbor_deserialize(body).map_err(unreadable)
    }

    fn reset(&mut self) -> Result<()> {
        self.call(command::RESET, nothing, &mut room()).map(drop)
    }

    fn client_pin(&mut self, request: &client_pin::Request<'_>) -> Result<client_pin::Response> {
        let mut answer = room();
        let body = self.call(command::CLIENT_PIN, |body| cbor_serialize(request, body), &mut answer)?;
        cbor_deserialize(body).map_err(unreadable)
    }

    fn credential_management(
        &mut self,
        request: &credential_management::Request<'_>,
    ) -> Result<credential_management::Response> {
        let mut answer = room();
        let command = command::CREDENTIAL_MANAGEMENT;
        let body = self.call(command, |body| cbor_serialize(request, body), &mut answer)?;
        cbor_deserialize(body).map_err(unreadable)
    }

    fn selection(&mut self) -> Result<()> {
        self.call(command::SELECTION, nothing, &mut room()).map(drop)
    }

    fn vendor(&mut self, _: VendorOperation) -> Result<()> {
        Err(Error::InvalidCommand)
    }

    fn large_blobs(&mut self, request: &large_blobs::Request<'_>) -> Result<large_blobs::Response> {
        // CTAP 2.3 §6.10.2: no fragment is longer than maxFragmentLength.
        let read = request.get.unwrap_or(0);
        let written = request.set.map_or(0, |fragment| fragment.len());
        if usize::try_from(read).map_or(true, |read| read.max(written) > LARGE_BLOB_MAX_FRAGMENT_LENGTH) {
            return Err(Error::InvalidLength);
        }
        let mut answer = room();
        let body = self.call(command::LARGE_BLOBS, |body| cbor_serialize(request, body), &mut answer)?;
        cbor_deserialize(body).map_err(unreadable)
    }

    fn config(&mut self, request: &config::Request<'_>) -> Result<()> {
        self.call(command::CONFIG, |body| cbor_serialize(request, body), &mut room())
            .map(drop)
    }
}

/// The members of getInfo that are lists of names, some of which `ctap-types` refuses.
const EXTENSIONS: u64 = 0x02;
const ATTESTATION_FORMATS: u64 = 0x16;
/// The members that `ctap-types` takes for texts. CTAP 2.3 §6.4 has byte strings.
const ENC_IDENTIFIER: u64 = 0x19;
const ENC_CRED_STORE_STATE: u64 = 0x1e;

/// What getInfo says, as far as `ctap-types` can say and carry it.
fn information(body: &[u8]) -> Option<get_info::Response> {
    let (members, _) = Item::split(body)?;
    let members = members.map().ok()?;
    let members = members.filter_map(|(key, value)| Some((key.uint().ok()?, value)));
    let members = members.filter(|(key, _)| ![ENC_IDENTIFIER, ENC_CRED_STORE_STATE].contains(key));

    let mut readable = [0; MAX_MESSAGE];
    let mut writer = Writer::new(&mut readable);
    writer.map(members.clone().count());
    for (key, value) in members {
        writer.uint(key);
        match key {
            EXTENSIONS => write_known(value, |name| Extension::try_from(name).is_ok(), &mut writer)?,
            ATTESTATION_FORMATS => {
                write_known(
                    value,
                    |name| AttestationStatementFormat::try_from(name).is_ok(),
                    &mut writer,
                )?;
            }
            _ => {
                writer.raw(value.encoded());
            }
        }
    }
    let length = writer.finish().ok()?;
    let mut info: get_info::Response = cbor_deserialize(readable.get(..length)?).ok()?;

    let at_most = |most: usize| move |size: usize| size.min(most);
    info.max_msg_size = info.max_msg_size.map(at_most(MESSAGE_SIZE));
    info.max_creds_in_list = info.max_creds_in_list.map(at_most(MAX_CREDENTIAL_COUNT_IN_LIST));
    let rp_ids = at_most(config::MAX_MIN_PIN_LENGTH_RP_IDS);
    info.max_rpids_for_set_min_pin_length = info.max_rpids_for_set_min_pin_length.map(rp_ids);
    Some(info)
}

/// Writes those names of a list that are known.
fn write_known(list: Item<'_>, is_known: fn(&str) -> bool, writer: &mut Writer<'_>) -> Option<()> {
    let names = list.array().ok()?.filter_map(|name| name.text().ok());
    let known = names.filter(|name| is_known(name));
    writer.array(known.clone().count());
    for name in known {
        writer.text(name);
    }
    Some(())
}
