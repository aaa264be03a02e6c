//! A host's end of the wire: packets become messages of the recording.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::{Tape, traces};
use crate::broken;
use crate::host::{command, packets};
use crate::key::{Link, Report};

/// A message of which packets are still to come.
pub(super) struct Partial {
    /// When its first packet went, in milliseconds since the check began.
    pub(super) at: u64,
    /// Whether the recording has its beginning, as something else was said before its end.
    is_kept: bool,
    pub(super) channel: u32,
    pub(super) command: u8,
    pub(super) length: usize,
    pub(super) payload: Vec<u8>,
}

/// A host's end of the wire, overheard.
pub(super) struct Wire {
    link: Box<dyn Link>,
    tape: Tape,
    /// Those of the host and those of the key, by channel.
    partial: [HashMap<u32, Partial>; 2],
    /// The channel that has locked the key.
    locked: Option<u32>,
    /// What each channel asked last and has no answer to.
    asked: HashMap<u32, (u8, Vec<u8>)>,
}

impl Wire {
    pub(super) fn new(link: Box<dyn Link>, tape: Tape) -> Self {
        Self {
            link,
            tape,
            partial: [HashMap::new(), HashMap::new()],
            locked: None,
            asked: HashMap::new(),
        }
    }

    fn saw(&mut self, from_key: bool, report: &Report) {
        let channel = u32::from_be_bytes([report[0], report[1], report[2], report[3]]);
        let begun = |payload: &[u8], length| Partial {
            at: self.tape.lock().now(),
            is_kept: false,
            channel,
            command: report[4],
            length,
            payload: payload.to_vec(),
        };
        let partial = &mut self.partial[usize::from(from_key)];
        let message = if report[4] & 0x80 != 0 {
            let length = u16::from_be_bytes([report[5], report[6]]);
            begun(&report[7..], usize::from(length))
        } else if let Some(mut message) = partial.remove(&channel) {
            message.payload.extend(&report[5..]);
            message
        } else {
            begun(&report[5..], 59)
        };
        if message.payload.len() < message.length {
            let before = partial.insert(channel, message).filter(|before| !before.is_kept);
            if let Some(before) = before {
                self.tape.lock().push_half(from_key, &before);
            }
        } else {
            self.keep_halves();
            self.whole(from_key, message);
        }
    }

    /// Of messages that are not whole, the recording gets what there is.
    fn keep_halves(&mut self) {
        for (from_key, partial) in [false, true].into_iter().zip(&mut self.partial) {
            let mut halves: Vec<_> = partial.values_mut().filter(|half| !half.is_kept).collect();
            halves.sort_by_key(|half| half.at);
            for half in halves {
                half.is_kept = true;
                self.tape.lock().push_half(from_key, half);
            }
        }
    }

    fn whole(&mut self, from_key: bool, mut message: Partial) {
        message.payload.truncate(message.length);
        let mut asked = None;
        if from_key && message.command != command::KEEPALIVE {
            asked = self.asked.remove(&message.channel);
        } else if !from_key && message.command != command::CANCEL {
            if message.command == command::LOCK {
                self.locked = (message.payload != [0]).then_some(message.channel);
            }
            self.asked
                .insert(message.channel, (message.command, message.payload.clone()));
        }
        let asked = asked.filter(|(command, _)| *command == message.command);
        let request = asked.as_ref().map(|(_, payload)| &payload[..]);
        if !from_key && traces::resets(message.command, &message.payload) {
            assert!(self.tape.lock().may_reset, "nothing is reset without --erase");
        }
        self.tape.lock().push(from_key, message, request);
    }
}

impl Link for Wire {
    fn send(&mut self, report: &Report) {
        self.saw(false, report);
        self.link.send(report);
    }

    fn receive(&mut self, timeout: Duration) -> Option<Report> {
        let deadline = Instant::now() + self.tape.patience(timeout);
        loop {
            assert!(!self.tape.is_stopped(), "the run was ended");
            let left = deadline.saturating_duration_since(Instant::now());
            let report = self.link.receive(left.min(Duration::from_millis(100)));
            if let Some(report) = report {
                self.saw(true, &report);
                return Some(report);
            }
            if left.is_zero() {
                self.tape.lock().is_silent = true;
                return None;
            }
        }
    }
}

impl Drop for Wire {
    /// A check that failed may leave the key busy for the next: with half a message, locked, or waiting for a touch.
    fn drop(&mut self) {
        self.keep_halves();
        let halves = self.partial[0]
            .keys()
            .map(|channel| (*channel, command::INIT, &[0; 8][..]));
        let waiting = self.asked.iter().filter(|(_, (command, _))| *command == command::CBOR);
        let waiting = waiting.map(|(channel, _)| (*channel, command::CANCEL, &[][..]));
        let locked = self.locked.iter().map(|channel| (*channel, command::LOCK, &[0][..]));
        let last: Vec<_> = halves.chain(waiting).chain(locked).collect();
        let link = &mut self.link;
        // A key that is gone is not busy.
        broken::aside(|| {
            for (channel, command, payload) in last {
                packets(channel, command, payload)
                    .iter()
                    .for_each(|report| link.send(report));
            }
        });
    }
}
