//! What a host encrypts and authenticates under a secret that it shares with the key.

use brasskey_protocol::crypto::sha256;
use brasskey_protocol::ctap2::command;
use brasskey_protocol::ctap2::pin_protocol::{Protocol, SharedSecret};

use crate::Dice;
use crate::request::{Pin, Request, bytes, map, uint};

/// A key agreement's outcome.
pub(super) struct Platform {
    pub(super) protocol: Protocol,
    pub(super) cose_key: Vec<u8>,
    pub(super) shared: SharedSecret,
}

impl Platform {
    pub(super) fn encrypt(&self, plaintext: &[u8]) -> Vec<u8> {
        let mut ciphertext = vec![0; plaintext.len() + 16];
        // What is not whole blocks cannot be encrypted: then the key gets something else.
        let length = self.shared.encrypt(&mut Dice(2), plaintext, &mut ciphertext);
        ciphertext.truncate(length.unwrap_or(plaintext.len()));
        ciphertext
    }

    pub(super) fn hash(&self, pin: Pin) -> Vec<u8> {
        self.encrypt(&sha256(&[pin.text().as_bytes()])[..16])
    }

    pub(super) fn padded(&self, pin: Pin) -> Vec<u8> {
        let mut padded = pin.text().as_bytes().to_vec();
        padded.resize(64, 0);
        self.encrypt(&padded)
    }

    pub(super) fn request(&self, subcommand: u64) -> Request {
        Request::new(command::CLIENT_PIN)
            .with(1, uint(self.protocol.number()))
            .with(2, uint(subcommand))
            .with(3, self.cose_key.clone())
    }

    pub(super) fn authenticate(&self, message: &[&[u8]]) -> Vec<u8> {
        bytes(&self.shared.authenticate(message))
    }

    /// The input of hmac-secret and hmac-secret-mc.
    pub(super) fn salts(&self, salts: &[u8]) -> Vec<u8> {
        let encrypted = self.encrypt(salts);
        let authentication = self.authenticate(&[&encrypted]);
        map(&[
            (uint(1_u8), self.cose_key.clone()),
            (uint(2_u8), bytes(&encrypted)),
            (uint(3_u8), authentication),
            (uint(4_u8), uint(self.protocol.number())),
        ])
    }
}
