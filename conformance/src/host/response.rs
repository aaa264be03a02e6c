//! CTAP2 responses as a relying party reads them (CTAP 2.3 §6.1.3, §6.2.3; WebAuthn Level 3 §6.1).

use std::fmt;

use ciborium::Value;

use super::cbor::{decode_canonical, encode, split_canonical};
use super::read::{Members, Read as _};
use super::status;
use super::u2f::certificate_key;
use super::verify::{CLIENT_DATA_HASH, PublicKey, algorithm, sha256};
use crate::second_reader::{self, Part};
use crate::words::shown;

/// The flags of authenticator data (WebAuthn Level 3 §6.1).
#[expect(missing_docs, reason = "the standard's names")]
pub mod flags {
    pub const UP: u8 = 0x01;
    pub const UV: u8 = 0x04;
    /// BE and BS, which each key decides for itself.
    pub const BACKUP: u8 = 0x08 | 0x10;
    pub const AT: u8 = 0x40;
    pub const ED: u8 = 0x80;
}

/// A status byte, and the members of the map behind it.
#[derive(Clone, PartialEq)]
pub struct Response {
    /// The status.
    pub status: u8,
    /// The map; `None` where the status stands alone.
    pub members: Option<Members>,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.members {
            Some(members) => write!(f, "{} with {members:?}", status::named(self.status)),
            None => f.write_str(&status::named(self.status)),
        }
    }
}

impl Response {
    /// Reads a response, which must be canonical; only success may carry data.
    #[must_use]
    #[track_caller]
    pub fn decode(bytes: &[u8]) -> Self {
        let Some((&status, body)) = bytes.split_first() else {
            panic!("expected a status byte, the key's answer is empty")
        };
        assert!(
            status == status::OK || body.is_empty(),
            "expected nothing behind {}, the key answered {body:02x?}",
            status::named(status)
        );
        let members = (!body.is_empty()).then(|| members(&decode_canonical(body)));
        Self { status, members }
    }

    /// A status alone.
    #[must_use]
    pub fn bare(status: u8) -> Self {
        Self { status, members: None }
    }

    /// The map of a success.
    #[must_use]
    #[track_caller]
    pub fn ok(&self) -> &Members {
        status::is(self.status, status::OK);
        let members = self.members.as_ref();
        members.unwrap_or_else(|| panic!("expected a map behind 0x00 OK, the key answered the status alone"))
    }
}

#[track_caller]
fn members(map: &Value) -> Members {
    let member = |(key, value): &(Value, Value)| (key.number(), value.clone());
    map.entries().iter().map(member).collect()
}

/// The member of a map with text keys.
#[must_use]
#[track_caller]
pub fn member<'a>(map: &'a Value, name: &str) -> &'a Value {
    let mut members = map.entries().iter();
    let found = members.find(|(key, _)| key.as_text() == Some(name));
    &found
        .unwrap_or_else(|| panic!("expected a member {name:?}, the key answered {}", shown(map)))
        .1
}

#[track_caller]
fn bytes(value: &Value) -> Vec<u8> {
    value.bytes().clone()
}

/// Authenticator data (WebAuthn Level 3 §6.1).
#[derive(Clone, Debug, PartialEq)]
pub struct AuthData {
    /// As it was signed.
    pub bytes: Vec<u8>,
    /// The SHA-256 of the RP ID.
    pub rp_id_hash: [u8; 32],
    /// The flags.
    pub flags: u8,
    /// The signature counter.
    pub sign_count: u32,
    /// The attested credential.
    pub attested: Option<Attested>,
    /// The extension outputs.
    pub extensions: Option<Value>,
}

/// Attested credential data (WebAuthn Level 3 §6.5.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Attested {
    /// The AAGUID.
    pub aaguid: [u8; 16],
    /// The credential ID.
    pub id: Vec<u8>,
    /// The credential's public key.
    pub public_key: PublicKey,
}

impl AuthData {
    /// Reads authenticator data to its end; the flags say what is there.
    #[track_caller]
    fn decode(bytes: Vec<u8>) -> Self {
        let malformed = || -> ! { panic!("expected authenticator data, the key answered {bytes:02x?}") };
        let Some((head, mut rest)) = bytes.split_first_chunk::<37>() else {
            malformed()
        };
        let (rp_id_hash, tail) = head.split_first_chunk::<32>().expect("a hash");
        let (&[flags], count) = tail.split_first_chunk().expect("flags");
        let attested = (flags & flags::AT != 0).then(|| {
            let Some((aaguid, after)) = rest.split_first_chunk() else {
                malformed()
            };
            let Some((length, after)) = after.split_first_chunk() else {
                malformed()
            };
            let Some((id, after)) = after.split_at_checked(u16::from_be_bytes(*length).into()) else {
                malformed()
            };
            let (cose_key, after) = split_canonical(after);
            rest = after;
            Attested {
                aaguid: *aaguid,
                id: id.to_vec(),
                public_key: PublicKey::of(&cose_key),
            }
        });
        let extensions = (flags & flags::ED != 0).then(|| {
            let (outputs, after) = split_canonical(rest);
            rest = after;
            assert!(
                !outputs.entries().is_empty(),
                "expected an extension output behind the flag ED, the key answered {outputs:?}"
            );
            outputs
        });
        assert!(
            rest.is_empty(),
            "expected the end of the authenticator data, the key answered {rest:02x?} more"
        );
        Self {
            rp_id_hash: *rp_id_hash,
            flags,
            sign_count: u32::from_be_bytes(count.try_into().expect("four bytes")),
            attested,
            extensions,
            bytes,
        }
    }

    /// The extension outputs say the same to the second reader.
    #[track_caller]
    fn agrees(&self, part: Part) {
        if let Some(outputs) = &self.extensions {
            second_reader::agrees(part, &encode(outputs));
        }
    }

    /// The output of an extension; `None` where there is none.
    #[must_use]
    pub fn extension(&self, name: &str) -> Option<&Value> {
        let mut outputs = self.extensions.iter().flat_map(|map| map.entries());
        outputs
            .find(|(key, _)| key.as_text() == Some(name))
            .map(|(_, value)| value)
    }
}

/// The answer of authenticatorMakeCredential.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The attestation statement's format.
    pub format: String,
    /// The attestation statement.
    pub statement: Value,
    /// The authenticator data.
    pub auth_data: AuthData,
    /// The AAGUID.
    pub aaguid: [u8; 16],
    /// The credential ID.
    pub id: Vec<u8>,
    /// The credential's public key.
    pub public_key: PublicKey,
    /// epAtt: the attestation names the enterprise's device.
    pub enterprise: bool,
    /// largeBlobKey.
    pub large_blob_key: Option<Vec<u8>>,
}

impl Made {
    /// Reads a success: fmt, authData and attStmt, and epAtt and largeBlobKey where they were asked for.
    #[must_use]
    #[track_caller]
    pub fn of(response: &Response) -> Self {
        let members = response.ok();
        assert!([1, 2, 3].iter().all(|key| members.contains_key(key)), "{members:?}");
        assert!(members.keys().all(|key| (1..=5).contains(key)), "{members:?}");
        let auth_data = AuthData::decode(bytes(&members[&2]));
        auth_data.agrees(Part::RegistrationOutputs);
        let attested = auth_data.attested.clone();
        let Attested { aaguid, id, public_key } =
            attested.unwrap_or_else(|| panic!("expected attested credential data, the flag AT is not set"));
        if let Some(enterprise) = members.get(&4) {
            same!(*enterprise, true.into(), "epAtt is true, or absent");
        }
        Self {
            format: members[&1].text().to_owned(),
            statement: members[&3].clone(),
            aaguid,
            id,
            public_key,
            enterprise: members.contains_key(&4),
            large_blob_key: members.get(&5).map(bytes),
            auth_data,
        }
    }

    /// The certificates of the statement, the key's first; `None` where it has none.
    #[must_use]
    pub fn certificates(&self) -> Option<Vec<Vec<u8>>> {
        let mut members = self.statement.entries().iter();
        let (_, chain) = members.find(|(name, _)| name.as_text() == Some("x5c"))?;
        Some(chain.items().iter().map(bytes).collect())
    }

    /// The credential ID's length, and the statement's signature.
    #[track_caller]
    pub fn verify(&self) {
        assert!(
            (16..=1023).contains(&self.id.len()),
            "a credential ID of {} bytes",
            self.id.len()
        );
        match self.format.as_str() {
            "none" => same!(self.statement, Value::Map(Vec::new())),
            "packed" if self.certificates().is_some() => {
                same!(member(&self.statement, "alg"), &algorithm::ES256.into());
                let signature = bytes(member(&self.statement, "sig"));
                let leaf = self.certificates().expect("certificates").remove(0);
                certificate_key(&leaf).verify(&[&self.auth_data.bytes, &CLIENT_DATA_HASH], &signature);
            }
            "packed" => {
                same!(self.statement.entries().len(), 2, "self attestation: alg and sig");
                same!(member(&self.statement, "alg"), &self.public_key.algorithm.into());
                let signature = bytes(member(&self.statement, "sig"));
                self.public_key
                    .verify(&[&self.auth_data.bytes, &CLIENT_DATA_HASH], &signature);
            }
            "fido-u2f" => {
                let statement = self.statement.entries();
                same!(statement.len(), 2, "sig and x5c");
                same!((self.public_key.algorithm, self.aaguid), (algorithm::ES256, [0; 16]));
                let signed = [
                    &[0],
                    &self.auth_data.rp_id_hash[..],
                    &CLIENT_DATA_HASH,
                    &self.id,
                    &self.public_key.key,
                ];
                let certificates = self.certificates().expect("a certificate");
                let [certificate] = &certificates[..] else {
                    panic!("x5c has one certificate")
                };
                certificate_key(certificate).verify(&signed, &bytes(member(&self.statement, "sig")));
            }
            // Nobody asked for it, and nobody needs it to sign in.
            _ => {}
        }
    }
}

/// The answer of authenticatorGetAssertion and authenticatorGetNextAssertion.
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    /// The credential ID.
    pub id: Vec<u8>,
    /// The authenticator data.
    pub auth_data: AuthData,
    /// The signature over it and the client data hash.
    pub signature: Vec<u8>,
    /// The user entity.
    pub user: Option<Value>,
    /// How many accounts there are.
    pub number_of_credentials: Option<u64>,
    /// largeBlobKey.
    pub large_blob_key: Option<Vec<u8>>,
}

impl Assertion {
    /// Reads a success.
    #[must_use]
    #[track_caller]
    pub fn of(response: &Response) -> Self {
        let members = response.ok();
        assert!(
            members.keys().all(|key| matches!(key, 1..=5 | 7)),
            "neither userSelected nor unsigned outputs: {members:?}"
        );
        let credential = &members[&1];
        // A PublicKeyCredentialDescriptor may have transports, too (WebAuthn Level 3 §5.8.3).
        let mut names = credential.entries().iter().map(|(name, _)| name.as_text());
        assert!(
            names.all(|name| matches!(name, Some("id" | "type" | "transports"))),
            "expected id and type, the key answered {}",
            shown(credential)
        );
        same!(member(credential, "type"), &"public-key".into());
        let auth_data = AuthData::decode(bytes(&members[&2]));
        auth_data.agrees(Part::AssertionOutputs);
        same!(auth_data.attested, None);
        Self {
            id: bytes(member(credential, "id")),
            auth_data,
            signature: bytes(&members[&3]),
            user: members.get(&4).cloned(),
            number_of_credentials: members.get(&5).map(|number| number.number()),
            large_blob_key: members.get(&7).map(bytes),
        }
    }

    /// It is by this credential, for this relying party, with these flags.
    #[track_caller]
    pub fn verify(&self, public_key: &PublicKey, rp_id: &str, flags: u8) {
        self.verify_over(public_key, rp_id, flags, &CLIENT_DATA_HASH);
    }

    /// The same over another client data hash.
    #[track_caller]
    pub fn verify_over(&self, public_key: &PublicKey, rp_id: &str, flags: u8, client_data_hash: &[u8; 32]) {
        same!(self.auth_data.rp_id_hash, sha256(rp_id.as_bytes()));
        same!(self.auth_data.flags & !flags::BACKUP, flags, "flags");
        same!(self.auth_data.bytes.len() > 37, flags & flags::ED != 0);
        public_key.verify(&[&self.auth_data.bytes, client_data_hash], &self.signature);
    }

    /// It is by the credential that was made, for this relying party, whatever its flags.
    #[track_caller]
    pub fn is_by(&self, made: &Made, rp_id: &str) {
        assert_eq!(self.id, made.id);
        self.verify(&made.public_key, rp_id, self.auth_data.flags);
    }

    /// The user ID of a discoverable credential.
    #[must_use]
    #[track_caller]
    pub fn user_id(&self) -> &[u8] {
        member(self.user.as_ref().expect("a user"), "id")
            .as_bytes()
            .expect("a byte string")
    }
}
