//! What each check takes: numbers that were recorded on a key that passes, in `costs.csv`.
//!
//! `RECORD_COSTS=1 cargo test -p brasskey-tests --test costs` writes them anew.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::trace::Spent;

/// The column heads of the table.
pub const HEAD: &str = "check,touches,asks,power_cycles,resets,waited_ms,changes,used";

/// What a check takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// How often the key is touched.
    pub touches: u32,
    /// How often the key has to wait for its user, also where nobody touches it.
    pub asks: u32,
    /// How often it is unplugged and plugged in again.
    pub power_cycles: u32,
    /// How often it is reset.
    pub resets: u32,
    /// Milliseconds that the check only waits.
    pub waited: u64,
    /// Whether it keeps something on the key, tries a PIN or resets.
    pub changes: bool,
    /// Whether it also passes on a key that somebody uses: with a PIN, and a passkey for the website of the checks.
    pub used: bool,
}

impl From<Spent> for Cost {
    fn from(spent: Spent) -> Self {
        Self {
            touches: spent.touches,
            asks: spent.asks,
            power_cycles: spent.power_cycles,
            resets: spent.resets,
            waited: spent.waited,
            changes: spent.touched.0 || spent.resets > 0,
            used: false,
        }
    }
}

impl Cost {
    /// Whether a key with its owner's accounts takes no harm.
    #[must_use]
    pub fn is_safe(self) -> bool {
        !self.changes && self.power_cycles == 0
    }

    /// A line of the table.
    #[must_use]
    pub fn line(self, check: &str) -> String {
        let Self {
            touches,
            asks,
            power_cycles,
            resets,
            waited,
            changes,
            used,
        } = self;
        let [changes, used] = [changes, used].map(u8::from);
        format!("{check},{touches},{asks},{power_cycles},{resets},{waited},{changes},{used}")
    }

    fn parse(line: &'static str) -> Option<(&'static str, Self)> {
        let mut fields = line.split(',');
        let name = fields.next()?;
        let mut number = || fields.next()?.parse::<u64>().ok();
        let mut small = || u32::try_from(number()?).ok();
        let (touches, asks, power_cycles, resets) = (small()?, small()?, small()?, small()?);
        let cost = Self {
            touches,
            asks,
            power_cycles,
            resets,
            waited: number()?,
            changes: number()? != 0,
            used: number()? != 0,
        };
        Some((name, cost))
    }
}

/// The recorded cost of `suite::check`; `None` for a check that nobody has recorded.
#[must_use]
pub fn of(check: &str) -> Option<Cost> {
    static TABLE: LazyLock<HashMap<&str, Cost>> = LazyLock::new(|| {
        include_str!("costs.csv")
            .lines()
            .skip(1)
            .filter_map(Cost::parse)
            .collect()
    });
    TABLE.get(check).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let cost = Cost {
            touches: 1,
            asks: 4,
            power_cycles: 2,
            resets: 3,
            waited: 40_000,
            changes: true,
            used: false,
        };
        assert_eq!(Cost::parse(cost.line("a::b").leak()), Some(("a::b", cost)));
        assert_eq!(Cost::parse(HEAD), None);
    }
}
