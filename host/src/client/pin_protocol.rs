//! The PIN/UV auth protocols as a platform speaks them (CTAP 2.3 §6.5.6, §6.5.7).
//!
//! Nothing here is shared with this project's own key: the two agree because both follow the standard.

use std::fmt;

use aes::Aes256;
use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use p256::elliptic_curve::sec1::{FromSec1Point as _, ToSec1Point as _};
use p256::{SecretKey, ecdh};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// The block of AES, in bytes.
const BLOCK: usize = 16;

/// A PIN/UV auth protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinProtocol {
    /// Protocol one, of CTAP 2.0.
    One,
    /// Protocol two, from CTAP 2.1 on.
    Two,
}

impl PinProtocol {
    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }

    /// The protocols known here among those that a key lists in getInfo, the one that it prefers first. Keys of CTAP
    /// 2.0 list none and speak one.
    #[must_use]
    pub fn known(listed: Option<&[u64]>) -> Vec<Self> {
        let Some(listed) = listed else {
            return vec![Self::One];
        };
        let mut known = Vec::new();
        for protocol in listed.iter().filter_map(|number| match number {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            _ => None,
        }) {
            if !known.contains(&protocol) {
                known.push(protocol);
            }
        }
        known
    }
}

/// A public key for the key agreement: a point on P-256, unchecked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyAgreementKey {
    /// The x coordinate, big-endian.
    pub x: [u8; 32],
    /// The y coordinate, big-endian.
    pub y: [u8; 32],
}

impl KeyAgreementKey {
    fn of(secret: &SecretKey) -> Option<Self> {
        let point = secret.public_key().to_sec1_point(false);
        Some(Self {
            x: point.x()?.as_slice().try_into().ok()?,
            y: point.y()?.as_slice().try_into().ok()?,
        })
    }
}

/// The key's public key is not a point on P-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotOnCurve;

/// The secret that platform and key agreed on. Zeroized when dropped.
pub struct SharedSecret {
    protocol: PinProtocol,
    hmac_key: Zeroizing<[u8; 32]>,
    aes_key: Zeroizing<[u8; 32]>,
}

/// The platform's secret scalar for one key agreement.
pub(super) struct EphemeralKey(SecretKey);

impl EphemeralKey {
    /// A fresh one.
    ///
    /// # Errors
    /// Where this computer has no random numbers.
    pub(super) fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        loop {
            getrandom::fill(bytes.as_mut())?;
            // Only some 2⁻³² of the numbers are not scalars of the curve.
            if let Ok(secret) = SecretKey::from_slice(bytes.as_ref()) {
                return Ok(Self(secret));
            }
        }
    }

    /// `encapsulate`: the shared secret with the key, and what the key needs to find it.
    pub(super) fn agree(
        &self,
        protocol: PinProtocol,
        key: &KeyAgreementKey,
    ) -> Result<(SharedSecret, KeyAgreementKey), NotOnCurve> {
        let point = [&[0x04][..], &key.x, &key.y].concat();
        let public = p256::Sec1Point::from_bytes(&point).map_err(|_| NotOnCurve)?;
        let public: Option<p256::PublicKey> = p256::PublicKey::from_sec1_point(&public).into();
        let public = public.ok_or(NotOnCurve)?;
        let z = ecdh::diffie_hellman(self.0.to_nonzero_scalar(), public.as_affine());
        let own = KeyAgreementKey::of(&self.0).ok_or(NotOnCurve)?;
        Ok((SharedSecret::derive(protocol, z.raw_secret_bytes()), own))
    }
}

impl SharedSecret {
    /// `kdf` of the shared point's x coordinate.
    fn derive(protocol: PinProtocol, z: &[u8]) -> Self {
        let mut hmac_key = Zeroizing::new([0; 32]);
        let mut aes_key = Zeroizing::new([0; 32]);
        match protocol {
            PinProtocol::One => {
                hmac_key.copy_from_slice(&Sha256::digest(z));
                *aes_key = *hmac_key;
            }
            PinProtocol::Two => {
                let kdf = Hkdf::<Sha256>::new(Some(&[0; 32]), z);
                for (info, key) in [
                    (&b"CTAP2 HMAC key"[..], &mut hmac_key),
                    (b"CTAP2 AES key", &mut aes_key),
                ] {
                    kdf.expand(info, key.as_mut()).expect("32 bytes are one block of HKDF");
                }
            }
        }
        Self {
            protocol,
            hmac_key,
            aes_key,
        }
    }

    /// The protocol that it belongs to.
    #[must_use]
    pub fn protocol(&self) -> PinProtocol {
        self.protocol
    }

    /// `encrypt`, of a whole number of blocks.
    ///
    /// # Errors
    /// Where this computer has no random numbers.
    pub fn encrypt<const N: usize>(&self, plaintext: &[u8; N]) -> Result<Vec<u8>, getrandom::Error> {
        let mut iv = [0; BLOCK];
        if self.protocol == PinProtocol::Two {
            getrandom::fill(&mut iv)?;
        }
        Ok(self.encrypt_with(&iv, plaintext))
    }

    fn encrypt_with<const N: usize>(&self, iv: &[u8; BLOCK], plaintext: &[u8; N]) -> Vec<u8> {
        const { assert!(N.is_multiple_of(BLOCK), "a whole number of blocks") }
        let iv_sent: &[u8] = match self.protocol {
            PinProtocol::One => &[],
            PinProtocol::Two => iv,
        };
        // In place, so that no copy of the plaintext stays in memory.
        let mut message = [iv_sent, plaintext].concat();
        let mut cipher = cbc::Encryptor::<Aes256>::new((&*self.aes_key).into(), iv.into());
        for block in message[iv_sent.len()..].as_chunks_mut::<BLOCK>().0 {
            cipher.encrypt_block(block.into());
        }
        message
    }

    /// `decrypt`; `None` where it cannot be a ciphertext.
    #[must_use]
    pub fn decrypt(&self, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (iv, blocks) = match self.protocol {
            PinProtocol::One => (&[0; BLOCK], ciphertext),
            PinProtocol::Two => ciphertext.split_first_chunk()?,
        };
        let mut blocks = Zeroizing::new(blocks.to_vec());
        let mut cipher = cbc::Decryptor::<Aes256>::new((&*self.aes_key).into(), iv.into());
        let (whole, []) = blocks.as_chunks_mut::<BLOCK>() else {
            return None;
        };
        for block in whole {
            cipher.decrypt_block(block.into());
        }
        Some(blocks)
    }

    /// `authenticate` with the shared secret: a `pinUvAuthParam`, or `saltAuth` of hmac-secret.
    #[must_use]
    pub fn authenticate(&self, message: &[&[u8]]) -> Vec<u8> {
        authenticate(self.protocol, self.hmac_key.as_ref(), message)
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSecret")
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

/// A pinUvAuthToken: the permission to use some of the key's commands for a while. Zeroized when dropped.
pub struct PinUvAuthToken {
    protocol: PinProtocol,
    value: Zeroizing<Vec<u8>>,
}

impl PinUvAuthToken {
    /// The token that a key sent, decrypted: 32 bytes, or 16 under protocol one. `None` where it is anything else.
    pub(super) fn new(protocol: PinProtocol, value: Zeroizing<Vec<u8>>) -> Option<Self> {
        match (protocol, value.len()) {
            (_, 32) | (PinProtocol::One, 16) => Some(Self { protocol, value }),
            _ => None,
        }
    }

    /// The proof for one command. The command's section of the standard says what `message` is.
    #[must_use]
    pub fn authorize(&self, message: &[&[u8]]) -> PinUvAuth {
        PinUvAuth {
            protocol: self.protocol.number(),
            param: authenticate(self.protocol, &self.value, message),
        }
    }
}

impl fmt::Debug for PinUvAuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PinUvAuthToken")
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

/// The proof that the PIN was given or the user verified.
#[derive(Clone, PartialEq, Eq)]
pub struct PinUvAuth {
    /// The number of the PIN/UV auth protocol.
    pub protocol: u8,
    /// `pinUvAuthParam`. Empty, it asks for a touch only.
    pub param: Vec<u8>,
}

impl PinUvAuth {
    /// Asks for a touch only (CTAP 2.3 §6.1.2 step 1).
    #[must_use]
    pub fn probe() -> Self {
        Self {
            protocol: 1,
            param: Vec::new(),
        }
    }
}

impl fmt::Debug for PinUvAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PinUvAuth")
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

fn authenticate(protocol: PinProtocol, key: &[u8], message: &[&[u8]]) -> Vec<u8> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    message.iter().for_each(|part| hmac.update(part));
    let code = hmac.finalize().into_bytes();
    match protocol {
        PinProtocol::One => code[..16].to_vec(),
        PinProtocol::Two => code.to_vec(),
    }
}

#[cfg(test)]
mod tests;
