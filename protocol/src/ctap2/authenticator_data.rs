//! Authenticator data (WebAuthn Level 3 §6.1).

use super::extensions::outputs::Outputs;
use crate::cbor::Writer;
use crate::status::Status;
use crate::store::Traits;

/// What the flags byte says of the user.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    /// UP, 0x01.
    pub(super) user_present: bool,
    /// UV, 0x04.
    pub(super) user_verified: bool,
}

/// Attested credential data (§6.5.2).
pub(super) struct AttestedCredential<'a> {
    pub(super) aaguid: &'a [u8; 16],
    pub(super) id: &'a [u8],
    pub(super) cose_key: &'a [u8],
}

/// What the flags byte says of the credential (§6.1.3): BS never without BE.
#[derive(Clone, Copy, Debug)]
pub(super) struct BackupFlags {
    /// BE, 0x08.
    eligible: bool,
    /// BS, 0x10.
    backed_up: bool,
}

impl BackupFlags {
    pub(super) fn new(traits: Traits, backed_up: bool) -> Self {
        Self {
            eligible: traits.backup_eligible,
            backed_up: traits.backup_eligible && backed_up,
        }
    }
}

pub(super) struct AuthenticatorData<'a> {
    pub(super) rp_id_hash: &'a [u8; 32],
    pub(super) flags: Flags,
    pub(super) backup: BackupFlags,
    pub(super) sign_count: u32,
    pub(super) attested: Option<AttestedCredential<'a>>,
    pub(super) extensions: &'a Outputs,
}

impl AuthenticatorData<'_> {
    /// Writes the data as a byte string. Returns where its content begins, to be signed.
    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<usize, Status> {
        let attested = self.attested.as_ref();
        let attested_length = attested.map_or(0, |attested| 18 + attested.id.len() + attested.cose_key.len());
        let length = 37 + attested_length + self.extensions.len();
        writer.bytes_head(length);
        let start = writer.position();

        let flags = u8::from(self.flags.user_present)
            | u8::from(self.flags.user_verified) << 2
            | u8::from(self.backup.eligible) << 3
            | u8::from(self.backup.backed_up) << 4
            | u8::from(attested.is_some()) << 6
            | u8::from(!self.extensions.is_empty()) << 7;
        writer
            .raw(self.rp_id_hash)
            .raw(&[flags])
            .raw(&self.sign_count.to_be_bytes());
        if let Some(AttestedCredential { aaguid, id, cose_key }) = attested {
            let id_length = u16::try_from(id.len()).map_err(|_| Status::Other)?;
            writer.raw(*aaguid).raw(&id_length.to_be_bytes()).raw(id).raw(cose_key);
        }
        self.extensions.write(writer);
        Ok(start)
    }
}
