//! What the applet refuses.

use thiserror::Error;

/// Why a command of the applet was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OathError {
    /// The key does not know the command that carries APDUs of the applet over CTAPHID.
    #[error("this security key has no one-time codes over HID")]
    NotOverHid,
    /// The card knows no such applet.
    #[error("this security key has no one-time codes")]
    NoApplet,
    /// The access code was not given.
    #[error("the one-time codes of this security key are protected by a password")]
    Locked,
    /// The access code is another one.
    #[error("the password is wrong")]
    WrongPassword,
    /// The key has no account of that name.
    #[error("this security key has no such account")]
    NoAccount,
    /// The key is full.
    #[error("this security key has no room for another account")]
    Full,
    /// Nobody touched the key, or its user refused.
    #[error("nobody touched the security key, or its user refused")]
    NotTouched,
    /// The key could not store it.
    #[error("this security key could not store it")]
    Storage,
    /// The key refuses what was sent.
    #[error("this security key refuses what {0} asks for")]
    Refused(&'static str),
    /// Another status word.
    #[error("the security key answered {command} with 0x{status_word:04X}")]
    StatusWord {
        /// The command as the protocol names it.
        command: &'static str,
        /// Why.
        status_word: u16,
    },
}

impl OathError {
    /// The error behind a status word other than 9000 and 61xx.
    pub(super) fn of(command: &'static str, status_word: u16) -> Self {
        match status_word {
            0x6982 => Self::Locked,
            0x6984 => Self::NoAccount,
            0x6985 => Self::NotTouched,
            0x6A84 => Self::Full,
            0x6581 => Self::Storage,
            0x6A80 | 0x6700 => Self::Refused(command),
            _ => Self::StatusWord { command, status_word },
        }
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotOverHid => "it may have them as a smart card: name its reader",
            Self::NoApplet => "use another key",
            Self::Locked => "give the password",
            Self::WrongPassword => "try again; without it only a reset of the one-time codes helps, which erases them",
            Self::NoAccount => "list the accounts of the key",
            Self::Full => "delete an account that you no longer need, or use another key",
            Self::NotTouched => "try again, and touch the security key when it asks for it",
            Self::Storage => "unplug the security key and plug it in again, and try once more",
            Self::Refused(_) | Self::StatusWord { .. } => return None,
        })
    }
}
