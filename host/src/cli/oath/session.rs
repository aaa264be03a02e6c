//! The key whose codes are meant, opened and unlocked.

use brasskey_protocol::ctaphid::KeepaliveStatus;
use clap::Args;

use super::OathArgs;
use crate::cli::device::{self, DeviceArgs, Fallback, no_soft_flags};
use crate::cli::failure::Failure;
use crate::cli::interrupt::interrupt;
use crate::cli::output::Output;
use crate::cli::secret::{Source, Unanswered, ask};
use crate::cli::state::Missing;
use crate::cli::trouble;
use crate::client::oath::{Oath, OathError};
use crate::client::{self, CancelHandle, Watch};
use crate::soft::SoftKey;
use crate::text::escape;
use crate::transport::pcsc::{self, PcscCard, PcscError, Sharing};
use crate::transport::{self, Address, DeviceSpec, TransportError};

/// How often a person may try the password.
const TRIES: u32 = 3;

/// Where the password of the one-time codes comes from.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Password")]
pub(in crate::cli) struct PasswordArgs {
    /// Read the password of the one-time codes from this file descriptor, as one line [default: ask on the terminal if
    /// it is needed]
    #[arg(long, value_name = "NUMBER", conflicts_with = "password_env")]
    password_fd: Option<u32>,

    /// Read the password of the one-time codes from the environment variable of this name
    #[arg(long, value_name = "NAME")]
    password_env: Option<String>,
}

impl PasswordArgs {
    pub(in crate::cli) fn source(&self) -> Source<'_> {
        Source::of(self.password_fd, self.password_env.as_ref())
    }
}

/// The applet of a key.
pub(in crate::cli) struct Session {
    pub(in crate::cli) oath: Oath,
    /// What to call the key: escaped.
    pub(in crate::cli) label: String,
    pub(in crate::cli) touch: Touch,
    /// The key says itself when it waits for a touch: by keepalives, or by asking.
    pub(super) tells: bool,
    /// The soft token, if the key is one: it lives as long as this.
    soft: Option<SoftKey>,
}

/// Tells the user to touch the key, once, and lets them cancel.
pub(in crate::cli) struct Touch {
    cancel: CancelHandle,
    output: Output,
    tells: bool,
}

impl Watch for Touch {
    fn keepalive(&mut self, status: KeepaliveStatus) {
        if status == KeepaliveStatus::UpNeeded {
            self.ask();
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled() || trouble::is_there()
    }
}

impl Touch {
    /// Tells the user, where the key does not do it itself.
    pub(in crate::cli) fn ask(&mut self) {
        if std::mem::take(&mut self.tells) {
            self.output.notice("touch the security key");
        }
    }
}

impl OathArgs {
    /// Opens the key, and unlocks its codes.
    pub(in crate::cli) fn open(&self, output: &Output) -> Result<Session, Failure> {
        self.open_or(Missing::Refuse, output)
    }

    /// As [`open`](Self::open); `missing` says what becomes of a soft token that was named and does not exist.
    pub(in crate::cli) fn open_or(&self, missing: Missing, output: &Output) -> Result<Session, Failure> {
        let mut session = open(&self.device, missing, output)?;
        session.unlock(self.password.source(), output)?;
        Ok(session)
    }
}

/// Opens the key, locked or not: the one that was named, else one that is plugged in and has codes, over HID or as a
/// smart card, else the built-in soft token.
pub(super) fn open(args: &DeviceArgs, missing: Missing, output: &Output) -> Result<Session, Failure> {
    let hid = || over_hid(args, missing, output);
    match &args.device {
        Some(DeviceSpec::Address(Address::Pcsc(reader))) => {
            no_soft_flags(args)?;
            as_card(reader, output)
        }
        Some(_) => hid(),
        None if args.mean_soft() => hid(),
        None if transport::list()?.is_empty() => match only_card()? {
            Some(reader) => as_card(&reader, output),
            None => hid(),
        },
        None => match hid() {
            Err(Failure::Key(client::Error::Oath(OathError::NotOverHid))) => match only_card()? {
                Some(reader) => as_card(&reader, output),
                None => Err(client::Error::from(OathError::NotOverHid).into()),
            },
            result => result,
        },
    }
}

fn over_hid(args: &DeviceArgs, missing: Missing, output: &Output) -> Result<Session, Failure> {
    let opened = device::open_or(args, Fallback::Own(missing), output)?;
    let is_soft = opened.soft.is_some();
    Ok(Session {
        oath: Oath::select(Box::new(opened.key))?,
        label: opened.label,
        touch: Touch {
            cancel: interrupt(),
            output: *output,
            tells: !is_soft,
        },
        tells: true,
        soft: opened.soft,
    })
}

fn as_card(reader: &str, output: &Output) -> Result<Session, Failure> {
    let card = PcscCard::connect(reader, Sharing::Shared).map_err(TransportError::from)?;
    let label = escape(&format!("smart card (pcsc:{})", card.reader())).into_owned();
    Ok(Session {
        oath: Oath::select(Box::new(card))?,
        label,
        touch: Touch {
            cancel: interrupt(),
            output: *output,
            tells: true,
        },
        tells: false,
        soft: None,
    })
}

/// The reader of the only card that has the applet. A card that another program uses is not disturbed.
fn only_card() -> Result<Option<String>, Failure> {
    // Without pcscd there is none; who names one hears why.
    let readers = pcsc::readers().unwrap_or_default();
    let mut found: Vec<String> = Vec::new();
    for reader in readers.into_iter().filter(|reader| reader.has_card && !reader.in_use) {
        let card = PcscCard::connect(&reader.name, Sharing::Exclusive);
        if card.is_ok_and(|card| Oath::select(Box::new(card)).is_ok()) {
            found.push(reader.name);
        }
    }
    match found.as_slice() {
        [] => Ok(None),
        [_] => Ok(found.pop()),
        _ => Err(TransportError::from(PcscError::Ambiguous {
            part: String::new(),
            readers: found,
        })
        .into()),
    }
}

impl Session {
    #[cfg(test)]
    pub(in crate::cli) fn of(oath: Oath, label: &str) -> Self {
        Self {
            oath,
            label: label.to_owned(),
            touch: Touch {
                cancel: CancelHandle::default(),
                output: Output::new(false),
                tells: false,
            },
            tells: true,
            soft: None,
        }
    }

    /// Gives the password, where one is set: from `source`, or as typed.
    pub(in crate::cli) fn unlock(&mut self, source: Source<'_>, output: &Output) -> Result<(), Failure> {
        if !self.oath.is_locked() {
            return Ok(());
        }
        if let Some(password) = source.read("password")? {
            return self.validate(&password);
        }
        for tries_left in (0..TRIES).rev() {
            let typed = match ask(&format!("Password of the one-time codes on {}: ", self.label)) {
                Ok(typed) => typed,
                Err(Unanswered::Interrupted) => return Err(client::Error::Cancelled.into()),
                Err(Unanswered::Nobody) => return Err(client::Error::from(OathError::Locked).into()),
            };
            match self.validate(&typed) {
                Err(Failure::Key(client::Error::Oath(OathError::WrongPassword))) if tries_left > 0 => {
                    output.notice("the password is wrong");
                }
                result => return result,
            }
        }
        Ok(())
    }

    /// The user was told of the next touch already.
    pub(in crate::cli) fn touch_was_asked(&mut self) {
        self.touch.tells = false;
    }

    /// Has the next touch asked for anew. The built-in soft token asks for its touches itself.
    pub(in crate::cli) fn touch_again(&mut self) {
        self.touch.tells = self.soft.is_none();
    }

    fn validate(&mut self, password: &str) -> Result<(), Failure> {
        let key = self.oath.derive(password);
        Ok(self.oath.validate(&key)?)
    }
}
