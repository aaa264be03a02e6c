//! Codes, as the applet answers them.

use std::fmt;

use super::super::error::Error;
use super::tlv::{self, Values};

/// A code: what a person types.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    digits: u8,
    value: u32,
}

impl Code {
    /// A truncated response: the number of digits, and four bytes (RFC 4226 §5.3).
    pub(super) fn parse(values: &Values<'_>, value: &[u8]) -> Result<Self, Error> {
        match *value {
            [digits @ 6..=8, a, b, c, d] => Ok(Self::new(digits, u32::from_be_bytes([a, b, c, d]))),
            _ => Err(values.wrong("a code")),
        }
    }

    fn new(digits: u8, truncated: u32) -> Self {
        let value = (truncated & 0x7FFF_FFFF) % 10_u32.pow(digits.into());
        Self { digits, value }
    }

    /// How many digits it has: 6 to 8.
    #[must_use]
    pub fn digits(&self) -> u8 {
        self.digits
    }
}

/// With its leading zeros.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0digits$}", self.value, digits = usize::from(self.digits))
    }
}

/// It is a secret for as long as it is valid.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// What CALCULATE ALL says of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Calculated {
    /// Its code.
    Code(Code),
    /// Nothing: it counts, and each code must be asked for.
    Counter,
    /// Nothing: its code takes a touch.
    Touch,
}

impl Calculated {
    pub(super) fn parse(values: &Values<'_>, tag: u8, value: &[u8]) -> Result<Self, Error> {
        match tag {
            tlv::TRUNCATED => Code::parse(values, value).map(Self::Code),
            tlv::COUNTER => Ok(Self::Counter),
            tlv::TOUCH => Ok(Self::Touch),
            _ => Err(values.wrong("a code")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_leading_zeros() {
        assert_eq!(Code::new(6, 0x7FFF_FFFF).to_string(), "483647");
        assert_eq!(Code::new(8, 7).to_string(), "00000007");
        // The first bit is not part of the number (RFC 4226 §5.3).
        assert_eq!(Code::new(6, 0x8000_0001).to_string(), "000001");
        assert_eq!(format!("{:?}", Code::new(6, 1)), "Code(…)");
    }
}
