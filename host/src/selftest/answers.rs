//! Whether the key's answers have the form that the standard asks for, in all that was tried.

use super::tester::{Stop, Tester};
use crate::client::Level;

pub(super) fn run(tester: &mut Tester<'_>) -> Result<(), Stop> {
    let faults = tester.key.faults().to_vec();
    for fault in &faults {
        let detail = format!("{} ({})", fault.what, fault.section);
        match fault.level {
            Level::Must => tester.failed(fault.command, detail),
            Level::Should => tester.warned(fault.command, detail),
        }
    }
    if faults.is_empty() {
        tester.passed(
            "as the standard has them",
            "canonical, and nothing in them that does not belong there",
        );
    }
    Ok(())
}
