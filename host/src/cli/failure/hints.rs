//! What to do next, in the terms of the command line: the library's hints name neither flags nor commands.

use std::io;

use brasskey_protocol::platform::StorageError;
use brasskey_protocol::store::StartError;

use super::Failure;
use crate::cli::device::REPLAYED;
use crate::client::ceremony::CeremonyError;
use crate::client::ctap2::Status;
use crate::client::oath::OathError;
use crate::client::{self, PinError};
use crate::private::{Unfit, is_full};
use crate::soft;
use crate::soft::storage::{KeyringError, StorageOpenProblem};
use crate::transport::pcsc::PcscError;
use crate::transport::{Address, TransportError};

/// The hint where there is no better one.
const AGAIN: &str = "try once more; if it fails again, `brasskey info` says what this key can do";

impl Failure {
    /// What to do next.
    pub(in super::super) fn hint(&self) -> String {
        match self {
            Self::Usage { hint, .. }
            | Self::CommandLine { hint, .. }
            | Self::Secret { hint, .. }
            | Self::NoToken { hint, .. } => hint.clone(),
            Self::NotKept { hint, source, .. } => match hint {
                Some(hint) => format!("{}; {hint}", source.hint()),
                None => source.hint().to_owned(),
            },
            Self::Key(error) => of_key(error).unwrap_or(AGAIN).to_owned(),
            Self::Ceremony(error) | Self::Untested(error) => of_ceremony(error).unwrap_or(AGAIN).to_owned(),
            Self::Hidden { remedy } => format!(
                "use the key that was registered; if it is this one, its credential may be protected (--cred-protect): \
                 {remedy}"
            ),
            Self::NoPasskey { protected } => {
                let hint = "only a registration with --resident makes a passkey: use the key that has it, or leave \
                            --resident out";
                match protected {
                    None => hint.to_owned(),
                    Some(remedy) => {
                        format!("{hint}; if this key has it, it may be protected (--cred-protect): {remedy}")
                    }
                }
            }
            Self::Verification(_) => "the checks above say what is wrong; do not rely on this key".to_owned(),
            Self::Unsound { hint, .. } => (*hint).to_owned(),
            Self::Code(_) => "set the clocks of both devices, and try again with a code that was just made".to_owned(),
            Self::Unhealthy { .. } => "run the commands above that you agree with, and try again".to_owned(),
            Self::Lost { .. } => {
                "plug it in, or start the emulator; if it goes in the same check again, it cannot bear that one"
                    .to_owned()
            }
            Self::Ended { state } => format!("{state}; run the command again when you are ready"),
            Self::Hand { .. } => {
                "the key is not to blame: look whether what touches and unplugs it works; a command has to end with \
                 0 once it has done its part"
                    .to_owned()
            }
            Self::Untried { untried, .. } => {
                format!("`--list` shows what keeps each of the {untried}, and takes the same options")
            }
            Self::Nonconforming { may_have_others, .. } => {
                let others = match may_have_others {
                    true => "; where another program may have used the key meanwhile, end that and try again",
                    false => "",
                };
                format!(
                    "--html FILE writes what was said on the wire; --exceptions FILE keeps what is meant to be \
                     so{others}"
                )
            }
            Self::Findings { .. } => {
                "the remedies above say what to write instead; `brasskey aws policy print` prints a policy without \
                 these"
                    .to_owned()
            }
            Self::Audit(_) => "the findings above say what to do about each".to_owned(),
            Self::Policy { .. } => "nothing was changed; use another key, or ask for less".to_owned(),
            Self::NoAccount { flag, .. } => {
                format!(
                    "check the device's name; `brasskey oath list` shows the accounts, and {flag} names one of them"
                )
            }
            Self::Unverified => {
                "measure `--command info` alone, or use another key; where alwaysUv is the cause, `brasskey config \
                 always-uv off` switches it off"
                    .to_owned()
            }
            Self::NoKey => {
                "plug one in, or name one with --device; `--device soft` is a soft token in memory".to_owned()
            }
            Self::NotPluggedIn => {
                "most keys accept a reset only in their first ten seconds: start again, with the key at hand".to_owned()
            }
            Self::Registrations(error) => error.hint().to_owned(),
            #[cfg(feature = "full")]
            Self::Aws(error) => error.hint(),
            #[cfg(feature = "full")]
            Self::Practice(error) => error.hint(),
            Self::State(error) => of_state(&error.problem),
            Self::Soft(error) => of_soft(error),
            Self::NoHome(error) => error.hint().to_owned(),
            Self::System { source, .. } => of_system(source).to_owned(),
            Self::Output(_) => "write them where there is room, and where this user may write".to_owned(),
        }
    }
}

/// What to do about a file that somebody named.
fn of_system(error: &io::Error) -> &'static str {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => "check the path",
        ErrorKind::IsADirectory => "name a file, not a directory",
        ErrorKind::AlreadyExists => "choose another name, or move away what is there",
        ErrorKind::PermissionDenied => "choose a place of your own, or run this as a user who may",
        ErrorKind::InvalidData => "check that this is the file that you mean",
        ErrorKind::ReadOnlyFilesystem => "choose another place: nothing can be written there",
        _ if is_full(error) => "make room there, or choose another place",
        _ => "look at what the system says, and try again",
    }
}

fn of_ceremony(error: &CeremonyError) -> Option<&'static str> {
    match error {
        CeremonyError::Key(error) => of_key(error),
        CeremonyError::AlwaysUv => Some("leave --u2f out, or switch alwaysUv off with `brasskey config always-uv off`"),
        error => error.hint(),
    }
}

fn of_key(error: &client::Error) -> Option<&'static str> {
    of_played(error, std::env::var_os(REPLAYED).is_some()).or_else(|| of_a_key(error))
}

/// A key that `brasskey replay` plays cannot be unplugged: it has nothing to say to what was not recorded.
fn of_played(error: &client::Error, is_played: bool) -> Option<&'static str> {
    let is_without_reason = matches!(
        error,
        client::Error::NoAnswer
            | client::Error::Transport(_)
            | client::Error::Status {
                status: Status::Other,
                ..
            }
    );
    (is_played && is_without_reason)
        .then_some("this key is a recording, which has no answer to that: `brasskey replay` says what differs")
}

fn of_a_key(error: &client::Error) -> Option<&'static str> {
    Some(match error {
        client::Error::NoDevice => "plug a security key in, or use the built-in one with `--device soft`",
        client::Error::PinNeeded => "give it when asked on a terminal, or with --pin-env or --pin-fd",
        client::Error::NoPin => "set one with `brasskey pin set`",
        client::Error::NotVerified => {
            "try again, or set a PIN with `brasskey pin set`; a soft token obeys its --user-verification"
        }
        client::Error::VerificationBlocked => {
            "set a PIN with `brasskey pin set` and give it, which ends this; so does `brasskey reset`, which erases all"
        }
        client::Error::MustChangePin => "change it with `brasskey pin change`",
        client::Error::Pin(
            PinError::TooFewCharacters | PinError::TooShort { .. } | PinError::TooLong { .. } | PinError::TooSimple,
        ) => "choose another PIN; `brasskey pin status` shows the rules for it",
        client::Error::NoRoom { .. } => {
            "make the data smaller, or delete another large blob with `brasskey blobs delete` or `blobs prune`"
        }
        client::Error::Status { status, .. } => match status {
            Status::UnsupportedAlgorithm => "`brasskey info` lists the key's algorithms",
            Status::OperationDenied | Status::UserActionTimeout => {
                "try again, and touch the key when it asks; a soft token asks on its terminal, or obeys --touch"
            }
            Status::PinNotSet => "set one with `brasskey pin set`",
            Status::PinPolicyViolation => "choose another PIN; `brasskey pin status` shows the rules for it",
            _ => return error.hint(),
        },
        client::Error::GetInfo(of) => match **of {
            client::Error::Status { .. } => return error.hint(),
            ref of => return of_key(of),
        },
        client::Error::Transport(error) => return of_transport(error),
        client::Error::Oath(of) => match of {
            OathError::NotOverHid => {
                "it may have them as a smart card: try --device pcsc:READER, with a part of the name of its reader"
            }
            OathError::Locked => "give its password when asked on a terminal, or with --password-env or --password-fd",
            OathError::WrongPassword => {
                "try again; without the password only `brasskey oath reset` helps, which erases the one-time codes"
            }
            OathError::NoAccount => "`brasskey oath list` shows the accounts",
            OathError::Full => "delete an account with `brasskey oath delete`, or use another key",
            OathError::NotTouched => {
                "try again, and touch the key when it asks; a soft token asks on its terminal, or obeys --touch"
            }
            OathError::Refused(_) | OathError::StatusWord { .. } => "shorter names or another secret may help",
            _ => return error.hint(),
        },
        _ => return error.hint(),
    })
}

fn of_transport(error: &TransportError) -> Option<&'static str> {
    Some(match error {
        TransportError::NotFound { address } | TransportError::Gone { address } => match address {
            Address::Hid(_) => "plug the key in; `brasskey list` shows where it is",
            Address::Udp(_) | Address::Unix(_) => {
                "check the address, and start what listens there: an emulator, or a soft token with `brasskey token`"
            }
            Address::Tcp(_) => {
                "check the address, and start the emulator that listens there; a soft token has --udp and --unix only"
            }
            Address::Pcsc(_) => "plug the key in; `brasskey list` shows the readers that have one",
        },
        TransportError::Open {
            address: Address::Hid(_),
            ..
        } => "name a security key: `brasskey list` shows them",
        TransportError::NotHid { .. } => {
            "name the key over HID (`brasskey list` shows it): only `oath` and `conformance` use readers"
        }
        TransportError::Pcsc(PcscError::NoReader { .. } | PcscError::Ambiguous { .. } | PcscError::NoCard { .. }) => {
            "`brasskey list` shows the readers that have a key: name one with --device pcsc:READER"
        }
        _ => return error.hint(),
    })
}

fn of_state(problem: &StorageOpenProblem) -> String {
    const ANOTHER: &str = "choose another file with --state";
    match problem {
        StorageOpenProblem::Locked { holder: Some(holder) } => {
            format!("reach that token with --device {holder}, or {ANOTHER}")
        }
        StorageOpenProblem::Locked { holder: None } => {
            format!("end that process, {ANOTHER}, or keep nothing with --ephemeral")
        }
        StorageOpenProblem::NoPermission => "choose a file of your own with --state".to_owned(),
        StorageOpenProblem::Unfit(Unfit::NotAFile(_)) => "name the file itself with --state".to_owned(),
        StorageOpenProblem::NotOurs => format!("{ANOTHER}; this one was left as it is"),
        StorageOpenProblem::Newer { .. } => format!("update brasskey, or {ANOTHER}"),
        StorageOpenProblem::PassphraseNeeded => {
            "give it when asked on a terminal, or with --passphrase-env or --passphrase-fd".to_owned()
        }
        StorageOpenProblem::Keyring(error) => of_keyring(error).to_owned(),
        problem => problem.hint(),
    }
}

fn of_keyring(error: &KeyringError) -> &'static str {
    match error {
        KeyringError::Absent(_) => {
            "run it in a desktop session with a keyring, such as GNOME Keyring or KWallet; elsewhere `--seal \
             passphrase` seals the file"
        }
        KeyringError::Unsupported => "use `--seal passphrase`, or another build",
        error => error.hint(),
    }
}

fn of_soft(error: &soft::Error) -> String {
    match error {
        soft::Error::Start(StartError::Storage(StorageError::Full)) => error.hint(),
        soft::Error::Start(_) => format!("{}, or use --ephemeral", error.hint()),
        soft::Error::Uhid(_) | soft::Error::NoHidraw => format!("{}; `brasskey doctor` says more", error.hint()),
        soft::Error::LinuxOnly => "use --usbip 127.0.0.1:3240, and attach to it with a USB/IP client".to_owned(),
        error => error.hint(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_unplug_a_recording() {
        let error = client::Error::NoAnswer;
        assert!(of_played(&error, false).is_none());
        assert!(of_played(&error, true).unwrap().contains("brasskey replay"));
        assert!(of_played(&client::Error::NoDevice, true).is_none());
    }

    #[test]
    fn a_missing_key_is_told_from_a_missing_token() {
        let of = |address| of_transport(&TransportError::NotFound { address }).unwrap();
        assert!(of(Address::Hid("/dev/hidraw0".to_owned())).contains("brasskey list"));
        assert!(of(Address::Udp(([127, 0, 0, 1], 8111).into())).contains("brasskey token"));
    }

    #[test]
    fn a_device_that_does_not_come_up_leads_to_the_doctor() {
        for error in [
            soft::Error::Uhid(io::ErrorKind::NotFound.into()),
            soft::Error::Uhid(io::ErrorKind::OutOfMemory.into()),
            soft::Error::NoHidraw,
        ] {
            assert!(of_soft(&error).ends_with("; `brasskey doctor` says more"), "{error}");
        }
    }

    #[test]
    fn what_the_system_says_of_a_file_comes_with_a_remedy() {
        for (kind, remedy) in [
            (io::ErrorKind::NotFound, "check the path"),
            (io::ErrorKind::StorageFull, "make room"),
            (io::ErrorKind::IsADirectory, "not a directory"),
        ] {
            let failure = Failure::System {
                what: "cannot read it".to_owned(),
                source: kind.into(),
            };
            assert!(failure.hint().contains(remedy), "{kind}");
        }
        let full = soft::Error::Start(StartError::Storage(StorageError::Full));
        assert!(of_soft(&full).contains("make room"));
    }

    #[test]
    fn a_pin_that_nobody_gave_is_asked_for_by_its_own_flags() {
        assert!(Failure::from(client::Error::PinNeeded).hint().contains("--pin-env"));
        let needed = Failure::secret_needed("a new PIN", "--new-pin-env or --new-pin-fd");
        assert_eq!(needed.to_string(), "this takes a new PIN");
        assert!(needed.hint().contains(" --new-pin-env"));
    }
}
