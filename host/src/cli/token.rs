//! `brasskey token`: the soft token as a server, for other programs.

mod ready;
mod record;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use brasskey_protocol::store::StartError;
use brasskey_protocol::store::attestation::installed;
use clap::Args as ClapArgs;
use uuid::Uuid;

use super::address::{address, address_or_path, socket};
use super::device::SoftArgs;
use super::failure::Failure;
use super::interrupt;
use super::layout::aaguid;
use super::output::Output;
use super::state::{Missing, absolute};
use super::trouble::Tells;
use crate::soft::control::{ControlAddress, ControlOptions};
use crate::soft::storage::{AnyStorage, Seal};
use crate::soft::{self, Backup, Identity, Listen, LogEntry, Name, Serial, SoftKey, Touch, UserVerification, paths};
use crate::text::escape;
use record::RecordArgs;

/// The arguments of `token`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Plug the token into this computer (Linux): browsers, OpenSSH and every other program find it as /dev/hidrawN;
    /// add --pcsc for programs that want a smart card, which such a device cannot be
    #[arg(long)]
    uhid: bool,

    /// Offer the token as a USB device on a loopback address, for `usbip attach` (Linux, Windows): a security key and a
    /// smart card reader with its card
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    usbip: Option<SocketAddr>,

    /// Put the token as a smart card into the reader of pcscd's driver vpcd, for programs that ask for one-time codes
    /// (ykman, Yubico Authenticator) [default: 127.0.0.1:35963]
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:35963",
        value_parser = address)]
    pcsc: Option<SocketAddr>,

    /// Listen on a loopback UDP address, one 64-byte report a datagram; port 0 picks a free port [default:
    /// 127.0.0.1:8111, unless another way is given]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    udp: Option<SocketAddr>,

    /// Listen on a Unix socket that only you can use
    #[arg(long, value_name = "PATH", value_parser = socket())]
    unix: Option<PathBuf>,

    /// Let programs press the button and switch the power: HTTP on a loopback address; or on a Unix socket, whose path
    /// has a slash where it could be an address
    #[arg(long, value_name = "ADDRESS|PATH", value_parser = address_or_path)]
    control: Option<ControlAddress>,

    /// The file with the control token, the secret that the control endpoint asks for; created if it is missing
    /// [default: control-token in your data directory]
    #[arg(long, value_name = "FILE", requires = "control")]
    control_token_file: Option<PathBuf>,

    /// Also list the newer algorithms in getInfo (ESP256, Ed25519, ESP384, ESP512, ML-DSA); older browsers do not know
    /// them, and Firefox before mid-2026 then cannot use the token
    #[arg(long)]
    list_recent_algorithms: bool,

    /// How the token verifies its user: pin; or, in tests, by itself like a fingerprint reader: always (it succeeds),
    /// never (it fails), or control (programs decide, with --control) [default: pin]
    #[arg(long, value_name = "HOW")]
    user_verification: Option<UserVerification>,

    /// The token's model, an AAGUID: a website takes tokens of different models for different kinds of key
    #[arg(long, value_name = "UUID")]
    aaguid: Option<Uuid>,

    /// Make credentials that may leave the token, as synced passkeys do: with the flag BE, and a counter that stays
    /// at 0
    #[arg(long)]
    backup_eligible: bool,

    /// Mark these credentials as backed up, with the flag BS
    #[arg(long, requires = "backup_eligible")]
    backed_up: bool,

    /// The token's name, to tell it from others: letters, digits, `-`, `_` and `.`; its secrets are then in
    /// NAME.redb in your data directory unless --state names another file
    #[arg(long, value_name = "NAME", conflicts_with = "ephemeral")]
    token_name: Option<Name>,

    /// Print each command on stderr once it is answered: what it was, the answer, and how long it took
    #[arg(long)]
    log: bool,

    #[command(flatten)]
    soft: SoftArgs,

    #[command(flatten)]
    record: RecordArgs,
}

/// How many lines of the log may wait for a slow stderr; those that come after that are dropped.
const UNSHOWN_MAX: usize = 1000;

/// What to do where the token is not in its reader. It gets in as soon as it can, and then says nothing.
const PCSC_HINT: &str = "hint: it becomes one as soon as pcscd runs with the driver vpcd; both are packages (Debian: \
                         `sudo apt-get install pcscd vsmartcard-vpcd`), and `brasskey doctor` says what is missing";

/// What the command waits for while the token runs.
enum Event {
    Command(LogEntry),
    /// The recording takes no more.
    Unrecorded(io::Error),
    /// Ctrl-C, or a signal that ends services.
    End,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let listen = args.listen()?;
    let touch = args.touch(&listen)?;
    let verification = args.user_verification.unwrap_or_default();
    if verification == UserVerification::Control && listen.control.is_none() {
        return Err(Failure::usage(
            "with `--user-verification control` nobody can say who is verified without --control",
            "add --control 127.0.0.1:0",
        ));
    }
    let name = args.token_name.as_ref();
    let mut storage = args.soft.storage(name, Missing::Make, Tells::AtOnce, output)?;
    let (owner, seal) = match &storage {
        AnyStorage::File(file) => (Some(file.announcer()), Some(file.seal())),
        AnyStorage::Memory(_) | AnyStorage::Other(_) => (None, None),
    };
    let state = owner.as_ref().map(|owner| owner.state().to_owned());
    let is_open = listen.is_open() && touch == Touch::Auto;
    let identity = args.identity(&mut storage)?;
    let model = args.model(&mut storage)?;
    // Before the token can be reached, so that its sockets are removed even if it is ended early.
    let (tell, events) = events();
    let mut builder = SoftKey::builder()
        .touch(touch)
        .user_verification(verification)
        .storage(storage)
        .identity(identity)
        .list_recent_algorithms(args.list_recent_algorithms)
        .backup(args.backup());
    if let Some(aaguid) = model {
        builder = builder.aaguid(aaguid);
    }
    let untold = tell.clone();
    let fail = move |error| drop(untold.try_send(Event::Unrecorded(error)));
    if let Some(listener) = args.record.listener(fail, output)? {
        builder = builder.listener(listener);
    }
    if args.log {
        builder = builder.observer(move |entry| drop(tell.try_send(Event::Command(entry))));
    }
    let key = builder.build().inspect_err(|_| args.record.remove_empty())?;
    let servers = key.serve(&listen).inspect_err(|_| args.record.remove_empty())?;
    if let (Some(owner), Some(device)) = (owner, servers.addresses().device()) {
        owner.announce(&device).map_err(|source| Failure::System {
            what: "cannot note who uses the state file".to_owned(),
            source,
        })?;
    }
    let shown = state
        .as_ref()
        .map(|state| state.display().to_string())
        .unwrap_or_default();
    output.notice(&format!(
        "this security key is software: {}",
        exposure(&escape(&shown), seal)
    ));
    if is_open {
        output.notice("warning: any user of this computer can use this key, and nobody is asked");
    }
    if let Some(refusal) = servers.hid_refusal() {
        output.notice(&format!("warning: this user cannot open the token's device: {refusal}"));
        output.notice(
            "hint: install the udev rule of brasskey, or another one for security keys, and start again; `brasskey \
             doctor` says more",
        );
    }
    if let Some(refusal) = servers.pcsc_refusal() {
        output.notice(&format!(
            "warning: the token is not a smart card yet: nothing at {} takes one: {refusal}",
            servers
                .addresses()
                .pcsc
                .map(|address| address.to_string())
                .unwrap_or_default()
        ));
        output.notice(PCSC_HINT);
    }
    ready::say(&key, &servers, &listen, state.as_deref().zip(seal), output)?;
    loop {
        match events.recv() {
            Ok(Event::Command(entry)) => output.notice(&line(&entry)),
            Ok(Event::Unrecorded(error)) => output.notice(&format!("warning: the recording ends here: {error}")),
            Ok(Event::End) | Err(_) => return Ok(()),
        }
    }
}

/// One command, for the log: when, on which channel, what, the answer, and how long the key took without its user.
fn line(entry: &LogEntry) -> String {
    let LogEntry {
        time_ms,
        channel,
        command,
        status,
        duration_us,
        waited_us,
    } = entry;
    format!(
        "{}.{:03} s  {channel}  {command}  {status}  {}.{:03} ms{}",
        time_ms / 1000,
        time_ms % 1000,
        duration_us / 1000,
        duration_us % 1000,
        match waited_us {
            0 => String::new(),
            _ => format!(
                ", {}.{:03} s for its user",
                waited_us / 1_000_000,
                waited_us / 1000 % 1000
            ),
        }
    )
}

/// Says what somebody needs to copy the key; `seal` is that of the file `state`, where there is one.
fn exposure(state: &str, seal: Option<Seal>) -> String {
    match seal {
        Some(Seal::None) => {
            format!(
                "{state} alone is enough to copy its keys, and so is its memory (`brasskey seal` with the same --name \
                 or --state seals the file)"
            )
        }
        Some(Seal::Passphrase) => {
            format!("{state} and the passphrase are enough to copy its keys, and so is its memory")
        }
        Some(Seal::Keyring) => {
            format!("{state} and your desktop's keyring are enough to copy its keys, and so is its memory")
        }
        None => "whoever can read its memory has its keys".to_owned(),
    }
}

impl Args {
    fn listen(&self) -> Result<Listen, Failure> {
        let by_default = self.unix.is_none() && !self.is_plugged_in();
        let udp = self
            .udp
            .or_else(|| by_default.then_some(SocketAddr::from(([127, 0, 0, 1], 8111))));
        let control = match &self.control {
            None => None,
            Some(address) => Some(ControlOptions {
                address: address.clone(),
                token_file: match &self.control_token_file {
                    Some(file) => absolute(file)?,
                    None => paths::default_control_token()?,
                },
            }),
        };
        Ok(Listen {
            udp,
            unix: self.unix.as_deref().map(absolute).transpose()?,
            uhid: self.uhid,
            usbip: self.usbip,
            pcsc: self.pcsc,
            control,
        })
    }

    /// `--aaguid`. What certificates attest is their own model.
    fn model(&self, storage: &mut AnyStorage) -> Result<Option<[u8; 16]>, Failure> {
        let Some(model) = self.aaguid.map(Uuid::into_bytes) else {
            return Ok(None);
        };
        let attested = installed(storage).map_err(|error| soft::Error::Start(StartError::Storage(error)))?;
        match attested {
            Some(attested) if attested != model => Err(Failure::usage(
                format!(
                    "the token's attestation certificates are for model {}, and --aaguid names another",
                    aaguid(attested)
                ),
                "leave --aaguid out, or choose another token with --name, --state or --ephemeral",
            )),
            _ => Ok(Some(model)),
        }
    }

    fn backup(&self) -> Backup {
        match (self.backup_eligible, self.backed_up) {
            (false, _) => Backup::Never,
            (true, false) => Backup::Eligible,
            (true, true) => Backup::BackedUp,
        }
    }

    fn identity(&self, storage: &mut AnyStorage) -> Result<Identity, Failure> {
        let serial = Serial::kept_in(storage).map_err(|error| Failure::System {
            what: "cannot keep the token's serial number".to_owned(),
            source: io::Error::other(error),
        })?;
        Ok(Identity {
            name: self.token_name.clone(),
            serial,
        })
    }

    /// Whether the whole computer sees the token, and so programs without a terminal.
    fn is_plugged_in(&self) -> bool {
        self.uhid || self.usbip.is_some() || self.pcsc.is_some()
    }

    /// Who touches the key. Nobody may open a key with lasting secrets to all users of the computer by accident.
    fn touch(&self, listen: &Listen) -> Result<Touch, Failure> {
        let touch = self.soft.touch.clone().unwrap_or_else(|| match self.is_plugged_in() {
            true => Touch::of_desktop(),
            false => Touch::of_terminal(),
        });
        if touch == Touch::Auto && listen.is_open() && !self.soft.ephemeral && self.soft.state.is_none() {
            return Err(Failure::usage(
                "with `--touch auto` over UDP, USB/IP or PC/SC any user of this computer could sign in with your soft \
                 token",
                "use --ephemeral, or name the file with --state, or use --uhid or --unix instead",
            ));
        }
        if touch == Touch::Control && listen.control.is_none() {
            return Err(Failure::usage(
                "with `--touch control` nobody can press the button without --control",
                "add --control 127.0.0.1:0",
            ));
        }
        Ok(touch)
    }
}

/// A channel that receives the commands to log, and Ctrl-C or a signal that ends services.
fn events() -> (SyncSender<Event>, Receiver<Event>) {
    let (tell, events) = sync_channel(UNSHOWN_MAX);
    let end = tell.clone();
    // If the command has ended already, nobody is waiting.
    interrupt::listen(move || drop(end.send(Event::End)));
    (tell, events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_one_line_of_the_log() {
        let mut entry = LogEntry {
            time_ms: 12_034,
            channel: "0000000a".to_owned(),
            command: "authenticatorGetInfo".to_owned(),
            status: "0x00".to_owned(),
            duration_us: 1_007,
            waited_us: 0,
        };
        assert_eq!(line(&entry), "12.034 s  0000000a  authenticatorGetInfo  0x00  1.007 ms");
        entry.waited_us = 2_345_678;
        assert!(line(&entry).ends_with("  1.007 ms, 2.345 s for its user"));
    }
}
