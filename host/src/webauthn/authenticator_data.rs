//! Authenticator data (WebAuthn Level 3 §6.1), which the key signs.
//!
//! A relying party reads it strictly: [`AuthenticatorData::parse`]. A client takes only what it needs, whatever is
//! wrong with the rest: [`flags`], [`credential_id`], [`public_key`] and [`extension_outputs`].

use cbor4ii::core::Value;

use crate::cbor;

/// Bit 0: a user was present.
pub(crate) const USER_PRESENT: u8 = 0x01;
/// Bit 2: the user was verified.
pub(crate) const USER_VERIFIED: u8 = 0x04;
/// Bit 3: the credential may be backed up.
pub(crate) const BACKUP_ELIGIBLE: u8 = 0x08;
/// Bit 4: the credential is backed up.
pub(crate) const BACKUP_STATE: u8 = 0x10;
/// Bit 6: attested credential data follows.
pub(crate) const ATTESTED_CREDENTIAL_DATA: u8 = 0x40;
/// Bit 7: extension outputs follow.
pub(crate) const EXTENSION_DATA: u8 = 0x80;

/// Bits 1 and 5: reserved for future editions of the standard.
pub(crate) const RESERVED: u8 = 0x22;

/// The longest credential ID (§6.5.1).
const CREDENTIAL_ID_MAX: usize = 1023;

/// Authenticator data.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AuthenticatorData<'a> {
    pub(crate) rp_id_hash: &'a [u8; 32],
    pub(crate) flags: u8,
    pub(crate) counter: u32,
    pub(crate) attested: Option<AttestedCredential<'a>>,
    /// The outputs of extensions: names and values.
    pub(crate) extensions: Vec<(Value, Value)>,
}

/// Attested credential data (§6.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttestedCredential<'a> {
    pub(crate) aaguid: &'a [u8; 16],
    pub(crate) id: &'a [u8],
    /// The COSE key as the key encoded it: canonical CBOR, otherwise unchecked.
    pub(crate) public_key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    /// Reads authenticator data to its last byte. CBOR in it must be canonical. The flags say what is present.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let too_short = || format!("the authenticator data ends early, after {} bytes", bytes.len());
        let (head, mut rest) = Head::split(bytes).ok_or_else(too_short)?;
        let mut attested = None;
        if head.flags & ATTESTED_CREDENTIAL_DATA != 0 {
            let (credential, after) = CredentialHead::split(rest).ok_or_else(too_short)?;
            let CredentialHead { aaguid, id_length } = credential;
            if !(1..=CREDENTIAL_ID_MAX).contains(&id_length) {
                return Err(format!(
                    "a credential ID has 1 to {CREDENTIAL_ID_MAX} bytes, this one {id_length}"
                ));
            }
            let (id, after) = after.split_at_checked(id_length).ok_or_else(too_short)?;
            let (_, remaining) = cbor::decode_canonical_prefix(after).map_err(|why| format!("the public key {why}"))?;
            let public_key = after.strip_suffix(remaining).unwrap_or(after);
            attested = Some(AttestedCredential { aaguid, id, public_key });
            rest = remaining;
        }
        let mut extensions = Vec::new();
        if head.flags & EXTENSION_DATA != 0 {
            let (outputs, remaining) =
                cbor::decode_canonical_prefix(rest).map_err(|why| format!("the extension data {why}"))?;
            match outputs {
                Value::Map(outputs) if !outputs.is_empty() => (extensions, rest) = (outputs, remaining),
                _ => return Err("the extension data is not a map with members".to_owned()),
            }
        }
        if !rest.is_empty() {
            return Err(format!(
                "the authenticator data is followed by {} bytes that its flags do not announce",
                rest.len()
            ));
        }
        Ok(Self {
            rp_id_hash: head.rp_id_hash,
            flags: head.flags,
            counter: head.counter,
            attested,
            extensions,
        })
    }

    /// Whether a flag is set.
    pub(crate) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// What all authenticator data begins with.
struct Head<'a> {
    rp_id_hash: &'a [u8; 32],
    flags: u8,
    counter: u32,
}

impl<'a> Head<'a> {
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (rp_id_hash, rest) = bytes.split_first_chunk()?;
        let (&[flags], rest) = rest.split_first_chunk()?;
        let (&counter, rest) = rest.split_first_chunk()?;
        let head = Self {
            rp_id_hash,
            flags,
            counter: u32::from_be_bytes(counter),
        };
        Some((head, rest))
    }
}

/// What attested credential data begins with, before the credential ID.
struct CredentialHead<'a> {
    aaguid: &'a [u8; 16],
    id_length: usize,
}

impl<'a> CredentialHead<'a> {
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (aaguid, rest) = bytes.split_first_chunk()?;
        let (&length, rest) = rest.split_first_chunk()?;
        let id_length = u16::from_be_bytes(length).into();
        Some((Self { aaguid, id_length }, rest))
    }
}

/// The flags, whatever follows them; zero where the data ends before.
pub(crate) fn flags(bytes: &[u8]) -> u8 {
    bytes.get(32).copied().unwrap_or(0)
}

/// The credential ID, whatever follows it and however long it is.
pub(crate) fn credential_id(bytes: &[u8]) -> Option<&[u8]> {
    let (head, rest) = Head::split(bytes)?;
    let (credential, rest) = CredentialHead::split(rest)?;
    let is_there = head.flags & ATTESTED_CREDENTIAL_DATA != 0;
    rest.get(..credential.id_length).filter(|_| is_there)
}

/// The COSE key of the credential, canonical or not.
pub(crate) fn public_key(bytes: &[u8]) -> Option<Value> {
    let (head, rest) = Head::split(bytes)?;
    let (credential, rest) = CredentialHead::split(rest)?;
    let key = rest.get(credential.id_length..)?;
    let is_there = head.flags & ATTESTED_CREDENTIAL_DATA != 0;
    cbor::decode_prefix(key).map(|(key, _)| key).filter(|_| is_there)
}

/// The signed outputs of the extensions, canonical or not; empty where they cannot be read.
pub(crate) fn extension_outputs(bytes: &[u8]) -> Vec<(Value, Value)> {
    match lenient_outputs(bytes) {
        Some(Value::Map(outputs)) => outputs,
        _ => Vec::new(),
    }
}

fn lenient_outputs(bytes: &[u8]) -> Option<Value> {
    let (head, mut rest) = Head::split(bytes)?;
    if head.flags & EXTENSION_DATA == 0 {
        return None;
    }
    if head.flags & ATTESTED_CREDENTIAL_DATA != 0 {
        let (credential, after) = CredentialHead::split(rest)?;
        let public_key = after.get(credential.id_length..)?;
        rest = cbor::decode_prefix(public_key)?.1;
    }
    Some(cbor::decode_prefix(rest)?.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cbor::member;

    fn head(flags: u8) -> Vec<u8> {
        [&[0; 32][..], &[flags, 0, 0, 0, 0]].concat()
    }

    #[test]
    fn outputs_are_read_after_the_credential() {
        let outputs = b"\xA1\x6BcredProtect\x02";
        let signed_in = [&head(0x81)[..], outputs].concat();
        assert_eq!(
            member(&extension_outputs(&signed_in), "credProtect"),
            Some(&Value::Integer(2))
        );
        let registered = [&head(0xC1)[..], &[0; 16], b"\0\x01i\xA1\x01\x02", outputs].concat();
        assert_eq!(extension_outputs(&registered), extension_outputs(&signed_in));
        assert_eq!(extension_outputs(&head(0x01)), []);
        assert_eq!(extension_outputs(&registered[..60]), []);
    }

    #[test]
    fn a_credential_id_is_found_whatever_follows_it() {
        let id = |flags| credential_id(&[&head(flags)[..], &[0; 16], b"\0\x03abc\xFF"].concat()).map(<[u8]>::to_vec);
        assert_eq!(id(0x41), Some(b"abc".to_vec()));
        assert_eq!(id(0x01), None);
        assert_eq!(credential_id(&[&head(0x41)[..], &[0; 16], b"\0\x04abc"].concat()), None);
    }

    proptest! {
        #[test]
        fn what_is_read_strictly_is_read_leniently_alike(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let (id, outputs) = (credential_id(&bytes), extension_outputs(&bytes));
            if let Ok(data) = AuthenticatorData::parse(&bytes) {
                prop_assert_eq!(flags(&bytes), data.flags);
                prop_assert_eq!(id, data.attested.map(|credential| credential.id));
                prop_assert_eq!(outputs, data.extensions);
            }
        }
    }
}
