//! CTAP1, which is U2F: one method a message. A request that needs a touch answers `ConditionsOfUseNotSatisfied` until
//! there is one, and the host asks again.

use ctap_types::Bytes;
use ctap_types::ctap1::{self, ControlByte, Error, Result, authenticate, register};

use super::{Authenticator, CHANNEL, MAX_MESSAGE};
use crate::cbor::Writer;
use crate::platform::Platform;
use crate::u2f::instruction;

/// The header with an extended Lc.
const HEADER: usize = 7;
/// The longest data field: challenge, application, and a key handle behind its length.
const DATA_MAX: usize = 32 + 32 + 1 + 255;

impl<P: Platform> Authenticator<P> {
    /// Sends a raw message (FIDO U2F Raw Message Formats v1.2 §3). What precedes the status word comes back.
    fn send<'a>(
        &mut self,
        instruction: u8,
        p1: u8,
        data: &[&[u8]],
        response: &'a mut [u8; MAX_MESSAGE],
    ) -> Result<&'a [u8]> {
        let length: usize = data.iter().map(|part| part.len()).sum();
        let length = u16::try_from(length).map_err(|_| Error::WrongLength)?;
        let mut apdu = [0; HEADER + DATA_MAX];
        let mut writer = Writer::new(&mut apdu);
        writer.raw(&[0, instruction, p1, 0, 0]).raw(&length.to_be_bytes());
        for part in data {
            writer.raw(part);
        }
        let length = writer.finish().map_err(|_| Error::WrongLength)?;
        let length = self.u2f(CHANNEL, apdu.get(..length).unwrap_or_default(), response);
        let response = response.get(..length).and_then(<[u8]>::split_last_chunk);
        let (data, word) = response.ok_or(Error::UnspecifiedCheckingError)?;
        match u16::from_be_bytes(*word) {
            0x9000 => Ok(data),
            word => Err(Error::from_u16(word)),
        }
    }
}

impl<P: Platform> ctap1::Authenticator for Authenticator<P> {
    fn register(&mut self, request: &register::Request<'_>) -> Result<register::Response> {
        let mut response = [0; MAX_MESSAGE];
        let data = [&request.challenge[..], &request.app_id[..]];
        let data = self.send(instruction::REGISTER, 0, &data, &mut response)?;
        registration(data).ok_or(Error::UnspecifiedCheckingError)
    }

    fn authenticate(&mut self, request: &authenticate::Request<'_>) -> Result<authenticate::Response> {
        let control = match request.control_byte {
            ControlByte::CheckOnly => 0x07,
            ControlByte::EnforceUserPresenceAndSign => 0x03,
            ControlByte::DontEnforceUserPresenceAndSign => 0x08,
        };
        let length = u8::try_from(request.key_handle.len()).map_err(|_| Error::WrongLength)?;
        let data = [
            &request.challenge[..],
            &request.app_id[..],
            &[length],
            request.key_handle,
        ];
        let mut response = [0; MAX_MESSAGE];
        let data = self.send(instruction::AUTHENTICATE, control, &data, &mut response)?;
        assertion(data).ok_or(Error::UnspecifiedCheckingError)
    }
}

/// A registration response (FIDO U2F Raw Message Formats v1.2 §4.3).
pub(super) fn registration(data: &[u8]) -> Option<register::Response> {
    let (&[header_byte], rest) = data.split_first_chunk()?;
    let (public_key, rest) = rest.split_at_checked(65)?;
    let (&[length], rest) = rest.split_first_chunk()?;
    let (key_handle, rest) = rest.split_at_checked(length.into())?;
    // The certificate says its own length (X.690 §8.1.3).
    let length = match *rest {
        [0x30, 0x82, high, low, ..] => 4 + usize::from(u16::from_be_bytes([high, low])),
        [0x30, 0x81, length, ..] => 3 + usize::from(length),
        [0x30, length @ 0..=0x7f, ..] => 2 + usize::from(length),
        _ => return None,
    };
    let (certificate, signature) = rest.split_at_checked(length)?;
    Some(register::Response {
        header_byte,
        public_key: Bytes::try_from(public_key).ok()?,
        key_handle: Bytes::try_from(key_handle).ok()?,
        attestation_certificate: Bytes::try_from(certificate).ok()?,
        signature: Bytes::try_from(signature).ok()?,
    })
}

/// An authentication response (FIDO U2F Raw Message Formats v1.2 §5.4).
fn assertion(data: &[u8]) -> Option<authenticate::Response> {
    let (&[user_presence], rest) = data.split_first_chunk()?;
    let (&count, signature) = rest.split_first_chunk()?;
    Some(authenticate::Response {
        user_presence,
        count: u32::from_be_bytes(count),
        signature: Bytes::try_from(signature).ok()?,
    })
}
