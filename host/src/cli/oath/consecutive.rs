//! Two codes in a row, as a website asks for them that wants to know how far off a clock is.

use super::accounts::now;
use super::code::wait;
use super::session::Session;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::client;
use crate::client::oath::{Code, Listed, OathError};

/// How often two codes are taken where a touch came too late for them to be of use.
const TRIES: u32 = 3;

/// The time, and waiting for it.
pub(in crate::cli) trait Clock {
    /// Seconds since 1970.
    fn now(&self) -> u64;

    /// Waits until `time`, or until the user gives up.
    ///
    /// # Errors
    /// The user gave up.
    fn wait(&self, time: u64, session: &Session, output: &Output) -> Result<(), Failure>;
}

/// The clock of this computer, and a countdown where somebody looks on.
pub(in crate::cli) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        now()
    }

    fn wait(&self, time: u64, session: &Session, output: &Output) -> Result<(), Failure> {
        wait(time, session, output)
    }
}

/// The code of now and the next one, taken while the second is that of now. `first` sees the first one at once.
///
/// # Errors
/// The key's; that every touch came too late.
pub(in crate::cli) fn two_codes(
    session: &mut Session,
    account: &Listed,
    clock: &dyn Clock,
    output: &Output,
    mut first: impl FnMut(&Code) -> Result<(), Failure>,
) -> Result<[Code; 2], Failure> {
    let period = u64::from(account.name.period);
    for _ in 0..TRIES {
        let begun = clock.now();
        let until = begun - begun % period + period;
        session.ask_ahead(account)?;
        let one = session.code_at(account, begun)?.code;
        if clock.now() < until + period {
            first(&one)?;
            clock.wait(until, session, output)?;
            session.touch_again();
            session.ask_ahead(account)?;
            let two = session.code_at(account, until)?.code;
            if clock.now() < until + period {
                return Ok([one, two]);
            }
        }
        session.touch_again();
        output.notice("the touch came too late, and the codes are not of now any more: once more");
    }
    Err(client::Error::from(OathError::NotTouched).into())
}
