//! APDUs as a reader of smart cards sends them (ISO/IEC 7816-4, CTAP 2.3 §11.3).

use super::ctap2::GET_INFO;
use super::{Host, command};

/// The applet of FIDO (CTAP 2.3 §11.3.3).
pub const FIDO: &[u8] = &[0xA0, 0x00, 0x00, 0x06, 0x47, 0x2F, 0x00, 0x01];

/// Status words.
#[expect(missing_docs, reason = "the standard's names")]
pub mod word {
    pub const OK: u16 = 0x9000;
    pub const NFCCTAP_PENDING: u16 = 0x9100;
    pub const WRONG_LENGTH: u16 = 0x6700;
    pub const CONDITIONS_NOT_SATISFIED: u16 = 0x6985;
    pub const FILE_NOT_FOUND: u16 = 0x6A82;
    pub const INCORRECT_P1P2: u16 = 0x6A86;
    pub const INS_NOT_SUPPORTED: u16 = 0x6D00;
}

/// Data, and the status word behind it.
pub type Answer = (Vec<u8>, u16);

/// A short APDU that takes an answer of any length.
#[must_use]
pub fn short(header: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).expect("a short APDU has 255 bytes of data at most");
    let length = (!data.is_empty()).then_some(length);
    [&header[..], length.as_slice(), data, &[0]].concat()
}

/// The same in the extended form: its answer comes in one piece.
#[must_use]
pub fn extended(header: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).expect("an extended APDU has 65,535 bytes of data at most");
    let length = (!data.is_empty()).then(|| length.to_be_bytes());
    [
        &header[..],
        &[0],
        length.as_ref().map_or(&[], |length| &length[..]),
        data,
        &[0, 0],
    ]
    .concat()
}

/// NFCCTAP_MSG (§11.3.7.1) with this P1.
#[must_use]
pub fn message(p1: u8, request: &[u8]) -> Vec<u8> {
    extended([0x80, 0x10, p1, 0], request)
}

impl Host {
    /// One APDU.
    #[track_caller]
    pub fn apdu(&mut self, apdu: &[u8]) -> Answer {
        let answer = self.exchange(command::APDU, apdu);
        status_word(&answer)
    }

    /// The answer to an APDU that was sent before.
    #[track_caller]
    pub fn apdu_answer(&mut self) -> Answer {
        let answer = self.message();
        same!(answer.command, command::APDU);
        status_word(&answer.payload)
    }

    /// Selects the applet of that name.
    #[track_caller]
    pub fn select_applet(&mut self, name: &[u8]) -> Answer {
        self.apdu(&short([0x00, 0xA4, 0x04, 0x00], name))
    }

    /// Selects FIDO. A card in a reader has one host, so each check begins so.
    #[track_caller]
    pub fn select_fido(&mut self) {
        same!(self.select_applet(FIDO).1, word::OK, "SELECT of FIDO");
    }

    /// What the card says of itself, in one piece.
    #[track_caller]
    pub fn info_by_apdu(&mut self) -> Vec<u8> {
        let (info, status) = self.apdu(&message(0, GET_INFO));
        same!(status, word::OK, "getInfo in an extended APDU");
        info
    }
}

#[track_caller]
fn status_word(answer: &[u8]) -> Answer {
    let Some((data, word)) = answer.split_last_chunk() else {
        panic!("expected a status word, the card answered {answer:02x?}");
    };
    (data.to_vec(), u16::from_be_bytes(*word))
}
