//! The continuous health tests of a noise source (NIST SP 800-90B §4.4), and the start-up test that uses them (§4.3).

use core::fmt;

/// How many samples, of one bit each, are assumed to hold one bit of min-entropy: SP 800-90B's H is 1/8. No ring
/// oscillator was measured for this; the number is a cautious one.
pub const SAMPLES_PER_BIT: usize = 8;

/// This many equal samples in a row are a failure: 1 + ⌈30 / H⌉, for a false alarm in 2³⁰ samples (§4.4.1).
const REPETITIONS: u16 = 241;

/// The window of the adaptive proportion test for binary samples (§4.4.2).
const WINDOW: u16 = 1024;

/// This many samples of a window that equal its first one are a failure: 1 + critbinom(1024, 2^-H, 1 − 2⁻³⁰) (§4.4.2).
const PROPORTION: u16 = 988;

/// Samples of the start-up test. §4.3 requires at least 1024.
pub const START_UP_SAMPLES: usize = 4096;

/// The noise source failed a health test. Do not use anything that it gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unhealthy;

impl fmt::Display for Unhealthy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the noise source failed a health test")
    }
}

impl core::error::Error for Unhealthy {}

/// The two tests. They look at every sample.
#[derive(Debug)]
pub struct Health {
    /// The repetition count test: the sample that repeats, and how often it came.
    repeated: Option<bool>,
    repetitions: u16,
    /// The adaptive proportion test: the window's first sample, how often it came, and how many samples the window has.
    first: bool,
    equal: u16,
    seen: u16,
}

impl Health {
    /// Tests that have not seen a sample.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            repeated: None,
            repetitions: 0,
            first: false,
            equal: 0,
            seen: 0,
        }
    }

    /// Tests one more sample.
    ///
    /// # Errors
    /// [`Unhealthy`] if a test fails.
    pub fn admit(&mut self, sample: bool) -> Result<(), Unhealthy> {
        if self.repeated == Some(sample) {
            self.repetitions += 1;
            if self.repetitions >= REPETITIONS {
                self.repetitions = REPETITIONS - 1;
                return Err(Unhealthy);
            }
        } else {
            self.repeated = Some(sample);
            self.repetitions = 1;
        }

        if self.seen == 0 {
            self.first = sample;
            self.equal = 0;
        }
        self.seen = (self.seen + 1) % WINDOW;
        self.equal += u16::from(sample == self.first);
        if self.equal >= PROPORTION {
            return Err(Unhealthy);
        }
        Ok(())
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn admit_all(samples: impl IntoIterator<Item = bool>) -> Result<(), Unhealthy> {
        let mut health = Health::new();
        samples.into_iter().try_for_each(|sample| health.admit(sample))
    }

    /// ln(n!)
    fn ln_factorial(n: u16) -> f64 {
        (1..=n).map(|k| f64::from(k).ln()).sum()
    }

    #[test]
    fn the_cutoffs_are_those_of_the_standard() {
        let h = 1.0 / SAMPLES_PER_BIT as f64;
        assert_eq!(f64::from(REPETITIONS), 1.0 + (30.0 / h).ceil());

        // critbinom: the smallest k for which the chance of more than k is at most 2^-30.
        let p = 2_f64.powf(-h);
        let chance = |k: u16| {
            let ways = ln_factorial(WINDOW) - ln_factorial(k) - ln_factorial(WINDOW - k);
            (ways + f64::from(k) * p.ln() + f64::from(WINDOW - k) * (1.0 - p).ln()).exp()
        };
        let mut tail = 0.0;
        let critical = (0..=WINDOW).rev().find(|k| {
            tail += chance(*k);
            tail > 2_f64.powi(-30)
        });
        assert_eq!(PROPORTION, 1 + critical.unwrap());
    }

    #[test]
    fn a_source_that_sticks_is_found_at_once_and_again() {
        for stuck in [false, true] {
            let mut health = Health::new();
            for _ in 1..REPETITIONS {
                assert_eq!(health.admit(stuck), Ok(()));
            }
            assert_eq!(health.admit(stuck), Err(Unhealthy));
            assert_eq!(health.admit(stuck), Err(Unhealthy));
        }
    }

    #[test]
    fn a_source_that_leans_too_far_is_found_within_a_window() {
        // 31 of 32 are equal.
        let leaning = (0..usize::from(WINDOW)).map(|index| index % 32 != 31);
        assert_eq!(admit_all(leaning), Err(Unhealthy));
    }

    #[test]
    fn a_source_that_leans_as_far_as_it_may_is_not_found() {
        // 11 of 12 are equal: 2^-1/8 is 0.917.
        let leaning = (0..100 * usize::from(WINDOW)).map(|index| index % 12 != 11);
        assert_eq!(admit_all(leaning), Ok(()));
    }

    proptest! {
        #[test]
        fn fair_coins_pass(samples in prop::collection::vec(any::<bool>(), 5_000)) {
            prop_assert_eq!(admit_all(samples), Ok(()));
        }
    }
}
