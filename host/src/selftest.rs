//! The self-test: what websites and the AWS console do with a security key, tried on one key, and nothing kept on it.
//!
//! It is grouped by what somebody wants to know of a key ([`Group`]). A fault in one group ends neither the others nor
//! the deletion of the test passkeys. A wrong or blocked PIN ends it all: that is no fault of the key, and another try
//! might be its last.

mod answers;
mod aws;
mod cleaning;
mod passkeys;
mod pin;
mod plan;
mod prf;
mod protection;
mod sign_in;
mod site;
mod step;
mod tester;
mod u2f;

use crate::client::webauthn::CeremonyError;
use crate::client::{Error, Key, PasskeyAccount, Pin, PinRequest, UserInteraction, Watch};
use crate::relying_party::Outcome;
use brasskey_protocol::ctaphid::KeepaliveStatus;

pub use plan::{Passkeys, Plan, UserVerification};
pub use site::RP_ID;
pub use step::{Event, Group, Leftover, Needs, Step};
use tester::{Stop, Tester};

/// What the self-test found.
#[derive(Debug)]
pub struct Results {
    /// Everything that was tried, and what was not, in order.
    pub steps: Vec<Step>,
    /// The test passkeys that could not be deleted.
    pub left: Vec<Leftover>,
    /// Why the self-test ended early, which says nothing of the key: it is gone, its user gave up, or its PIN is wrong.
    pub ended: Option<CeremonyError>,
}

impl Results {
    /// How many steps came out so.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.steps.iter().filter(|step| step.outcome == outcome).count()
    }

    /// Whether the key may be depended on: something was tried, and nothing failed.
    #[must_use]
    pub fn fit(&self) -> bool {
        self.ended.is_none() && self.count(Outcome::Failed) == 0 && self.count(Outcome::Passed) > 0
    }
}

/// Tries what `plan` says. What fails is a failed step.
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
            Group::U2f => u2f::run(&mut tester),
            Group::Aws => aws::run(&mut tester),
            Group::Answers => answers::run(&mut tester),
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

/// A watch that is not asked for another PIN where one was wrong.
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
