//! What several commands send and receive: the relying party, the user, the credential, and more.

use std::fmt;

use cbor4ii::core::Value;
use zeroize::Zeroizing;

use super::members::{FromCbor, Reading, entry};
use crate::cbor::{bytes, text, text_map};
use crate::webauthn::{CredentialDescriptor, RelyingPartyEntity, UserEntity};

/// Notes entries that are left over, except those of earlier editions of the standard, which nobody reads.
fn rest(entries: &[(Value, Value)], earlier: &[&str], reading: &mut Reading) {
    reading.unknown |= entries
        .iter()
        .any(|(name, _)| !matches!(name, Value::Text(name) if earlier.contains(&name.as_str())));
}

impl RelyingPartyEntity {
    pub(super) fn value(&self) -> Option<Value> {
        text_map([("id", Some(text(&self.id))), ("name", self.name.as_deref().map(text))])
    }
}

impl FromCbor for RelyingPartyEntity {
    fn from_cbor(value: Value, reading: &mut Reading) -> Option<Self> {
        let Value::Map(mut entries) = value else { return None };
        let read = Self {
            id: entry(&mut entries, "id", reading)?,
            name: entry(&mut entries, "name", reading),
        };
        rest(&entries, &["icon"], reading);
        Some(read)
    }
}

impl UserEntity {
    pub(super) fn value(&self) -> Option<Value> {
        text_map([
            ("id", Some(bytes(&self.id))),
            ("name", self.name.as_deref().map(text)),
            ("displayName", self.display_name.as_deref().map(text)),
        ])
    }
}

impl FromCbor for UserEntity {
    fn from_cbor(value: Value, reading: &mut Reading) -> Option<Self> {
        let Value::Map(mut entries) = value else { return None };
        let read = Self {
            id: entry(&mut entries, "id", reading)?,
            name: entry(&mut entries, "name", reading),
            display_name: entry(&mut entries, "displayName", reading),
        };
        rest(&entries, &["icon"], reading);
        Some(read)
    }
}

/// As CTAP2 has it: keys have no use for the transports.
impl CredentialDescriptor {
    pub(super) fn value(&self) -> Option<Value> {
        text_map([("id", Some(bytes(&self.id))), ("type", Some(text("public-key")))])
    }

    /// An allow or exclude list. An empty one may not be sent (CTAP 2.3 §6.1.2, §6.2.2).
    pub(super) fn list(descriptors: &[Self]) -> Option<Value> {
        (!descriptors.is_empty()).then(|| Value::Array(descriptors.iter().filter_map(Self::value).collect()))
    }
}

impl FromCbor for CredentialDescriptor {
    fn from_cbor(value: Value, reading: &mut Reading) -> Option<Self> {
        let Value::Map(mut entries) = value else { return None };
        reading.partial |= entry::<String>(&mut entries, "type", reading).as_deref() != Some("public-key");
        let id: Vec<u8> = entry(&mut entries, "id", reading)?;
        rest(&entries, &["transports"], reading);
        Some(Self::new(id))
    }
}

/// PublicKeyCredentialParameters: an algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKeyCredentialParameters {
    /// A COSE algorithm identifier, such as -7 for ES256.
    pub alg: i64,
    /// The type of credential: `public-key`. From a key, untrusted text.
    pub kind: String,
}

impl PublicKeyCredentialParameters {
    /// `alg` for credentials of type `public-key`.
    #[must_use]
    pub fn public_key(alg: i64) -> Self {
        Self {
            alg,
            kind: "public-key".to_owned(),
        }
    }

    pub(super) fn value(&self) -> Option<Value> {
        text_map([
            ("alg", Some(Value::Integer(self.alg.into()))),
            ("type", Some(text(&self.kind))),
        ])
    }
}

impl FromCbor for PublicKeyCredentialParameters {
    fn from_cbor(value: Value, reading: &mut Reading) -> Option<Self> {
        let Value::Map(mut entries) = value else { return None };
        let read = Self {
            alg: entry(&mut entries, "alg", reading)?,
            kind: entry(&mut entries, "type", reading)?,
        };
        // Each entry has exactly these two members (CTAP 2.3 §6.4).
        reading.partial |= !entries.is_empty();
        Some(read)
    }
}

/// The options of makeCredential and getAssertion; `None` leaves one out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// A discoverable credential. Not for getAssertion.
    pub rk: Option<bool>,
    /// User presence: a touch.
    pub up: Option<bool>,
    /// User verification built into the key.
    pub uv: Option<bool>,
}

impl Options {
    pub(super) fn value(self) -> Option<Value> {
        text_map([
            ("rk", self.rk.map(Value::Bool)),
            ("up", self.up.map(Value::Bool)),
            ("uv", self.uv.map(Value::Bool)),
        ])
    }
}

/// The key of a credential's large blob. Secret.
#[derive(Clone, PartialEq, Eq)]
pub struct LargeBlobKey(pub Zeroizing<[u8; 32]>);

impl fmt::Debug for LargeBlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LargeBlobKey(..)")
    }
}

impl FromCbor for LargeBlobKey {
    fn from_cbor(value: Value, reading: &mut Reading) -> Option<Self> {
        FromCbor::from_cbor(value, reading).map(|key| Self(Zeroizing::new(key)))
    }
}

/// Extension inputs, by identifier; `None` where there are none.
pub(super) fn extensions(extensions: &[(String, Value)]) -> Option<Value> {
    let entries: Vec<_> = extensions
        .iter()
        .map(|(name, input)| (text(name), input.clone()))
        .collect();
    (!entries.is_empty()).then_some(Value::Map(entries))
}
