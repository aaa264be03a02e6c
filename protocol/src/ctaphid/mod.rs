//! CTAPHID (CTAP 2.3 §11.2): messages over 64-byte HID reports, both ends, without I/O.
//!
//! [`Device`] is the key's end, [`Host`] the other. Reports and the time go in; reports and [`Event`]s come out.

use crate::limits::REPORT_SIZE;

/// One HID report, without a report number.
pub type Report = [u8; REPORT_SIZE];
