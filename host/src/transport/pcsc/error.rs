//! What can go wrong between this program and a card in a reader.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Without a part of a name, any reader is looked for.
fn having(part: &str) -> String {
    match part {
        "" => "have a key in them".to_owned(),
        part => format!("have a name with {part:?} in it"),
    }
}

/// Why a card could not be reached.
#[derive(Debug, Error)]
pub enum PcscError {
    /// This system's smart card service is not one that brasskey speaks to.
    #[error("this build of brasskey reaches smart card readers through pcscd alone, which this system does not have")]
    Unsupported,
    /// Nothing listens where pcscd does.
    #[error("pcscd, which speaks to smart card readers, does not run: nothing answers at {}", socket.display())]
    NoService {
        /// Its socket.
        socket: PathBuf,
    },
    /// pcscd does not let this user in.
    #[error("pcscd does not let this user use smart card readers")]
    Refused,
    /// pcscd speaks another protocol.
    #[error("this pcscd speaks version {major}.{minor} of its protocol, which brasskey does not know")]
    Version {
        /// Its major version.
        major: u32,
        /// Its minor version.
        minor: u32,
    },
    /// No reader has such a name.
    #[error("no smart card reader has a name with {part:?} in it")]
    NoReader {
        /// What was looked for.
        part: String,
    },
    /// Several readers have such a name.
    #[error("several smart card readers {}: {}", having(part), readers.join(", "))]
    Ambiguous {
        /// What was looked for.
        part: String,
        /// Their names.
        readers: Vec<String>,
    },
    /// The reader is empty.
    #[error("there is no card in the reader {reader}")]
    NoCard {
        /// The reader's name.
        reader: String,
    },
    /// Another program has the card for itself.
    #[error("another program uses the card in the reader {reader}")]
    InUse {
        /// The reader's name.
        reader: String,
    },
    /// The card was taken away, or the reader was.
    #[error("the card in the reader {reader} is gone")]
    Gone {
        /// The reader's name.
        reader: String,
    },
    /// The card is silent, or the reader cannot speak to it.
    #[error("the card in the reader {reader} does not answer")]
    NoAnswer {
        /// The reader's name.
        reader: String,
    },
    /// pcscd says something that is none of these.
    #[error("pcscd answered with 0x{0:08X}")]
    Code(u32),
    /// The caller gave up.
    #[error("cancelled")]
    Cancelled,
    /// pcscd does not answer as its protocol says.
    #[error("pcscd does not answer as its protocol says")]
    Malformed,
    /// The socket failed.
    #[error("cannot talk to pcscd: {0}")]
    Io(#[from] io::Error),
}

impl PcscError {
    /// What to do next, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unsupported => "use a key over HID, or another program: ykman for example",
            Self::NoService { .. } => {
                "install it (the package pcscd on Debian and Ubuntu, pcsc-lite on Fedora and Arch) and start it: \
                 `sudo systemctl start pcscd.socket`"
            }
            Self::Refused => {
                "its polkit rules let in who sits at the computer: log in there, or ask who administers it"
            }
            Self::Version { .. } => "update brasskey or pcscd",
            Self::NoReader { .. } => "plug the key in, and name its reader or a part of the name",
            Self::Ambiguous { .. } => "name more of it",
            Self::NoCard { .. } => "put the card into it, or start the token that is to be its card",
            Self::InUse { .. } => {
                "close that program; where it is GnuPG's, `gpgconf -K scdaemon` makes it let go of the card"
            }
            Self::Gone { .. } => "plug the key in again, and try once more",
            Self::NoAnswer { .. } => "take the key out, plug it in again, and try once more",
            Self::Code(_) | Self::Malformed => "start pcscd again, and try once more",
            Self::Cancelled => "run the command again when you are ready",
            Self::Io(_) => return None,
        })
    }
}
