//! Every check fails for a key that is broken on purpose, and `docs/conformance-mutants.md` says for which.
//! `RECORD_MUTANTS=1` tries every broken key on every check, and writes that page anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use brasskey_conformance::host::cbor::{Form, reading};
use brasskey_conformance::host::command;
use brasskey_conformance::key::{Hand, Key};
use brasskey_conformance::run::caught;
use brasskey_conformance::second_reader;
use brasskey_conformance::suites::{self, Check, Level};
use brasskey_tests::broken::defect::{Act, Defect};
use brasskey_tests::broken::innocent::{Comes, INNOCENT, RECOMMENDED};
use brasskey_tests::broken::{Broken, Exchange, PATIENCE, TABLES};
use brasskey_tests::forms;

/// How many checks a defect may fail, and still say something of one of them: one in twenty. A key that fails more has
/// no defect, it is another kind of key.
const NARROW: usize = 20;

/// Of the defects that fail so few checks, the nearest to the check's point shows most.
const FEW: usize = 8;

/// Checks of what every other check begins with: a key that fails one of these fails all those, too.
const FIRST: [(&str, &str); 5] = [
    (
        "by_hand::a_get_info_report_is_answered",
        "whoever sets a PIN asks getInfo first",
    ),
    (
        "make_credential_request::the_plain_request_is_accepted",
        "most checks register so",
    ),
    (
        "leaks::a_credential_id_names_nobody",
        "an ID that was changed is nobody's, and whoever registers uses it",
    ),
    (
        "make_credential::an_attestation_certificate_is_what_webauthn_asks_for",
        "whoever registers verifies the statement",
    ),
    (
        "user_verification::without_a_pin_nobody_is_verified",
        "whoever registers looks at the flags",
    ),
];

/// Checks that no defect of a proxy fails each time.
const UNSEEN: [(&str, &str); 4] = [
    (
        "power_cuts::a_power_cut_leaves_a_setting_or_none",
        "where in its work the power leaves the key is chance",
    ),
    (
        "timing::a_foreign_id_takes_as_long_as_an_unknown_one",
        "a proxy cannot tell the two IDs apart",
    ),
    (
        "timing::a_pin_that_is_almost_right_takes_as_long_as_any",
        "a proxy cannot see the PINs",
    ),
    (
        "timing::a_plain_account_takes_as_long_as_none",
        "a proxy cannot tell the two IDs apart",
    ),
];

/// Every check, by its name.
fn checks() -> BTreeMap<String, &'static Check> {
    let named = |(suite, checks): &'static suites::Suite| {
        checks
            .iter()
            .map(move |check| (format!("{suite}::{}", check.name), check))
    };
    suites::ALL.iter().flat_map(named).collect()
}

/// Every defect, by its words.
fn defects() -> Vec<(String, Defect)> {
    let all = TABLES.iter().copied().flatten();
    all.map(|defect| (defect.to_string(), *defect)).collect()
}

/// What a check says of the key in this hand, where it fails.
fn failure(check: &Check, hand: impl FnOnce(Box<dyn Hand>) -> Broken) -> Option<String> {
    said_of(check, hand).0
}

/// The same, and what is noted where it does not fail.
fn said_of(check: &Check, hand: impl FnOnce(Box<dyn Hand>) -> Broken) -> (Option<String>, Vec<String>) {
    // The library that reads every answer a second time would see defects that the check does not look for.
    second_reader::relent();
    let (profile, inner) = forms::core(check.needs, PATIENCE);
    let key = Key::new(profile, Box::new(hand(inner))).with_notes();
    let failure = caught(|| reading(Form::Lenient, || (check.run)(&key))).err();
    (failure, key.take_notes())
}

/// Does every job, some at a time: what fails by silence only waits.
fn all<T: Sync, R: Send>(jobs: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (next, done) = (Mutex::new(0..jobs.len()), Mutex::new(BTreeMap::new()));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(at) = { next.lock().unwrap().next() } {
                    let result = work(&jobs[at]);
                    done.lock().unwrap().insert(at, result);
                }
            });
        }
    });
    done.into_inner().unwrap().into_values().collect()
}

fn page() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/conformance-mutants.md")
}

/// The lines of the page's table: check, defect.
fn recorded() -> Vec<(String, String)> {
    let page = std::fs::read_to_string(page()).unwrap();
    let rows = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    rows.filter_map(|(check, rest)| Some((check.to_owned(), rest.rsplit_once(" | ")?.0.to_owned())))
        .collect()
}

/// What each defect fails. A key does wrong only where its defect is met with, so a check that does not meet with it
/// need not be tried.
fn matrix(defects: &[(String, Defect)]) -> Vec<BTreeSet<String>> {
    let checks: Vec<_> = checks().into_iter().collect();
    let heard = all(&checks, |(_, check)| {
        let log = Arc::<Mutex<Vec<Exchange>>>::default();
        failure(check, |hand| Broken::overheard(hand, Arc::clone(&log)));
        std::mem::take(&mut *log.lock().unwrap())
    });
    let is_met = |defect: &Defect, name: &str, heard: &[Exchange]| {
        // Whether a request is done when the power does not go is chance.
        let is_chance = name.starts_with("power_cuts::") && matches!(defect.act, Act::KeepsPower);
        if measures(name) || is_chance {
            return false;
        }
        let is_heard = matches!(
            defect.when.carrier,
            command::CBOR | command::MSG | command::OATH | command::APDU
        );
        let is_any = !is_heard || matches!(defect.act, Act::Hears(..) | Act::Says(..) | Act::Murmurs);
        let mut heard = heard.iter();
        is_any || heard.any(|(asked, answer)| defect.when.asks(asked) && defect.when.is_answered(answer))
    };
    let mut jobs = Vec::new();
    for (at, (_, defect)) in defects.iter().enumerate() {
        let met = checks.iter().zip(&heard);
        let met = met.filter(|((name, _), heard)| is_met(defect, name, heard));
        jobs.extend(met.map(|((name, check), _)| (at, defect, name, check)));
    }
    let failed = all(&jobs, |(_, defect, _, check)| {
        failure(check, |hand| Broken::new(hand, **defect)).is_some()
    });
    let mut matrix = vec![BTreeSet::new(); defects.len()];
    for ((at, _, name, _), _) in jobs.iter().zip(failed).filter(|(_, failed)| *failed) {
        matrix[*at].insert((*name).clone());
    }
    matrix
}

/// How near a defect is to the point of the checks that it fails: to do or to allow what is forbidden is nearer than to
/// say something else, and that is nearer than to forget everything, or to refuse.
fn distance(defect: &Defect) -> u8 {
    match defect.act {
        Act::Answers(0 | 0x9000) => 0,
        Act::Answers(_) | Act::AsksForATouch => 3,
        Act::BeginsAnew | Act::ErasesItself => 2,
        Act::Misreads(_)
        | Act::Repeats
        | Act::LeavesOut(_)
        | Act::Alters(_)
        | Act::Tells(..)
        | Act::SignsFlags(..)
        | Act::SignsCounter(..)
        | Act::SignsForAnother
        | Act::SignsWithout(_)
        | Act::Signs(..) => 1,
        _ => 0,
    }
}

/// Whether a check measures times, and so the computer's too, which has much to do here.
fn measures(check: &str) -> bool {
    check.starts_with("timing::") && !check.contains("speaks")
}

fn is_first(check: &str) -> bool {
    FIRST.iter().any(|(first, _)| *first == check)
}

fn record(defects: &[(String, Defect)]) {
    let matrix = matrix(defects);
    let mut rows = String::new();
    let (mut used, mut unproved) = (BTreeSet::new(), Vec::new());
    let checks = checks();
    for name in checks.keys() {
        let caught = defects.iter().zip(&matrix).filter(|(_, failed)| failed.contains(name));
        let best = caught.min_by_key(|((_, defect), failed)| {
            let count = failed.len();
            (count > NARROW, count > FEW, distance(defect), count)
        });
        match best {
            Some(((words, _), failed)) if failed.len() <= NARROW || is_first(name) => {
                used.insert(words);
                writeln!(rows, "| `{name}` | {words} | {} |", failed.len()).unwrap();
            }
            _ => unproved.push(name),
        }
    }
    for (words, _) in defects.iter().filter(|(words, _)| !used.contains(words)) {
        println!("shows nothing that another does not: {words}");
    }
    unproved.iter().for_each(|name| println!("not seen to fail: {name}"));
    let (count, proved) = (checks.len(), checks.len() - unproved.len());
    let head = HEAD.replace("CHECKS", &count.to_string());
    let head = head.replace("CAUGHT", &proved.to_string());
    let head = head.replace("MUTANTS", &used.len().to_string());
    let head = head.replace("NARROW", &NARROW.to_string());
    let unseen = UNSEEN.map(|(name, why)| format!("* `{name}`: {why}."));
    let head = head.replace("UNSEEN", &unseen.join("\n"));
    let first = FIRST.map(|(name, why)| format!("* `{name}`: {why}."));
    let head = head.replace("FIRST", &first.join("\n"));
    std::fs::write(page(), head + &rows).unwrap();
}

const HEAD: &str = "\
# What shows that the checks check

A check that passes for every key checks nothing. So each one is tried on a key that is broken on purpose: the core of
our key, which conforms, behind a proxy with one narrow defect. Where it can, the proxy hides something of a request,
and the key itself then does what it should not. `tests/src/broken` has the defects. `tests/tests/broken.rs` runs each
check against the key in its line, and fails where the check passes.

| checks | broken keys | checks that one of them fails |
|---|---|---|
| CHECKS | MUTANTS | CAUGHT |

A broken key counts only where it fails NARROW checks at most: one that fails more is another kind of key, and says
nothing of a single check. Each line has a key that fails few, and that does what the check is against.

These checks are of what other checks begin with, and no narrow defect fails them:

FIRST

These fail for no broken key yet:

UNSEEN

| check | the broken key | checks that it fails |
|---|---|---|
";

#[test]
fn every_check_fails_for_a_broken_key() {
    let defects = defects();
    if std::env::var_os("RECORD_MUTANTS").is_some() {
        record(&defects);
        return;
    }
    let mut by_words = BTreeMap::new();
    for (words, defect) in &defects {
        let other = by_words.insert(words, defect);
        assert!(other.is_none(), "two defects have the same words: {words}");
    }
    let (checks, rows) = (checks(), recorded());
    let mut wrong: Vec<String> = all(&rows, |(name, words)| {
        let Some(check) = checks.get(name) else {
            return Some(format!("{name}: there is no such check"));
        };
        let Some(defect) = by_words.get(words) else {
            return Some(format!("{name}: there is no such key: {words}"));
        };
        let failure = failure(check, |hand| Broken::new(hand, **defect));
        failure.is_none().then(|| format!("{name}: passes for {words}"))
    })
    .into_iter()
    .flatten()
    .collect();
    let seen: BTreeSet<_> = rows.iter().map(|(name, _)| &name[..]).collect();
    let excused: BTreeSet<_> = UNSEEN.iter().map(|(name, _)| *name).collect();
    let unseen = checks
        .keys()
        .filter(|name| !seen.contains(&name[..]) && !excused.contains(&name[..]));
    wrong.extend(unseen.map(|name| format!("{name}: no broken key fails it")));
    let used: BTreeSet<_> = rows.iter().map(|(_, words)| words).collect();
    let idle = by_words.keys().filter(|words| !used.contains(**words));
    wrong.extend(idle.map(|words| format!("fails no check that another does not: {words}")));
    assert!(
        wrong.is_empty(),
        "RECORD_MUTANTS=1 records these anew:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_proxy_alone_fails_no_check() {
    let checks: Vec<_> = checks().into_iter().filter(|(name, _)| !measures(name)).collect();
    let failures = all(&checks, |(name, check)| {
        let failure = failure(check, |hand| Broken::new(hand, Defect::NONE));
        failure.map(|words| format!("{name}: {words}"))
    });
    let failures: Vec<_> = failures.into_iter().flatten().collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A false alarm is a mistake of the check's.
#[test]
fn keys_that_differ_within_the_standard_do_not_fail() {
    let checks = checks();
    let wrong = all(INNOCENT, |(name, defect, expected)| {
        let Some(check) = checks.get(*name) else {
            return Some(format!("{name}: there is no such check"));
        };
        let mut has_differed = None;
        let (failure, notes) = said_of(check, |hand| {
            let key = Broken::new(hand, *defect);
            has_differed = Some(key.differs());
            key
        });
        let comes = match &failure {
            Some(_) if check.level == Level::Must => None,
            None if notes.is_empty() => Some(Comes::ToPass),
            _ => Some(Comes::ToWarn),
        };
        let wrong = if comes != Some(*expected) {
            format!("expected it {expected:?}: {failure:?} {notes:?}")
        } else if !has_differed.is_some_and(|differed| differed()) {
            "does as ours does".to_owned()
        } else {
            return None;
        };
        Some(format!("{name}, of a key that does this: {defect}: {wrong}"))
    });
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_can_be_read_otherwise_is_only_recommended() {
    let checks = checks();
    for name in RECOMMENDED {
        assert_eq!(
            checks.get(*name).map(|check| check.level),
            Some(Level::Should),
            "{name}"
        );
    }
}
