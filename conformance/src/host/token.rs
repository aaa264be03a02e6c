//! What a platform does with a pinUvAuthToken (CTAP 2.3 §6.1, §6.2, §6.8, §6.10, §6.11).

use ciborium::Value;

use super::cbor::{encode, integer};
use super::client_pin::{Protocol, authenticate};
use super::ctap2::{CLIENT_DATA_HASH, Request, descriptor, ga, mc};
use super::verify::sha256;

/// A pinUvAuthToken, or the persistent one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The protocol that it was got by.
    pub protocol: Protocol,
    /// Its bytes.
    pub token: Vec<u8>,
}

impl Token {
    /// authenticate(pinUvAuthToken, message).
    #[must_use]
    pub fn authenticate(&self, message: &[&[u8]]) -> Vec<u8> {
        authenticate(self.protocol, &self.token, message)
    }

    /// The request with this token's pinUvAuthParam.
    #[must_use]
    pub fn on(&self, request: Request) -> Request {
        let sub_command = || {
            let number = u8::try_from(integer(&request[0x01])).expect("a byte");
            let params = request.members.get(&0x02).map(encode).unwrap_or_default();
            [&[number], &params[..]].concat()
        };
        let message = match request.command {
            0x01 | 0x02 => CLIENT_DATA_HASH.to_vec(),
            0x0C => {
                let offset = u32::try_from(integer(&request[0x03])).expect("four bytes");
                let fragment = request[0x02].as_bytes().expect("a byte string").clone();
                return self.set_blob(request, offset, &fragment);
            }
            0x0D => [&[0xFF; 32], &[0x0D][..], &sub_command()].concat(),
            _ => sub_command(),
        };
        let (param, protocol) = proof_members(request.command);
        request
            .with(param, self.authenticate(&[&message]))
            .with(protocol, self.protocol as u8)
    }

    /// A subcommand of authenticatorCredentialManagement (0x0A), with this token's pinUvAuthParam (§6.8).
    #[must_use]
    pub fn manage(&self, sub_command: u8, params: Option<Value>) -> Request {
        self.on(manage(sub_command, params))
    }

    /// getCredsMetadata.
    #[must_use]
    pub fn metadata(&self) -> Request {
        self.manage(0x01, None)
    }

    /// enumerateRPsBegin.
    #[must_use]
    pub fn relying_parties(&self) -> Request {
        self.manage(0x02, None)
    }

    /// enumerateCredentialsBegin.
    #[must_use]
    pub fn credentials(&self, rp_id: &str) -> Request {
        let rp_id_hash = sha256(rp_id.as_bytes());
        self.manage(0x04, Some(Value::Map(vec![(1.into(), rp_id_hash[..].into())])))
    }

    /// deleteCredential.
    #[must_use]
    pub fn delete(&self, id: &[u8]) -> Request {
        self.manage(0x06, Some(Value::Map(vec![(2.into(), descriptor(id))])))
    }

    /// updateUserInformation.
    #[must_use]
    pub fn update(&self, id: &[u8], user: Value) -> Request {
        self.manage(
            0x07,
            Some(Value::Map(vec![(2.into(), descriptor(id)), (3.into(), user)])),
        )
    }

    /// A subcommand of authenticatorConfig (0x0D), with this token's pinUvAuthParam (§6.11).
    #[must_use]
    pub fn configure(&self, sub_command: u8, params: Option<Value>) -> Request {
        self.on(configure(sub_command, params))
    }

    /// One fragment for authenticatorLargeBlobs (0x0C), with this token's pinUvAuthParam (§6.10.2).
    #[must_use]
    pub fn set_blob(&self, request: Request, offset: u32, fragment: &[u8]) -> Request {
        let param = self.authenticate(&[&[0xFF; 32], &[0x0C, 0x00], &offset.to_le_bytes(), &sha256(fragment)]);
        request.with(0x05, param).with(0x06, self.protocol as u8)
    }
}

/// A subcommand of authenticatorConfig without a token.
#[must_use]
pub fn configure(sub_command: u8, params: Option<Value>) -> Request {
    sub_command_of(0x0D, sub_command, params)
}

/// A subcommand of authenticatorCredentialManagement without a token.
#[must_use]
pub fn manage(sub_command: u8, params: Option<Value>) -> Request {
    sub_command_of(0x0A, sub_command, params)
}

fn sub_command_of(command: u8, sub_command: u8, params: Option<Value>) -> Request {
    let request = Request::new(command).with(0x01, sub_command);
    match params {
        Some(params) => request.with(0x02, params),
        None => request,
    }
}

/// The members pinUvAuthParam and pinUvAuthProtocol of a command.
#[must_use]
pub fn proof_members(command: u8) -> (u8, u8) {
    match command {
        0x01 => (mc::PIN_UV_AUTH_PARAM, mc::PIN_UV_AUTH_PROTOCOL),
        0x02 => (ga::PIN_UV_AUTH_PARAM, ga::PIN_UV_AUTH_PROTOCOL),
        0x0C => (0x05, 0x06),
        _ => (0x04, 0x03),
    }
}
