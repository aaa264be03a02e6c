//! What a platform sends to hmac-secret and hmac-secret-mc, and what it makes of the answer.

use std::vec;
use std::vec::Vec;

use cbor4ii::core::Value;

use super::cbor::{Tree, bytes, int};
use super::pin::{Platform, number};

impl Platform {
    /// The input with these salts.
    pub(crate) fn salts(&self, salts: &[u8]) -> Value {
        self.authentic(&self.encrypt(salts))
    }

    /// The input with this ciphertext, whatever it holds.
    pub(crate) fn authentic(&self, salt_enc: &[u8]) -> Value {
        self.input(salt_enc, &self.shared.authenticate(&[salt_enc]))
    }

    /// The input with these members, whatever they are.
    pub(crate) fn input(&self, salt_enc: &[u8], salt_auth: &[u8]) -> Value {
        Value::Map(vec![
            (int(1), self.cose_key.clone()),
            (int(2), bytes(salt_enc)),
            (int(3), bytes(salt_auth)),
            (int(4), number(self.protocol)),
        ])
    }

    /// Decrypts what the key answers.
    pub(crate) fn open(&self, output: &Value) -> Vec<u8> {
        let mut plaintext = [0; 64];
        let opened = self.shared.decrypt(output.as_bytes(), &mut plaintext);
        opened.expect("encrypted by the key").to_vec()
    }
}
