//! Every check fails for a key that is broken on purpose, and `docs/conformance-mutants.md` says for which.
//! `RECORD_MUTANTS=1` tries every broken key on every check, and writes that page anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use brasskey_conformance::host::cbor::{Form, reading};
use brasskey_conformance::host::command;
use brasskey_conformance::key::{Hand, Key, Need};
use brasskey_conformance::run::caught;
use brasskey_conformance::second_reader;
use brasskey_conformance::suites::{self, Check, Level};
use brasskey_tests::broken::defect::{Act, Defect, When};
use brasskey_tests::broken::innocent::{Comes, INNOCENT, RECOMMENDED};
use brasskey_tests::broken::{Broken, Exchange, PATIENCE, TABLES};
use brasskey_tests::forms;

/// How many checks a defect may fail, and still say something of one of them: one in twenty. A key that fails more has
/// no defect, it is another kind of key.
const NARROW: usize = 20;

/// How often a check has to fail for its key before that is written down: some keys fail by chance.
const TRIES: usize = 10;

/// Checks of what every other check begins with: a key that fails one of these fails all those, too.
const FIRST: [(&str, &str); 3] = [
    (
        "by_hand::a_get_info_report_is_answered",
        "whoever sets a PIN asks getInfo first",
    ),
    (
        "make_credential_request::the_plain_request_is_accepted",
        "most checks register so",
    ),
    (
        "user_verification::without_a_pin_nobody_is_verified",
        "whoever registers looks at the flags",
    ),
];

/// A check that only says something of a key with certificates, which it does not need.
const OF_CERTIFICATES: &str = "an_attestation_certificate_is_what_webauthn_asks_for";

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
    let needs = match check.name {
        OF_CERTIFICATES => &[Need::Enterprise],
        _ => check.needs,
    };
    let (profile, inner) = forms::core(needs, PATIENCE);
    let key = Key::new(profile, Box::new(hand(inner))).with_notes();
    let failure = caught(|| reading(Form::Lenient, || (check.run)(&key))).err();
    (failure, key.take_notes())
}

/// Does every job, some at a time: what fails by silence only waits. Whatever measures times comes last, and alone.
/// `name` is that of a job's check.
fn all<T: Sync, R: Send>(jobs: &[T], name: impl Fn(&T) -> &str, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (measured, others): (Vec<_>, Vec<_>) = (0..jobs.len()).partition(|at| measures(name(&jobs[*at])));
    let done = Mutex::new(BTreeMap::new());
    for (places, at_once) in [(others, 8), (measured, 1)] {
        let next = Mutex::new(places.into_iter());
        thread::scope(|scope| {
            for _ in 0..at_once {
                scope.spawn(|| {
                    while let Some(at) = { next.lock().unwrap().next() } {
                        let result = work(&jobs[at]);
                        done.lock().unwrap().insert(at, result);
                    }
                });
            }
        });
    }
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
    let heard = all(
        &checks,
        |(name, _)| name,
        |(_, check)| {
            let log = Arc::<Mutex<Vec<Exchange>>>::default();
            failure(check, |hand| Broken::overheard(hand, Arc::clone(&log)));
            std::mem::take(&mut *log.lock().unwrap())
        },
    );
    let is_met = |defect: &Defect, name: &str, heard: &[Exchange]| {
        // Whether a request is done when the power does not go is chance.
        let is_chance = name.starts_with("power_cuts::") && matches!(defect.act, Act::KeepsPower);
        let is_of_time = matches!(defect.act, Act::Dawdles(_));
        if measures(name) || is_of_time || is_chance {
            return measures(name) && is_of_time;
        }
        let is_heard = matches!(
            defect.when.carrier,
            command::CBOR | command::MSG | command::OATH | command::APDU
        );
        // What a power cut meets with has no answer.
        let is_any = !is_heard
            || matches!(
                defect.act,
                Act::Hears(..) | Act::Says(..) | Act::Murmurs | Act::Tears(_)
            );
        let mut heard = heard.iter();
        is_any || heard.any(|(asked, answer)| defect.when.asks(asked) && defect.when.is_answered(answer))
    };
    let mut jobs = Vec::new();
    for (at, (_, defect)) in defects.iter().enumerate() {
        let met = checks.iter().zip(&heard);
        let met = met.filter(|((name, _), heard)| is_met(defect, name, heard));
        jobs.extend(met.map(|((name, check), _)| (at, defect, name, check)));
    }
    let failed = all(
        &jobs,
        |(_, _, name, _)| name,
        |(_, defect, _, check)| failure(check, |hand| Broken::new(hand, **defect)).is_some(),
    );
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

/// Whether a defect is made for the suite of a check: it is in what the suite is about.
fn is_of(check: &str, defect: &Defect) -> bool {
    let When { carrier, code, .. } = defect.when;
    let suite = check.split("::").next().unwrap_or_default();
    let (carriers, codes): (_, &[u8]) = match suite {
        "ctaphid" | "channels" => return carrier != command::CBOR && code.is_none(),
        "u2f" => (command::MSG, &[]),
        "iso7816" => (command::APDU, &[]),
        "oath" | "oath_codes" | "oath_access_code" => (command::OATH, &[]),
        "get_info" => (command::CBOR, &[0x04]),
        "make_credential" | "make_credential_request" | "enterprise" => (command::CBOR, &[0x01]),
        "get_assertion" => (command::CBOR, &[0x02]),
        "get_next_assertion" => (command::CBOR, &[0x08]),
        "client_pin" | "pin_retries" | "pin_token" | "key_agreement" => (command::CBOR, &[0x06]),
        "reset" => (command::CBOR, &[0x07]),
        "credential_management" | "credential_walks" | "credential_changes" => (command::CBOR, &[0x0A]),
        "selection" => (command::CBOR, &[0x0B]),
        "large_blobs" => (command::CBOR, &[0x0C]),
        "config" => (command::CBOR, &[0x0D]),
        _ => (command::CBOR, &[0x01, 0x02]),
    };
    carrier == carriers && (codes.is_empty() || code.is_some_and(|code| codes.contains(&code)))
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
    let named: Vec<_> = checks.iter().collect();
    let best = all(
        &named,
        |(name, _)| name,
        |(name, check)| {
            let caught = defects.iter().zip(&matrix).filter(|(_, failed)| {
                let is_narrow = failed.len() <= NARROW || is_first(name);
                is_narrow && failed.contains(*name)
            });
            let mut caught: Vec<_> = caught.collect();
            caught.sort_by_key(|((_, defect), failed)| (failed.len(), !is_of(name, defect), distance(defect)));
            let fails = |defect: &Defect| failure(check, |hand| Broken::new(hand, *defect)).is_some();
            caught
                .into_iter()
                .find(|((_, defect), _)| (0..TRIES).all(|_| fails(defect)))
        },
    );
    for ((name, _), best) in named.iter().zip(best) {
        match best {
            Some(((words, _), failed)) => {
                used.insert(words);
                writeln!(rows, "| `{name}` | {words} | {} |", failed.len()).unwrap();
            }
            None => unproved.push(name),
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

Each line has the key that fails fewest checks. A broken key counts only where it fails NARROW checks at most: one that
fails more is another kind of key, and says nothing of a single check.

These checks are of what other checks begin with, and no narrow defect fails them:

FIRST

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
    let mut wrong: Vec<String> = all(
        &rows,
        |(name, _)| name,
        |(name, words)| {
            let Some(check) = checks.get(name) else {
                return Some(format!("{name}: there is no such check"));
            };
            let Some(defect) = by_words.get(words) else {
                return Some(format!("{name}: there is no such key: {words}"));
            };
            let failure = failure(check, |hand| Broken::new(hand, **defect));
            failure.is_none().then(|| format!("{name}: passes for {words}"))
        },
    )
    .into_iter()
    .flatten()
    .collect();
    let seen: BTreeSet<_> = rows.iter().map(|(name, _)| &name[..]).collect();
    let unseen = checks.keys().filter(|name| !seen.contains(&name[..]));
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
    let failures = all(
        &checks,
        |(name, _)| name,
        |(name, check)| {
            let failure = failure(check, |hand| Broken::new(hand, Defect::NONE));
            failure.map(|words| format!("{name}: {words}"))
        },
    );
    let failures: Vec<_> = failures.into_iter().flatten().collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A false alarm is a mistake of the check's.
#[test]
fn keys_that_differ_within_the_standard_do_not_fail() {
    let checks = checks();
    let wrong = all(
        INNOCENT,
        |(name, ..)| name,
        |(name, defect, expected)| {
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
        },
    );
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
