//! What the light shows.

use brasskey_protocol::platform::Indication;

/// How long a wink lasts, in milliseconds.
const WINK: u64 = 1_000;

/// The light's state. The tick asks it again and again whether to be lit.
#[derive(Debug)]
pub struct Light {
    indication: Indication,
    /// When `indication` began.
    since: u64,
    wink_ends: u64,
    broken: bool,
}

impl Light {
    /// A dark light.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            indication: Indication::Idle,
            since: 0,
            wink_ends: 0,
            broken: false,
        }
    }

    /// Shows `indication` from now on, or a wink for a moment.
    pub fn show(&mut self, indication: Indication, now: u64) {
        match indication {
            Indication::Wink => self.wink_ends = now.saturating_add(WINK),
            lasting => (self.indication, self.since) = (lasting, now),
        }
    }

    /// Shows from now on that the key is broken.
    pub fn show_broken(&mut self) {
        self.broken = true;
    }

    /// Whether the light is lit now. It is dark while the key is idle and steady while a command runs. It blinks twice
    /// a second while the key waits for a touch, flickers for a wink, and flashes three times every two seconds if the
    /// key is broken.
    ///
    /// `awaited` says that a U2F request waits for a touch. Between the host's polls no command runs.
    #[must_use]
    pub fn is_lit(&self, awaited: bool, now: u64) -> bool {
        if self.broken {
            let phase = now % 2_000;
            return phase < 600 && phase % 200 < 100;
        }
        if now < self.wink_ends {
            return now % 100 < 50;
        }
        match self.indication {
            Indication::WaitingForTouch => now.saturating_sub(self.since) % 500 < 250,
            _ if awaited => now % 500 < 250,
            Indication::Processing => true,
            Indication::Idle | Indication::Wink => false,
        }
    }
}

impl Default for Light {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// The lengths of the light's dark and lit spans from `from` on, beginning with a dark one.
    fn spans(light: &Light, awaited: bool, from: u64, to: u64) -> Vec<usize> {
        let samples: Vec<bool> = (from..to).map(|now| light.is_lit(awaited, now)).collect();
        let mut spans = std::vec![];
        if samples[0] {
            spans.push(0);
        }
        spans.extend(samples.chunk_by(|a, b| a == b).map(<[bool]>::len));
        spans
    }

    #[test]
    fn it_is_dark_while_idle_and_steady_while_a_command_runs() {
        let mut light = Light::new();
        assert_eq!(spans(&light, false, 0, 5_000), [5_000]);
        light.show(Indication::Processing, 0);
        assert_eq!(spans(&light, false, 0, 5_000), [0, 5_000]);
    }

    #[test]
    fn it_blinks_while_a_touch_is_awaited() {
        let mut light = Light::new();
        let blinks = [0, 250, 250, 250, 250];
        assert_eq!(spans(&light, true, 0, 1_000), blinks);
        // It begins when the key begins to wait, and not in the middle of a blink.
        light.show(Indication::WaitingForTouch, 170);
        assert_eq!(spans(&light, false, 170, 1_170), blinks);
    }

    #[test]
    fn a_wink_flickers_for_a_moment_and_ends_by_itself() {
        let mut light = Light::new();
        light.show(Indication::Processing, 0);
        light.show(Indication::Wink, 1_000);
        assert_eq!(spans(&light, false, 1_000, 2_000).len(), 21);
        assert_eq!(spans(&light, false, 2_000, 4_000), [0, 2_000]);
    }

    #[test]
    fn a_broken_key_shows_nothing_else() {
        let mut light = Light::new();
        light.show_broken();
        light.show(Indication::WaitingForTouch, 0);
        light.show(Indication::Wink, 0);
        assert_eq!(spans(&light, true, 0, 2_000), [0, 100, 100, 100, 100, 100, 1_500]);
    }
}
