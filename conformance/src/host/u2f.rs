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

    /// A status word with the standard's name for it.
    #[must_use]
    pub fn named(word: u16) -> String {
        let name = match word {
            NO_ERROR => "NO_ERROR",
            WRONG_LENGTH => "WRONG_LENGTH",
            0x6982 => "SECURITY_STATUS_NOT_SATISFIED",
            0x6984 => "NO_SUCH_OBJECT",
            CONDITIONS_NOT_SATISFIED => "CONDITIONS_NOT_SATISFIED",
            COMMAND_NOT_ALLOWED => "COMMAND_NOT_ALLOWED",
            WRONG_DATA => "WRONG_DATA",
            0x6A82 => "FILE_NOT_FOUND",
            INCORRECT_P1P2 => "INCORRECT_P1P2",
            INS_NOT_SUPPORTED => "INS_NOT_SUPPORTED",
            CLA_NOT_SUPPORTED => "CLA_NOT_SUPPORTED",
            _ => "",
        };
        format!("{word:04X} {name}").trim_end().to_owned()
    }

    /// The key answered this status word.
    ///
    /// # Panics
    /// Where it did not.
    #[track_caller]
    pub fn is(found: u16, expected: u16) {
        assert!(
            found == expected,
            "expected status word {}, the key answered {}",
            named(expected),
            named(found)
        );
    }
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
        let malformed = || -> ! { panic!("expected a registration message, the key answered {data:02x?}") };
        let Some((&[0x05], rest)) = data.split_first_chunk() else {
            malformed()
        };
        let Some((point @ &[0x04, ..], rest)) = rest.split_first_chunk::<65>() else {
            malformed()
        };
        let Some((&[length], rest)) = rest.split_first_chunk() else {
            malformed()
        };
        let Some((key_handle, rest)) = rest.split_at_checked(length.into()) else {
            malformed()
        };
        let Some((certificate, signature)) = rest.split_at_checked(der_length(rest)) else {
            malformed()
        };
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
        _ => panic!("expected a certificate in DER, the key answered {bytes:02x?}"),
    }
}

/// The P-256 key of a certificate: what follows the algorithm's own encoding (RFC 5480 §2).
#[track_caller]
pub(super) fn certificate_key(certificate: &[u8]) -> PublicKey {
    const P256: &[u8] =
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
    let at = certificate.windows(P256.len()).position(|window| window == P256);
    let point = at.and_then(|at| certificate[at + P256.len()..].first_chunk());
    PublicKey::es256(*point.unwrap_or_else(|| panic!("expected a P-256 key in the certificate {certificate:02x?}")))
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
        let Some((head, signature)) = data.split_first_chunk::<5>() else {
            panic!("expected presence, counter and signature, the key answered {data:02x?}")
        };
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
        let data = self.exchange(command::MSG, apdu);
        let Some((data, word)) = data.split_last_chunk() else {
            panic!("expected a status word, the key answered {data:02x?}")
        };
        (data.to_vec(), u16::from_be_bytes(*word))
    }

    /// An APDU is refused with this status word, and no data.
    #[track_caller]
    pub fn u2f_denied(&mut self, apdu: &[u8], word: u16) {
        let (data, answer) = self.u2f(apdu);
        word::is(answer, word);
        assert!(
            data.is_empty(),
            "expected no data with a refusal, the key answered {data:02x?}"
        );
    }

    /// Sends an APDU until it is touched for, as hosts poll, and returns the data.
    #[track_caller]
    pub fn u2f_touched(&mut self, apdu: &[u8]) -> Vec<u8> {
        self.u2f_denied(apdu, word::CONDITIONS_NOT_SATISFIED);
        self.key.touch();
        let (data, word) = self.u2f(apdu);
        word::is(word, word::NO_ERROR);
        data
    }

    /// Registers with a touch.
    #[track_caller]
    pub fn u2f_register(&mut self, application: &[u8; 32]) -> Registered {
        Registered::of(&self.u2f_touched(&register(application)), application)
    }
}
