//! authenticatorSelection (CTAP 2.3 §6.9): the user touches the key they mean.

use super::{Command, Malformed, Oddity, no_data};

/// Asks for a touch, and changes nothing. Keys know it from CTAP 2.1 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection;

impl Command for Selection {
    const CODE: u8 = 0x0B;
    const NAME: &'static str = "authenticatorSelection";
    const SECTION: &'static str = "CTAP 2.3 §6.9";
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
