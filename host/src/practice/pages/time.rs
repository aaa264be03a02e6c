//! Moments, as pages show them.

use maud::{Markup, html};
use time::OffsetDateTime;

/// `2026-11-29 02:04:10 UTC`, which programs can read, too.
pub(super) fn moment(time: OffsetDateTime) -> Markup {
    let (hour, minute, second) = time.to_hms();
    let (date, clock) = (time.date(), format!("{hour:02}:{minute:02}:{second:02}"));
    html! { time datetime={ (date) "T" (clock) "Z" } { (date) " " (clock) " UTC" } }
}

/// The same of seconds since 1970; nothing for what is no moment.
pub(super) fn seconds(seconds: Option<i64>) -> Markup {
    let time = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    html! { @if let Some(time) = time { (moment(time)) } @else { span .dim { "never" } } }
}
