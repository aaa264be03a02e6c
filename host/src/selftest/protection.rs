//! Whether the key resists phishing and replay.

use super::site::ALICE;
use super::step::Needs;
use super::tester::{Stop, Tester, verify};
use crate::client::ceremony::Protocol;
use crate::relying_party::Outcome;

/// A website where the key was never registered.
const STRANGER: &str = "stranger.brasskey.invalid";

pub(super) fn run(tester: &mut Tester<'_>) -> Result<(), Stop> {
    let Some((site, answer)) = tester.first.take() else {
        tester.skipped(
            "phishing and replay",
            "it did not register and sign in",
            Needs::EarlierStep,
        );
        return Ok(());
    };
    let twice = tester.register_again("refuses to register twice", &site, ALICE);

    const BOUND: &str = "knows nothing for another website";
    let ids = site.credential_ids();
    let known = match site.protocol {
        Protocol::Ctap2 => tester.answers(STRANGER, &ids, None),
        Protocol::U2f => tester.answers_u2f(STRANGER, &ids),
    };
    let bound = match known {
        Ok(known) => {
            tester.judge(
                BOUND,
                !known,
                "the credential is bound to its own",
                "it used the credential for a relying party that it was not made for",
            );
            Ok(())
        }
        Err(error) => Err(tester.without_answer(BOUND, error)),
    };

    // The same answer again, to the challenge of the next sign-in.
    let account = site.account(ALICE).ok_or(Stop::Failed)?;
    let options = site.settings.request_options(account)?;
    let (report, _) = verify(options, &site, ALICE, &answer).ok_or(Stop::Failed)?;
    let challenge = report.check("challenge").map(|check| check.outcome);
    tester.judge(
        "no answer fits twice",
        !report.passed() && challenge == Some(Outcome::Failed),
        "an old answer does not fit a new challenge",
        "the relying party took an old answer for a new one",
    );
    tester.first = Some((site, answer));
    twice.and(bound)
}
