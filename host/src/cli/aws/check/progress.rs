//! How far a check is, where somebody looks on.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::output::Output;

/// What is done sooner needs no bar.
const SOON: Duration = Duration::from_secs(1);
/// How often a bar is drawn while nothing happens, so that it is there from the start.
const TICK: Duration = Duration::from_millis(200);

/// A bar on a terminal; nothing elsewhere.
pub(super) fn bar(length: usize, what: &'static str, output: &Output) -> ProgressBar {
    if !output.is_interactive() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}");
    // A template that cannot be read gives the library's own style.
    let bar = ProgressBar::new(length as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        .with_message(what);
    bar.enable_steady_tick(TICK);
    bar
}

/// A bar for what is mostly done at once.
pub(super) struct Late<'a> {
    length: usize,
    what: &'static str,
    output: &'a Output,
    begun: Instant,
    bar: Option<ProgressBar>,
}

impl<'a> Late<'a> {
    pub(super) fn new(length: usize, what: &'static str, output: &'a Output) -> Self {
        Self {
            length,
            what,
            output,
            begun: Instant::now(),
            bar: None,
        }
    }

    /// So many are done at `now`.
    pub(super) fn reach(&mut self, done: usize, now: Instant) {
        if self.bar.is_none() && now.duration_since(self.begun) > SOON {
            self.bar = Some(bar(self.length, self.what, self.output));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
        }
    }
}

impl Drop for Late<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_bar_comes_after_a_second() {
        let output = Output::new(false);
        let mut late = Late::new(10, "files", &output);
        let begun = late.begun;
        late.reach(1, begun + SOON);
        assert!(late.bar.is_none());
        late.reach(7, begun + 2 * SOON);
        let bar = late.bar.as_ref().unwrap();
        assert_eq!(bar.position(), 7);
    }
}
