//! Whether the key registers at a website and signs in: with each of its algorithms, and over U2F.

use super::site::{ALICE, Site};
use super::tester::{Stop, Tester};
use crate::client::ceremony::Protocol;
use crate::webauthn::AssertionResponse;

pub(super) fn run(tester: &mut Tester<'_>) -> Result<(), Stop> {
    if let Some(error) = tester.key.info_error() {
        // As a U2F key it might pass all that follows, and would still be broken.
        let detail = format!("it says that it speaks CTAP2, and getInfo failed: {error}");
        tester.failed("speaks CTAP2", detail);
    }
    for &algorithm in &tester.plan.algorithms {
        tester.round = algorithm.name();
        let mut site = Site::plain(tester.plan.protocol)?.with_algorithm(algorithm);
        match one(tester, &mut site) {
            // Other groups go on with the first of them.
            Ok(answer) if tester.first.is_none() => tester.first = Some((site, answer)),
            Ok(_) | Err(Stop::Failed) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The same over U2F, with a website of today.
pub(super) fn run_u2f(tester: &mut Tester<'_>) -> Result<(), Stop> {
    if !tester.plan.u2f {
        tester.without_u2f("U2F");
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

fn one(tester: &mut Tester<'_>, site: &mut Site) -> Result<AssertionResponse, Stop> {
    tester.register("registers", site, ALICE)?;
    tester.sign_in("signs in", site, ALICE)
}
