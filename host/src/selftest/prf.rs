//! Whether the key gives secrets (WebAuthn's `prf`, CTAP's hmac-secret), and gives the same ones again.

use super::site::{ALICE, Site};
use super::step::Needs;
use super::tester::{Stop, Tester};
use crate::webauthn::{AssertionResponse, PrfResult};

const INPUTS: [&[u8]; 2] = [b"brasskey selftest 1", b"brasskey selftest 2"];

pub(super) fn run(tester: &mut Tester<'_>) -> Result<(), Stop> {
    if !tester.plan.prf {
        tester.skipped("secrets", "this key does not offer hmac-secret", Needs::OtherKey);
        return Ok(());
    }
    let mut site = Site::plain(tester.plan.protocol)?;
    site.settings.creation_extensions.prf = Some(None);
    tester.register("registers", &mut site, ALICE)?;

    let [first, second] = INPUTS;
    site.ask_for_secrets(first, second);
    let answer = tester.sign_in("gives secrets", &mut site, ALICE)?;
    let given = secrets(answer);
    site.ask_for_secrets(second, first);
    let answer = tester.sign_in("gives them again", &mut site, ALICE)?;
    // The report fails where the secrets are missing.
    if let (Some((one, two)), Some((second, first))) = (given, secrets(answer)) {
        tester.judge(
            "each input has its own",
            one != two && one == first && two == second,
            "the same input gives the same secret, and another input another one",
            "the secrets do not depend on the inputs alone: what is encrypted with them is lost",
        );
    }
    Ok(())
}

fn secrets(answer: AssertionResponse) -> Option<(PrfResult, PrfResult)> {
    let (first, second) = answer.extensions.prf?.results?;
    Some((first, second?))
}
