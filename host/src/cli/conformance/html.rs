//! The report as a page: one file without a script.

use brasskey_conformance::outcome::{Checked, Outcome, Report};
use brasskey_conformance::suites::Level;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::show::unknown;
use crate::text::disarm;

const STYLE: &str = "
:root { color-scheme: light dark; --bg: #fff; --fg: #1b1f24; --dim: #59636e; --line: #d1d9e0; --soft: #f4f6f8;
  --pass: #1a7f37; --fail: #b31d28; --warn: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --bg: #14171a; --fg: #e6e9ec; --dim: #9aa4ae; --line: #363c43;
  --soft: #1e2227; --pass: #56c271; --fail: #ff7b72; --warn: #e3b341; } }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem; background: var(--bg); color: var(--fg);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p, dl { margin: .4rem 0; } .dim { color: var(--dim); }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
.checks th:nth-child(2) { width: 7.5rem; } .checks th:nth-child(3) { width: 27%; }
.areas th:first-child { width: 17rem; } .key th { width: 8rem; } .wire th:nth-child(1) { width: 3rem; }
.wire th:nth-child(2) { width: 2.5rem; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.pass { color: var(--pass); } .fail { color: var(--fail); } .warn, .excepted { color: var(--warn); }
.notApplicable, .notTried { color: var(--dim); }
.outcome { font-weight: 600; white-space: nowrap; } time { white-space: nowrap; }
code, pre { font: .85em/1.45 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
article { border: 1px solid var(--line); border-radius: 6px; padding: .6rem 1rem; margin: .8rem 0; }
article pre { background: var(--soft); padding: .6rem; border-radius: 4px; margin: .4rem 0; }
@media (max-width: 40rem) { body { padding: 1rem; font-size: 14px; } th, td { padding-right: .4rem; }
  article { padding: .6rem; } .areas th:first-child { width: 11rem; } .key th { width: 6rem; }
  .checks th:nth-child(2) { width: 6.5rem; } }
@media print { body { max-width: none; padding: 0; font-size: 11px; } article, tr { break-inside: avoid; }
  article.long { break-inside: auto; } }
";

/// The word of an outcome as the style calls it.
fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Fail => "fail",
        Outcome::Warn => "warn",
        Outcome::Excepted => "excepted",
        Outcome::NotApplicable => "notApplicable",
        Outcome::NotTried => "notTried",
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
    }
}

pub(super) fn page(report: &Report) -> String {
    let unfit = |check: &&Checked| matches!(check.outcome, Outcome::Fail | Outcome::Warn | Outcome::Excepted);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Conformance of " (report.key.device) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Conformance of " (report.key.device) }
                (run(report))
                @if report.interrupted { p.fail { "The run was ended early." } }
                @if let Some(left) = &report.left { p.fail { (disarm(left)) } }
                p { (counts(report.checks.iter())) }
                @if report.checks.iter().any(|check| unfit(&check)) {
                    h2 { "What the key does otherwise" }
                    @for outcome in [Outcome::Fail, Outcome::Warn, Outcome::Excepted] {
                        @for check in report.checks.iter().filter(|check| check.outcome == outcome) { (failure(check)) }
                    }
                }
                @if !report.stale_exceptions.is_empty() {
                    h2 { "Exceptions that fit no failure" }
                    ul { @for name in &report.stale_exceptions { li { (disarm(name)) } } }
                }
                @if !report.unknown_exceptions.is_empty() {
                    h2 { "Exceptions that name no check" }
                    ul { @for name in &report.unknown_exceptions { li { (disarm(&unknown(name))) } } }
                }
                (key(report))
                (areas(report))
                h2 { "Every check" }
                table.checks {
                    tr { th { "check" } th { "outcome" } th { "section" } }
                    @for check in &report.checks {
                        tr {
                            td {
                                (by_words(&check.name))
                                @if let (false, Some(why)) = (unfit(&check), &check.message) {
                                    div.dim { (disarm(why)) }
                                }
                            }
                            td class=(class(check.outcome)) { span.outcome { (check.outcome.words()) } }
                            td { (check.section) " " span.dim { (level(check.level)) } }
                        }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// A name that breaks between its words.
fn by_words(name: &str) -> Markup {
    html! { @for word in name.split_inclusive(['_', ':']) { (word) wbr; } }
}

/// How the report came about.
fn run(report: &Report) -> Markup {
    let seconds = report.milliseconds.div_ceil(1000);
    html! {
        p.dim {
            "brasskey " (report.tool) ", " @if report.erased { "every check" } @else { "safe checks only" }
            @if let Some(begun) = &report.begun { ", " time { (disarm(begun)) } }
            @if seconds > 0 {
                ", " @if seconds >= 60 { (seconds / 60) " min " } (seconds % 60) " s"
            }
            @if !report.options.is_empty() { br; "run with " code { (disarm(&report.options.join(" "))) } }
        }
    }
}

/// What came of some checks, without what did not happen.
fn counts<'a>(checks: impl Iterator<Item = &'a Checked> + Clone) -> Markup {
    let count = |outcome| checks.clone().filter(|check| check.outcome == outcome).count();
    let counted = Outcome::ALL.into_iter().map(|outcome| (outcome, count(outcome)));
    let there: Vec<_> = counted.filter(|(_, count)| *count > 0).collect();
    html! {
        @for (place, (outcome, count)) in there.iter().enumerate() {
            @if place > 0 { ", " }
            span class={ "outcome " (class(*outcome)) } { (count) " " (outcome.words()) }
        }
    }
}

fn areas(report: &Report) -> Markup {
    html! {
        h2 { "Areas" }
        table.areas {
            tr { th { "area" } th { "checks" } }
            @for area in report.areas() {
                tr {
                    td { (by_words(area)) }
                    td { (counts(report.checks.iter().filter(|check| check.area == area))) }
                }
            }
        }
    }
}

fn key(report: &Report) -> Markup {
    let key = &report.key;
    html! {
        h2 { "The key" }
        table.key {
            tr { th { "device" } td { (key.device) } }
            tr { th { "versions" } td { (disarm(&key.versions.join(", "))) } }
            tr { th { "extensions" } td { (disarm(&key.extensions.join(", "))) } }
            tr { th { "AAGUID" } td { code { (key.aaguid.as_deref().unwrap_or("none")) } } }
            tr {
                th { "options" }
                td {
                    @for (name, value) in &key.options {
                        (disarm(name)) " " span.dim { @if *value { "yes" } @else { "no" } } " "
                    }
                }
            }
            @if let Some(decoded) = &key.get_info_decoded {
                tr { th { "getInfo" } td { code { (disarm(decoded)) } } }
            }
        }
    }
}

fn failure(check: &Checked) -> Markup {
    html! {
        article class=(if check.exchange.len() > 8 { "long" } else { "" }) {
            p {
                span class={ "outcome " (class(check.outcome)) } { (check.outcome.words()) }
                " " b { (by_words(&check.name)) } " " span.dim { (check.section) ", " (level(check.level)) }
            }
            @if let Some(reason) = &check.exception { p { b { "Excepted: " } (disarm(reason)) } }
            @for line in check.message.iter().flat_map(|message| message.lines()) { p { (disarm(line)) } }
            @if !check.exchange.is_empty() {
                table.wire {
                    tr { th { "ms" } th { "who" } th { "channel, command, bytes" } }
                    @for message in &check.exchange {
                        tr {
                            td.dim { (message.at) }
                            td { @if message.from_key { "key" } @else { "host" } }
                            td {
                                code { (format!("{:08x} {:02x} ", message.channel, message.command)) (message.payload) }
                                @if let Some(decoded) = &message.decoded { div { code.dim { (disarm(decoded)) } } }
                            }
                        }
                    }
                }
            }
        }
    }
}
