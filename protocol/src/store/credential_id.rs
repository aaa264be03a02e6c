//! Credential IDs: the key seals them, so that it need not remember the credentials that it made.
//!
//! ```text
//! version (1) ‖ nonce (24) ‖ AES-256-GCM(algorithm (1) ‖ traits (1) [‖ user (16)]) ‖ tag (16)
//! ```
//!
//! The associated data is the version, the RP ID hash and the part of the nonce that GCM does not use (all but its
//! first 12 bytes). So an ID opens for its own relying party alone, and one that was altered, truncated or made by
//! another key does not open at all. An ID has 43 bytes, and 59 for a discoverable credential. It is sealed with AES,
//! because the PIN protocols need AES on the chip anyway and a PC computes it in hardware.

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use heapless::Vec;
use rand_core::TryRng;
use zeroize::Zeroizing;

use crate::bytes::{concat, first};
use crate::crypto::{Algorithm, MacKey, PrivateKey, sha256};
use crate::limits::{MAX_CREDENTIAL_ID, SEALED_CREDENTIAL_ID};
use crate::status::Status;

const VERSION: u8 = 1;
pub(super) const NONCE: usize = 24;
const GCM_NONCE: usize = 12;
pub(super) const TAG: usize = 16;
pub(super) const USER: usize = 16;
pub(super) const TRAITS: usize = 2;
const _: () = assert!(SEALED_CREDENTIAL_ID == 1 + NONCE + TRAITS + USER + TAG);

/// A credential ID (U2F: a key handle).
pub type CredentialId = Vec<u8, MAX_CREDENTIAL_ID>;

/// How a credential is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// By its ID alone.
    NonDiscoverable,
    /// By its relying party too. The bytes are the beginning of the SHA-256 of the user ID: with the RP ID they name
    /// the account.
    Discoverable([u8; USER]),
    /// By its ID, which its maker chose: imported. The bytes are the beginning of the SHA-256 of the ID.
    #[cfg(feature = "import")]
    Imported([u8; USER]),
}

impl Kind {
    /// A discoverable credential of the account with this user ID.
    #[must_use]
    pub fn discoverable(user_id: &[u8]) -> Self {
        Self::Discoverable(locator(user_id))
    }
}

/// The beginning of the SHA-256 of the bytes.
pub(super) fn locator(bytes: &[u8]) -> [u8; USER] {
    first(&sha256(&[bytes]))
}

/// The credProtect levels (CTAP 2.3 §12.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CredProtect {
    /// userVerificationOptional.
    #[default]
    Optional = 1,
    /// userVerificationOptionalWithCredentialIDList.
    OptionalWithList = 2,
    /// userVerificationRequired.
    Required = 3,
}

/// Properties of a credential that extensions (CTAP 2.3 §12) and the key gave it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Traits {
    /// Its credProtect level.
    pub protection: CredProtect,
    /// thirdPartyPayment: it may sign payments that other relying parties ask for.
    pub third_party_payment: bool,
    /// largeBlobKey: it has one.
    pub large_blob_key: bool,
    /// It may leave the key, see [`Backup`](crate::authenticator::Backup).
    pub backup_eligible: bool,
}

impl Traits {
    /// Decodes the byte in an ID. Unknown bits belong to a newer version, whose IDs are not ours.
    pub(super) fn decode(bits: u8) -> Option<Self> {
        let protection = match bits & 0b11 {
            0 => CredProtect::Optional,
            1 => CredProtect::OptionalWithList,
            2 => CredProtect::Required,
            _ => return None,
        };
        (bits >> 5 == 0).then_some(Self {
            protection,
            third_party_payment: bits & 0b100 != 0,
            large_blob_key: bits & 0b1000 != 0,
            backup_eligible: bits & 0b1_0000 != 0,
        })
    }

    pub(super) fn encode(self) -> u8 {
        (self.protection as u8 - 1)
            | u8::from(self.third_party_payment) << 2
            | u8::from(self.large_blob_key) << 3
            | u8::from(self.backup_eligible) << 4
    }
}

/// The content of a credential ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The algorithm of its signatures.
    pub algorithm: Algorithm,
    /// How it is found.
    pub kind: Kind,
    /// What extensions and the key gave it.
    pub traits: Traits,
    /// Public, but unique. The private key is derived from it.
    pub nonce: [u8; NONCE],
    /// The private key that came from outside, masked with a derived one.
    #[cfg(feature = "import")]
    pub(super) imported: Option<[u8; 32]>,
}

/// The secret from which all others of this key come, until the next reset. Wiped when dropped.
#[derive(Clone)]
pub(crate) struct MasterSecret {
    sealing: Aes256Gcm,
    deriving: MacKey,
    device: MacKey,
}

impl MasterSecret {
    /// Derives a secret for each use from 32 random bytes.
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        let secret = MacKey::new(secret);
        Self {
            sealing: Aes256Gcm::new((&*secret.authenticate(&[b"brasskey credential id sealing"])).into()),
            deriving: MacKey::new(&secret.authenticate(&[b"brasskey credential key derivation"])),
            device: MacKey::new(&secret.authenticate(&[b"brasskey device secrets"])),
        }
    }

    /// Makes a credential for the relying party, and its sealed ID.
    ///
    /// # Errors
    /// [`Status::Other`] where the random number generator fails, or sealing, which no input causes.
    pub(crate) fn seal(
        &self,
        rng: &mut impl TryRng,
        rp_id_hash: &[u8; 32],
        algorithm: Algorithm,
        kind: Kind,
        traits: Traits,
    ) -> Result<(Credential, CredentialId), Status> {
        let mut nonce = [0; NONCE];
        rng.try_fill_bytes(&mut nonce).map_err(|_| Status::Other)?;
        let credential = Credential {
            algorithm,
            kind,
            traits,
            nonce,
            #[cfg(feature = "import")]
            imported: None,
        };

        let mut body = Vec::<u8, { TRAITS + USER }>::new();
        let bits = traits.encode() << 1 | u8::from(matches!(kind, Kind::Discoverable(_)));
        body.extend_from_slice(&[algorithm.code(), bits])
            .map_err(|_| Status::Other)?;
        if let Kind::Discoverable(user) = kind {
            body.extend_from_slice(&user).map_err(|_| Status::Other)?;
        }
        let tag = self.encrypt(VERSION, &nonce, rp_id_hash, &mut body)?;

        let mut id = CredentialId::new();
        for part in [&[VERSION][..], &nonce, &body, &tag] {
            id.extend_from_slice(part).map_err(|_| Status::Other)?;
        }
        Ok((credential, id))
    }

    /// Opens an ID that a host presents for the relying party. `None`: it is not ours, for whatever reason.
    pub(crate) fn open(&self, id: &[u8], rp_id_hash: &[u8; 32]) -> Option<Credential> {
        let (&[VERSION], rest) = id.split_first_chunk::<1>()? else {
            return None;
        };
        let (nonce, rest) = rest.split_first_chunk::<NONCE>()?;
        let (sealed, tag) = rest.split_last_chunk::<TAG>()?;
        let mut body = Vec::<u8, { TRAITS + USER }>::from_slice(sealed).ok()?;
        self.decrypt(VERSION, nonce, rp_id_hash, &mut body, tag)?;

        let (&[algorithm, bits], user) = body.split_first_chunk::<TRAITS>()?;
        let kind = match (bits & 1, user) {
            (0, []) => Kind::NonDiscoverable,
            (1, user) => Kind::Discoverable(user.try_into().ok()?),
            _ => return None,
        };
        Some(Credential {
            algorithm: Algorithm::from_code(algorithm)?,
            kind,
            traits: Traits::decode(bits >> 1)?,
            nonce: *nonce,
            #[cfg(feature = "import")]
            imported: None,
        })
    }

    /// Seals `body` in its place, and returns the tag.
    pub(super) fn encrypt(
        &self,
        version: u8,
        nonce: &[u8; NONCE],
        rp_id_hash: &[u8; 32],
        body: &mut [u8],
    ) -> Result<[u8; TAG], Status> {
        let data = associated_data(version, rp_id_hash, nonce);
        let sealed = self
            .sealing
            .encrypt_inout_detached((&gcm_nonce(nonce)).into(), &data, body.into());
        sealed.map(Into::into).map_err(|_| Status::Other)
    }

    /// Opens `body` in its place; `None` where it is not what was sealed.
    pub(super) fn decrypt(
        &self,
        version: u8,
        nonce: &[u8; NONCE],
        rp_id_hash: &[u8; 32],
        body: &mut [u8],
        tag: &[u8; TAG],
    ) -> Option<()> {
        let data = associated_data(version, rp_id_hash, nonce);
        let opened = self
            .sealing
            .decrypt_inout_detached((&gcm_nonce(nonce)).into(), &data, body.into(), tag.into());
        opened.ok()
    }

    /// The private key of a credential.
    ///
    /// # Errors
    /// [`Status::Other`] where 256 derivations in a row give no key, which does not happen.
    pub(crate) fn private_key(&self, credential: &Credential, rp_id_hash: &[u8; 32]) -> Result<PrivateKey, Status> {
        #[cfg(feature = "import")]
        if let Some(masked) = &credential.imported {
            return self.unmask(credential, rp_id_hash, masked);
        }
        (0..=u8::MAX)
            .find_map(|attempt| {
                let candidate = self.derive(credential, rp_id_hash, &[b"private key", &[attempt]]);
                PrivateKey::new(credential.algorithm, candidate)
            })
            .ok_or(Status::Other)
    }

    /// A secret of the key itself, for a purpose and what that depends on.
    pub(crate) fn device_secret(&self, purpose: &str, detail: &[u8]) -> Zeroizing<[u8; 32]> {
        // The zero byte ends the purpose, so that no two inputs give the same bytes.
        self.device.authenticate(&[purpose.as_bytes(), &[0], detail])
    }

    /// The credential's largeBlobKey (CTAP 2.3 §12.3), for a credential whose traits say that it has one. The relying
    /// party gives it to whoever may read the blob, and learns it only by asking for it.
    pub(crate) fn large_blob_key(&self, credential: &Credential, rp_id_hash: &[u8; 32]) -> Zeroizing<[u8; 32]> {
        self.derive(credential, rp_id_hash, &[b"large blob key", &[0]])
    }

    /// CredRandomWithUV or CredRandomWithoutUV (CTAP 2.3 §12, hmac-secret). Every credential has both.
    pub(crate) fn cred_random(
        &self,
        credential: &Credential,
        rp_id_hash: &[u8; 32],
        user_verified: bool,
    ) -> Zeroizing<[u8; 32]> {
        self.derive(credential, rp_id_hash, &[b"CredRandom", &[u8::from(user_verified)]])
    }

    /// A secret that belongs to one credential and one purpose: a name, and one byte of detail.
    pub(super) fn derive(
        &self,
        credential: &Credential,
        rp_id_hash: &[u8; 32],
        purpose: &[&[u8]; 2],
    ) -> Zeroizing<[u8; 32]> {
        let [name, detail] = purpose;
        // Every part but the name has a fixed length, and only one such part follows the name: no two inputs give the
        // same bytes.
        self.deriving.authenticate(&[
            rp_id_hash,
            &credential.nonce,
            &[credential.algorithm.code()],
            name,
            detail,
        ])
    }
}

/// GCM's own nonce (NIST SP 800-38D §8.2).
fn gcm_nonce(nonce: &[u8; NONCE]) -> [u8; GCM_NONCE] {
    first(nonce)
}

fn associated_data(version: u8, rp_id_hash: &[u8; 32], nonce: &[u8; NONCE]) -> [u8; 1 + 32 + NONCE - GCM_NONCE] {
    let (_, rest) = nonce.split_at(GCM_NONCE);
    concat(&[&[version], rp_id_hash, rest])
}
