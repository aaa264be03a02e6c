//! Defects of authenticatorCredentialManagement (CTAP 2.3 §6.8).

use crate::broken::defect::{Act, Defect, ctap2, sub};

pub(super) const TABLE: &[Defect] = &[
    ctap2(0x0A).answered(0x14).answers(0x00),
    ctap2(0x0A).answered(0x3E).answers(0x00),
    sub(0x0A, 1).answered(0x00).does(Act::Hurries(2)),
    sub(0x0A, 1).answered(0x00).does(Act::Repeats),
    sub(0x0A, 1).answered(0x00).does(Act::Stands),
    sub(0x0A, 1).answered(0x33).does(Act::BeginsAnew),
    sub(0x0A, 1).answered(0x36).answers(0x00),
    sub(0x0A, 1).misreads("1"),
    sub(0x0A, 2).answered(0x2E).answers(0x00),
    sub(0x0A, 2).answered(0x33).answers(0x00),
    sub(0x0A, 3).ignores("1"),
    sub(0x0A, 4).answered(0x00).does(Act::Stands),
    sub(0x0A, 4).answered(0x2E).answers(0x00),
    sub(0x0A, 5).alters("10"),
    sub(0x0A, 5).ignores("1"),
    sub(0x0A, 6).answered(0x33).answers(0x00),
    sub(0x0A, 6).ignores("2/9"),
    sub(0x0A, 7).answered(0x02).answers(0x00),
    sub(0x0A, 7).answered(0x2E).answers(0x00),
    sub(0x0A, 7).answered(0x33).answers(0x00),
    sub(0x0A, 7).ignores("2"),
    sub(0x41, 2).ignores("1"),
    sub(0x41, 6).ignores("3"),
];
