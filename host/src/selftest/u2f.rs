//! Whether the key speaks U2F too, with a website of today.

use super::site::{ALICE, Site};
use super::step::Needs;
use super::tester::{Stop, Tester};
use crate::client::webauthn::Protocol;

pub(super) fn run(tester: &mut Tester<'_>) -> Result<(), Stop> {
    if !tester.plan.u2f {
        tester.skipped("U2F", "this key does not speak it", Needs::OtherKey);
        return Ok(());
    }
    if tester.plan.protocol == Protocol::U2f {
        tester.passed("speaks U2F alone", "all of the above was over U2F");
        return Ok(());
    }
    let mut site = Site::plain(Protocol::U2f)?;
    tester.register("registers", &mut site, ALICE)?;
    tester.sign_in("signs in", &mut site, ALICE).map(drop)
}
