//! Every short history: see [`brasskey_tests::histories`].

use std::collections::HashSet;
use std::fs;

use brasskey_tests::histories::fault::Fault;
use brasskey_tests::histories::invariants::INVARIANTS;
use brasskey_tests::histories::search::{ROOTS, Search};
use brasskey_tests::histories::session;

/// How long histories are, unless `BRASSKEY_HISTORIES_DEPTH` says it.
const DEPTH: usize = 2;

/// All roots, a key without a fault, and states merged.
const SEARCH: Search = Search {
    depth: DEPTH,
    roots: ROOTS,
    fault: None,
    merges: true,
};

#[test]
fn no_short_history_breaks_an_invariant() {
    let said = std::env::var("BRASSKEY_HISTORIES_DEPTH").ok();
    let depth = said.map_or(DEPTH, |said| {
        said.parse().expect("BRASSKEY_HISTORIES_DEPTH is a number")
    });
    let search = Search { depth, ..SEARCH };
    let report = search.run().unwrap_or_else(|counterexample| panic!("{counterexample}"));
    println!("{report}");
}

/// What merging assumes: a search that takes no two states for one comes to the same states. It is slower, so it goes
/// less deep, and begins with a key that has a PIN.
#[test]
fn merging_hides_no_state() {
    let search = Search {
        depth: 2,
        roots: &ROOTS[1..2],
        ..SEARCH
    };
    let [merged, all] = [true, false].map(|merges| {
        let report = Search { merges, ..search }.run();
        report.unwrap_or_else(|counterexample| panic!("{counterexample}"))
    });
    println!("merged: {merged}\nall: {all}");
    assert_eq!(merged.seen, all.seen);
    assert!(all.transitions > merged.transitions, "nothing was merged");
}

/// Each fault, and the invariant that it breaks first.
const FAULTS: &[(Fault, &str)] = &[
    (
        Fault::WalkIsForAll,
        "a walk through assertions is for its host, verified as it began",
    ),
    (
        Fault::TokenIsNotBound,
        "a token is for its relying party and for what it allows",
    ),
    (
        Fault::ResetLeavesRecord,
        "after a reset nothing from before is left, or answers",
    ),
    (
        Fault::CredentialOutlivesReset,
        "after a reset nothing from before is left, or answers",
    ),
    (Fault::DeletedComesBack, "what was deleted or replaced does not answer"),
    (Fault::ResetAtAnyTime, "a reset comes only just after power-up"),
    (Fault::ResetByTap, "a reset is touched as long as the settings want"),
    (
        Fault::BlockedIsOpen,
        "after eight wrong PINs not even the right one is taken",
    ),
    (Fault::AnyPinIsRight, "a wrong PIN opens nothing"),
    (Fault::TokenOutlivesNext, "a token ends with the next one"),
    (
        Fault::RetriesComeBack,
        "each wrong PIN costs a retry, and only the right one brings them back",
    ),
    (
        Fault::RestartsAfterWrongPin,
        "after three wrong PINs the power must go first",
    ),
    (
        Fault::AnyoneIsTheUser,
        "the flag UV needs a PIN that was given, and a token for it",
    ),
    (Fault::TokenOutlivesPower, "a token ends with the power"),
    (Fault::TokenOutlivesReset, "a token ends with a reset"),
    (Fault::TokenOutlivesPinChange, "a token ends with its PIN"),
    (Fault::ClockStops, "a token ends in time"),
    (Fault::TokenStaysNew, "a token is good for one touch"),
    (Fault::CounterComesBack, "no counter falls, and each touch raises one"),
    (Fault::AccountGoes, "nothing acknowledged is gone"),
    (Fault::CutTearsRecord, "nothing acknowledged is gone"),
    (Fault::RefusedIsKept, "nothing refused leaves a trace"),
];

#[test]
fn each_fault_is_found_by_its_invariant() {
    let mut missed = Vec::new();
    for &(fault, name) in FAULTS {
        let fault = Some(fault);
        let found = (Search { fault, ..SEARCH }).run();
        let said = match &found {
            Ok(report) => format!("{fault:?} is not found: {report}"),
            Err(found) => format!("{fault:?}: {found}"),
        };
        println!("{said}");
        if !found.is_err_and(|found| found.broken.name == name) {
            missed.push(said);
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn each_invariant_has_a_fault() {
    let broken: HashSet<_> = FAULTS.iter().map(|(_, name)| *name).collect();
    for invariant in INVARIANTS {
        assert!(broken.contains(invariant.name), "{invariant:?} has no fault");
    }
}

#[test]
fn the_fuzzers_seeds_break_no_invariant() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/sessions");
    for seed in fs::read_dir(seeds).expect("the seeds") {
        let path = seed.expect("a seed").path();
        let bytes = fs::read(&path).expect("a seed");
        session::play(&bytes).unwrap_or_else(|broken| panic!("{}: {broken}", path.display()));
    }
}
