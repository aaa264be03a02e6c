//! How a run ends, by itself or by Ctrl-C, and what is on the key then.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use brasskey_conformance::outcome::Report;
use brasskey_conformance::run::Bench;
use brasskey_conformance::trace::{Left, Tape};

use super::hands::Subject;
use crate::cli::interrupt::{interrupt, listen};
use crate::cli::output::Output;

/// Checks run.
const RUNNING: u8 = 0;
/// The check that runs is to end, and no other begins.
const ENDING: u8 = 1;
/// The key is made as new.
const TIDYING: u8 = 2;

/// The command ends at once: only what the key is asked now is still taken back.
const LEAVING: u8 = 3;

/// How long that may take.
const LEAVE: Duration = Duration::from_secs(1);

/// How far the command is.
static STATE: AtomicU8 = AtomicU8::new(RUNNING);

/// Whether the key is asked for nothing any more.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// Whether the check that runs is to end.
pub(super) fn is_stopped() -> bool {
    matches!(STATE.load(Ordering::Acquire), ENDING | LEAVING)
}

/// Whether the command is to end at once.
pub(super) fn is_leaving() -> bool {
    STATE.load(Ordering::Acquire) == LEAVING
}

/// Where the command is to end at once, waits for that: the key has been told that nobody waits for it any more.
fn leave(subject: &Subject) {
    while is_leaving() {
        subject.stop_touching();
        IS_QUIET.store(true, Ordering::Release);
        thread::park_timeout(LEAVE);
    }
}

/// From now on Ctrl-C ends the run, and a second one leaves the key as it is; what is on it is said in any case.
/// `pin` is the one that checks set.
pub(super) fn heed_signals(tape: &Tape, subject: &Subject, pin: &'static str, output: &Output) {
    let (tape, output, is_ephemeral, device) = (tape.clone(), *output, subject.is_ephemeral, subject.label.clone());
    let questions = interrupt();
    listen(move || {
        let before = STATE.compare_exchange(RUNNING, ENDING, Ordering::AcqRel, Ordering::Acquire);
        // Whoever is asked something need not answer any more.
        questions.cancel();
        if before.is_err() {
            STATE.store(LEAVING, Ordering::Release);
            // Who ends a request at the key does so as soon as it sees that.
            let begun = Instant::now();
            while !IS_QUIET.load(Ordering::Acquire) && begun.elapsed() < LEAVE {
                thread::sleep(Duration::from_millis(10));
            }
            if !is_ephemeral {
                output.notice(&words(tape.left(), pin, &device).unwrap_or_else(|| AS_NEW.to_owned()));
            }
            std::process::exit(130);
        }
    });
}

/// Leaves the key as new, or says what is on it. After Ctrl-C nobody is there to touch it, and a key may be gone.
pub(super) fn tidy(
    bench: &Bench,
    report: &Report,
    subject: &Subject,
    is_broken: bool,
    output: &Output,
) -> Option<String> {
    // What was to touch the key for a check that was ended would touch it for the reset.
    subject.stop_touching();
    leave(subject);
    let left = bench.tape().left();
    if left.is_nothing() || subject.is_ephemeral {
        return None;
    }
    let has_begun = report
        .checks
        .iter()
        .any(|check| check.milliseconds > 0 || !check.exchange.is_empty());
    if report.interrupted && !has_begun {
        return Some("no check has begun: nothing is lost, unless the key was reset just now".to_owned());
    }
    if !report.erased {
        return Some(
            "a check that should leave nothing has left something on the key: `brasskey credentials list` shows \
             whether it is a passkey"
                .to_owned(),
        );
    }
    if is_broken || (report.interrupted && subject.is_person) {
        return words(left, bench.pins().first, &subject.label);
    }
    // A second Ctrl-C may have come just now.
    let _ = STATE.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
        (state != LEAVING).then_some(TIDYING)
    });
    leave(subject);

    output.notice("making the key as new");
    let result = bench.freshen();
    leave(subject);
    if let Err(why) = result {
        output.notice(&crate::text::escape(&format!("the key cannot be made as new: {why}")));
    }
    words(bench.tape().left(), bench.pins().first, &subject.label)
}

/// A key that nothing of the checks is on.
const AS_NEW: &str = "no check has left anything on the key";

/// What is on the key, after a run that was ended.
pub(super) fn state(report: &Report) -> String {
    match &report.left {
        Some(left) => left.clone(),
        None if report.erased => "the key is as new, with no PIN".to_owned(),
        None => AS_NEW.to_owned(),
    }
}

/// What checks have left on a key, which the user calls `device`. The PIN of a key that may have one is `pin`.
fn words(left: Left, pin: &str, device: &str) -> Option<String> {
    if left.is_nothing() {
        return None;
    }
    let its_pin = match left.pin {
        true => format!(" and the PIN {pin}, which may be blocked"),
        false => ", and no PIN of the checks".to_owned(),
    };
    Some(format!(
        "the key still has what a check left on it{its_pin}: `brasskey reset --device {}` erases that",
        quoted(device)
    ))
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    match word.contains([' ', '(', ')', '&', ';']) {
        true => format!("'{word}'"),
        false => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_that_stays_is_named() {
        assert_eq!(words(Left::default(), "1234", "x"), None);
        let without = words(Left::UNKNOWN, "1234", "x").unwrap();
        assert!(without.contains("no PIN") && !without.contains("1234"), "{without}");
        let left = Left {
            pin: true,
            ..Left::UNKNOWN
        };
        let words = words(left, "1234", "pcsc:A reader").unwrap();
        assert!(words.contains("--device 'pcsc:A reader'"), "{words}");
        assert!(words.contains("the PIN 1234, which may be blocked"), "{words}");
    }
}
