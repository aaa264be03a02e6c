//! `brasskey record`: writes down what programs and a key say to each other.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use clap::Args as ClapArgs;
use serde_json::json;
use tempfile::TempDir;

use super::address::address;
#[cfg(unix)]
use super::address::socket;
use super::device::{self, DeviceArgs, REPLAYED, VARIABLE};
use super::failure::Failure;
use super::interrupt;
use super::layout::count;
use super::output::{DIM, Output};
use crate::client::Channel;
use crate::private;
use crate::recording::{Recording, Relay, RelayError, Tap, serve};
use crate::text::escape;
use crate::transport::{Address, DeviceSpec, Transport};

/// The arguments of `record`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "The exit code is that of the program. The recording is text, one message a line; `brasskey decode \
    FILE` explains it. It names websites, users and credentials: read it before you give it away. Secrets stay out: \
    what proves a PIN, tokens, what extensions give to a website, one-time codes."
)]
pub(super) struct Args {
    /// Where to write: a new file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Write the secrets, too
    #[arg(long)]
    with_secrets: bool,

    #[command(flatten)]
    stand_in: StandInArgs,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Where programs find the key that stands in for another, and which program.
#[derive(Debug, ClapArgs)]
pub(super) struct StandInArgs {
    /// Where programs find the key: a Unix socket, for this user only [default: one in a directory of its own]
    #[cfg(unix)]
    #[arg(long, value_name = "PATH", value_parser = socket(), conflicts_with = "udp")]
    unix: Option<PathBuf>,

    /// Where programs find the key: a loopback UDP address, which every user of this computer can reach; port 0 picks
    /// a free port
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    udp: Option<SocketAddr>,

    /// The program to run, with its arguments; the variable BRASSKEY_DEVICE tells it where the key is [default: wait
    /// for Ctrl-C]
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let cable = device::connect(&args.device, output)?;
    if let Some(DeviceSpec::Address(address @ Address::Udp(_))) = &args.device.device {
        // A port that nobody listens at takes reports, too: only an answer says that a key is there.
        Channel::open(address.open()?)?;
    }
    let mut tap = begin(&args.file, &cable.label, args.with_secrets, output)?;
    if args.stand_in.is_open_to_all() {
        output.notice("warning: any user of this computer can use this key as long as it is recorded");
    }
    let mut transport = cable.transport;
    let ended = args.stand_in.run(transport.as_mut(), Some(&mut tap), output);
    let ended = ended.inspect_err(|_| remove_empty(&args.file))?;
    let messages = tap.messages();
    let value = json!({
        "device": cable.label,
        "file": args.file,
        "messages": messages,
        "withSecrets": args.with_secrets,
        "exitCode": ended.and_then(|status| status.code()),
    });
    output.result(&value, |to| {
        writeln!(
            to,
            "{} of {} recorded in {}.",
            count(messages, "message"),
            cable.label,
            escape(&args.file.display().to_string())
        )
    })?;
    pass_on(ended);
    Ok(())
}

/// Begins a recording of `device` in a new file.
pub(super) fn begin(path: &Path, device: &str, with_secrets: bool, output: &Output) -> Result<Tap<File>, Failure> {
    let system = |what: &str| {
        let what = format!("{what} {}", path.display());
        move |source| Failure::System { what, source }
    };
    // Somebody may want to keep an older one.
    let mut options = private::options();
    let file = options.write(true).create_new(true).open(path);
    let tap = Tap::new(file.map_err(system("cannot make"))?, device, with_secrets).map_err(system("cannot write"))?;
    output.notice(match with_secrets {
        true => "warning: the recording has secrets in it, such as tokens that prove a PIN: give it to nobody",
        false => "secrets stay out of the recording; the names of websites and users do not",
    });
    Ok(tap)
}

/// Removes a recording that was begun and has no message: the next attempt needs its name.
pub(super) fn remove_empty(path: &Path) {
    let text = fs::read_to_string(path).unwrap_or_default();
    if text.parse().is_ok_and(|begun: Recording| begun.entries.is_empty()) {
        drop(fs::remove_file(path));
    }
}

/// Ends with the code of a program that failed, as if nobody had stood between.
pub(super) fn pass_on(ended: Option<ExitStatus>) {
    if let Some(status) = ended.filter(|status| !status.success()) {
        std::process::exit(status.code().unwrap_or(1));
    }
}

impl StandInArgs {
    /// Whether programs of other users reach the key.
    fn is_open_to_all(&self) -> bool {
        self.udp.is_some() || cfg!(not(unix))
    }

    /// Listens for programs. A directory that is made for it goes with the second value.
    fn relay(&self) -> Result<(Relay, Option<TempDir>), Failure> {
        let system = |source| Failure::System {
            what: "cannot listen for programs".to_owned(),
            source,
        };
        #[cfg(unix)]
        if self.udp.is_none() {
            if let Some(path) = &self.unix {
                return Ok((Relay::unix(path)?, None));
            }
            let directory = tempfile::Builder::new().prefix("brasskey-").tempdir().map_err(system)?;
            return Ok((Relay::unix(&directory.path().join("key"))?, Some(directory)));
        }
        let any = (Ipv4Addr::LOCALHOST, 0).into();
        Ok((Relay::udp(self.udp.unwrap_or(any)).map_err(system)?, None))
    }

    /// Serves `key` until the program ends, or somebody ends this one.
    pub(super) fn run(
        &self,
        key: &mut dyn Transport,
        tap: Option<&mut Tap<File>>,
        output: &Output,
    ) -> Result<Option<ExitStatus>, Failure> {
        let system = |what: &str| {
            let what = what.to_owned();
            move |source| Failure::System { what, source }
        };
        let (mut relay, _directory) = self.relay()?;
        let device = relay.address().to_string();
        let end = AtomicBool::new(false);
        let (tell, ended) = channel();
        let interrupted = tell.clone();
        // Ctrl-C goes to the program, too: it decides what that means.
        let is_alone = self.command.is_empty();
        interrupt::listen(move || {
            if is_alone {
                drop(interrupted.send(None));
            }
        });
        let mut child = match self.command.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).env(VARIABLE, &device);
                // Without a tap the key is a recording itself.
                match tap {
                    Some(_) => command.env_remove(REPLAYED),
                    None => command.env(REPLAYED, "1"),
                };
                let started = command.spawn();
                Some(started.map_err(system(&format!("cannot run {}", program.display())))?)
            }
            None => {
                match output.is_json() {
                    true => output.line(&json!({ "ready": true, "device": device }))?,
                    false => output.text(|to| writeln!(to, "Ready: --device {device}  {DIM}(Ctrl-C ends){DIM:#}"))?,
                }
                None
            }
        };
        thread::scope(|scope| {
            let (child, is_over) = (&mut child, &end);
            let waiting = scope.spawn(move || {
                let status = match child {
                    Some(child) => Some(child.wait()),
                    None => ended.recv().ok().flatten(),
                };
                is_over.store(true, Ordering::Release);
                status.transpose()
            });
            let served = serve(&mut relay, key, tap, &end);
            // The program has lost its key, and will say so; without one nobody waits.
            drop(tell.send(None));
            let status = waiting
                .join()
                .unwrap_or(Ok(None))
                .map_err(system("cannot wait for the program"))?;
            match served {
                Ok(()) => Ok(status),
                Err(RelayError::Key(error)) => Err(error.into()),
                Err(RelayError::System(source)) => Err(system("cannot record")(source)),
            }
        })
    }
}
