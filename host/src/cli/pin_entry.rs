//! How a PIN gets to a command: from the terminal without echo, from a file descriptor, or from an environment
//! variable. Never as an argument, which every user of the computer could read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};

use brasskey_protocol::ctaphid::KeepaliveStatus;
use clap::Args;
use zeroize::Zeroizing;

use super::device::{self, DeviceArgs, Opened, interrupt};
use super::failure::Failure;
use super::output::Output;
use crate::client::{self, CancelHandle, Pin, PinRequest, Watch};

mod terminal;

/// The longest line that is read, in bytes: far more than any PIN has.
const LONGEST_LINE: usize = 1024;
/// From so few tries on, whoever is asked is warned.
const FEW_TRIES: u64 = 3;

/// Where the key's PIN comes from.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "PIN")]
pub(super) struct PinArgs {
    /// Read the PIN as a line from this file descriptor [default: asked for on the terminal, where it is needed]
    #[arg(long, value_name = "NUMBER", conflicts_with = "pin_env")]
    pin_fd: Option<u32>,

    /// Read the PIN from the environment variable of this name
    #[arg(long, value_name = "NAME")]
    pin_env: Option<String>,
}

/// Which key, and where its PIN comes from.
#[derive(Debug, Default, Args)]
pub(super) struct KeyArgs {
    #[command(flatten)]
    pub(super) pin: PinArgs,
    #[command(flatten)]
    pub(super) device: DeviceArgs,
}

impl KeyArgs {
    /// The key, and who gives its PIN.
    pub(super) fn open(&self, output: &Output) -> Result<(Opened, Attendant), Failure> {
        let opened = device::open(&self.device, output)?;
        let attendant = Attendant::new(&opened, &self.pin, output)?;
        Ok((opened, attendant))
    }
}

/// Where a new PIN comes from.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "PIN")]
pub(super) struct NewPinArgs {
    /// Read the new PIN as a line from this file descriptor; the same as --pin-fd takes its next line [default: asked
    /// for on the terminal]
    #[arg(long, value_name = "NUMBER", conflicts_with = "new_pin_env")]
    new_pin_fd: Option<u32>,

    /// Read the new PIN from the environment variable of this name
    #[arg(long, value_name = "NAME")]
    new_pin_env: Option<String>,
}

/// A place that a PIN comes from.
#[derive(Clone, Copy)]
enum Source<'a> {
    Terminal,
    Descriptor(u32),
    Variable(&'a str),
}

impl<'a> Source<'a> {
    fn of(descriptor: Option<u32>, variable: Option<&'a String>) -> Self {
        match (descriptor, variable) {
            (Some(number), _) => Self::Descriptor(number),
            (None, Some(name)) => Self::Variable(name),
            (None, None) => Self::Terminal,
        }
    }
}

/// Someone who gives the PIN, watches the key, and can stop it.
pub(super) struct Attendant {
    cancel: CancelHandle,
    output: Output,
    /// Nobody told the user yet that the key waits for a touch. The soft token tells its user itself.
    tells_touch: bool,
    on_terminal: bool,
    /// The PIN that is tried, and, once it was right, used again.
    given: Option<Pin>,
    /// PINs that were wrong: none is tried twice.
    wrong: Vec<Pin>,
    lines: Lines,
    /// A line from the terminal, after a question.
    ask: fn(&str) -> Result<Zeroizing<String>, client::Error>,
}

impl Attendant {
    /// Attends to the key that was opened. A PIN that does not come from the terminal is read now.
    pub(super) fn new(opened: &Opened, args: &PinArgs, output: &Output) -> Result<Self, Failure> {
        let source = Source::of(args.pin_fd, args.pin_env.as_ref());
        let mut lines = Lines::default();
        let given = lines.pin(source)?;
        Ok(Self {
            cancel: interrupt(),
            output: *output,
            tells_touch: opened.soft.is_none(),
            on_terminal: matches!(source, Source::Terminal),
            given,
            wrong: Vec::new(),
            lines,
            ask: terminal::ask,
        })
    }

    /// The key's PIN now, where the caller needs the PIN itself.
    pub(super) fn current_pin(&mut self, retries: client::PinRetries) -> Result<Pin, Failure> {
        Ok(self.pin(&PinRequest { retries, again: false })?)
    }

    /// The PIN that the key has from now on.
    pub(super) fn remember(&mut self, pin: &Pin) {
        self.given = Some(pin.clone());
    }

    /// A new PIN that `check` allows. On the terminal it is asked for twice, and again until it is allowed.
    pub(super) fn new_pin(
        &mut self,
        args: &NewPinArgs,
        check: impl Fn(&Pin) -> Result<(), client::PinError>,
    ) -> Result<Pin, Failure> {
        let source = Source::of(args.new_pin_fd, args.new_pin_env.as_ref());
        if let Some(pin) = self.lines.pin(source)? {
            check(&pin).map_err(client::Error::from)?;
            return Ok(pin);
        }
        loop {
            let typed = (self.ask)("New PIN: ")?;
            let pin = Pin::new(&typed).and_then(|pin| check(&pin).map(|()| pin));
            match pin {
                Err(error) => self.output.notice(&error.to_string()),
                Ok(pin) if Pin::new(&(self.ask)("The same again: ")?).as_ref() == Ok(&pin) => return Ok(pin),
                Ok(_) => self.output.notice("these are two different PINs"),
            }
        }
    }
}

impl Watch for Attendant {
    fn keepalive(&mut self, status: KeepaliveStatus) {
        if status == KeepaliveStatus::UpNeeded && std::mem::take(&mut self.tells_touch) {
            self.output.notice("touch the security key");
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    fn pin(&mut self, request: &PinRequest) -> Result<Pin, client::Error> {
        if request.again {
            self.wrong.extend(self.given.take());
            let left = Some(request.retries.left);
            self.output.notice(&client::Error::WrongPin { left }.to_string());
        }
        if let Some(pin) = &self.given {
            return Ok(pin.clone());
        }
        if !self.on_terminal {
            return Err(client::Error::PinNeeded);
        }
        if request.retries.left <= FEW_TRIES {
            self.output.notice(
                "careful: after the last wrong PIN the key is blocked, and only a reset helps, which erases it",
            );
        }
        loop {
            match Pin::new(&(self.ask)("PIN of the security key: ")?) {
                Err(error) => self.output.notice(&error.to_string()),
                Ok(pin) if self.wrong.contains(&pin) => self.output.notice("that PIN was wrong a moment ago"),
                Ok(pin) => return Ok(self.given.insert(pin).clone()),
            }
        }
    }

    fn can_try_again(&self) -> bool {
        self.on_terminal
    }
}

/// Lines of file descriptors, one after the other.
#[derive(Default)]
struct Lines(BTreeMap<u32, File>);

impl Lines {
    /// The PIN at a place other than the terminal.
    fn pin(&mut self, source: Source<'_>) -> Result<Option<Pin>, Failure> {
        let text = match source {
            Source::Terminal => return Ok(None),
            Source::Descriptor(number) => self.line(number).map_err(|source| Failure::System {
                what: format!("cannot read a PIN from file descriptor {number}"),
                source,
            })?,
            Source::Variable(name) => Zeroizing::new(std::env::var(name).map_err(|_| {
                Failure::usage(
                    format!("the environment variable {name} is not set, or not text"),
                    "name the variable that holds the PIN, without a dollar sign",
                )
            })?),
        };
        Ok(Some(Pin::new(&text).map_err(client::Error::from)?))
    }

    /// Byte by byte: what follows the line is another reader's.
    fn line(&mut self, number: u32) -> io::Result<Zeroizing<String>> {
        let file = match self.0.entry(number) {
            std::collections::btree_map::Entry::Occupied(open) => open.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => place.insert(File::open(format!("/dev/fd/{number}"))?),
        };
        let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_LINE));
        let mut byte = [0];
        while line.len() < LONGEST_LINE && file.read(&mut byte)? == 1 && byte != *b"\n" {
            line.push(byte[0]);
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        let text = str::from_utf8(&line).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

#[cfg(test)]
mod tests;
