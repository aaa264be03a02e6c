//! The clock, which one-time codes are made of: a key has none.

use super::super::finding::Finding;
use super::machine::Machine;

pub(super) fn check(machine: &Machine) -> Vec<Finding> {
    vec![match machine.is_synchronised {
        Some(true) => Finding::passed("something keeps this computer's clock right, as one-time codes need it"),
        Some(false) => Finding::warned(
            "this computer's clock is not synchronised: one-time codes are wrong if it is off by more than a moment",
        )
        .remedy(["sudo timedatectl set-ntp true"]),
        None => Finding::skipped("the kernel does not say whether something keeps its clock right"),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::testing::Fake;
    use super::*;
    use crate::relying_party::Outcome;

    #[test]
    fn a_clock_that_runs_by_itself_is_warned_of() {
        for (said, outcome) in [
            (Some(true), Outcome::Passed),
            (Some(false), Outcome::Warned),
            (None, Outcome::Skipped),
        ] {
            let findings = check(&Fake::new().machine().with_clock(said));
            assert_eq!(findings[0].outcome, outcome);
            assert_eq!(findings[0].remedy.is_empty(), outcome != Outcome::Warned);
        }
    }
}
