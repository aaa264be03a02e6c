//! Which key a command uses: `--device`, or the one that is plugged in, or the built-in soft token.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::failure::Failure;
use super::interrupt::interrupt;
use super::output::Output;
use super::passphrase::SealArgs;
use super::state::{Missing, state_file};
use super::trouble;
use crate::client::ceremony::Protocol;
use crate::client::{self, Key};
use crate::soft::storage::AnyStorage;
use crate::soft::{Name, SoftKey, Touch};
use crate::text::escape;
use crate::transport::{self, Address, DeviceSpec, ListedDevice, Transport};

/// Which key to use.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Security key")]
pub(super) struct DeviceArgs {
    /// The key: hid:PATH, udp:HOST:PORT, tcp:HOST:PORT, unix:PATH, soft for the built-in soft token, soft:NAME for the
    /// soft token of that name, or for `oath` pcsc:READER [default: the key that is plugged in, else soft]
    #[arg(long, value_name = "DEVICE", value_parser = spec)]
    pub(super) device: Option<DeviceSpec>,

    #[command(flatten)]
    pub(super) soft: SoftArgs,

    /// Use the soft token of this name, the same as --device soft:NAME: its secrets are in NAME.redb in your data
    /// directory
    #[arg(long, value_name = "NAME", conflicts_with_all = ["state", "ephemeral"])]
    pub(super) token_name: Option<Name>,
}

impl DeviceArgs {
    /// Whether one of the flags is for the soft token.
    pub(super) fn mean_soft(&self) -> bool {
        self.soft.is_given() || self.token_name.is_some()
    }

    /// The name of the soft token, with the one in `--device`.
    fn name<'a>(&'a self, in_device: Option<&'a Name>) -> Result<Option<&'a Name>, Failure> {
        let names_another = self.token_name.is_some() || self.soft.state.is_some() || self.soft.ephemeral;
        match in_device {
            Some(_) if names_another => Err(Failure::usage(
                "--device names a soft token, and --token-name, --state or --ephemeral another",
                "leave one of them out",
            )),
            Some(name) => Ok(Some(name)),
            None => Ok(self.token_name.as_ref()),
        }
    }
}

/// How the soft token behaves.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Soft token")]
pub(super) struct SoftArgs {
    /// Who touches the soft token: notify (you, by a desktop notification, else on the terminal), prompt (you, on the
    /// terminal), auto, deny, or control (programs, with `brasskey token --control`) [default: prompt on a terminal;
    /// auto for the token in memory that selftest and bench use]
    #[arg(long, value_name = "TOUCH", value_parser = touch(), hide_possible_values = true)]
    pub(super) touch: Option<Touch>,

    /// The file that holds the soft token's secrets [default: token.redb in your data directory]
    #[arg(long, value_name = "FILE", conflicts_with = "ephemeral")]
    pub(super) state: Option<PathBuf>,

    /// Keep the soft token in memory only: it is gone when the command ends
    #[arg(long, conflicts_with_all = ["seal", "passphrase_fd", "passphrase_env"])]
    pub(super) ephemeral: bool,

    #[command(flatten)]
    pub(super) seal: SealArgs,
}

/// Named one by one, for completions and errors.
fn touch() -> impl TypedValueParser<Value = Touch> {
    PossibleValuesParser::new(["notify", "prompt", "auto", "deny", "control"]).try_map(|name| name.parse::<Touch>())
}

pub(super) fn spec(text: &str) -> Result<DeviceSpec, String> {
    text.parse()
        .map_err(|error: transport::DeviceSpecError| format!("{error}\nhint: {}", error.hint()))
}

impl SoftArgs {
    fn is_given(&self) -> bool {
        self.touch.is_some() || self.state.is_some() || self.ephemeral || self.seal.is_given()
    }

    /// The storage of the token `name`: in memory, or in its file, unless another one was named. What keeps the file
    /// from being written is told as `tells` says.
    pub(super) fn storage(
        &self,
        name: Option<&Name>,
        missing: Missing,
        tells: trouble::Tells,
        output: &Output,
    ) -> Result<AnyStorage, Failure> {
        if self.ephemeral {
            return Ok(AnyStorage::open(None)?);
        }
        let file = state_file(self.state.as_deref(), name, missing)?;
        let mut storage = self.seal.open(&file, output)?;
        trouble::watch(&mut storage, &file, tells, output);
        Ok(AnyStorage::File(Box::new(storage)))
    }
}

/// A key that was opened.
pub(super) struct Opened {
    /// The key.
    pub(super) key: Key,
    /// What to call it: escaped.
    pub(super) label: String,
    /// The soft token, if the key is one: it lives as long as this.
    pub(super) soft: Option<SoftKey>,
    /// Where it is, outside this process.
    pub(super) address: Option<Address>,
    /// Whether the key needs no user to touch it.
    pub(super) automatic: bool,
    /// Whether it is gone when the command ends.
    pub(super) ephemeral: bool,
}

impl Opened {
    /// The key at this address.
    pub(super) fn at(address: &Address) -> Result<Self, Failure> {
        open_address(address, &address.to_string())
    }

    /// How to talk to the key: CTAP2, unless the user wants U2F or the key speaks only that.
    pub(super) fn protocol(&self, u2f: bool, output: &Output) -> Protocol {
        self.tell_of_downgrade(output);
        match self.key.info() {
            Some(_) if !u2f => Protocol::Ctap2,
            _ => Protocol::U2f,
        }
    }

    /// Says that the key speaks CTAP2 and can be used over U2F only, where that is so. Browsers say nothing about it,
    /// but the owner of a broken key should know. Commands that need CTAP2 fail instead, and give the same reason.
    pub(super) fn tell_of_downgrade(&self, output: &Output) {
        if let Some(error) = self.key.info_error() {
            output.notice(&format!(
                "getInfo failed: {error}; this security key can be used over U2F only"
            ));
        }
    }
}

/// What to use if the user chose no key and none is plugged in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fallback {
    /// The user's own soft token, as the flags say.
    Own(Missing),
    /// A soft token in memory that needs no touch, unless the flags say otherwise.
    Ephemeral,
}

/// Opens the key that the user means, or that they touch if several are plugged in.
pub(super) fn open(args: &DeviceArgs, output: &Output) -> Result<Opened, Failure> {
    open_or(args, Fallback::Own(Missing::Refuse), output)
}

/// As [`open`]; a soft token that was named is made where it does not exist.
pub(super) fn open_or_make(args: &DeviceArgs, output: &Output) -> Result<Opened, Failure> {
    open_or(args, Fallback::Own(Missing::Make), output)
}

/// As [`open`], with a choice of what to use where there is no other key.
pub(super) fn open_or(args: &DeviceArgs, fallback: Fallback, output: &Output) -> Result<Opened, Failure> {
    match &args.device {
        Some(DeviceSpec::Soft(name)) => open_soft(&args.soft, args.name(name.as_ref())?, fallback, output),
        Some(DeviceSpec::Address(address)) => {
            no_soft_flags(args)?;
            open_address(address, &address.to_string())
        }
        // A flag for the soft token chooses the soft token.
        None if args.mean_soft() => open_soft(&args.soft, args.name(None)?, fallback, output),
        None => match of_environment()? {
            Some(address) => open_address(&address, &address.to_string()),
            None => {
                let listed = transport::list()?;
                if listed.is_empty() {
                    output.notice("no security key is plugged in: using the built-in soft token");
                    return open_soft(&args.soft, None, fallback, output);
                }
                open_listed(&listed, output)
            }
        },
    }
}

/// The variable that names a key where no flag does: `brasskey record` and `replay` set it for the command that they
/// run.
pub(super) const VARIABLE: &str = "BRASSKEY_DEVICE";

/// The variable that says to such a command that the key is a recording.
pub(super) const REPLAYED: &str = "BRASSKEY_REPLAYED";

fn of_environment() -> Result<Option<Address>, Failure> {
    let Some(named) = std::env::var(VARIABLE).ok().filter(|named| !named.is_empty()) else {
        return Ok(None);
    };
    let address = named.parse().map_err(|error: transport::DeviceSpecError| {
        Failure::usage(format!("{VARIABLE} names no key: {error}"), error.hint())
    })?;
    Ok(Some(address))
}

/// A key as reports reach it, before anybody has asked it anything.
pub(super) struct Cable {
    pub(super) transport: Box<dyn Transport>,
    /// What to call the key: escaped.
    pub(super) label: String,
    /// The soft token, if the key is one: it lives as long as this.
    _soft: Option<SoftKey>,
}

/// As [`open`], for one that only carries reports. It cannot ask which of several keys is meant.
pub(super) fn connect(args: &DeviceArgs, output: &Output) -> Result<Cable, Failure> {
    let of_address = |address: &Address, label: String| -> Result<Cable, Failure> {
        Ok(Cable {
            transport: address.open()?,
            label,
            _soft: None,
        })
    };
    let name = match &args.device {
        Some(DeviceSpec::Address(address)) => {
            no_soft_flags(args)?;
            return of_address(address, escape(&address.to_string()).into_owned());
        }
        Some(DeviceSpec::Soft(name)) => args.name(name.as_ref())?,
        None if args.mean_soft() => args.name(None)?,
        None => match &transport::list()?[..] {
            [] => {
                output.notice("no security key is plugged in: using the built-in soft token");
                None
            }
            [only] => return of_address(&only.address, label(only)),
            _ => {
                return Err(Failure::usage(
                    "several security keys are plugged in",
                    "name one with --device",
                ));
            }
        },
    };
    let (soft, opened) = soft_key(&args.soft, name, Fallback::Own(Missing::Make), output)?;
    Ok(Cable {
        transport: Box::new(soft.connect()),
        label: opened.label,
        _soft: Some(soft),
    })
}

pub(super) fn no_soft_flags(args: &DeviceArgs) -> Result<(), Failure> {
    if args.mean_soft() {
        return Err(Failure::usage(
            "--touch, --state, --token-name, --ephemeral, --seal and the passphrase are for the built-in soft token, \
             and --device names another key",
            "leave them out, or use `--device soft`",
        ));
    }
    Ok(())
}

fn open_address(address: &Address, label: &str) -> Result<Opened, Failure> {
    Ok(Opened {
        key: Key::open(address.open()?)?,
        label: escape(label).into_owned(),
        soft: None,
        address: Some(address.clone()),
        automatic: false,
        ephemeral: false,
    })
}

/// Has the built-in soft token ask on the desktop where there is no terminal: for a command that other programs run.
pub(super) fn ask_on_desktop() {
    ON_DESKTOP.store(true, Ordering::Relaxed);
}

static ON_DESKTOP: AtomicBool = AtomicBool::new(false);

/// Who touches the built-in soft token where nothing was said.
fn usual_touch() -> Touch {
    match Touch::of_terminal() {
        Touch::Unset if ON_DESKTOP.load(Ordering::Relaxed) => Touch::of_desktop(),
        touch => touch,
    }
}

fn open_soft(args: &SoftArgs, name: Option<&Name>, fallback: Fallback, output: &Output) -> Result<Opened, Failure> {
    let (soft, about) = soft_key(args, name, fallback, output)?;
    Ok(Opened {
        key: Key::open(Box::new(soft.connect()))?,
        label: about.label,
        soft: Some(soft),
        address: None,
        automatic: about.automatic,
        ephemeral: about.ephemeral,
    })
}

/// What is known of a soft token beside itself.
struct About {
    label: String,
    automatic: bool,
    ephemeral: bool,
}

fn soft_key(
    args: &SoftArgs,
    name: Option<&Name>,
    fallback: Fallback,
    output: &Output,
) -> Result<(SoftKey, About), Failure> {
    if args.touch == Some(Touch::Control) {
        return Err(Failure::usage(
            "with `--touch control` nobody can press the button of the built-in soft token",
            "run `brasskey token --touch control --control 127.0.0.1:0`, and name it here with --device",
        ));
    }
    let is_named = args.state.is_some() || name.is_some();
    let ephemeral = fallback == Fallback::Ephemeral && !is_named && !args.seal.is_given();
    let missing = match fallback {
        Fallback::Own(missing) => missing,
        Fallback::Ephemeral => Missing::Refuse,
    };
    let touch = args.touch.clone().unwrap_or_else(|| match ephemeral {
        true => Touch::Auto,
        false => usual_touch(),
    });
    let storage = match ephemeral {
        true => AnyStorage::open(None)?,
        false => args.storage(name, missing, trouble::Tells::AtTheEnd, output)?,
    };
    let automatic = touch == Touch::Auto;
    let soft = SoftKey::builder().touch(touch).storage(storage).build()?;
    let about = About {
        label: match name {
            Some(name) => format!("built-in soft token {name} (software)"),
            None => "built-in soft token (software)".to_owned(),
        },
        automatic,
        ephemeral: ephemeral || args.ephemeral,
    };
    Ok((soft, about))
}

fn open_listed(listed: &[ListedDevice], output: &Output) -> Result<Opened, Failure> {
    if let [only] = listed {
        return open_address(&only.address, &label(only));
    }
    output.notice("several security keys are plugged in: touch the one you mean");
    let mut labels = Vec::new();
    let mut addresses = Vec::new();
    let mut keys = Vec::new();
    for device in listed {
        // One that cannot be opened is left out; if none can be opened, the reason of the last one is the error.
        match device.address.open().map_err(client::Error::from).and_then(Key::open) {
            Ok(key) => {
                keys.push(key);
                labels.push(label(device));
                addresses.push(device.address.clone());
            }
            Err(error) if keys.is_empty() && Some(device) == listed.last() => return Err(error.into()),
            Err(error) => output.notice(&format!("{}: {error}", label(device))),
        }
    }
    let index = client::choose(&mut keys, &interrupt())?;
    Ok(Opened {
        key: keys.swap_remove(index),
        label: labels.swap_remove(index),
        soft: None,
        address: Some(addresses.swap_remove(index)),
        automatic: false,
        ephemeral: false,
    })
}

fn label(device: &ListedDevice) -> String {
    let product = device.product.as_deref().unwrap_or("security key");
    escape(&format!("{product} ({})", device.address)).into_owned()
}
