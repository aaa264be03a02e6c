//! Every suite against every form of the key: `form::suite::what_it_does`.

use brasskey_conformance::suites;
use brasskey_tests::{forms, suites::OWN};
use libtest_mimic::{Arguments, Trial};

fn main() {
    let mut trials = Vec::new();
    for form in forms::all() {
        for (suite, checks) in suites::ALL.iter().chain(OWN) {
            for check in *checks {
                if form.profile.runs(check.needs) {
                    let name = format!("{}::{suite}::{}", form.name, check.name);
                    let run = move || {
                        (check.run)(&form.key());
                        Ok(())
                    };
                    trials.push(Trial::test(name, run));
                }
            }
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
