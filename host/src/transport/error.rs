//! What can go wrong below CTAPHID.

use std::io;

use thiserror::Error;

use super::Address;
use super::pcsc::PcscError;

/// Why a key could not be reached. The key itself is not at fault.
#[derive(Debug, Error)]
pub enum TransportError {
    /// Nothing is at this address.
    #[error("there is no key at {address}")]
    NotFound {
        /// The address.
        address: Address,
    },
    /// The operating system does not let this user open the key.
    #[error("this user may not open {address}")]
    Permission {
        /// The address.
        address: Address,
    },
    /// This build, or this operating system, has no such transport.
    #[error("this build of brasskey cannot open {address}")]
    Unsupported {
        /// The address.
        address: Address,
    },
    /// The key cannot be opened for another reason.
    #[error("cannot open {address}: {source}")]
    Open {
        /// The address.
        address: Address,
        /// What the operating system said.
        source: Cause,
    },
    /// The key is gone: it was unplugged, or its process ended.
    #[error("{address} is gone")]
    Gone {
        /// The address.
        address: Address,
    },
    /// The soft token of this process was switched off.
    #[error("the security key was unplugged")]
    Unplugged,
    /// Sending or receiving failed for another reason.
    #[error("cannot talk to {address}: {source}")]
    Failed {
        /// The address.
        address: Address,
        /// What the operating system said.
        source: Cause,
    },
    /// What was asked goes over HID, and the key was named as a smart card.
    #[error("this needs a security key over HID, and {address} is a smart card reader")]
    NotHid {
        /// The address.
        address: Address,
    },
    /// A smart card could not be reached.
    #[error(transparent)]
    Pcsc(#[from] PcscError),
    /// The plugged-in keys cannot be listed.
    #[error("cannot list the plugged-in keys: {source}")]
    List {
        /// What the operating system said.
        source: Cause,
    },
}

/// What a library or the operating system said.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

impl TransportError {
    /// What to do next, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotFound {
                address: Address::Hid(_),
            }
            | Self::Gone {
                address: Address::Hid(_),
            }
            | Self::Unplugged => Some("plug the key in"),
            Self::NotFound { .. } | Self::Gone { .. } => Some("start the token"),
            Self::Permission {
                address: Address::Hid(_),
            } if cfg!(target_os = "linux") => Some(
                "on Linux a udev rule must give this user the key: install systemd's 70-u2f or libfido2's rules, and \
                 plug the key in again",
            ),
            Self::Permission {
                address: Address::Hid(_),
            } if cfg!(windows) => {
                Some("on Windows only an administrator may open a security key: run this as administrator")
            }
            Self::Permission { .. } => Some("run this as the user who started the token"),
            Self::NotHid { .. } => {
                Some("name the key itself: only one-time codes and the checks of `conformance` go through a reader")
            }
            Self::Pcsc(error) => error.hint(),
            Self::Unsupported { .. } => Some("build brasskey with the feature `hid`, or choose another transport"),
            Self::Open {
                address: Address::Hid(_),
                ..
            } => Some("name a security key"),
            Self::Open { .. } | Self::Failed { .. } | Self::List { .. } => None,
        }
    }

    /// An error of opening.
    pub(super) fn opening(address: Address, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Self::NotFound { address },
            io::ErrorKind::PermissionDenied => Self::Permission { address },
            _ => Self::Open {
                address,
                source: error.into(),
            },
        }
    }

    /// An error of sending or receiving.
    pub(super) fn talking(address: Address, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
            | io::ErrorKind::UnexpectedEof => Self::Gone { address },
            _ => Self::Failed {
                address,
                source: error.into(),
            },
        }
    }
}

/// Whether a read ended because its time was over, or early because of a signal.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hid() -> Address {
        Address::Hid("/dev/hidraw0".to_owned())
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn who_may_not_open_a_key_hears_of_udev() {
        let error = TransportError::opening(hid(), io::ErrorKind::PermissionDenied.into());
        assert!(matches!(error, TransportError::Permission { .. }));
        assert!(error.hint().is_some_and(|hint| hint.contains("udev")));
    }

    #[test]
    fn a_missing_key_is_told_from_a_missing_token() {
        let token = Address::Udp(([127, 0, 0, 1], 8111).into());
        let [key, token] =
            [hid(), token].map(|address| TransportError::opening(address, io::ErrorKind::NotFound.into()));
        assert!(key.hint().is_some_and(|hint| hint.contains("plug")));
        assert!(token.hint().is_some_and(|hint| hint.contains("token")));
    }

    #[test]
    fn other_errors_tell_their_cause() {
        let error = TransportError::talking(hid(), io::Error::other("on fire"));
        assert_eq!(error.to_string(), "cannot talk to hid:/dev/hidraw0: on fire");
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(cause.as_deref(), Some("on fire"));
    }
}
