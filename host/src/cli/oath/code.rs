//! `brasskey oath code`: the codes of now, and the next.

use std::io::{self, Write as _};
use std::thread;
use std::time::Duration;

use clap::Args as ClapArgs;
use serde_json::{Map, Value, json};

use super::OathArgs;
use super::accounts::{find, now, shown, value};
use super::clipboard;
use super::session::Session;
use crate::cli::aws::note_shown;
use crate::cli::clock;
use crate::cli::failure::Failure;
use crate::cli::layout::columns;
use crate::cli::output::Output;
use crate::client::oath::{Calculated, Code, DEFAULT_PERIOD, Kind, Listed};
use crate::client::{self, Watch as _};

/// How long Ctrl-C may go unnoticed while the next code is waited for.
const GLANCE: Duration = Duration::from_millis(50);

/// The arguments of `oath code`.
#[derive(Debug, ClapArgs)]
#[command(
    after_long_help = "Without a name this shows the code of each account that needs no touch. A code is valid for a \
    moment, and once. `--copy` puts it into the clipboard by wl-copy, xclip, xsel, pbcopy or clip.exe, and leaves it \
    there: it is soon worth nothing."
)]
pub(in super::super) struct Args {
    /// The account's name, or a part that no other account has
    name: Option<String>,

    /// Print the code alone, for a script
    #[arg(short, long)]
    single: bool,

    /// Wait for the next code, and show it, too: AWS asks for two in a row when a device is assigned
    #[arg(long, requires = "name")]
    two: bool,

    /// Put the code into the clipboard instead of showing it
    #[arg(long, requires = "name", conflicts_with_all = ["two", "single"])]
    copy: bool,

    #[command(flatten)]
    oath: OathArgs,
}

/// A code, and when it is valid: in seconds since 1970, where it depends on the time.
pub(in crate::cli) struct Valid {
    pub(in crate::cli) code: Code,
    time: Option<(u64, u64)>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut session = args.oath.open(output)?;
    let accounts = session.accounts()?;
    let account = match (&args.name, accounts.as_slice()) {
        (Some(name), accounts) => find(accounts, name)?,
        (None, [only]) if args.single => only,
        (None, _) if args.single => {
            return Err(Failure::usage(
                "--single shows one code, and this security key has not exactly one account",
                "name the account",
            ));
        }
        (None, accounts) => return all(&mut session, accounts, output),
    };
    tell_of_clock(std::slice::from_ref(account), output);
    let clipboard = args.copy.then(clipboard::program).transpose()?;
    let first = session.code(account)?;
    if let Some(command) = clipboard {
        clipboard::copy(&first.code, command)?;
        first.note(account);
        let program = command.first().copied().unwrap_or_default();
        let value = json!({ "device": session.label, "copied": account.name.to_string() });
        let name = shown(account);
        return output.result(&value, |to| {
            writeln!(to, "The code of {name} is in the clipboard ({program}).")
        });
    }
    let mut codes = Vec::new();
    first.note(account);
    show(&first, account, args.single, output)?;
    codes.push(entry(account, Some(&first)));
    if args.two {
        if let Some((_, until)) = first.time {
            wait(until, &session, output)?;
        }
        session.touch_again();
        let second = session.code(account)?;
        second.note(account);
        show(&second, account, args.single, output)?;
        codes.push(entry(account, Some(&second)));
    }
    match output.is_json() {
        true => output.result(&json!({ "device": session.label, "codes": codes }), |_| Ok(())),
        false => Ok(()),
    }
}

/// Says that codes of these accounts may be wrong because of the computer.
pub(super) fn tell_of_clock(accounts: &[Listed], output: &Output) {
    let go_by_time = accounts.iter().any(|account| account.kind == Kind::Totp);
    if go_by_time && clock::is_synchronised() == Some(false) {
        output.notice("this computer's clock is not synchronised: codes are wrong if it is off by more than a moment");
    }
}

/// The codes of all accounts, except of those that take more than the time.
fn all(session: &mut Session, accounts: &[Listed], output: &Output) -> Result<(), Failure> {
    tell_of_clock(accounts, output);
    let time = now();
    let calculated = session.oath.calculate_all(time / u64::from(DEFAULT_PERIOD))?;
    let (mut rows, mut codes) = (Vec::new(), Vec::new());
    for account in accounts {
        let found = calculated
            .iter()
            .find(|(id, _)| *id == account.id)
            .map(|(_, what)| what);
        let valid = match found {
            Some(Calculated::Code(code)) if account.name.period == DEFAULT_PERIOD => {
                Some(Valid::at(code.clone(), account, time))
            }
            // That was the code of another time.
            Some(Calculated::Code(_)) => Some(session.code_at(account, time)?),
            _ => None,
        };
        let said = match (&valid, found) {
            (Some(valid), _) => valid.code.to_string(),
            (None, Some(Calculated::Touch)) => "needs a touch: ask for it by name".to_owned(),
            (None, _) => "counts: ask for it by name".to_owned(),
        };
        rows.push([shown(account), said]);
        codes.push(entry(account, valid.as_ref()));
    }
    output.result(&json!({ "device": session.label, "codes": codes }), |to| {
        match rows.is_empty() {
            true => writeln!(
                to,
                "{} has no accounts: `brasskey oath add` puts one on it.",
                session.label
            ),
            false => writeln!(to, "{}", columns(rows).trim_fmt()),
        }
    })
}

/// One code for people, at once: who waits for the next needs this one now.
fn show(valid: &Valid, account: &Listed, single: bool, output: &Output) -> Result<(), Failure> {
    output.text(|to| match (single, valid.time) {
        (true, _) => writeln!(to, "{}", valid.code),
        (false, None) => writeln!(to, "{}  {}", shown(account), valid.code),
        (false, Some((_, until))) => {
            let left = until.saturating_sub(now());
            writeln!(to, "{}  {}  valid for {left} s", shown(account), valid.code)
        }
    })
}

fn entry(account: &Listed, valid: Option<&Valid>) -> Map<String, Value> {
    let mut entry = value(account);
    let time = valid.and_then(|valid| valid.time);
    entry.insert("code".to_owned(), json!(valid.map(|valid| valid.code.to_string())));
    entry.insert("validFrom".to_owned(), json!(time.map(|(from, _)| from)));
    entry.insert("validUntil".to_owned(), json!(time.map(|(_, until)| until)));
    entry
}

/// Waits until `time`, and counts the seconds down where somebody looks on.
pub(super) fn wait(time: u64, session: &Session, output: &Output) -> Result<(), Failure> {
    let mut last = None;
    loop {
        let left = time.saturating_sub(now());
        if output.is_interactive() && last != Some(left) {
            last = Some(left);
            let line = match left {
                0 => String::new(),
                left => format!("brasskey: the next code comes in {left} s"),
            };
            // Over the line before, whatever its length. If it cannot be written, neither can an error.
            let _ = write!(io::stderr(), "\r{line:40}\r");
        }
        if left == 0 {
            return Ok(());
        }
        if session.touch.is_cancelled() {
            // The countdown left its line open.
            if output.is_interactive() {
                let _ = writeln!(io::stderr());
            }
            return Err(client::Error::Cancelled.into());
        }
        thread::sleep(GLANCE);
    }
}

impl Session {
    /// The code of now.
    fn code(&mut self, account: &Listed) -> Result<Valid, Failure> {
        self.ask_ahead(account)?;
        self.code_at(account, now())
    }

    /// Asks for the touch that a code of the account takes, where the key does not do that itself.
    pub(super) fn ask_ahead(&mut self, account: &Listed) -> Result<(), Failure> {
        if !self.tells && self.needs_touch(account)? {
            self.touch.ask();
        }
        Ok(())
    }

    /// The code of a time, in seconds since 1970.
    pub(in crate::cli) fn code_at(&mut self, account: &Listed, time: u64) -> Result<Valid, Failure> {
        let step = time / u64::from(account.name.period);
        let code = self.oath.calculate(&account.id, account.kind, step, &mut self.touch)?;
        Ok(Valid::at(code, account, time))
    }

    /// Whether a code of the account takes a touch, where the key does not say so itself.
    pub(in crate::cli) fn needs_touch(&mut self, account: &Listed) -> Result<bool, Failure> {
        let all = self.oath.calculate_all(now() / u64::from(DEFAULT_PERIOD))?;
        Ok(all
            .iter()
            .any(|(id, what)| *id == account.id && *what == Calculated::Touch))
    }
}

impl Valid {
    /// Whoever asked for it by name uses it.
    fn note(&self, account: &Listed) {
        if let Some((from, _)) = self.time {
            note_shown(&account.name, from);
        }
    }

    fn at(code: Code, account: &Listed, time: u64) -> Self {
        let period = u64::from(account.name.period);
        let from = time - time % period;
        let time = (account.kind == Kind::Totp).then(|| (from, from + period));
        Self { code, time }
    }
}
