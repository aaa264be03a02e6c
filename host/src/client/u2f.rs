//! U2F raw messages (FIDO U2F Raw Message Formats v1.2), as keys answer them over CTAPHID_MSG.

use brasskey_protocol::ctaphid::KeepaliveStatus;

use super::channel::Channel;
use super::error::{Error, Malformed};
use super::oddity::Oddity;
use super::watch::Watch;
use crate::webauthn::Fault;

mod response;

pub use super::status::StatusWord;
pub(crate) use response::der_length;
pub use response::{Authentication, Registration};

/// The standard's sections: all messages, then each of them.
const MESSAGES: &str = "U2F Raw Message Formats 1.2 §3";
const REGISTER: &str = "U2F Raw Message Formats 1.2 §4";
const AUTHENTICATE: &str = "U2F Raw Message Formats 1.2 §5";
const VERSION: &str = "U2F Raw Message Formats 1.2 §6";

/// What U2F_AUTHENTICATE is to do (§5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Sign, after a touch.
    Enforce,
    /// Only say whether the key handle is the key's.
    CheckOnly,
    /// Sign, without a touch.
    DontEnforce,
}

/// U2F_VERSION: so far always `U2F_V2`. Untrusted text.
///
/// # Errors
/// [`Error::StatusWord`], [`Error::Malformed`] and the errors of [`Channel::message`].
pub fn version(channel: &mut Channel) -> Result<String, Error> {
    const NAME: &str = "U2F_VERSION";
    let version = exchange(channel, NAME, 0x03, 0, &[])?;
    if version != b"U2F_V2" {
        let oddity = Oddity::must(VERSION, "the version is not U2F_V2, the only one there is");
        channel.note(Fault::new(NAME, VERSION, &oddity));
    }
    String::from_utf8(version).map_err(|_| Error::Malformed {
        command: NAME,
        why: Malformed::Value("the version"),
    })
}

/// U2F_REGISTER: a new credential for `application`, the SHA-256 of an AppID or RP ID. Does not wait for the touch:
/// use [`with_touch`].
///
/// # Errors
/// [`Error::StatusWord`], [`Error::Malformed`] and the errors of [`Channel::message`].
pub fn register(channel: &mut Channel, challenge: &[u8; 32], application: &[u8; 32]) -> Result<Registration, Error> {
    const NAME: &str = "U2F_REGISTER";
    // §4.1 does not say what P1 is. Browsers send 0x03, which asks for a touch and uses it up.
    let answer = exchange(channel, NAME, 0x01, 0x03, &[challenge.as_slice(), application].concat())?;
    let registration = Registration::parse(&answer).map_err(|why| Error::Malformed { command: NAME, why })?;
    for oddity in registration.judge(REGISTER) {
        channel.note(Fault::new(NAME, REGISTER, &oddity));
    }
    Ok(registration)
}

/// U2F_AUTHENTICATE with one key handle. Does not wait for the touch: use [`with_touch`].
///
/// # Errors
/// [`Error::StatusWord`] with [`StatusWord::WrongData`] where the key handle is not the key's for this application,
/// also where it is too long for U2F; [`Error::Malformed`] and the errors of [`Channel::message`].
pub fn authenticate(
    channel: &mut Channel,
    control: Control,
    challenge: &[u8; 32],
    application: &[u8; 32],
    key_handle: &[u8],
) -> Result<Authentication, Error> {
    const NAME: &str = "U2F_AUTHENTICATE";
    // The length of a key handle is one byte.
    let Ok(length) = u8::try_from(key_handle.len()) else {
        return Err(Error::StatusWord {
            command: NAME,
            status_word: StatusWord::WrongData,
        });
    };
    let p1 = match control {
        Control::Enforce => 0x03,
        Control::CheckOnly => 0x07,
        Control::DontEnforce => 0x08,
    };
    let data = [challenge.as_slice(), application, &[length], key_handle].concat();
    let answer = exchange(channel, NAME, 0x02, p1, &data)?;
    let authentication = Authentication::parse(&answer).map_err(|why| Error::Malformed { command: NAME, why })?;
    let mut oddities = authentication.judge(AUTHENTICATE, control == Control::Enforce);
    if control == Control::CheckOnly {
        oddities.push(Oddity::must(
            AUTHENTICATE,
            "it signed where it was only asked whether it could",
        ));
    }
    for oddity in &oddities {
        channel.note(Fault::new(NAME, AUTHENTICATE, oddity));
    }
    Ok(authentication)
}

/// Whether `key_handle` is the key's for `application`. Needs no touch.
///
/// # Errors
/// As [`authenticate`].
pub fn holds(channel: &mut Channel, application: &[u8; 32], key_handle: &[u8]) -> Result<bool, Error> {
    match authenticate(channel, Control::CheckOnly, &[0; 32], application, key_handle) {
        // Yes has the form of an error (§5.1). A key that signs instead is wrong, but it holds the handle.
        Ok(_)
        | Err(Error::StatusWord {
            status_word: StatusWord::ConditionsNotSatisfied,
            ..
        }) => Ok(true),
        // If a handle has another length than their own, some keys take that for a mistake in the message.
        Err(Error::StatusWord {
            status_word: StatusWord::WrongData | StatusWord::WrongLength,
            ..
        }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Repeats `message` until the user touches the key, [`Timeouts::touch`](super::Timeouts::touch) is over, or `watch`
/// cancels.
///
/// # Errors
/// [`Error::TimedOut`], [`Error::Cancelled`], and those of `message`.
pub fn with_touch<T>(
    channel: &mut Channel,
    watch: &mut dyn Watch,
    mut message: impl FnMut(&mut Channel) -> Result<T, Error>,
) -> Result<T, Error> {
    let deadline = channel.time().now() + channel.timeouts().touch;
    loop {
        if watch.is_cancelled() {
            return Err(Error::Cancelled);
        }
        match message(channel) {
            Err(Error::StatusWord {
                status_word: StatusWord::ConditionsNotSatisfied,
                ..
            }) => {}
            result => return result,
        }
        if channel.time().now() >= deadline {
            return Err(Error::TimedOut);
        }
        watch.keepalive(KeepaliveStatus::UpNeeded);
        channel.time().sleep(channel.timeouts().touch_interval);
    }
}

/// Sends an APDU with extended length, which USB needs (§3.1), and splits the status word off the answer.
fn exchange(channel: &mut Channel, name: &'static str, ins: u8, p1: u8, data: &[u8]) -> Result<Vec<u8>, Error> {
    let mut apdu = vec![0x00, ins, p1, 0x00, 0x00];
    if let Ok(length @ 1..) = u16::try_from(data.len()) {
        apdu.extend(length.to_be_bytes());
        apdu.extend(data);
    }
    // Le: as much as there is.
    apdu.extend([0x00, 0x00]);
    let answer = channel.message(&apdu)?;
    let Some((body, status_word)) = answer.split_last_chunk() else {
        return Err(Error::Malformed {
            command: name,
            why: Malformed::Truncated,
        });
    };
    match StatusWord::from(u16::from_be_bytes(*status_word)) {
        StatusWord::NoError => Ok(body.to_vec()),
        status_word => {
            if !body.is_empty() {
                let oddity = Oddity::should(MESSAGES, "there is data before the error, and nothing should be");
                channel.note(Fault::new(name, MESSAGES, &oddity));
            }
            Err(Error::StatusWord {
                command: name,
                status_word,
            })
        }
    }
}

#[cfg(test)]
mod tests;
