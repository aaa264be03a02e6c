//! Lists that a key gives entry by entry. They end, whatever the key says.

use std::collections::HashSet;
use std::time::Duration;

use super::error::{Error, Malformed};
use super::key::Key;

/// The most entries: the soft token has room for some 16,000 passkeys, and other keys for a few hundred.
const MAX_ENTRIES: usize = 20_000;

/// One list while it arrives. Too many entries, too much time or a repeated entry end it.
pub(super) struct Enumeration {
    command: &'static str,
    deadline: Duration,
    seen: HashSet<Vec<u8>>,
}

impl Enumeration {
    /// A list that the answers to `command` bring.
    pub(super) fn begin(command: &'static str, key: &mut Key) -> Self {
        let channel = key.channel();
        Self {
            command,
            deadline: channel.time().now() + channel.timeouts().whole,
            seen: HashSet::new(),
        }
    }

    /// How many entries the key says there are, in the member `name`.
    pub(super) fn total(&self, total: Option<u64>, name: &'static str) -> Result<usize, Error> {
        let total = usize::try_from(total.unwrap_or(1)).unwrap_or(usize::MAX);
        match total <= MAX_ENTRIES {
            true => Ok(total),
            false => Err(self.malformed(Malformed::TooLarge(name))),
        }
    }

    /// Counts one more entry. Its ID, in the member `name`, is in no other entry.
    pub(super) fn entry(&mut self, id: &[u8], name: &'static str, key: &mut Key) -> Result<(), Error> {
        if !self.seen.insert(id.to_vec()) {
            return Err(self.malformed(Malformed::Repeated(name)));
        }
        if self.seen.len() > MAX_ENTRIES || key.channel().time().now() >= self.deadline {
            return Err(self.malformed(Malformed::Endless));
        }
        Ok(())
    }

    fn malformed(&self, why: Malformed) -> Error {
        Error::Malformed {
            command: self.command,
            why,
        }
    }
}
