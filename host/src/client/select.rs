//! Several keys, one user: the user touches the key that is meant.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::error::{Error, ErrorKind};
use super::key::Key;
use super::watch::{CancelHandle, Watch};

/// How often `cancel` is looked at.
const CANCEL_INTERVAL: Duration = Duration::from_millis(50);

/// Waits until the user touches one of `keys`, and returns its index. One key is chosen without a touch.
///
/// All keys are asked at once, each in its own thread. When one is touched, the others are cancelled. A key that fails,
/// because it was unplugged for example, is left out.
///
/// # Errors
/// [`Error::NoDevice`] where there are no keys, [`Error::Cancelled`] when `cancel` says so; where every key
/// failed, one of their errors: one that came from the user, if there is any.
pub fn choose(keys: &mut [Key], cancel: &CancelHandle) -> Result<usize, Error> {
    match keys {
        [] => Err(Error::NoDevice),
        [_] => Ok(0),
        keys => first_touched(keys, cancel),
    }
}

fn first_touched(keys: &mut [Key], cancel: &CancelHandle) -> Result<usize, Error> {
    // Cancels all keys: one was touched, or the caller gave up.
    let over = CancelHandle::default();
    thread::scope(|scope| {
        let (sender, receiver) = channel();
        for (index, key) in keys.iter_mut().enumerate() {
            let sender = sender.clone();
            let mut watch = over.clone();
            scope.spawn(move || {
                // No receiver: another key was touched first.
                let _ = sender.send(key.touch(&mut watch).map(|()| index));
            });
        }
        drop(sender);
        let mut worst = Error::NoDevice;
        loop {
            match receiver.recv_timeout(CANCEL_INTERVAL) {
                Ok(Ok(index)) => {
                    over.cancel();
                    return Ok(index);
                }
                Ok(Err(error)) if worst.kind() != ErrorKind::User => worst = error,
                Ok(Err(_)) => {}
                Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => over.cancel(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(if cancel.is_cancelled() { Error::Cancelled } else { worst });
                }
            }
        }
    })
}

#[cfg(test)]
mod tests;
