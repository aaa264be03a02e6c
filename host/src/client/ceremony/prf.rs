//! `prf` over hmac-secret (WebAuthn Level 3 §10.1.4, CTAP 2.3 §12.7, §12.8).

use cbor4ii::core::Value;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::client::{Error, Key, SharedSecret, Watch};
use crate::webauthn::{PrfResult, PrfValues};

/// The encrypted inputs, and the secret that decrypts the results.
pub(super) struct Evaluation {
    secret: SharedSecret,
    /// The input of hmac-secret, and of hmac-secret-mc.
    pub(super) input: Value,
}

impl Evaluation {
    pub(super) fn begin(key: &mut Key, values: &PrfValues, watch: &mut dyn Watch) -> Result<Self, Error> {
        let agreement = key.agree(watch)?;
        let secret = agreement.secret;
        let first = salt(&values.first);
        let encrypted = match &values.second {
            None => secret.encrypt(&first)?,
            Some(second) => {
                let mut both = Zeroizing::new([0; 64]);
                both[..32].copy_from_slice(first.as_ref());
                both[32..].copy_from_slice(salt(second).as_ref());
                secret.encrypt(&both)?
            }
        };
        let authenticated = secret.authenticate(&[&encrypted]);
        let number = secret.protocol().number();
        let mut members = vec![
            (Value::Integer(1), agreement.own.value()),
            (Value::Integer(2), Value::Bytes(encrypted)),
            (Value::Integer(3), Value::Bytes(authenticated)),
        ];
        // Keys of CTAP 2.0 know no fourth member, and protocol one only.
        if number != 1 {
            members.push((Value::Integer(4), Value::Integer(number.into())));
        }
        Ok(Self {
            secret,
            input: Value::Map(members),
        })
    }

    /// The results in the key's output; `None` where there are none, or not as many as were asked for.
    pub(super) fn results(&self, output: Option<&Value>, two: bool) -> Option<(PrfResult, Option<PrfResult>)> {
        let Some(Value::Bytes(output)) = output else {
            return None;
        };
        let plaintext = self.secret.decrypt(output)?;
        let result = |bytes: &[u8]| Some(PrfResult(Zeroizing::new(bytes.try_into().ok()?)));
        match (plaintext.split_at_checked(32)?, two) {
            ((first, []), false) => Some((result(first)?, None)),
            ((first, second), true) => Some((result(first)?, Some(result(second)?))),
            _ => None,
        }
    }
}

/// The salt of an input. The prefix keeps websites away from the salts that other programs use.
fn salt(input: &[u8]) -> Zeroizing<[u8; 32]> {
    let digest = Sha256::new_with_prefix(b"WebAuthn PRF\0").chain_update(input);
    Zeroizing::new(digest.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_becomes_a_salt_as_the_standard_has_it() {
        // Made with another program.
        let expected = b"\x42\x55\x07\xDF\xA7\x40\x4B\x2F\xC3\x74\x3F\xF9\x67\x3C\x78\xE7\
                         \xB3\xC2\xF9\xD2\x98\xB5\x33\xAE\x2D\x82\x77\x20\x3F\x73\xF4\xB7";
        assert_eq!(*salt(b"abc"), *expected);
    }
}
