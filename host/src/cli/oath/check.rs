//! `brasskey oath check`: whether this computer's clock and that of another device agree.

use std::io::IsTerminal as _;

use clap::Args as ClapArgs;
use serde_json::json;

use super::OathArgs;
use super::accounts::{find, now, shown};
use super::code::tell_of_clock;
use super::session::Session;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::secret::{Source, Unanswered, ask};
use crate::client;
use crate::client::oath::{Kind, Listed, OathError};

/// How many steps earlier or later a code is looked for: an hour of 30 seconds each.
const FAR: u64 = 120;
/// The same where each step takes a touch: those that websites accept.
const NEAR: u64 = 1;

/// The arguments of `oath check`.
#[derive(Debug, ClapArgs)]
pub(in super::super) struct Args {
    /// The account's name, or a part that no other account has
    name: String,

    /// The code that the other device shows now [default: ask for it, or read it from stdin]
    code: Option<String>,

    #[command(flatten)]
    oath: OathArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut session = args.oath.open(output)?;
    let accounts = session.accounts()?;
    let account = find(&accounts, &args.name)?;
    if account.kind == Kind::Hotp {
        return Err(Failure::usage(
            "this account counts its codes, and does not go by the time",
            "check an account whose codes change by themselves",
        ));
    }
    tell_of_clock(std::slice::from_ref(account), output);
    let code = typed(args, account)?;
    let time = now();
    let steps = session.steps_to(account, &code, time, output)?;
    let period = i64::from(account.name.period);
    let value = json!({
        "device": session.label,
        "name": account.name.to_string(),
        "steps": steps,
        "seconds": steps.map(|steps| steps * period),
        "period": period,
    });
    let name = shown(account);
    output.result(&value, |to| match steps {
        Some(0) => writeln!(to, "The codes of {name} agree: both clocks are in the same {period} s."),
        Some(steps) => {
            let direction = if steps < 0 { "behind" } else { "ahead of" };
            let (steps, seconds) = (steps.unsigned_abs(), (steps * period).unsigned_abs());
            let s = if steps == 1 { "" } else { "s" };
            writeln!(
                to,
                "The other device is {steps} step{s} (about {seconds} s) {direction} this computer."
            )
        }
        None => writeln!(
            to,
            "That is no code of {name} near this time: it is of another secret, or a clock is far off."
        ),
    })?;
    match steps {
        // The step before and the one after are what websites accept, AWS among them.
        Some(-1..=1) => Ok(()),
        Some(_) => Err(Failure::Code("the clocks are too far apart for codes to be accepted")),
        None => Err(Failure::Code("the codes do not agree")),
    }
}

/// The code from the command line, the terminal or stdin: its digits alone.
fn typed(args: &Args, account: &Listed) -> Result<String, Failure> {
    let text = match &args.code {
        Some(code) => code.clone(),
        None if std::io::stdin().is_terminal() => {
            let question = format!("Code of {} on the other device: ", shown(account));
            let typed = ask(&question).map_err(|why| match why {
                Unanswered::Interrupted => client::Error::Cancelled.into(),
                Unanswered::Nobody => Failure::secret_needed("the code of the other device", "an argument"),
            })?;
            typed.to_string()
        }
        None => Source::Descriptor(0)
            .read("code")?
            .map(|line| line.to_string())
            .unwrap_or_default(),
    };
    let digits: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    match digits.len() {
        6..=8 if digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(digits),
        _ => Err(Failure::usage(
            "a code has 6 to 8 digits",
            "give what the other device shows now",
        )),
    }
}

impl Session {
    /// How many steps the code is later than `time`; nothing where it is none of those near.
    fn steps_to(&mut self, account: &Listed, code: &str, time: u64, output: &Output) -> Result<Option<i64>, Failure> {
        let step = time / u64::from(account.name.period);
        let takes_touch = self.needs_touch(account)?;
        let far = if takes_touch { NEAR } else { FAR };
        if takes_touch {
            output.notice("each code takes a touch: up to three are compared");
        }
        for distance in 0..=far {
            let later = step.checked_add(distance);
            let earlier = step.checked_sub(distance).filter(|_| distance > 0);
            for (candidate, is_later) in [(later, true), (earlier, false)] {
                let Some(candidate) = candidate else { continue };
                self.touch_again();
                if takes_touch && !self.tells {
                    self.touch.ask();
                }
                match self
                    .oath
                    .calculate(&account.id, account.kind, candidate, &mut self.touch)
                {
                    Ok(found) if found.to_string() == code => {
                        let steps = i64::try_from(distance).unwrap_or(i64::MAX);
                        return Ok(Some(if is_later { steps } else { -steps }));
                    }
                    // An account that only goes forward refuses an earlier step.
                    Ok(_) | Err(client::Error::Oath(OathError::Refused(_))) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Watch;
    use crate::client::oath::{Algorithm, Card, Name, Oath};

    /// A card whose code is the number of the step, and which refuses steps before that of `since`.
    struct Counting {
        takes_touch: bool,
        since: u32,
    }

    impl Card for Counting {
        fn transmit(&mut self, apdu: &[u8], _: &mut dyn Watch) -> Result<Vec<u8>, client::Error> {
            let ok = [0x90, 0x00];
            Ok(match apdu {
                [_, 0xA4, 0x04, ..] => b"\x79\x03\x05\x04\x03\x71\x08IDENTITY\x90\x00".to_vec(),
                [_, 0xA4, ..] if self.takes_touch => [b"\x71\x01a\x7C\x01\x06", &ok[..]].concat(),
                [_, 0xA4, ..] => [b"\x71\x01a\x76\x05\x06\0\0\0\0", &ok[..]].concat(),
                [.., a, b, c, d] if u32::from_be_bytes([*a, *b, *c, *d]) >= self.since => {
                    [b"\x76\x05\x06", &[*a, *b, *c, *d][..], &ok].concat()
                }
                _ => vec![0x6A, 0x80],
            })
        }
    }

    fn steps(takes_touch: bool, since: u32, code: u64) -> Option<i64> {
        let card = Counting { takes_touch, since };
        let mut session = Session::of(Oath::select(Box::new(card)).unwrap(), "card");
        let account = Listed {
            id: b"a".to_vec(),
            name: Name::parse("a", Kind::Totp),
            kind: Kind::Totp,
            algorithm: Algorithm::Sha1,
        };
        let code = format!("{code:06}");
        session
            .steps_to(&account, &code, 30 * 1000, &Output::new(false))
            .unwrap()
    }

    #[test]
    fn a_code_is_found_an_hour_to_both_sides() {
        for (code, found) in [
            (1000, Some(0)),
            (1001, Some(1)),
            (998, Some(-2)),
            (1120, Some(120)),
            (880, Some(-120)),
            (1121, None),
            (879, None),
        ] {
            assert_eq!(steps(false, 0, code), found, "{code}");
        }
    }

    #[test]
    fn as_few_touches_are_asked_for_as_say_something() {
        assert_eq!(
            [999, 1000, 1001].map(|code| steps(true, 0, code)),
            [Some(-1), Some(0), Some(1)]
        );
        assert_eq!([998, 1002].map(|code| steps(true, 0, code)), [None; 2]);
    }

    #[test]
    fn an_account_that_only_goes_forward_is_compared_forward() {
        assert_eq!(steps(false, 1000, 1003), Some(3));
        assert_eq!(steps(false, 1000, 997), None);
    }
}
