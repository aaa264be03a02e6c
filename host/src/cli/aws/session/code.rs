//! A code that AWS has not seen yet.

use super::cache::Cache;
use super::voice::Voice;
use crate::cli::failure::Failure;
use crate::cli::oath::{Clock, Session, two_codes};
use crate::cli::output::Output;
use crate::client;
use crate::client::oath::{Code, Kind, Listed, OathError};

/// How often a code is taken where a touch came too late for it to be of use.
const TRIES: u32 = 3;

/// The code of now, or of the next 30 s where that of now was used. It counts as used before it leaves: then two
/// processes never send the same, and what ends between costs half a minute at most.
pub(super) fn fresh(
    session: &mut Session,
    account: &Listed,
    purpose: &str,
    cache: &Cache,
    clock: &dyn Clock,
    voice: &Voice,
    output: &Output,
) -> Result<Code, Failure> {
    if account.kind == Kind::Hotp {
        return Err(Failure::usage(
            format!(
                "{} counts its codes, and AWS takes those of the time alone",
                account.name
            ),
            "name another account with --name",
        ));
    }
    let period = u64::from(account.name.period);
    let touch = session.needs_touch(account)?;
    for _ in 0..TRIES {
        let step = unused(session, period, cache, clock, voice, output)?;
        if touch {
            voice.say(&format!(
                "touch the security key for a code of {}, for {purpose}",
                account.name
            ));
            session.touch_was_asked();
        }
        let code = session.code_at(account, step * period)?.code;
        // AWS takes the code of the step before, too.
        if clock.now() < (step + 2) * period {
            cache.use_step(step)?;
            return Ok(code);
        }
        voice.say("the touch came too late, and the code is not of now any more: once more");
    }
    Err(client::Error::from(OathError::NotTouched).into())
}

/// The time step of the next code that was not used: that of now, or the one after the last, which is waited for.
pub(in crate::cli::aws) fn unused(
    session: &Session,
    period: u64,
    cache: &Cache,
    clock: &dyn Clock,
    voice: &Voice,
    output: &Output,
) -> Result<u64, Failure> {
    let step = clock.now() / period;
    // A step far ahead is of a time when the clock was wrong.
    let used = cache.last_step()?.filter(|used| (step..=step + 1).contains(used));
    let Some(used) = used else {
        return Ok(step);
    };
    let next = (used + 1) * period;
    let left = next.saturating_sub(clock.now());
    voice.say(&format!(
        "the code of now was used already, and is good once: the next one comes in {left} s"
    ));
    clock.wait(next, session, output)?;
    Ok(used + 1)
}

/// Two codes in a row, which count as used before they leave, as that of [`fresh`] does.
pub(in crate::cli::aws) fn two(
    session: &mut Session,
    account: &Listed,
    cache: &Cache,
    clock: &dyn Clock,
    output: &Output,
) -> Result<[Code; 2], Failure> {
    let codes = two_codes(session, account, clock, output, |_| Ok(()))?;
    // The second is of now, or was a moment ago: then the next code is waited for in vain, once.
    cache.use_step(clock.now() / u64::from(account.name.period))?;
    Ok(codes)
}

#[cfg(test)]
mod tests;
