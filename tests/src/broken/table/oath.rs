//! Defects of one-time codes (YKOATH).

use crate::broken::defect::{Act, Defect, oath};

pub(super) const TABLE: &[Defect] = &[
    oath(0x00).answered(0x6D00).answers(0x9000),
    oath(0x01).answered(0x6982).answers(0x9000),
    oath(0x01).answered(0x6A80).answers(0x9000),
    oath(0x02).answered(0x6984).answers(0x9000),
    oath(0x03).answered(0x6A80).answers(0x9000),
    oath(0x03).does_nothing(0x9000),
    oath(0x04).answered(0x9000).does(Act::ErasesItself),
    oath(0x04).does_nothing(0x9000),
    oath(0x05).answered(0x6984).answers(0x9000),
    oath(0xA1).answered(0x6982).answers(0x9000),
    oath(0xA1).answered(0x9000).answers(0x6982),
    oath(0xA2).answered(0x6A80).answers(0x9000),
    oath(0xA2).answered(0x9000).does(Act::Repeats),
    oath(0xA2).does(Act::DoesItAnyway),
    oath(0xA2).does(Act::TouchesItself),
    oath(0xA3).answered(0x6984).answers(0x9000),
    oath(0xA4).answered(0x6A82).answers(0x9000),
    oath(0xA4).p1(0x00).answered(0x9000).answers(0x6982),
    oath(0xA4).p1(0x04).answered(0x9000).answers(0x6982),
];
