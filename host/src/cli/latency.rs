//! Times of something that was repeated.

use std::time::Duration;

use serde::Serialize;

/// Times in the order in which they were measured, and sorted. In JSON they are whole nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(into = "Nanoseconds")]
pub(super) struct Latency {
    samples: Vec<Duration>,
    sorted: Vec<Duration>,
}

impl Latency {
    pub(super) fn min(&self) -> Duration {
        self.percentile(0)
    }

    pub(super) fn median(&self) -> Duration {
        self.percentile(50)
    }

    pub(super) fn p95(&self) -> Duration {
        self.percentile(95)
    }

    pub(super) fn max(&self) -> Duration {
        self.percentile(100)
    }

    /// The times from the shortest to the longest.
    pub(super) fn sorted(&self) -> &[Duration] {
        &self.sorted
    }

    /// The shortest time that `percent` of all times do not exceed: the nearest rank, always one that was measured.
    /// Zero where there are no times.
    pub(super) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.sorted.len() * percent).div_ceil(100);
        self.sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

impl From<Vec<Duration>> for Latency {
    fn from(samples: Vec<Duration>) -> Self {
        let mut sorted = samples.clone();
        sorted.sort_unstable();
        Self { samples, sorted }
    }
}

/// What JSON has of them, in nanoseconds.
#[derive(Serialize)]
struct Nanoseconds {
    min: u64,
    median: u64,
    p95: u64,
    max: u64,
    samples: Vec<u64>,
}

impl From<Latency> for Nanoseconds {
    fn from(latency: Latency) -> Self {
        // 2^64 ns are 584 years.
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Self {
            min: nanoseconds(latency.min()),
            median: nanoseconds(latency.median()),
            p95: nanoseconds(latency.p95()),
            max: nanoseconds(latency.max()),
            samples: latency.samples.into_iter().map(nanoseconds).collect(),
        }
    }
}

/// A time for people, with three or four digits that count.
pub(super) fn time(time: Duration) -> String {
    let digits = match time.as_nanos().checked_ilog10().unwrap_or(0) % 3 {
        0 => 2,
        1 => 1,
        _ => 0,
    };
    format!("{time:.digits$?}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn latency(milliseconds: impl IntoIterator<Item = u64>) -> Latency {
        milliseconds
            .into_iter()
            .map(Duration::from_millis)
            .collect::<Vec<_>>()
            .into()
    }

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let hundred = latency((1..=100).rev());
        let milliseconds = [hundred.min(), hundred.median(), hundred.p95(), hundred.max()].map(|time| time.as_millis());
        assert_eq!(milliseconds, [1, 50, 95, 100]);
        let three = latency([30, 10, 20]);
        let milliseconds = [three.min(), three.median(), three.p95(), three.max()].map(|time| time.as_millis());
        assert_eq!(milliseconds, [10, 20, 30, 30]);
        assert_eq!(latency([7]).median(), latency([7]).p95());
        assert_eq!(Latency::default().median(), Duration::ZERO);
    }

    #[test]
    fn json_has_nanoseconds_and_the_order_of_measuring() {
        assert_eq!(
            json!(latency([3, 1])),
            json!({
                "min": 1_000_000,
                "median": 1_000_000,
                "p95": 3_000_000,
                "max": 3_000_000,
                "samples": [3_000_000, 1_000_000],
            })
        );
    }

    #[test]
    fn times_have_the_digits_that_count() {
        for (nanoseconds, text) in [
            (0, "0.00ns"),
            (1_234, "1.23µs"),
            (12_345, "12.3µs"),
            (123_456, "123µs"),
            (1_234_567, "1.23ms"),
            (34_567_890, "34.6ms"),
            (2_345_678_901, "2.35s"),
        ] {
            assert_eq!(time(Duration::from_nanos(nanoseconds)), text);
        }
    }
}
