//! Private keys from elsewhere: PKCS#8, as WebDriver writes it, SEC1, as OpenSSL 3.0 writes a key on a curve, or the
//! bare 32 bytes.

use std::fmt;

use x509_parser::der_parser::asn1_rs::{Any, FromDer, OctetString, Oid, Sequence};
use x509_parser::x509::AlgorithmIdentifier;
use zeroize::Zeroizing;

/// The private key of a credential that is to be injected: 32 bytes, and the algorithm that signs with them.
#[derive(Clone)]
pub struct ImportedKey {
    algorithm: i64,
    bytes: Zeroizing<[u8; 32]>,
}

/// The bytes are not a private key that can be injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the private key is neither PKCS#8 of P-256, Ed25519, secp256k1 or ML-DSA (with its seed), nor SEC1 of P-256 or \
     secp256k1, nor 32 bytes of an algorithm with such keys"
)]
pub struct UnfitKey;

/// The secret is not shown.
impl fmt::Debug for ImportedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImportedKey({}, ..)", self.algorithm)
    }
}

impl ImportedKey {
    /// A scalar (big-endian) or a seed, for the algorithm with this COSE identifier.
    #[must_use]
    pub fn from_bytes(algorithm: i64, bytes: [u8; 32]) -> Self {
        Self {
            algorithm,
            bytes: Zeroizing::new(bytes),
        }
    }

    /// PKCS#8 (RFC 5958) or SEC1 (RFC 5915) in DER. The algorithm is the usual one of such keys: ES256, EdDSA, ES256K
    /// or ML-DSA.
    ///
    /// # Errors
    /// [`UnfitKey`] where it is none of these.
    pub fn from_der(der: &[u8]) -> Result<Self, UnfitKey> {
        let (algorithm, bytes) = read(der).ok_or(UnfitKey)?;
        Ok(Self { algorithm, bytes })
    }

    /// PKCS#8, SEC1 or the bare bytes, with an algorithm where one is named: a P-256 key signs with ES256 or ESP256, an
    /// Ed25519 key with EdDSA or Ed25519.
    ///
    /// # Errors
    /// [`UnfitKey`] where it is none of these, or does not fit the algorithm.
    pub fn read(bytes: &[u8], algorithm: Option<i64>) -> Result<Self, UnfitKey> {
        if let Ok(bytes) = bytes.try_into() {
            return Ok(Self::from_bytes(algorithm.unwrap_or(-7), bytes));
        }
        let key = Self::from_der(bytes)?;
        match (key.algorithm, algorithm) {
            (_, None) => Ok(key),
            (found, Some(named)) if found == named || matches!((found, named), (-7, -9) | (-8, -19)) => Ok(Self {
                algorithm: named,
                ..key
            }),
            _ => Err(UnfitKey),
        }
    }

    /// The COSE identifier of the algorithm.
    #[must_use]
    pub fn algorithm(&self) -> i64 {
        self.algorithm
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

/// The COSE identifier of an algorithm, and the 32 bytes of its private key.
type Read = (i64, Zeroizing<[u8; 32]>);

fn read(der: &[u8]) -> Option<Read> {
    let (rest, outer) = Sequence::from_der(der).ok()?;
    let (content, _version) = Any::from_der(outer.content.as_ref()).ok()?;
    let key = pkcs8(content).or_else(|| sec1(content))?;
    rest.is_empty().then_some(key)
}

/// PrivateKeyInfo (RFC 5958 §2), after the version.
fn pkcs8(content: &[u8]) -> Option<Read> {
    let (content, identifier) = AlgorithmIdentifier::from_der(content).ok()?;
    // Attributes and the public key may follow.
    let (_, key) = OctetString::from_der(content).ok()?;
    let key = key.as_ref();
    let curve = identifier
        .parameters
        .as_ref()
        .and_then(|parameters| parameters.as_oid().ok());
    Some(match (identifier.algorithm.to_id_string().as_str(), curve) {
        ("1.2.840.10045.2.1", Some(curve)) => (algorithm_on(&curve)?, scalar(key)?),
        // RFC 8410 §7: CurvePrivateKey, an octet string within.
        ("1.3.101.112", None) => (-8, octets(key)?),
        // RFC 9881 §6: only the seed, under its tag.
        ("2.16.840.1.101.3.4.3.17", None) => (-48, seed(key)?),
        ("2.16.840.1.101.3.4.3.18", None) => (-49, seed(key)?),
        _ => return None,
    })
}

/// ECPrivateKey (RFC 5915 §3) alone, after the version: its parameters name the curve, under the tag 0.
fn sec1(content: &[u8]) -> Option<Read> {
    let (content, key) = OctetString::from_der(content).ok()?;
    let (_, parameters) = Any::from_der(content).ok()?;
    let (_, curve) = Oid::from_der(parameters.data).ok()?;
    let bytes = key.as_ref().try_into().ok().map(Zeroizing::new)?;
    (parameters.tag().0 == 0).then_some((algorithm_on(&curve)?, bytes))
}

/// The usual algorithm of keys on this curve.
fn algorithm_on(curve: &Oid<'_>) -> Option<i64> {
    match curve.to_id_string().as_str() {
        "1.2.840.10045.3.1.7" => Some(-7),
        "1.3.132.0.10" => Some(-47),
        _ => None,
    }
}

/// ECPrivateKey (RFC 5915 §3): the scalar, after the version.
fn scalar(der: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let (_, sequence) = Sequence::from_der(der).ok()?;
    let (content, _version) = Any::from_der(sequence.content.as_ref()).ok()?;
    octets(content)
}

fn octets(der: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let (_, octets) = OctetString::from_der(der).ok()?;
    octets.as_ref().try_into().ok().map(Zeroizing::new)
}

fn seed(der: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let (_, seed) = Any::from_der(der).ok()?;
    let is_seed = seed.tag().0 == 0;
    let bytes = seed.data.try_into().ok().filter(|_| is_seed);
    bytes.map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len() / 2)
            .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hexadecimal"))
            .collect()
    }

    /// The key is read, and not where its end is missing or something follows.
    fn is_read_whole(der: &[u8], algorithm: i64) {
        let key = ImportedKey::from_der(der).expect("a key");
        assert_eq!((key.algorithm(), key.bytes()), (algorithm, &[0x42; 32]));
        for length in 0..der.len() {
            let cut = ImportedKey::from_der(&der[..length]);
            assert_eq!(cut.map(drop), Err(UnfitKey), "{length}");
        }
        assert_eq!(ImportedKey::from_der(&[der, &[0]].concat()).map(drop), Err(UnfitKey));
    }

    #[test]
    fn keys_are_read_as_others_write_them() {
        // RFC 8410 §10.3, the first example.
        let ed25519 = STANDARD.decode("MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC");
        let key = ImportedKey::from_der(&ed25519.expect("base64")).expect("a key");
        assert_eq!(key.algorithm(), -8);
        assert_eq!(key.bytes()[..4], [0xd4, 0xee, 0x72, 0xdb]);

        // The same by its parts: version 0, ecPublicKey of a curve, ECPrivateKey.
        let wrap = |curve: &str| {
            let identifier = hex(&format!("06072a8648ce3d0201{curve}"));
            let inner = [&hex("30250201010420")[..], &[0x42; 32]].concat();
            let mut body = vec![2, 1, 0, 0x30, identifier.len().try_into().expect("short")];
            body.extend(identifier);
            body.extend([4, inner.len().try_into().expect("short")]);
            body.extend(inner);
            [&[0x30, body.len().try_into().expect("short")][..], &body].concat()
        };
        for (curve, algorithm) in [("06082a8648ce3d030107", -7), ("06052b8104000a", -47)] {
            is_read_whole(&wrap(curve), algorithm);
        }
        // P-384.
        assert_eq!(ImportedKey::from_der(&wrap("06052b81040022")).map(drop), Err(UnfitKey));
    }

    #[test]
    fn a_key_on_a_curve_is_read_as_openssl_writes_it() {
        // ECPrivateKey: version 1, the scalar, the curve; the public key may follow.
        let wrap = |curve: &str| {
            let parameters = hex(curve);
            let mut body = [&hex("0201010420")[..], &[0x42; 32]].concat();
            body.extend([0xa0, parameters.len().try_into().expect("short")]);
            body.extend(parameters);
            [&[0x30, body.len().try_into().expect("short")][..], &body].concat()
        };
        for (curve, algorithm) in [("06082a8648ce3d030107", -7), ("06052b8104000a", -47)] {
            is_read_whole(&wrap(curve), algorithm);
        }
        // `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -outform DER` of OpenSSL 3.0.
        let written = "MHcCAQEEIFPJnZ/BrbdDs4vZgAces7zEq4kZUT9UKUrtRJTfYd/9oAoGCCqGSM49AwEHoUQDQgAEB9zaJlXYloTsqDSQBRFb\
                       N8jLbQCjnU7G9oJnatBUt6G/AROU55VxcEiP00snba7se6NT3GFcBvLlYCpFEkQ9hg==";
        let der = STANDARD.decode(written).expect("base64");
        let key = ImportedKey::read(&der, Some(-9)).expect("a key");
        assert_eq!((key.algorithm(), &key.bytes()[..2]), (-9, &[0x53, 0xc9][..]));
        // P-384, and no curve at all.
        for curve in ["06052b81040022", ""] {
            assert_eq!(ImportedKey::from_der(&wrap(curve)).map(drop), Err(UnfitKey), "{curve}");
        }
    }

    #[test]
    fn the_algorithm_may_be_named() {
        assert_eq!(ImportedKey::read(&[1; 32], None).map(|key| key.algorithm()), Ok(-7));
        assert_eq!(ImportedKey::read(&[1; 32], Some(-8)).map(|key| key.algorithm()), Ok(-8));
        assert_eq!(ImportedKey::read(&[1; 31], None).map(drop), Err(UnfitKey));
        let der = STANDARD.decode("MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC");
        let der = der.expect("base64");
        assert_eq!(ImportedKey::read(&der, Some(-19)).map(|key| key.algorithm()), Ok(-19));
        assert_eq!(ImportedKey::read(&der, Some(-7)).map(drop), Err(UnfitKey));
    }

    #[test]
    fn the_secret_is_not_shown() {
        let shown = format!("{:?}", ImportedKey::from_bytes(-7, [0xab; 32]));
        assert_eq!(shown, "ImportedKey(-7, ..)");
    }
}
