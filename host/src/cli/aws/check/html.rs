//! What an audit says, as a page: one file without script, which asks nothing of any server.

use std::path::Path;

use brasskey_aws::audit::{Audit, Outcome};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::show::{Group, OUTCOMES, grouped, groups, heading, severity, totals, whom};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::private;
use crate::text::escape;

/// How many users a finding names: a page can be searched, and must still open.
const NAMED: usize = 1000;

/// Nothing is loaded, and no script runs, even if a text should get past the escaping.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Writes the page. It says who has no MFA, so that only its owner may read it.
pub(super) fn write(file: &Path, audit: &Audit) -> Result<(), Failure> {
    let page = page(audit).into_string();
    private::replace(file, page.as_bytes()).map_err(|source| Failure::System {
        what: format!("cannot write {}", file.display()),
        source,
    })
}

/// Prints the page, in place of what people read on a terminal.
pub(super) fn print(audit: &Audit, output: &Output) -> Result<(), Failure> {
    output.verbatim(audit, |to| to.write_all(page(audit).into_string().as_bytes()))
}

fn page(audit: &Audit) -> Markup {
    let date = audit.judged.date();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(CONTENT_SECURITY_POLICY);
                meta name="color-scheme" content="light dark";
                title { "MFA check of " (heading(audit)) }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body {
                header {
                    p.kicker { "MFA check" }
                    h1 { (heading(audit)) }
                    p { "Judged on " time datetime=(date.to_string()) { (date) } " by brasskey." }
                    (tiles(audit))
                }
                main {
                    @for (outcome, title) in OUTCOMES {
                        (section(audit, outcome, title))
                    }
                    (table(audit))
                }
                footer {
                    p { "Read: " (audit.files.iter().map(|file| escape(file)).collect::<Vec<_>>().join(", ")) "." }
                    p { (totals(audit)) ". This page names users: keep it as you keep the account's other papers." }
                }
            }
        }
    }
}

/// The four numbers.
fn tiles(audit: &Audit) -> Markup {
    let tiles = [
        ("failed", audit.failed, "failed"),
        ("warned", audit.warned, "warnings"),
        ("open", audit.cannot_tell, "cannot be told"),
        ("passed", audit.passed, "passed"),
    ];
    html! {
        ul.tiles {
            @for (class, number, name) in tiles {
                li class=(class) { b { (grouped(number)) } " " (name) }
            }
        }
    }
}

fn section(audit: &Audit, outcome: Outcome, title: &str) -> Markup {
    let class = class(outcome);
    let mut groups = groups(audit, outcome).peekable();
    if groups.peek().is_none() {
        return html! {};
    }
    html! {
        section class=(class) {
            h2 { (title) }
            @for group in groups { (finding(&group)) }
        }
    }
}

fn finding(group: &Group<'_>) -> Markup {
    let first = group.first;
    html! {
        article {
            h3 {
                (first.check.title()) " "
                span.badge { (severity(first.severity)) } " "
                code { (first.check.name()) }
            }
            p.detail { (prose(&first.detail)) }
            p.whom { (whom(group, NAMED, "`brasskey aws check --json` lists all")) }
            @if !first.evidence.is_empty() {
                p.evidence {
                    @if group.all.len() > 1 { "For example " }
                    @for (index, evidence) in first.evidence.iter().enumerate() {
                        @if index > 0 { "; " }
                        (escape(&evidence.file)) ": " (escape(&evidence.says))
                    }
                }
            }
            p { b { "To do: " } (prose(&group.remedy())) }
        }
    }
}

/// Text with commands between backticks.
fn prose(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 0 { (escape(part)) } @else { code { (escape(part)) } }
        }
    }
}

/// What came out of each check.
fn table(audit: &Audit) -> Markup {
    html! {
        section {
            h2 { "All checks" }
            div.scroll {
                table {
                    thead {
                        tr {
                            th scope="col" { "Check" }
                            @for name in ["Failed", "Warnings", "Cannot be \
                             told", "Passed"] { th scope="col" { (name) } }
                        }
                    }
                    tbody {
                        @for tally in &audit.checks {
                            tr {
                                th scope="row" { (tally.check.title()) }
                                @for number in [tally.failed, tally.warned, tally.cannot_tell, tally.passed] {
                                    td { (grouped(number)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Failed => "failed",
        Outcome::Warned => "warned",
        Outcome::CannotTell => "open",
        Outcome::Passed => "passed",
    }
}

#[cfg(test)]
mod tests {
    use super::super::show::tests::account;
    use super::*;

    #[test]
    fn a_page_loads_nothing_and_escapes_what_it_shows() {
        let page = page(&account(3)).into_string();
        assert!(
            page.contains("user-0002") && page.contains("default-src 'none'"),
            "{page}"
        );
        for never in [
            "<script",
            "<b>report",
            "http://",
            "https://",
            "<link",
            "<img",
            "@import",
            "url(",
        ] {
            assert!(!page.contains(never), "{never}");
        }
        assert!(page.contains("\\u{3c}b\\u{3e}report.csv"), "{page}");
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_a_page() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("page.html");
        write(&file, &account(1)).unwrap();
        // Again, over the first.
        write(&file, &account(0)).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let page = std::fs::read_to_string(&file).unwrap();
        assert!(page.ends_with("</html>") && !page.contains("user-0000"), "{page}");
    }
}
