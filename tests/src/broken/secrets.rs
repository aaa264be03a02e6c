//! What a key must not tell, and a defect tells by its times. The proxy has to know it for that.

use std::collections::HashMap;
use std::fmt;

use brasskey_conformance::host::cbor::encode;
use brasskey_conformance::host::client_pin::{Agreement, Protocol, cose_key};
use brasskey_conformance::host::verify::sha256;
use brasskey_conformance::host::{Message, command};
use ciborium::Value;
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::rand::SystemRandom;

use super::path::Path;

/// What answers take longer for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// A credential ID that the key made for another relying party.
    ForeignId,
    /// The same, of a discoverable credential.
    ForeignPasskey,
    /// A wrong PIN whose hash begins as that of the right one.
    AlmostRightPin,
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ForeignId => "a credential of another relying party",
            Self::ForeignPasskey => "a passkey of another relying party",
            Self::AlmostRightPin => "a PIN whose hash begins as that of the right one",
        })
    }
}

/// What the proxy knows of the key.
#[derive(Default)]
pub(super) struct Secrets {
    /// Of each credential ID the relying party, and whether it is discoverable.
    made: HashMap<Vec<u8>, (Value, bool)>,
    /// The key's half of the key agreement, and the private key of what the host has in its place.
    between: Option<(Value, EphemeralPrivateKey)>,
    /// The right PIN's hash, the half of it that is compared.
    pin: Option<Vec<u8>>,
}

impl Secrets {
    /// Whether a request meets with a secret. Where PINs are asked for, it is encrypted for the key again.
    pub(super) fn meets(&mut self, secret: Secret, request: &mut Message) -> bool {
        let [code, body @ ..] = &request.payload[..] else {
            return false;
        };
        match (secret, code) {
            (Secret::ForeignId | Secret::ForeignPasskey, 0x02) => {
                let id = Path("3/#0/id").of(body).and_then(|id| id.into_bytes().ok());
                let made = id.and_then(|id| self.made.get(&id));
                made.is_some_and(|(rp_id, is_discoverable)| {
                    Path("1").of(body).as_ref() != Some(rp_id) && *is_discoverable == (secret == Secret::ForeignPasskey)
                })
            }
            (Secret::AlmostRightPin, 0x06) => {
                let mut body = body.to_vec();
                let is_met = self.carry(&mut body).unwrap_or(false);
                request.payload.splice(1.., body);
                is_met
            }
            _ => false,
        }
    }

    /// Remembers what an answer tells. The host gets a key of the proxy's in place of the key's.
    pub(super) fn learn(&mut self, secret: Secret, request: &Message, answer: &mut Message) {
        let ([code, asked @ ..], command::CBOR, [0, told @ ..]) =
            (&request.payload[..], answer.command, &answer.payload[..])
        else {
            return;
        };
        match (secret, code) {
            (Secret::ForeignId | Secret::ForeignPasskey, 0x01) => {
                let auth_data = Path("2").of(told).and_then(|data| data.into_bytes().ok());
                let id = auth_data.and_then(|data| {
                    let length = u16::from_be_bytes([*data.get(53)?, *data.get(54)?]);
                    Some(data.get(55..)?.get(..length.into())?.to_vec())
                });
                if let (Some(id), Some(rp_id)) = (id, Path("2/id").of(asked)) {
                    let is_discoverable = Path("7/rk").of(asked) == Some(true.into());
                    self.made.insert(id, (rp_id, is_discoverable));
                }
            }
            (Secret::AlmostRightPin, 0x06) => {
                let mut told = told.to_vec();
                let _ = self.stand_between(&mut told);
                answer.payload.splice(1.., told);
            }
            _ => {}
        }
    }

    /// getKeyAgreement is answered.
    fn stand_between(&mut self, told: &mut Vec<u8>) -> Option<()> {
        let of_key = Path("1").of(told).filter(Value::is_map)?;
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).ok()?;
        let public = private.compute_public_key().ok()?;
        let (x, y) = public.as_ref().get(1..)?.split_at_checked(32)?;
        let is_put = Path("1").put(told, &encode(&cose_key(x, y)));
        self.between = Some((of_key, private));
        is_put.then_some(())
    }

    /// Encrypts a request for the key, and says whether it tries a PIN that is almost right. The token that comes of a
    /// right one stays as it is: who tries PINs only wants to know whether they are.
    fn carry(&mut self, body: &mut Vec<u8>) -> Option<bool> {
        let member = |path: &'static str| Path(path).of(body)?.into_bytes().ok();
        let protocol = match Path("1").of(body)?.as_integer()?.try_into() {
            Ok(1_u8) => Protocol::One,
            _ => Protocol::Two,
        };
        let point = [&[4][..], &member("3/-2")?, &member("3/-3")?].concat();
        let (of_key, private) = self.between.take()?;
        let host = UnparsedPublicKey::new(&ECDH_P256, point);
        let with_host = agree_ephemeral(private, &host, |z| Agreement::of(protocol, Value::Null, z)).ok()?;
        let with_key = Agreement::new(protocol, &of_key);
        let plain = ["5", "6"].map(|path| member(path).map(|encrypted| with_host.decrypt(&encrypted)));
        let [new, tried] = &plain;
        let encrypted = plain
            .each_ref()
            .map(|plain| plain.as_ref().map(|plain| with_key.encrypt(plain)));
        let param = encrypted
            .iter()
            .flatten()
            .map(|encrypted| &encrypted[..])
            .collect::<Vec<_>>();
        let param = with_key.authenticate(&param);
        for (path, encrypted) in [Path("5"), Path("6")].into_iter().zip(encrypted) {
            let _ = encrypted.is_some_and(|bytes| path.put(body, &encode(&Value::Bytes(bytes))));
        }
        if Path("4").of(body).is_some() {
            let _ = Path("4").put(body, &encode(&Value::Bytes(param)));
        }
        let _ = Path("3").put(body, &encode(&with_key.platform_key));
        if let Some(new) = new {
            let end = new.iter().position(|byte| *byte == 0).unwrap_or(new.len());
            self.pin = Some(sha256(&new[..end])[..16].to_vec());
            return Some(false);
        }
        let (right, tried) = (self.pin.as_ref()?, tried.as_ref()?);
        Some(tried != right && tried.first() == right.first())
    }
}
