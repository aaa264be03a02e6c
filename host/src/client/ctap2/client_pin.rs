//! authenticatorClientPIN (CTAP 2.3 §6.5): the PIN, and the tokens that one gets for it.

use std::collections::BTreeMap;
use std::fmt;

use cbor4ii::core::Value;

use super::members::{FromCbor, Members, Parameters, Reading};
use super::{Command, Malformed, Oddity, no_data, unasked};
use crate::cbor::{bytes, text};
use crate::client::pin_protocol::{KeyAgreementKey, PinProtocol};

/// The most tries that a key may allow.
const MAX_RETRIES: u64 = 8;

/// What a pinUvAuthToken may be used for (CTAP 2.3 §6.5.5.7): a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions(u8);

impl Permissions {
    /// One registration for the RP ID that the token is bound to.
    pub const MAKE_CREDENTIAL: Self = Self(0x01);
    /// One sign-in for that RP ID.
    pub const GET_ASSERTION: Self = Self(0x02);
    /// Listing, renaming and deleting passkeys.
    pub const CREDENTIAL_MANAGEMENT: Self = Self(0x04);
    /// Writing large blobs.
    pub const LARGE_BLOB_WRITE: Self = Self(0x10);
    /// Configuration.
    pub const AUTHENTICATOR_CONFIG: Self = Self(0x20);

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` are among these.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    fn value(self) -> Value {
        Value::Integer(self.0.into())
    }
}

/// The request: one subcommand. `protocol` is the one that encrypted and authenticated the other members.
#[derive(Clone, PartialEq, Eq)]
pub enum ClientPin {
    /// 0x01: how many wrong PINs the key still takes.
    GetPinRetries,
    /// 0x02: the key's public key for the key agreement.
    GetKeyAgreement {
        /// For this protocol.
        protocol: PinProtocol,
    },
    /// 0x03: the first PIN.
    SetPin {
        /// The protocol.
        protocol: PinProtocol,
        /// The platform's public key.
        key_agreement: KeyAgreementKey,
        /// `newPinEnc`: the padded PIN.
        new_pin: Vec<u8>,
        /// `pinUvAuthParam` over it.
        param: Vec<u8>,
    },
    /// 0x04: another PIN.
    ChangePin {
        /// The protocol.
        protocol: PinProtocol,
        /// The platform's public key.
        key_agreement: KeyAgreementKey,
        /// `newPinEnc`: the padded new PIN.
        new_pin: Vec<u8>,
        /// `pinHashEnc`: the hash of the present PIN.
        pin_hash: Vec<u8>,
        /// `pinUvAuthParam` over both.
        param: Vec<u8>,
    },
    /// 0x05: a token with every permission that CTAP 2.0 knew.
    GetPinToken {
        /// The protocol.
        protocol: PinProtocol,
        /// The platform's public key.
        key_agreement: KeyAgreementKey,
        /// `pinHashEnc`.
        pin_hash: Vec<u8>,
    },
    /// 0x06 and 0x09: a token with `permissions`.
    GetPinUvAuthToken {
        /// The protocol.
        protocol: PinProtocol,
        /// The platform's public key.
        key_agreement: KeyAgreementKey,
        /// `pinHashEnc`; `None` where the key verifies its user by itself (0x06).
        pin_hash: Option<Vec<u8>>,
        /// What the token is for.
        permissions: Permissions,
        /// The only RP ID that it is for.
        rp_id: Option<String>,
    },
}

impl fmt::Debug for ClientPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientPin(0x{:02x})", self.subcommand())
    }
}

/// The answer to all of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ClientPinResponse {
    /// 0x01: the key's public key.
    pub key_agreement: Option<KeyAgreementKey>,
    /// 0x02: the token, encrypted.
    pub pin_uv_auth_token: Option<Vec<u8>>,
    /// 0x03: how many wrong PINs the key still takes.
    pub pin_retries: Option<u64>,
    /// 0x04: whether the key must be unplugged before it accepts a PIN again.
    pub power_cycle_state: Option<bool>,
    /// 0x05: how many failures its own user verification still takes.
    pub uv_retries: Option<u64>,
    /// Members the standard does not know: CBOR as the key sent it.
    pub unknown: BTreeMap<i128, Vec<u8>>,
    /// Where the answer departs from the standard.
    pub oddities: Vec<Oddity>,
}

impl fmt::Debug for ClientPinResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientPinResponse")
            .field("pin_retries", &self.pin_retries)
            .field("power_cycle_state", &self.power_cycle_state)
            .field("uv_retries", &self.uv_retries)
            .field("oddities", &self.oddities)
            .finish_non_exhaustive()
    }
}

impl ClientPin {
    fn subcommand(&self) -> i128 {
        match self {
            Self::GetPinRetries => 0x01,
            Self::GetKeyAgreement { .. } => 0x02,
            Self::SetPin { .. } => 0x03,
            Self::ChangePin { .. } => 0x04,
            Self::GetPinToken { .. } => 0x05,
            Self::GetPinUvAuthToken { pin_hash: None, .. } => 0x06,
            Self::GetPinUvAuthToken { pin_hash: Some(_), .. } => 0x09,
        }
    }
}

impl Command for ClientPin {
    const CODE: u8 = 0x06;
    const NAME: &'static str = "authenticatorClientPIN";
    const SECTION: &'static str = "CTAP 2.3 §6.5";
    type Response = ClientPinResponse;

    fn waits_for_user(&self) -> bool {
        matches!(self, Self::GetPinUvAuthToken { .. })
    }

    fn parameters(&self) -> Vec<u8> {
        let number = |protocol: &PinProtocol| Value::Integer(protocol.number().into());
        let parameters = Parameters::default().set(0x02, Value::Integer(self.subcommand()));
        match self {
            Self::GetPinRetries => parameters,
            Self::GetKeyAgreement { protocol } => parameters.set(0x01, number(protocol)),
            Self::SetPin {
                protocol,
                key_agreement,
                new_pin,
                param,
            } => parameters
                .set(0x01, number(protocol))
                .set(0x03, key_agreement.value())
                .set(0x04, bytes(param))
                .set(0x05, bytes(new_pin)),
            Self::ChangePin {
                protocol,
                key_agreement,
                new_pin,
                pin_hash,
                param,
            } => parameters
                .set(0x01, number(protocol))
                .set(0x03, key_agreement.value())
                .set(0x04, bytes(param))
                .set(0x05, bytes(new_pin))
                .set(0x06, bytes(pin_hash)),
            Self::GetPinToken {
                protocol,
                key_agreement,
                pin_hash,
            } => parameters
                .set(0x01, number(protocol))
                .set(0x03, key_agreement.value())
                .set(0x06, bytes(pin_hash)),
            Self::GetPinUvAuthToken {
                protocol,
                key_agreement,
                pin_hash,
                permissions,
                rp_id,
            } => parameters
                .set(0x01, number(protocol))
                .set(0x03, key_agreement.value())
                .set_some(0x06, pin_hash.as_deref().map(bytes))
                .set(0x09, permissions.value())
                .set_some(0x0A, rp_id.as_deref().map(text)),
        }
        .encode()
    }

    fn parse(data: &[u8]) -> Result<ClientPinResponse, Malformed> {
        // setPIN and changePIN have no data; some keys send an empty map.
        if data.is_empty() {
            return Ok(ClientPinResponse::default());
        }
        let mut members = Members::read(data)?;
        let key_agreement = members.if_there(0x01, "keyAgreement")?;
        let pin_uv_auth_token = members.optional(0x02, "pinUvAuthToken");
        let pin_retries = members.optional(0x03, "pinRetries");
        let power_cycle_state = members.optional(0x04, "powerCycleState");
        let uv_retries = members.optional(0x05, "uvRetries");
        let (unknown, oddities) = members.finish();
        Ok(ClientPinResponse {
            key_agreement,
            pin_uv_auth_token,
            pin_retries,
            power_cycle_state,
            uv_retries,
            unknown,
            oddities,
        })
    }

    fn judge(&self, data: &[u8], response: &ClientPinResponse) -> Vec<Oddity> {
        if matches!(self, Self::SetPin { .. } | Self::ChangePin { .. }) {
            return no_data(data);
        }
        let mut found = response.oddities.clone();
        let retries = matches!(self, Self::GetPinRetries);
        let agreement = matches!(self, Self::GetKeyAgreement { .. });
        found.extend(unasked([
            ("keyAgreement", response.key_agreement.is_some() && !agreement),
            (
                "pinUvAuthToken",
                response.pin_uv_auth_token.is_some() && (retries || agreement),
            ),
            ("pinRetries", response.pin_retries.is_some() && !retries),
            ("powerCycleState", response.power_cycle_state.is_some() && !retries),
            // getUVRetries is not among the subcommands here.
            ("uvRetries", response.uv_retries.is_some()),
        ]));
        if response.pin_retries.is_some_and(|left| left > MAX_RETRIES) {
            found.push(Oddity::must(
                "CTAP 2.3 §6.5.2.2",
                "pinRetries is more than 8, the most wrong PINs that a key may take",
            ));
        }
        found
    }
}

impl KeyAgreementKey {
    /// The COSE key (CTAP 2.3 §6.5.6): exactly these five members.
    pub(crate) fn value(&self) -> Value {
        let number = Value::Integer;
        Value::Map(vec![
            (number(1), number(2)),
            (number(3), number(-25)),
            (number(-1), number(1)),
            (number(-2), bytes(&self.x)),
            (number(-3), bytes(&self.y)),
        ])
    }
}

impl FromCbor for KeyAgreementKey {
    /// Refuses what is not an ECDH key on P-256: nothing secret is encrypted for it.
    fn from_cbor(value: Value, reading: &mut Reading) -> Option<Self> {
        let Value::Map(entries) = &value else { return None };
        let member = |label: i128| {
            let found = entries.iter().find(|(key, _)| *key == Value::Integer(label));
            found.map(|(_, value)| value)
        };
        let is = |label, number| member(label) == Some(&Value::Integer(number));
        let coordinate = |label| match member(label)? {
            Value::Bytes(value) => value.as_slice().try_into().ok(),
            _ => None,
        };
        // kty EC2, alg ECDH-ES+HKDF-256, crv P-256.
        if !(is(1, 2) && is(3, -25) && is(-1, 1)) {
            return None;
        }
        reading.unknown |= entries.len() > 5;
        Some(Self {
            x: coordinate(-2)?,
            y: coordinate(-3)?,
        })
    }
}

#[cfg(test)]
mod tests;
