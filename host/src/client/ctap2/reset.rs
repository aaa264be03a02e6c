//! authenticatorReset (CTAP 2.3 §6.6): everything is erased.

use super::{Command, Malformed, Oddity, no_data};

/// Erases all credentials and the PIN, after a touch. Most keys accept it only within 10 s after they were plugged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset;

impl Command for Reset {
    const CODE: u8 = 0x07;
    const NAME: &'static str = "authenticatorReset";
    const SECTION: &'static str = "CTAP 2.3 §6.6";
    type Response = ();

    fn parameters(&self) -> Vec<u8> {
        Vec::new()
    }

    fn parse(_: &[u8]) -> Result<(), Malformed> {
        Ok(())
    }

    fn judge(&self, data: &[u8], (): &()) -> Vec<Oddity> {
        no_data(data)
    }
}
