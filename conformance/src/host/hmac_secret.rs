//! What a platform sends to hmac-secret and hmac-secret-mc (CTAP 2.3 §12.7, §12.8).

use ciborium::Value;

use super::client_pin::Agreement;

impl Agreement {
    /// The extension's input with these salts.
    #[must_use]
    pub fn salts(&self, salts: &[u8]) -> Value {
        self.encrypted_salts(self.encrypt(salts))
    }

    /// The same with this ciphertext, whatever it is.
    #[must_use]
    pub fn encrypted_salts(&self, salt_enc: Vec<u8>) -> Value {
        let salt_auth = self.authenticate(&[&salt_enc]);
        Value::Map(vec![
            (1.into(), self.platform_key.clone()),
            (2.into(), salt_enc.into()),
            (3.into(), salt_auth.into()),
            (4.into(), (self.protocol as u8).into()),
        ])
    }
}
