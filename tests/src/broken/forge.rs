//! Signatures of a key that says what it should not: with private keys of the forger's, in place of the key's.

use std::collections::HashMap;

use brasskey_conformance::host::cbor::encode;
use brasskey_conformance::host::{Message, command};
use ciborium::Value;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

use super::defect::Act;
use super::path::Path;

/// Private keys by credential IDs.
#[derive(Default)]
pub(super) struct Forge {
    keys: HashMap<Vec<u8>, EcdsaKeyPair>,
    /// Private keys by attestation certificates.
    attestations: HashMap<Vec<u8>, EcdsaKeyPair>,
    /// What getNextAssertion signs, too.
    client_data_hash: Vec<u8>,
}

/// U2F_REGISTER and U2F_AUTHENTICATE.
const REGISTER: u8 = 1;
const AUTHENTICATE: u8 = 2;

impl Forge {
    /// Changes what an answer says, and signs it. ES256 only: other answers stay as they are.
    pub(super) fn sign(&mut self, request: &Message, answer: &mut Message, act: Act) {
        let (asked, answered) = (&request.payload[..], &mut answer.payload);
        let done = match (request.command, asked, &answered[..]) {
            (command::CBOR, [0x01, body @ ..], [0, _, ..]) => Path("1").of(body).and_then(|hash| {
                self.client_data_hash = hash.into_bytes().ok()?;
                self.made(body, &answered[1..], act)
            }),
            (command::CBOR, [0x02, body @ ..], [0, _, ..]) => Path("2").of(body).and_then(|hash| {
                self.client_data_hash = hash.into_bytes().ok()?;
                self.asserted(&answered[1..], act)
            }),
            (command::CBOR, [0x08, ..], [0, _, ..]) => self.asserted(&answered[1..], act),
            (command::CBOR, [0x0A | 0x41, ..], [0, _, ..]) => self.listed(&answered[1..]),
            (command::MSG, [_, REGISTER, ..], [.., 0x90, 0]) => self.registered(asked, answered),
            (command::MSG, [_, AUTHENTICATE, ..], [.., 0x90, 0]) => self.authenticated(asked, answered, act),
            _ => None,
        };
        if let Some(done) = done {
            *answered = match request.command {
                command::CBOR => [&[0], &done[..]].concat(),
                _ => [&done[..], &[0x90, 0]].concat(),
            };
        }
    }

    /// authenticatorMakeCredential: the credential gets another key.
    fn made(&mut self, asked: &[u8], body: &[u8], act: Act) -> Option<Vec<u8>> {
        let mut said = AuthData::read(Path("2").of(body)?.as_bytes()?)?;
        let (id, cose_key) = said.attested.as_mut()?;
        let key = replace_key(cose_key)?;
        if let Act::NamesUsers(length) = act
            && let Some(user) = Path("3/id").of(asked).and_then(|id| id.into_bytes().ok())
            && user.len() > length
        {
            // Behind the AAGUID and the length.
            id[18..]
                .iter_mut()
                .zip(user)
                .for_each(|(byte, of_user)| *byte = of_user);
        }
        let id = id[18..].to_vec();
        said.change(act);
        let signed = said.write();
        let mut body = body.to_vec();
        let message = [&signed[..], &self.client_data_hash].concat();
        let leaf = Path("3/x5c/#0").of(&body).and_then(|leaf| leaf.into_bytes().ok());
        let signature = match leaf.and_then(|leaf| self.attestation(&leaf)) {
            Some((leaf, attestation)) => {
                let _ = Path("3/x5c/#0").put(&mut body, &encode(&Value::Bytes(leaf)));
                sign(attestation, &[&message])?
            }
            None => sign(&key, &[&message])?,
        };
        self.keys.insert(id, key);
        let is_signed = Path("3/sig").of(&body).is_some();
        let _ = Path("2").put(&mut body, &encode(&Value::Bytes(signed)));
        if is_signed {
            let _ = Path("3/sig").put(&mut body, &encode(&Value::Bytes(signature)));
        }
        Some(body)
    }

    /// The certificate with a key of the forger's in it, and that key.
    fn attestation(&mut self, certificate: &[u8]) -> Option<(Vec<u8>, &EcdsaKeyPair)> {
        const POINT: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
        let new = key_pair()?;
        let key = &*self.attestations.entry(certificate.to_vec()).or_insert(new);
        let at = certificate.windows(POINT.len()).position(|window| window == POINT)? + POINT.len();
        let mut certificate = certificate.to_vec();
        let point = certificate.get_mut(at..at + 65)?;
        point.copy_from_slice(key.public_key().as_ref());
        Some((certificate, key))
    }

    /// authenticatorGetAssertion and authenticatorGetNextAssertion.
    fn asserted(&self, body: &[u8], act: Act) -> Option<Vec<u8>> {
        let key = self.keys.get(Path("1/id").of(body)?.as_bytes()?)?;
        let mut said = AuthData::read(Path("2").of(body)?.as_bytes()?)?;
        said.change(act);
        let signed = said.write();
        let signature = sign(key, &[&signed, &self.client_data_hash])?;
        let mut body = body.to_vec();
        let _ = Path("2").put(&mut body, &encode(&Value::Bytes(signed)));
        let _ = Path("3").put(&mut body, &encode(&Value::Bytes(signature)));
        Some(body)
    }

    /// authenticatorCredentialManagement lists public keys.
    fn listed(&self, body: &[u8]) -> Option<Vec<u8>> {
        let key = self.keys.get(Path("7/id").of(body)?.as_bytes()?)?;
        let mut body = body.to_vec();
        let point = key.public_key().as_ref();
        for (path, coordinate) in [(Path("8/-2"), &point[1..33]), (Path("8/-3"), &point[33..])] {
            let _ = path.put(&mut body, &encode(&coordinate.into()));
        }
        Some(body)
    }

    /// U2F_REGISTER: the credential gets another key, and so does the certificate.
    fn registered(&mut self, asked: &[u8], answered: &[u8]) -> Option<Vec<u8>> {
        let data = data_of(asked)?;
        let (challenge, application) = (data.get(..32)?, data.get(32..64)?);
        let key = key_pair()?;
        let mut rest = answered.get(67..)?;
        let id = rest.get(..usize::from(answered[66]))?.to_vec();
        rest = &rest[id.len()..];
        let length = 4 + usize::from(u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]));
        let length = if rest[1] == 0x81 {
            3 + usize::from(rest[2])
        } else {
            length
        };
        let (certificate, attestation) = self.attestation(rest.get(..length)?)?;
        let point = key.public_key().as_ref().to_vec();
        let signature = sign(attestation, &[&[0], application, challenge, &id, &point])?;
        let head = [&[5], &point[..], &[answered[66]], &id].concat();
        self.keys.insert(id, key);
        Some([head, certificate, signature].concat())
    }

    /// U2F_AUTHENTICATE.
    fn authenticated(&self, asked: &[u8], answered: &[u8], act: Act) -> Option<Vec<u8>> {
        let data = data_of(asked)?;
        let (challenge, application) = (data.get(..32)?, data.get(32..64)?);
        let key = self.keys.get(data.get(65..)?.get(..usize::from(data[64]))?)?;
        let (mut presence, counter) = (*answered.first()?, answered.get(1..5)?);
        let mut counter = u32::from_be_bytes(counter.try_into().ok()?);
        match act {
            Act::SignsFlags(set, cleared) => presence = (presence | set) & !cleared,
            Act::SignsCounter(_, other) => counter = other(counter),
            _ => {}
        }
        let head = [&[presence], &counter.to_be_bytes()[..]].concat();
        let signature = sign(key, &[application, &head, challenge])?;
        Some([head, signature].concat())
    }
}

/// The data of an APDU, in either encoding.
fn data_of(apdu: &[u8]) -> Option<&[u8]> {
    match apdu.get(4)? {
        0 => apdu.get(7..),
        _ => apdu.get(5..),
    }
}

fn key_pair() -> Option<EcdsaKeyPair> {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).ok()?;
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).ok()
}

fn sign(key: &EcdsaKeyPair, parts: &[&[u8]]) -> Option<Vec<u8>> {
    let signature = key.sign(&SystemRandom::new(), &parts.concat()).ok()?;
    Some(signature.as_ref().to_vec())
}

/// Puts another key in a COSE_Key of ES256.
fn replace_key(cose_key: &mut Value) -> Option<EcdsaKeyPair> {
    let mut encoded = encode(cose_key);
    if Path("3").of(&encoded) != Some((-7).into()) {
        return None;
    }
    let key = key_pair()?;
    let point = key.public_key().as_ref();
    for (path, coordinate) in [(Path("-2"), &point[1..33]), (Path("-3"), &point[33..])] {
        let _ = path.put(&mut encoded, &encode(&coordinate.into()));
    }
    *cose_key = ciborium::from_reader(&encoded[..]).ok()?;
    Some(key)
}

/// Authenticator data (WebAuthn Level 3 §6.1).
struct AuthData {
    rp_id_hash: Vec<u8>,
    flags: u8,
    counter: u32,
    /// The AAGUID and the ID with its length; the COSE_Key.
    attested: Option<(Vec<u8>, Value)>,
    extensions: Option<Value>,
}

impl AuthData {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (head, mut rest) = bytes.split_at_checked(37)?;
        let flags = head[32];
        let attested = (flags & 0x40 != 0).then(|| {
            let length = u16::from_be_bytes([*rest.get(16)?, *rest.get(17)?]);
            let (id, behind) = rest.split_at_checked(18 + usize::from(length))?;
            rest = behind;
            Some((id.to_vec(), ciborium::from_reader(&mut rest).ok()?))
        });
        let extensions = (flags & 0x80 != 0).then(|| ciborium::from_reader(&mut rest).ok());
        Some(Self {
            rp_id_hash: head[..32].to_vec(),
            flags,
            counter: u32::from_be_bytes(head[33..].try_into().ok()?),
            attested: attested.flatten(),
            extensions: extensions.flatten(),
        })
    }

    fn change(&mut self, act: Act) {
        let mut extensions = self.extensions.as_ref().map_or_else(|| vec![0xA0], encode);
        match act {
            Act::SignsFlags(set, cleared) => self.flags = (self.flags | set) & !cleared,
            Act::SignsCounter(_, other) => self.counter = other(self.counter),
            Act::SignsForAnother => self.rp_id_hash[0] ^= 1,
            Act::SignsWithout(name) => drop(Path(name).take(&mut extensions)),
            Act::Signs(name, value) => drop(Path(name).put(&mut extensions, value)),
            _ => {}
        }
        if matches!(act, Act::SignsWithout(_) | Act::Signs(..)) {
            self.extensions = (extensions != [0xA0])
                .then(|| ciborium::from_reader(&extensions[..]).ok())
                .flatten();
            self.flags = self.flags & !0x80 | if self.extensions.is_some() { 0x80 } else { 0 };
        }
    }

    fn write(&self) -> Vec<u8> {
        let mut bytes = self.rp_id_hash.clone();
        bytes.push(self.flags);
        bytes.extend(self.counter.to_be_bytes());
        if let Some((id, key)) = &self.attested {
            bytes.extend(id);
            bytes.extend(encode(key));
        }
        if let Some(extensions) = &self.extensions {
            bytes.extend(encode(extensions));
        }
        bytes
    }
}
