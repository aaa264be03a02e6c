//! A histogram of times, as bars of text.

use std::io::{self, Write};
use std::time::Duration;

use super::super::latency::{Latency, time};

/// Bars for the usual times; one more shows what is slower.
const BARS: u32 = 8;
/// The length of the longest bar, in characters.
const LENGTH: usize = 24;

/// One bar: times up to and including `to` that no bar before has.
#[derive(Debug, PartialEq, Eq)]
struct Bar {
    to: Duration,
    times: usize,
}

/// Draws the histogram of `latency`.
pub(super) fn show(latency: &Latency, to: &mut dyn Write) -> io::Result<()> {
    let bars = bars(latency);
    let most = bars.iter().map(|bar| bar.times).max().unwrap_or(0).max(1);
    for Bar { to: upper, times } in bars {
        // Even a single time has a bar.
        let length = (times * LENGTH).div_ceil(most);
        writeln!(
            to,
            "  up to {:>7}  {:LENGTH$}  {times}",
            time(upper),
            "█".repeat(length)
        )?;
    }
    Ok(())
}

/// Equal steps over the usual times, so that a few slow answers do not squeeze all others into one bar. Usual is what
/// lies within Tukey's fence: the third quartile and one and a half times its distance from the first.
fn bars(latency: &Latency) -> Vec<Bar> {
    let (min, max) = (latency.min(), latency.max());
    let (first, third) = (latency.percentile(25), latency.percentile(75));
    let fence = third + (third - first) * 3 / 2;
    let within = latency.sorted().partition_point(|time| *time <= fence);
    let usual = latency
        .sorted()
        .get(..within)
        .and_then(<[_]>::last)
        .copied()
        .unwrap_or(max);
    let step = (usual - min) / BARS;
    let mut limits: Vec<_> = match step.is_zero() {
        true => Vec::new(),
        false => (1..BARS).map(|bar| min + step * bar).collect(),
    };
    limits.extend([usual, max]);
    limits.dedup();
    let mut counted = 0;
    let bars = limits.into_iter().map(|to| {
        let up_to = latency.sorted().partition_point(|time| *time <= to);
        let times = up_to - counted;
        counted = up_to;
        Bar { to, times }
    });
    bars.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latency(milliseconds: impl IntoIterator<Item = u64>) -> Latency {
        milliseconds
            .into_iter()
            .map(Duration::from_millis)
            .collect::<Vec<_>>()
            .into()
    }

    #[test]
    fn every_time_is_in_one_bar() {
        for times in [
            latency([5]),
            latency([5; 10]),
            latency(1..=1000),
            latency([1, 1, 1, 1000]),
            latency([]),
        ] {
            let bars = bars(&times);
            assert_eq!(bars.iter().map(|bar| bar.times).sum::<usize>(), times.sorted().len());
            assert!(bars.windows(2).all(|pair| pair[0].to < pair[1].to));
        }
    }

    #[test]
    fn one_slow_answer_leaves_the_others_apart() {
        let times = latency((1..=99).chain([10_000]));
        let bars = bars(&times);
        assert_eq!(bars.len(), 9);
        let slow = Bar {
            to: Duration::from_secs(10),
            times: 1,
        };
        assert_eq!(bars.last(), Some(&slow));
        assert!(bars[..8].iter().all(|bar| (12..=13).contains(&bar.times)), "{bars:?}");
    }

    #[test]
    fn bars_are_drawn_to_scale() {
        let mut text = Vec::new();
        show(&latency([10, 10, 14, 18]), &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let lengths: Vec<_> = text.lines().map(|line| line.matches('█').count()).collect();
        assert_eq!(lengths, [24, 0, 0, 12, 0, 0, 0, 12]);
        assert!(text.starts_with("  up to  11.0ms  █"), "{text}");
        assert!(text.ends_with("  1\n"), "{text}");
    }
}
