//! The self-test: what websites and the AWS console do with a security key, tried on one key, and nothing kept on it.
//!
//! Its steps are grouped by what one wants to know about a key ([`Group`]). A fault in one group ends neither the
//! others nor the deletion of the test passkeys. A wrong or blocked PIN ends everything: it is no fault of the key, and
//! another try might be the last.

mod aws;
mod cleaning;
mod errors;
mod passkeys;
mod pin;
mod plan;
mod prf;
mod protection;
mod sign_in;
mod site;
mod step;
mod tester;

use crate::client::ceremony::CeremonyError;
use crate::client::{Error, Key, PasskeyAccount, Pin, PinRequest, UserInteraction, Watch};
use crate::relying_party::Outcome;
use crate::webauthn::Level;
use brasskey_protocol::ctaphid::KeepaliveStatus;

pub use plan::{Passkeys, Plan, UserVerification};
pub use site::RP_ID;
pub use step::{Event, Group, Leftover, Needs, Step};
use tester::{Stop, Tester};

/// What the self-test found.
#[derive(Debug)]
pub struct Results {
    /// All steps in order, also those that were skipped.
    pub steps: Vec<Step>,
    /// The test passkeys that could not be deleted.
    pub left: Vec<Leftover>,
    /// Why the self-test ended early. It says nothing about the key: the key is gone, its user gave up, or the PIN is
    /// wrong.
    pub ended: Option<CeremonyError>,
}

impl Results {
    /// How many steps have this outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.steps.iter().filter(|step| step.outcome == outcome).count()
    }

    /// Whether one can rely on the key: something was tried, and nothing failed.
    #[must_use]
    pub fn fit(&self) -> bool {
        self.ended.is_none() && self.count(Outcome::Failed) == 0 && self.count(Outcome::Passed) > 0
    }
}

/// Tries what `plan` says. A failure is a failed step, not an error.
pub fn run(key: &mut Key, plan: &Plan, user: &mut dyn UserInteraction, show: &mut dyn FnMut(Event<'_>)) -> Results {
    let mut user = Once(user);
    let mut tester = Tester::new(key, plan, &mut user, show);
    let mut ended = None;
    for group in Group::ALL {
        tester.begin(group);
        let result = match group {
            Group::SignIn => sign_in::run(&mut tester),
            Group::Protection => protection::run(&mut tester),
            Group::Passkeys => passkeys::run(&mut tester),
            Group::Pin => pin::run(&mut tester),
            Group::Prf => prf::run(&mut tester),
            Group::U2f => sign_in::run_u2f(&mut tester),
            Group::Aws => aws::run(&mut tester),
            Group::Answers => {
                answers(&mut tester);
                Ok(())
            }
        };
        tester.end();
        if let Err(Stop::Error(error)) = result {
            ended = Some(error);
            break;
        }
    }
    Results {
        left: tester.left,
        steps: tester.steps,
        ended,
    }
}

/// Whether all answers of the key, in all groups, have the form that the standard demands.
fn answers(tester: &mut Tester<'_>) {
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
}

/// Gives no second PIN where one was wrong.
struct Once<'a>(&'a mut dyn UserInteraction);

impl Watch for Once<'_> {
    fn keepalive(&mut self, status: KeepaliveStatus) {
        self.0.keepalive(status);
    }

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

impl UserInteraction for Once<'_> {
    fn pin(&mut self, request: &PinRequest) -> Result<Pin, Error> {
        self.0.pin(request)
    }

    fn account(&mut self, accounts: &[PasskeyAccount]) -> Result<Option<usize>, Error> {
        self.0.account(accounts)
    }
}

#[cfg(test)]
mod tests;
