//! Authenticator data (WebAuthn Level 3 §6.1), read strictly.

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

/// Bits 1 and 5: reserved for editions of the standard to come.
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
    /// Reads authenticator data to its last byte. CBOR within it is canonical; the flags say what is there.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let too_short = || format!("the authenticator data ends early, after {} bytes", bytes.len());
        let (rp_id_hash, rest) = bytes.split_first_chunk().ok_or_else(too_short)?;
        let (&[flags], rest) = rest.split_first_chunk().ok_or_else(too_short)?;
        let (counter, mut rest) = rest.split_first_chunk().ok_or_else(too_short)?;
        let mut attested = None;
        if flags & ATTESTED_CREDENTIAL_DATA != 0 {
            let (aaguid, after) = rest.split_first_chunk().ok_or_else(too_short)?;
            let (length, after) = after.split_first_chunk().ok_or_else(too_short)?;
            let length = usize::from(u16::from_be_bytes(*length));
            if !(1..=CREDENTIAL_ID_MAX).contains(&length) {
                return Err(format!(
                    "a credential ID has 1 to {CREDENTIAL_ID_MAX} bytes, this one {length}"
                ));
            }
            let (id, after) = after.split_at_checked(length).ok_or_else(too_short)?;
            let (_, remaining) = cbor::decode_prefix(after).map_err(|why| format!("the public key {why}"))?;
            let public_key = after.strip_suffix(remaining).unwrap_or(after);
            attested = Some(AttestedCredential { aaguid, id, public_key });
            rest = remaining;
        }
        let mut extensions = Vec::new();
        if flags & EXTENSION_DATA != 0 {
            let (outputs, remaining) = cbor::decode_prefix(rest).map_err(|why| format!("the extension data {why}"))?;
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
            rp_id_hash,
            flags,
            counter: u32::from_be_bytes(*counter),
            attested,
            extensions,
        })
    }

    /// Whether a flag is set.
    pub(crate) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}
