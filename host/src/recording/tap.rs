//! Listens to reports and writes a recording.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use brasskey_protocol::ctaphid::{Report, command};

use super::{Entry, HEADING, secrets};
use crate::decode::Privacy;
use crate::decode::ctaphid::{Assembler, Message, Side};

/// Listens to the reports between hosts and a key.
pub struct Tap<W> {
    to: W,
    begun: Instant,
    assembler: Assembler,
    /// What each channel asked last.
    asked: HashMap<u32, Message>,
    /// The keepalive that each channel got last: a key repeats it ten times a second.
    kept_alive: HashMap<u32, Vec<u8>>,
    with_secrets: bool,
    messages: u64,
}

impl<W: Write> Tap<W> {
    /// Begins a recording of `device`, which is for people.
    ///
    /// # Errors
    /// Those of writing.
    pub fn new(mut to: W, device: &str, with_secrets: bool) -> io::Result<Self> {
        let secrets = if with_secrets {
            "with its secrets"
        } else {
            "secrets are left out: **"
        };
        let version = env!("CARGO_PKG_VERSION");
        writeln!(to, "{HEADING}\n# {device}, recorded by brasskey {version}; {secrets}")?;
        writeln!(
            to,
            "# milliseconds, to (>) or from (<) the key, channel, command, bytes"
        )?;
        to.flush()?;
        Ok(Self {
            to,
            begun: Instant::now(),
            assembler: Assembler::default(),
            asked: HashMap::new(),
            kept_alive: HashMap::new(),
            with_secrets,
            messages: 0,
        })
    }

    /// How many messages were written.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// Where it was written to.
    #[must_use]
    pub fn into_inner(self) -> W {
        self.to
    }

    /// Listens to a report.
    ///
    /// # Errors
    /// Those of writing.
    pub fn receive(&mut self, side: Side, report: &Report) -> io::Result<()> {
        match self.assembler.receive(side, report) {
            Ok(Some(message)) => self.write(message),
            Ok(None) => Ok(()),
            Err(what) => writeln!(self.to, "# a report that is part of no message: {what}"),
        }
    }

    fn write(&mut self, message: Message) -> io::Result<()> {
        let channel = message.channel;
        if message.command == command::KEEPALIVE {
            let before = self.kept_alive.insert(channel, message.payload.clone());
            if before.as_ref() == Some(&message.payload) {
                return Ok(());
            }
        } else {
            self.kept_alive.remove(&channel);
        }
        let asked = self
            .asked
            .get(&channel)
            .filter(|asked| asked.command == message.command);
        let parts = match self.with_secrets {
            true => Vec::new(),
            false => secrets::parts(&message, asked.map(|asked| &*asked.payload)),
        };
        let mut hidden = vec![false; message.payload.len()];
        for (range, _) in parts.into_iter().filter(|(_, privacy)| *privacy == Privacy::Secret) {
            hidden.get_mut(range).into_iter().for_each(|bytes| bytes.fill(true));
        }
        let time_ms = self.begun.elapsed().min(Duration::from_secs(1 << 40)).as_millis();
        let entry = Entry {
            time_ms: time_ms.try_into().unwrap_or(u64::MAX),
            message,
            hidden,
        };
        writeln!(self.to, "{entry}")?;
        self.messages += 1;
        if entry.message.side == Side::Host && entry.message.command != command::CANCEL {
            self.asked.insert(channel, entry.message);
        }
        // Whoever looks for a fault may end the program at any time.
        self.to.flush()
    }
}
