//! U2F raw messages (FIDO U2F Raw Message Formats v1.2) from the host's side.

use super::hid::{Host, command};
use super::verify::PublicKey;

/// Status words (§3.3).
#[expect(missing_docs, reason = "the standard's names")]
pub mod word {
    pub const NO_ERROR: u16 = 0x9000;
    pub const WRONG_LENGTH: u16 = 0x6700;
    pub const CONDITIONS_NOT_SATISFIED: u16 = 0x6985;
    pub const COMMAND_NOT_ALLOWED: u16 = 0x6986;
    pub const WRONG_DATA: u16 = 0x6A80;
    pub const INCORRECT_P1P2: u16 = 0x6A86;
    pub const INS_NOT_SUPPORTED: u16 = 0x6D00;
    pub const CLA_NOT_SUPPORTED: u16 = 0x6E00;
}

/// P1 of U2F_AUTHENTICATE (§5.1).
#[expect(missing_docs, reason = "the standard's names")]
pub mod control {
    pub const ENFORCE: u8 = 0x03;
    pub const CHECK_ONLY: u8 = 0x07;
    pub const DONT_ENFORCE: u8 = 0x08;
}

/// U2F_VERSION as hosts send it.
pub const VERSION: &[u8] = &[0, 3, 0, 0, 0, 0, 0];

/// What the relying party asks to be signed: any 32 bytes do.
pub const CHALLENGE: [u8; 32] = *b"the hash of the client's data...";

/// A command APDU in extended encoding, with an Le.
#[must_use]
pub fn extended(instruction: u8, p1: u8, data: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(data.len()).expect("a length of 16 bits").to_be_bytes();
    [&[0, instruction, p1, 0, 0, high, low], data, &[0, 0]].concat()
}

/// A command APDU in short encoding, with an Le.
#[must_use]
pub fn short(instruction: u8, p1: u8, data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).expect("a length of 8 bits");
    [&[0, instruction, p1, 0, length], data, &[0]].concat()
}

/// The data of U2F_REGISTER.
#[must_use]
pub fn register_data(application: &[u8; 32]) -> Vec<u8> {
    [CHALLENGE, *application].concat()
}

/// The data of U2F_AUTHENTICATE.
#[must_use]
pub fn authenticate_data(application: &[u8; 32], key_handle: &[u8]) -> Vec<u8> {
    let length = u8::try_from(key_handle.len()).expect("a length of 8 bits");
    [&CHALLENGE[..], application, &[length], key_handle].concat()
}

/// U2F_REGISTER.
#[must_use]
pub fn register(application: &[u8; 32]) -> Vec<u8> {
    extended(0x01, 0x00, &register_data(application))
}

/// U2F_AUTHENTICATE.
#[must_use]
pub fn authenticate(control: u8, application: &[u8; 32], key_handle: &[u8]) -> Vec<u8> {
    extended(0x02, control, &authenticate_data(application, key_handle))
}

/// A registration whose signature was verified (§4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The public key.
    pub public_key: PublicKey,
    /// The key handle.
    pub key_handle: Vec<u8>,
}

impl Registered {
    /// Reads and verifies the answer of U2F_REGISTER.
    #[must_use]
    #[track_caller]
    pub fn of(data: &[u8], application: &[u8; 32]) -> Self {
        let (&[reserved], rest) = data.split_first_chunk().expect("a reserved byte");
        assert_eq!(reserved, 0x05);
        let (point, rest) = rest.split_first_chunk::<65>().expect("a public key");
        assert_eq!(point[0], 0x04, "an uncompressed point");
        let (&[length], rest) = rest.split_first_chunk().expect("a length");
        let (key_handle, rest) = rest.split_at(length.into());
        let (certificate, signature) = rest.split_at(der_length(rest));
        certificate_key(certificate).verify(&[&[0], application, &CHALLENGE, key_handle, point], signature);
        Self {
            public_key: PublicKey::es256(*point),
            key_handle: key_handle.to_vec(),
        }
    }
}

/// The length of the DER element that `bytes` begin with.
#[track_caller]
fn der_length(bytes: &[u8]) -> usize {
    match *bytes {
        [0x30, 0x82, high, low, ..] => 4 + usize::from(u16::from_be_bytes([high, low])),
        [0x30, 0x81, length, ..] => 3 + usize::from(length),
        _ => panic!("no certificate: {bytes:02x?}"),
    }
}

/// The P-256 key of a certificate: what follows the algorithm's own encoding (RFC 5480 §2).
#[track_caller]
pub(super) fn certificate_key(certificate: &[u8]) -> PublicKey {
    const P256: &[u8] =
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
    let at = certificate.windows(P256.len()).position(|window| window == P256);
    let at = at.expect("a P-256 key in the certificate") + P256.len();
    PublicKey::es256(certificate[at..at + 65].try_into().expect("65 bytes"))
}

/// A signature that was verified (§5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// The user presence byte.
    pub user_presence: u8,
    /// The counter.
    pub counter: u32,
}

impl Authenticated {
    /// Reads and verifies the answer of U2F_AUTHENTICATE.
    #[must_use]
    #[track_caller]
    pub fn of(data: &[u8], application: &[u8; 32], public_key: &PublicKey) -> Self {
        let (head, signature) = data.split_first_chunk::<5>().expect("presence and counter");
        public_key.verify(&[application, head, &CHALLENGE], signature);
        let [user_presence, counter @ ..] = *head;
        Self {
            user_presence,
            counter: u32::from_be_bytes(counter),
        }
    }
}

impl Host {
    /// Sends an APDU: data and status word.
    #[track_caller]
    pub fn u2f(&mut self, apdu: &[u8]) -> (Vec<u8>, u16) {
        let mut data = self.exchange(command::MSG, apdu);
        let word = data.split_off(data.len().checked_sub(2).expect("a status word"));
        (data, u16::from_be_bytes([word[0], word[1]]))
    }

    /// An APDU is refused with this status word, and no data.
    #[track_caller]
    pub fn u2f_denied(&mut self, apdu: &[u8], word: u16) {
        let (data, answer) = self.u2f(apdu);
        assert_eq!((&data[..], format!("{answer:04x}")), (&[][..], format!("{word:04x}")));
    }

    /// Sends an APDU until it is touched for, as hosts poll, and returns the data.
    #[track_caller]
    pub fn u2f_touched(&mut self, apdu: &[u8]) -> Vec<u8> {
        self.u2f_denied(apdu, word::CONDITIONS_NOT_SATISFIED);
        self.key.touch();
        let (data, word) = self.u2f(apdu);
        assert_eq!(word, word::NO_ERROR);
        data
    }

    /// Registers with a touch.
    #[track_caller]
    pub fn u2f_register(&mut self, application: &[u8; 32]) -> Registered {
        Registered::of(&self.u2f_touched(&register(application)), application)
    }
}
