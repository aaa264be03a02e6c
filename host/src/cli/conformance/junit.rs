//! The report as CI systems read it.

use brasskey_conformance::outcome::{Outcome, Report};
use maud::{PreEscaped, html};

/// XML 1.0 has no control characters, and no way to escape them.
fn plain(text: &str) -> String {
    let harmless = |c: char| matches!(c, '\n' | '\t') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'));
    text.chars().map(|c| if harmless(c) { c } else { '\u{fffd}' }).collect()
}

pub(super) fn report(report: &Report) -> String {
    let seconds = |milliseconds: u64| format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
    let page = html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
        testsuites name=(plain(&report.key.device)) {
            @for area in report.areas() {
                @let checks: Vec<_> = report.checks.iter().filter(|check| check.area == area).collect();
                @let of = |outcome| checks.iter().filter(|check| check.outcome == outcome).count();
                testsuite name=(area) tests=(checks.len()) failures=(of(Outcome::Fail))
                    skipped=(of(Outcome::NotApplicable) + of(Outcome::NotTried)) {
                    @for check in &checks {
                        @let message = plain(check.message.as_deref().unwrap_or_default());
                        testcase classname=(area) name=(check.name) time=(seconds(check.milliseconds)) {
                            @match check.outcome {
                                Outcome::Fail => { failure message=(message) { (check.section) } }
                                Outcome::NotApplicable | Outcome::NotTried => { skipped message=(message) {} }
                                Outcome::Warn | Outcome::Excepted => {
                                    system-out { (message) " " (plain(check.exception.as_deref().unwrap_or_default())) }
                                }
                                Outcome::Pass => {}
                            }
                        }
                    }
                }
            }
        }
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
