//! How a run ends, by itself or by Ctrl-C, and what is on the key then.

use std::sync::atomic::{AtomicU8, Ordering};

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

/// How far the command is.
static STATE: AtomicU8 = AtomicU8::new(RUNNING);

/// Whether the check that runs is to end.
pub(super) fn is_stopped() -> bool {
    STATE.load(Ordering::Acquire) == ENDING
}

/// From now on Ctrl-C ends the run, and a second one leaves the key as it is; what is on it is said in any case.
/// `pin` is the one that checks set.
pub(super) fn heed_signals(tape: &Tape, subject: &Subject, pin: &'static str, output: &Output) {
    let (tape, output, is_ephemeral) = (tape.clone(), *output, subject.is_ephemeral);
    let questions = interrupt();
    listen(move || {
        let before = STATE.compare_exchange(RUNNING, ENDING, Ordering::AcqRel, Ordering::Acquire);
        // Whoever is asked something need not answer any more.
        questions.cancel();
        if before.is_err() {
            if !is_ephemeral && let Some(words) = words(tape.left(), pin) {
                output.notice(&words);
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
    is_gone: bool,
    output: &Output,
) -> Option<String> {
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
    STATE.store(TIDYING, Ordering::Release);
    if !(is_gone || report.interrupted && subject.is_person) {
        output.notice("making the key as new");
        match bench.freshen() {
            Ok(()) => return None,
            Err(why) => output.notice(&crate::text::escape(&format!("the key cannot be made as new: {why}"))),
        }
    }
    words(bench.tape().left(), bench.pins().first)
}

/// What checks have left on a key. The PIN of a key that may have one is `pin`.
fn words(left: Left, pin: &str) -> Option<String> {
    if left.is_nothing() {
        return None;
    }
    let its_pin = match left.pin {
        true => format!(" and the PIN {pin}, which may be blocked"),
        false => String::new(),
    };
    Some(format!(
        "the key still has what a check left on it{its_pin}: `brasskey reset` erases that"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_that_stays_is_named() {
        assert_eq!(words(Left::default(), "1234"), None);
        assert!(!words(Left::UNKNOWN, "1234").unwrap().contains("PIN"));
        let left = Left {
            pin: true,
            ..Left::UNKNOWN
        };
        let words = words(left, "1234").unwrap();
        assert!(words.contains("the PIN 1234, which may be blocked"), "{words}");
    }
}
