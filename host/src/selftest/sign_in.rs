//! Whether the key registers at a website and signs in, with each of its algorithms.

use super::site::{ALICE, Site};
use super::tester::{Stop, Tester};

pub(super) fn run(tester: &mut Tester<'_>) -> Result<(), Stop> {
    if let Some(error) = tester.key.info_error() {
        // Used as a U2F key it might do all that follows, and would still be broken.
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

fn one(tester: &mut Tester<'_>, site: &mut Site) -> Result<crate::client::webauthn::AssertionResponse, Stop> {
    tester.register("registers", site, ALICE)?;
    tester.sign_in("signs in", site, ALICE)
}
