//! Whether the key works at the AWS console, as far as that is known.

use super::site::{ALICE, Site};
use super::tester::{Stop, Tester};
use crate::client::ceremony::Protocol;

pub(super) fn run(tester: &mut Tester<'_>) -> Result<(), Stop> {
    tester.round = "today";
    let mut site = Site::aws(tester.plan.protocol)?;
    let today = round_trip(tester, &mut site);
    if let Err(Stop::Error(_)) = today {
        return today;
    }

    tester.round = "registered before 2022";
    if !tester.plan.u2f {
        // Keys spoke it then.
        tester.without_u2f("signs in");
        return today;
    }
    let mut site = Site::aws(Protocol::U2f)?;
    site.legacy = true;
    tester.register("registers", &mut site, ALICE)?;
    // Browsers sign in over CTAP2 today, with the AppID in place of the RP ID (WebAuthn Level 3 §10.1.1).
    site.legacy = false;
    site.protocol = tester.plan.protocol;
    tester.sign_in("signs in", &mut site, ALICE)?;
    today
}

fn round_trip(tester: &mut Tester<'_>, site: &mut Site) -> Result<(), Stop> {
    tester.register("registers", site, ALICE)?;
    tester.sign_in("signs in", site, ALICE).map(drop)
}
