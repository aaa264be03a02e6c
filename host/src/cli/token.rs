//! `brasskey token`: the soft token as a server, for other programs.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

use clap::Args as ClapArgs;
use serde_json::json;

use super::device::SoftArgs;
use super::failure::Failure;
use super::output::{DIM, Output};
use crate::soft::control::{ControlAddress, ControlOptions};
use crate::soft::storage::{AnyStorage, Seal};
use crate::soft::{Listen, SoftKey, Touch, paths};
use crate::text::escape;

/// The arguments of `token`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Listen on a loopback UDP address, one 64-byte report a datagram; port 0 takes one that is free [default:
    /// 127.0.0.1:8111, unless --unix is given]
    #[arg(long, value_name = "ADDRESS")]
    udp: Option<SocketAddr>,

    /// Listen on a Unix socket that only you can use
    #[arg(long, value_name = "PATH")]
    unix: Option<PathBuf>,

    /// Let programs press the button and switch the power: HTTP on a loopback address, or on a Unix socket
    #[arg(long, value_name = "ADDRESS|PATH", value_parser = control)]
    control: Option<ControlAddress>,

    /// The file with the token that the control endpoint asks for; made if missing [default: control-token in your
    /// data directory]
    #[arg(long, value_name = "FILE", requires = "control")]
    control_token_file: Option<PathBuf>,

    /// List in getInfo also the algorithms that older browsers do not know (ESP256, Ed25519, ESP384, ML-DSA); Firefox
    /// before mid-2026 then cannot use the token
    #[arg(long)]
    list_recent_algorithms: bool,

    #[command(flatten)]
    soft: SoftArgs,
}

fn control(text: &str) -> Result<ControlAddress, std::convert::Infallible> {
    text.parse()
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let listen = args.listen()?;
    let touch = args.touch(&listen)?;
    let storage = args.soft.storage(output)?;
    let (owner, seal) = match &storage {
        AnyStorage::File(file) => (Some(file.announcer()), Some(file.seal())),
        AnyStorage::Memory(_) => (None, None),
    };
    let state = owner.as_ref().map(|owner| owner.state().to_owned());
    let is_open = listen.udp.is_some() && touch == Touch::Auto;
    // Before anybody can know of the token, so that who ends it early finds its sockets gone too.
    let ended = end()?;
    let key = SoftKey::builder()
        .touch(touch)
        .storage(storage)
        .list_recent_algorithms(args.list_recent_algorithms)
        .build()?;
    let servers = key.serve(&listen)?;
    let addresses = servers.addresses();
    if let (Some(owner), Some(device)) = (owner, addresses.device()) {
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

    let value = json!({
        "ready": true,
        "device": addresses.device(),
        "udp": addresses.udp,
        "unix": addresses.unix,
        "state": state,
        "seal": seal.map(Seal::name),
        "control": addresses.control,
        "controlTokenFile": listen.control.as_ref().map(|control| &control.token_file),
    });
    if output.is_json() {
        // One line: whoever started this reads up to its end.
        output.line(&value)?;
    } else {
        output.text(|to| {
            let device = addresses.device().unwrap_or_default();
            write!(to, "Ready: --device {}", escape(&device))?;
            if let Some(control) = &addresses.control {
                write!(to, "  control {}", escape(control))?;
            }
            writeln!(to, "  {DIM}(Ctrl-C ends){DIM:#}")
        })?;
    }
    // Without a sender there is nobody left who could end it.
    let _ = ended.recv();
    Ok(())
}

/// What it takes to copy the key; `seal` is that of the file `state`, where there is one.
fn exposure(state: &str, seal: Option<Seal>) -> String {
    match seal {
        Some(Seal::None) => {
            format!("{state} alone is enough to copy its keys, and so is its memory (`brasskey seal` seals the file)")
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
        let udp = match (self.udp, &self.unix) {
            (None, None) => Some(SocketAddr::from(([127, 0, 0, 1], 8111))),
            (udp, _) => udp,
        };
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
            control,
        })
    }

    /// Who touches the key. Nobody shall open a key with lasting secrets to all users of the computer by accident.
    fn touch(&self, listen: &Listen) -> Result<Touch, Failure> {
        let touch = self.soft.touch.clone().unwrap_or_else(Touch::of_terminal);
        if touch == Touch::Auto && listen.udp.is_some() && !self.soft.ephemeral && self.soft.state.is_none() {
            return Err(Failure::usage(
                "with `--touch auto` over UDP any user of this computer could sign in with your soft token",
                "use --ephemeral, or name the file with --state, or listen with --unix instead",
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

/// Hears of Ctrl-C, and of the signals that end services.
fn end() -> Result<Receiver<()>, Failure> {
    let (end, ended) = channel();
    ctrlc::set_handler(move || {
        // Nobody waits any more where it has ended already.
        let _ = end.send(());
    })
    .map_err(|error| Failure::System {
        what: "cannot wait for the end".to_owned(),
        source: io::Error::other(error),
    })?;
    Ok(ended)
}

/// A path that means the same to whoever reads it elsewhere.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|source| Failure::System {
        what: format!("cannot find {}", path.display()),
        source,
    })
}
