//! Attestation certificates. Whoever makes the key installs them; they are kept in two records that outlive a reset.
//!
//! | key | value, in CBOR |
//! |---|---|
//! | `A` | batch: private key, certificate, AAGUID |
//! | `X` | enterprise: private key, certificate, RP IDs of vendor-facilitated attestation |
//!
//! `A` decides: it is removed first and written last, so that a power cut leaves all of an installation or none of it.

use core::fmt;

use zeroize::Zeroizing;

use super::records::Store;
use crate::cbor::{Item, Writer};
use crate::crypto::p256;
use crate::limits::STORAGE_VALUE_MAX;
use crate::platform::{Storage, StorageError};
use crate::status::Status;

const BATCH_RECORD: &[u8] = b"A";
const ENTERPRISE_RECORD: &[u8] = b"X";

/// Room for a record. It holds a private key.
pub(crate) type Value = Zeroizing<[u8; STORAGE_VALUE_MAX]>;

/// An attestation certificate and its private key (P-256).
#[derive(Clone, Copy)]
pub struct Certificate<'a> {
    /// The private key: a scalar, big-endian.
    pub private_key: &'a [u8; 32],
    /// The certificate: X.509, DER (WebAuthn Level 3 §8.2.1). Beside the other members of its record some 900 bytes
    /// fit.
    pub der: &'a [u8],
}

/// Enterprise attestation (CTAP 2.3 §7.1).
#[derive(Clone, Copy)]
pub struct Enterprise<'a> {
    /// The certificate that names this one key.
    pub certificate: Certificate<'a>,
    /// The relying parties that may ask for vendor-facilitated attestation.
    pub rp_ids: &'a [&'a str],
}

/// What [`install`] gives a key.
#[derive(Clone, Copy)]
pub struct Provision<'a> {
    /// The AAGUID that the key has from then on: that of the model which the certificates are for.
    pub aaguid: [u8; 16],
    /// The certificate that all keys of the batch share.
    pub batch: Certificate<'a>,
    /// With this the key is capable of enterprise attestation.
    pub enterprise: Option<Enterprise<'a>>,
}

/// Why nothing was installed. Certificates from before are still there for [`Self::KeyMismatch`] and [`Self::TooLong`];
/// where the storage failed they may be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallError {
    /// The private key is not one of P-256, or its public key is not in the certificate.
    KeyMismatch,
    /// Certificate and RP IDs do not fit a record of [`STORAGE_VALUE_MAX`] bytes.
    TooLong,
    /// The storage failed, or is full.
    Storage(StorageError),
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyMismatch => f.write_str("the attestation certificate does not hold the key's public key"),
            Self::TooLong => write!(
                f,
                "the attestation certificate is too long: a record has {STORAGE_VALUE_MAX} bytes"
            ),
            Self::Storage(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for InstallError {}

impl From<StorageError> for InstallError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// Installs certificates in the storage of a key that is not running, in place of those it has.
///
/// # Errors
/// [`InstallError`].
pub fn install(storage: &mut impl Storage, provision: &Provision<'_>) -> Result<(), InstallError> {
    let enterprise = provision.enterprise.as_ref();
    let batch = encode(&provision.batch, |writer| {
        writer.bytes(&provision.aaguid);
    })?;
    let enterprise = enterprise
        .map(|enterprise| {
            encode(&enterprise.certificate, |writer| {
                writer.array(enterprise.rp_ids.len());
                for rp_id in enterprise.rp_ids {
                    writer.text(rp_id);
                }
            })
        })
        .transpose()?;

    storage.remove(BATCH_RECORD)?;
    match &enterprise {
        Some(record) => storage.write(ENTERPRISE_RECORD, record.bytes()?)?,
        None => storage.remove(ENTERPRISE_RECORD)?,
    }
    Ok(storage.write(BATCH_RECORD, batch.bytes()?)?)
}

/// The AAGUID of the certificates in a storage; `None`: there are none.
///
/// # Errors
/// [`StorageError::Failed`], also for records that no version of this key wrote.
pub fn installed(storage: &mut impl Storage) -> Result<Option<[u8; 16]>, StorageError> {
    Ok(Installed::find(storage)?.map(|installed| installed.aaguid))
}

/// An encoded record.
struct Encoded {
    value: Value,
    length: usize,
}

impl Encoded {
    fn bytes(&self) -> Result<&[u8], StorageError> {
        self.value.get(..self.length).ok_or(StorageError::Failed)
    }
}

/// {1: private key, 2: certificate, 3: what `rest` writes}
fn encode(certificate: &Certificate<'_>, rest: impl FnOnce(&mut Writer<'_>)) -> Result<Encoded, InstallError> {
    let point = p256::public_key(certificate.private_key).map_err(|_| InstallError::KeyMismatch)?;
    if !certificate.der.windows(point.len()).any(|window| window == point) {
        return Err(InstallError::KeyMismatch);
    }
    let mut value = Zeroizing::new([0; STORAGE_VALUE_MAX]);
    let mut writer = Writer::new(&mut *value);
    writer.map(3).uint(1).bytes(certificate.private_key);
    writer.uint(2).bytes(certificate.der).uint(3);
    rest(&mut writer);
    let length = writer.finish().map_err(|_| InstallError::TooLong)?;
    Ok(Encoded { value, length })
}

/// Reads a record: the certificate, and the third member.
fn read<'v>(
    storage: &mut impl Storage,
    key: &[u8],
    value: &'v mut Value,
) -> Result<Option<(Certificate<'v>, Item<'v>)>, StorageError> {
    let Some(length) = storage.read(key, &mut **value)? else {
        return Ok(None);
    };
    let record = value.get(..length).and_then(decode).ok_or(StorageError::Failed)?;
    Ok(Some(record))
}

fn decode(value: &[u8]) -> Option<(Certificate<'_>, Item<'_>)> {
    let (item, []) = Item::split(value)? else {
        return None;
    };
    let mut members = item.map().ok()?.map(|(_, member)| member);
    let certificate = Certificate {
        private_key: members.next()?.bytes().ok()?.try_into().ok()?,
        der: members.next()?.bytes().ok()?,
    };
    Some((certificate, members.next()?))
}

/// What a running key knows of its certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Installed {
    /// The AAGUID that came with them.
    pub(crate) aaguid: [u8; 16],
    /// Whether one is for enterprises.
    pub(crate) enterprise: bool,
}

impl Installed {
    /// What is installed in a storage; `None`: nothing.
    fn find(storage: &mut impl Storage) -> Result<Option<Self>, StorageError> {
        let mut value = Zeroizing::new([0; STORAGE_VALUE_MAX]);
        let aaguid = match read(storage, BATCH_RECORD, &mut value)? {
            None => return Ok(None),
            Some((_, aaguid)) => aaguid.bytes().ok().and_then(|aaguid| aaguid.try_into().ok()),
        };
        let aaguid = aaguid.ok_or(StorageError::Failed)?;
        let enterprise = read(storage, ENTERPRISE_RECORD, &mut value)?.is_some();
        Ok(Some(Self { aaguid, enterprise }))
    }
}

impl Certificate<'_> {
    /// Signs the parts, one after the other: ES256.
    pub(crate) fn sign(&self, message: &[&[u8]]) -> Result<p256::Signature, Status> {
        p256::sign(self.private_key, message).map_err(|_| Status::Other)
    }
}

/// The certificate for U2F of a key that has none: a U2F registration needs one. The certificate and its private key
/// are public and the same in every key, and its subject says that it proves nothing.
const PUBLIC: Certificate<'static> = Certificate {
    private_key: &[
        0xcd, 0xb7, 0xe3, 0xfa, 0xc0, 0x89, 0xcf, 0x94, 0x8c, 0xa7, 0x99, 0x48, 0x87, 0xa9, 0x8e, 0x14, 0x13, 0x75,
        0xfa, 0xd7, 0xf7, 0x26, 0xe9, 0x2a, 0x65, 0xad, 0xae, 0xf1, 0x22, 0x87, 0x3b, 0x46,
    ],
    der: include_bytes!("u2f.der"),
};

impl<S: Storage> Store<S> {
    /// What is installed; `None`: nothing.
    pub(crate) fn attestation(&mut self) -> Result<Option<Installed>, StorageError> {
        Installed::find(&mut self.storage)
    }

    /// The batch certificate of a key that has one.
    pub(crate) fn batch_certificate<'v>(&mut self, value: &'v mut Value) -> Result<Certificate<'v>, Status> {
        let (certificate, _) = read(&mut self.storage, BATCH_RECORD, value)?.ok_or(Status::Other)?;
        Ok(certificate)
    }

    /// The enterprise certificate of a key that has one.
    pub(crate) fn enterprise_certificate<'v>(&mut self, value: &'v mut Value) -> Result<Certificate<'v>, Status> {
        let (certificate, _) = read(&mut self.storage, ENTERPRISE_RECORD, value)?.ok_or(Status::Other)?;
        Ok(certificate)
    }

    /// The certificate that U2F registrations are signed with: the batch certificate, or else the public one.
    pub(crate) fn u2f_certificate<'v>(
        &mut self,
        installed: Option<Installed>,
        value: &'v mut Value,
    ) -> Result<Certificate<'v>, Status> {
        match installed {
            Some(_) => self.batch_certificate(value),
            None => Ok(PUBLIC),
        }
    }

    /// Whether a relying party may ask for vendor-facilitated attestation.
    pub(crate) fn is_vendor_facilitated(&mut self, rp_id: &str) -> Result<bool, Status> {
        let mut value = Zeroizing::new([0; STORAGE_VALUE_MAX]);
        let (_, rp_ids) = read(&mut self.storage, ENTERPRISE_RECORD, &mut value)?.ok_or(Status::Other)?;
        let mut rp_ids = rp_ids.array()?;
        Ok(rp_ids.any(|listed| listed.text() == Ok(rp_id)))
    }
}

#[cfg(test)]
mod tests;
