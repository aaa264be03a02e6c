//! What a defect of reports remembers of what the key has heard.

use brasskey_conformance::host::{command, packets};
use brasskey_conformance::key::Report;

/// What the key has heard, of all hosts.
#[derive(Clone, Debug, Default)]
pub struct Ear {
    /// The message of which packets are still to come.
    pub open: Option<Open>,
    /// The channel of the CTAP2 request that came last.
    pub asked: Option<u32>,
    /// For the defect to count with.
    pub count: u32,
    /// What the host is to hear at once.
    pub said: Vec<Report>,
}

/// A message that is not whole.
#[derive(Clone, Copy, Debug)]
pub struct Open {
    /// Its channel.
    pub channel: u32,
    /// The sequence number that comes next.
    pub next: u8,
    left: usize,
}

impl Ear {
    /// Says a message to the host that is heard.
    pub fn say(&mut self, channel: u32, command: u8, payload: &[u8]) {
        self.said.extend(packets(channel, command, payload));
    }

    /// Follows what the key makes of a report that conforms.
    pub(super) fn follow(&mut self, report: &Report) {
        let channel = channel_of(report);
        let its = self.open.filter(|open| open.channel == channel);
        match report[4] {
            command::INIT if its.is_some() => self.open = None,
            command::INIT | command::CANCEL => {}
            // The key is busy with another channel's.
            0x80.. if self.open.is_some() && its.is_none() => {}
            first @ 0x80.. => {
                let length = usize::from(u16::from_be_bytes([report[5], report[6]]));
                self.open = length.checked_sub(57 + 1).map(|left| Open { channel, next: 0, left });
                if first == command::CBOR {
                    self.asked = Some(channel);
                }
            }
            sequence => {
                if let Some(open) = its.filter(|open| open.next == sequence) {
                    let next = sequence + 1;
                    let left = open.left.checked_sub(59);
                    self.open = left.map(|left| Open { channel, next, left });
                }
            }
        }
    }
}

/// The channel of a report.
#[must_use]
pub fn channel_of(report: &Report) -> u32 {
    u32::from_be_bytes([report[0], report[1], report[2], report[3]])
}
