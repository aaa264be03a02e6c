//! The key's side of the key agreement (CTAP 2.3 §6.5.5.4, §6.5.6): a P-256 key pair for each protocol.

use rand_core::TryRng;
use zeroize::Zeroizing;

use super::{Protocol, SharedSecret};
use crate::cbor::{Item, Writer};
use crate::crypto::p256;
use crate::rng::RngFailed;
use crate::status::Status;

type PrivateKey = Zeroizing<[u8; 32]>;

/// The private keys, one for each protocol, new at each power-up. Wiped when dropped or replaced.
#[derive(Clone)]
pub struct KeyAgreement {
    pub(super) one: PrivateKey,
    pub(super) two: PrivateKey,
}

fn private_key(rng: &mut impl TryRng) -> Result<PrivateKey, RngFailed> {
    let mut scalar = Zeroizing::new([0; 32]);
    loop {
        rng.try_fill_bytes(&mut *scalar).map_err(|_| RngFailed)?;
        if p256::is_private_key(&scalar) {
            return Ok(scalar);
        }
    }
}

impl KeyAgreement {
    /// `initialize`, for both protocols.
    ///
    /// # Errors
    /// The random number generator's.
    pub fn new(rng: &mut impl TryRng) -> Result<Self, RngFailed> {
        Ok(Self {
            one: private_key(rng)?,
            two: private_key(rng)?,
        })
    }

    /// `regenerate`: a new key pair for one protocol, so that the same secret never serves after a wrong PIN.
    ///
    /// # Errors
    /// The random number generator's; the old key pair stays.
    pub fn regenerate(&mut self, protocol: Protocol, rng: &mut impl TryRng) -> Result<(), RngFailed> {
        let new = private_key(rng)?;
        match protocol {
            Protocol::One => self.one = new,
            Protocol::Two => self.two = new,
        }
        Ok(())
    }

    fn private_key(&self, protocol: Protocol) -> &PrivateKey {
        match protocol {
            Protocol::One => &self.one,
            Protocol::Two => &self.two,
        }
    }

    /// `getPublicKey`: writes the COSE_Key.
    ///
    /// # Errors
    /// [`Status::Other`] where the cryptographic library fails.
    pub fn write_public_key(&self, protocol: Protocol, writer: &mut Writer<'_>) -> Result<(), Status> {
        let point = p256::public_key(self.private_key(protocol)).map_err(|_| Status::Other)?;
        let (_, coordinates) = point.split_at(1);
        let (x, y) = coordinates.split_at_checked(32).ok_or(Status::Other)?;
        // {kty: EC2, alg: ECDH-ES + HKDF-256, crv: P-256, x, y}. The algorithm is the standard's choice, not what is
        // computed.
        writer.map(5).int(1).int(2).int(3).int(-25).int(-1).int(1);
        writer.int(-2).bytes(x).int(-3).bytes(y);
        Ok(())
    }

    /// `decapsulate`: the secret that follows from the platform's COSE_Key, which must have exactly the five members of
    /// the form above.
    ///
    /// # Errors
    /// [`Status::InvalidParameter`] for a key of another form, or a point that is not on the curve.
    pub fn shared_secret(&self, protocol: Protocol, platform_key: Item<'_>) -> Result<SharedSecret, Status> {
        let point = point(platform_key).ok_or(Status::InvalidParameter)?;
        let z = p256::diffie_hellman(self.private_key(protocol), &point).map_err(|_| Status::InvalidParameter)?;
        Ok(SharedSecret::new(protocol, &z))
    }
}

/// The uncompressed point in a COSE_Key; `None` where it has another form.
fn point(cose_key: Item<'_>) -> Option<[u8; 65]> {
    let mut members = cose_key.map().ok()?;
    for expected in [(1, 2), (3, -25), (-1, 1)] {
        let (label, value) = members.next()?;
        if (label.int().ok()?, value.int().ok()?) != expected {
            return None;
        }
    }
    let mut point = [0x04; 65];
    for (label, place) in [-2, -3].into_iter().zip(point.get_mut(1..)?.chunks_exact_mut(32)) {
        let (found, value) = members.next()?;
        let coordinate: &[u8; 32] = value.bytes().ok()?.try_into().ok()?;
        if found.int().ok()? != label {
            return None;
        }
        place.copy_from_slice(coordinate);
    }
    members.next().is_none().then_some(point)
}

#[cfg(test)]
impl KeyAgreement {
    /// The key pair of a test vector, for both protocols.
    pub(super) fn fixed(scalar: [u8; 32]) -> Self {
        Self {
            one: Zeroizing::new(scalar),
            two: Zeroizing::new(scalar),
        }
    }
}
