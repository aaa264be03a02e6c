//! The report as CI systems read it.

use brasskey_conformance::outcome::{Checked, Outcome, Report};
use maud::{Markup, PreEscaped, html};

/// XML 1.0 has no control characters, and no way to escape them.
fn plain(text: &str) -> String {
    let harmless = |c: char| matches!(c, '\n' | '\t') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'));
    text.chars().map(|c| if harmless(c) { c } else { '\u{fffd}' }).collect()
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

/// A new line, for people who look into the file.
fn line(depth: usize) -> Markup {
    PreEscaped(format!("\n{}", "  ".repeat(depth)))
}

fn case(check: &Checked) -> Markup {
    let message = plain(check.message.as_deref().unwrap_or_default());
    html! {
        testcase classname=(check.area) name=(check.name) time=(seconds(check.milliseconds)) {
            @match check.outcome {
                Outcome::Fail => { (line(3)) failure message=(message) { (check.section) } (line(2)) }
                Outcome::NotApplicable | Outcome::NotTried => { (line(3)) skipped message=(message) {} (line(2)) }
                Outcome::Warn => { (line(3)) system-out { (message) } (line(2)) }
                Outcome::Excepted => {
                    (line(3))
                    system-out { "excepted: " (plain(check.exception.as_deref().unwrap_or_default())) "; " (message) }
                    (line(2))
                }
                Outcome::Pass => {}
            }
        }
    }
}

pub(super) fn report(report: &Report) -> String {
    let page = html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
        testsuites name=(plain(&report.key.device)) time=(seconds(report.milliseconds)) {
            @for area in report.areas() {
                @let checks: Vec<_> = report.checks.iter().filter(|check| check.area == area).collect();
                @let of = |outcome| checks.iter().filter(|check| check.outcome == outcome).count();
                (line(1)) testsuite name=(area) tests=(checks.len()) failures=(of(Outcome::Fail))
                    skipped=(of(Outcome::NotApplicable) + of(Outcome::NotTried)) timestamp=[report.begun.as_deref()] {
                    @for check in &checks { (line(2)) (case(check)) }
                    (line(1))
                }
            }
            (line(0))
        }
        (line(0))
    };
    page.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_breaks_the_xml() {
        assert_eq!(plain("a\u{1b}[2J\nb\0\u{ffff}"), "a\u{fffd}[2J\nb\u{fffd}\u{fffd}");
    }
}
