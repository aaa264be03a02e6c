//! Defects of smart cards (ISO/IEC 7816-4, CTAP 2.3 §11.3).

use crate::broken::defect::{Act, Defect, apdu};

const NO_DATA: Act = Act::Writes("leaves its data out", |_, answer| {
    answer.drain(..answer.len().saturating_sub(2));
});
const NO_STATUS: Act = Act::Writes("answers an error by a status word alone", |_, answer| {
    if let [1..=0xFF, 0x90, 0x00] = answer[..] {
        *answer = vec![0x69, 0x85];
    }
});
const NO_CHAIN: Act = Act::Takes("sees no chain", |apdu| {
    if let Some(class) = apdu.first_mut() {
        *class &= !0x10;
    }
});
const POLLING: Act = Act::Takes("takes the host for one that polls", |apdu| {
    if let Some(p1) = apdu.get_mut(2) {
        *p1 = 0x80;
    }
});

pub(super) const TABLE: &[Defect] = &[
    apdu(0xA4).answered(0x9000).does(NO_DATA),
    apdu(0xA4).answered(0x6A82).answers(0x9000),
    apdu(0x10).does(NO_CHAIN),
    apdu(0x10).answered(0x6700).answers(0x9000),
    apdu(0x10).answered(0x6985).answers(0x9000),
    apdu(0x10).p1(0x00).answered(0x9000).does(NO_DATA),
    apdu(0x10).p1(0x00).does(NO_STATUS),
    apdu(0x10).p1(0x00).does(POLLING),
    apdu(0x10).p1(0x80).answered(0x9100).answers(0x6A86),
    apdu(0x11).p1(0x00).answered(0x6985).answers(0x9000),
    apdu(0x11).p1(0x11).does_nothing(0x6985),
    apdu(0x12).does_nothing(0x9000),
    apdu(0xC0).answered(0x9000).does(NO_DATA),
    apdu(0xC0).answered(0x6985).answers(0x9000),
    apdu(0x75).answered(0x6D00).answers(0x9000),
];
