//! How a command gets the PIN, tells its user to touch the key, and is cancelled.

use brasskey_protocol::ctaphid::KeepaliveStatus;
use clap::Args;
use zeroize::Zeroizing;

use super::device::{self, DeviceArgs, Fallback, Opened};
use super::failure::Failure;
use super::interrupt::interrupt;
use super::output::Output;
use super::secret::{Source, Unanswered, ask};
use super::state::Missing;
use super::trouble;
use crate::client::{self, CancelHandle, Pin, PinRequest, UserInteraction, Watch};

/// With this many tries left or fewer, the user is warned.
const FEW_TRIES: u64 = 3;

/// Where the key's PIN comes from.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "PIN")]
pub(super) struct PinArgs {
    /// Read the PIN from this file descriptor, as one line [default: ask on the terminal if it is needed]
    #[arg(long, value_name = "NUMBER", conflicts_with = "pin_env")]
    pin_fd: Option<u32>,

    /// Read the PIN from the environment variable of this name
    #[arg(long, value_name = "NAME")]
    pin_env: Option<String>,
}

impl PinArgs {
    /// Whether the PIN comes from elsewhere than the terminal.
    pub(super) fn is_given(&self) -> bool {
        !Source::of(self.pin_fd, self.pin_env.as_ref()).is_terminal()
    }
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
    /// Opens the key. A PIN that does not come from the terminal is read now.
    pub(super) fn open(&self, output: &Output) -> Result<(Opened, Interaction), Failure> {
        self.open_or(Missing::Refuse, output)
    }

    /// As [`open`](Self::open); `missing` says what becomes of a soft token that was named and does not exist.
    pub(super) fn open_or(&self, missing: Missing, output: &Output) -> Result<(Opened, Interaction), Failure> {
        let opened = device::open_or(&self.device, Fallback::Own(missing), output)?;
        let interaction = Interaction::new(&opened, &self.pin, output)?;
        Ok((opened, interaction))
    }
}

/// Where a new PIN comes from.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "PIN")]
pub(super) struct NewPinArgs {
    /// Read the new PIN from this file descriptor, as one line; from the descriptor of --pin-fd, the next line
    /// [default: ask on the terminal]
    #[arg(long, value_name = "NUMBER", conflicts_with = "new_pin_env")]
    new_pin_fd: Option<u32>,

    /// Read the new PIN from the environment variable of this name
    #[arg(long, value_name = "NAME")]
    new_pin_env: Option<String>,
}

/// The user at the command line, who gives the PIN, is told to touch the key, and can cancel.
pub(super) struct Interaction {
    cancel: CancelHandle,
    output: Output,
    /// Whether to tell the user that the key waits for a touch: once, and not for a soft token, which does so itself.
    tells_touch: bool,
    on_terminal: bool,
    /// The PIN to try, and to use again once it was right.
    given: Option<Pin>,
    /// Whether the key was given a PIN to verify its user.
    pub(super) gave_pin: bool,
    /// PINs that were wrong, so that none is tried twice.
    wrong: Vec<Pin>,
    /// Reads a line from the terminal, after a question.
    ask: fn(&str) -> Result<Zeroizing<String>, Unanswered>,
}

impl Interaction {
    /// The user of the key that was opened. A PIN that does not come from the terminal is read now.
    pub(super) fn new(opened: &Opened, args: &PinArgs, output: &Output) -> Result<Self, Failure> {
        let source = Source::of(args.pin_fd, args.pin_env.as_ref());
        let given = read(source).map_err(|failure| match failure {
            Failure::Key(client::Error::Pin(error)) => Failure::Secret {
                message: error.to_string(),
                hint: "give the PIN that the security key has".to_owned(),
            },
            failure => failure,
        })?;
        Ok(Self {
            cancel: interrupt(),
            output: *output,
            tells_touch: opened.soft.is_none(),
            on_terminal: source.is_terminal(),
            given,
            gave_pin: false,
            wrong: Vec::new(),
            ask,
        })
    }

    /// The key's PIN now, where the caller needs the PIN itself.
    pub(super) fn current_pin(&mut self, retries: client::PinRetries) -> Result<Pin, Failure> {
        Ok(self.pin(&PinRequest { retries, again: false })?)
    }

    /// The PIN that was given already.
    pub(super) fn given(&self) -> Option<Pin> {
        self.given.clone()
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
        if let Some(pin) = read(source)? {
            check(&pin).map_err(client::Error::from)?;
            return Ok(pin);
        }
        loop {
            let typed = (self.ask)("New PIN: ").map_err(no_new_pin)?;
            let pin = Pin::new(&typed).and_then(|pin| check(&pin).map(|()| pin));
            match pin {
                Err(error) => self.output.notice(&error.to_string()),
                Ok(pin) => {
                    let again = (self.ask)("Repeat the new PIN: ").map_err(no_new_pin)?;
                    if Pin::new(&again).as_ref() == Ok(&pin) {
                        return Ok(pin);
                    }
                    self.output.notice("the two PINs differ");
                }
            }
        }
    }
}

impl Watch for Interaction {
    fn keepalive(&mut self, status: KeepaliveStatus) {
        if status == KeepaliveStatus::UpNeeded && std::mem::take(&mut self.tells_touch) {
            self.output.notice("touch the security key");
        }
    }

    fn is_cancelled(&self) -> bool {
        // A soft token whose file cannot be written is asked nothing more.
        self.cancel.is_cancelled() || trouble::is_there()
    }
}

impl UserInteraction for Interaction {
    fn pin(&mut self, request: &PinRequest) -> Result<Pin, client::Error> {
        if request.again {
            self.wrong.extend(self.given.take());
            let left = Some(request.retries.left);
            self.output.notice(&client::Error::WrongPin { left }.to_string());
        }
        if let Some(pin) = &self.given {
            self.gave_pin = true;
            return Ok(pin.clone());
        }
        if !self.on_terminal {
            return Err(client::Error::PinNeeded);
        }
        if request.retries.left <= FEW_TRIES {
            self.output.notice(
                "careful: after the last wrong PIN the key is blocked, and only a reset helps, which erases the key",
            );
        }
        loop {
            match Pin::new(&(self.ask)("PIN of the security key: ")?) {
                Err(error) => self.output.notice(&error.to_string()),
                Ok(pin) if self.wrong.contains(&pin) => self.output.notice("that PIN was wrong a moment ago"),
                Ok(pin) => {
                    self.gave_pin = true;
                    return Ok(self.given.insert(pin).clone());
                }
            }
        }
    }

    fn can_try_again(&self) -> bool {
        self.on_terminal
    }
}

/// Why there is no new PIN.
fn no_new_pin(why: Unanswered) -> Failure {
    match why {
        Unanswered::Interrupted => client::Error::Cancelled.into(),
        Unanswered::Nobody => Failure::secret_needed("a new PIN", "--new-pin-env or --new-pin-fd"),
    }
}

/// The PIN at a place other than the terminal.
fn read(source: Source<'_>) -> Result<Option<Pin>, Failure> {
    match source.read("PIN")? {
        Some(text) => Ok(Some(Pin::new(&text).map_err(client::Error::from)?)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests;
