//! Random sequences of commands, against the key and against a model of the standard that keeps everything in plain
//! lists: `standard.rs` knows the rules and no key, `host.rs` sends the requests and compares, `visit.rs` says what
//! happens.

mod host;
mod standard;
mod step;
mod visit;

use std::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;

use host::Host;
use step::{Action, Step};
use visit::{pin, visit};

/// What happens to a new key: mostly it gets a PIN first.
fn actions() -> impl Strategy<Value = Vec<Action>> {
    (proptest::option::weighted(0.8, pin()), vec(visit(), 1..16)).prop_map(|(pin, visits)| {
        let first = pin.map(|pin| Action::from(Step::SetPin(pin)));
        first.into_iter().chain(visits.into_iter().flatten()).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    /// Status, answer, touches asked for, settings and counters are the model's at every step, and at the end the
    /// credentials and the large blobs.
    #[test]
    fn whatever_is_done_the_key_is_what_the_standard_says(actions in actions()) {
        let mut host = Host::new();
        for action in &actions {
            host = host.after(action);
        }
        host.check_all();
    }
}
