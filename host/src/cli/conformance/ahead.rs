//! What is ahead of a run, in words.

use brasskey_conformance::plan::Total;

use super::hands::Subject;
use crate::cli::layout::count;
use crate::cli::output::Output;

/// Says what is ahead.
pub(super) fn announce(total: Total, all: usize, subject: &Subject, output: &Output) {
    output.notice(&ahead(total, all, subject.is_person));
}

/// What is ahead, in words: of `all` checks those that can be tried, and what they take of a person.
pub(super) fn ahead(total: Total, all: usize, is_person: bool) -> String {
    let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let checks = match number(all) {
        all if all == number(total.checks) => count(all, "check"),
        all => format!("{} of {} can be tried", total.checks, count(all, "check")),
    };
    let mut takes = Vec::new();
    if is_person {
        match total.touches {
            0 => {}
            1 => takes.push("1 touch".to_owned()),
            number => takes.push(format!("{number} touches")),
        }
        if total.power_cycles > 0 {
            takes.push(format!(
                "{} to unplug the key",
                count(total.power_cycles.into(), "time")
            ));
        }
        match total.minutes() {
            0 => {}
            1 => takes.push("about a minute".to_owned()),
            minutes => takes.push(format!("some {minutes} minutes")),
        }
    }
    match takes.is_empty() {
        true => checks,
        false => format!("{checks}: {}", takes.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ahead_is_told_in_numbers_that_agree() {
        let total = |checks, touches| Total {
            checks,
            touches,
            ..Total::default()
        };
        assert_eq!(ahead(total(20, 0), 20, true), "20 checks");
        assert_eq!(ahead(total(11, 0), 21, true), "11 of 21 checks can be tried");
        assert_eq!(
            ahead(total(11, 2), 21, true),
            "11 of 21 checks can be tried: 2 touches, about a minute"
        );
        assert_eq!(ahead(total(11, 2), 11, false), "11 checks");
    }
}
