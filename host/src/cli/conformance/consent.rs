//! What would be erased, and whether it may be.

use std::io::IsTerminal as _;

use brasskey_conformance::plan::Info;

use super::hands::Subject;
use crate::cli::confirm::{ask, confirm};
use crate::cli::device::Opened;
use crate::cli::failure::Failure;
use crate::cli::layout::count;
use crate::cli::output::Output;
use crate::cli::pin_entry::{Interaction, PinArgs};
use crate::client::{self, Key};
use crate::transport::Address;

/// What a key holds that nobody could bring back.
#[derive(Debug, PartialEq, Eq)]
enum Passkeys {
    Counted {
        passkeys: u64,
        websites: u64,
    },
    /// Why nobody knows.
    Unknown(&'static str),
}

impl Passkeys {
    fn words(&self) -> String {
        match self {
            Self::Counted { passkeys: 0, .. } => "it holds no passkeys".to_owned(),
            Self::Counted { passkeys, websites } => {
                format!(
                    "it holds {} of {}",
                    count(*passkeys, "passkey"),
                    count(*websites, "website")
                )
            }
            Self::Unknown(why) => format!("nobody can say how many passkeys it holds: {why}"),
        }
    }
}

/// Asks whether everything on the key may be erased; `yes` is the flag that answers for the user.
pub(super) fn consent(
    subject: &Subject,
    info: &Info,
    args: &PinArgs,
    yes: bool,
    output: &Output,
) -> Result<(), Failure> {
    // Before anything is lost that the run could not go on without.
    if !subject.can_be_reset() {
        return Err(Failure::usage(
            "the key cannot be made as new: it takes a reset only right after it was plugged in, and nobody unplugs it",
            "a terminal, --control, --replug-command or --reset-command",
        ));
    }
    let has_pin = info.option("clientPin") == Some(true);
    let passkeys = match (&subject.address, info.get_info.is_some()) {
        (_, false) => Passkeys::Unknown("it has no CTAP2"),
        (Some(Address::Pcsc(_)) | None, _) => Passkeys::Unknown("they are not counted through a smart card reader"),
        _ if !manages(info) => Passkeys::Unknown("it has no list of them"),
        _ if !has_pin => Passkeys::Unknown("it lists them only after its PIN was given, and no PIN is set"),
        (Some(address), _) => counted(address, args, yes, output)?,
    };
    output.notice(&passkeys.words());
    let pin = if has_pin { "its PIN, " } else { "" };
    let label = &subject.label;
    let question = format!("erase {label}: {pin}its passkeys, its settings and every registration, again and again?");
    confirm(&question, label, yes)
}

/// Whether the key has a list of its passkeys.
fn manages(info: &Info) -> bool {
    ["credMgmt", "credentialMgmtPreview"]
        .iter()
        .any(|name| info.option(name) == Some(true))
}

/// The passkeys of a key that has a PIN.
fn counted(address: &Address, args: &PinArgs, yes: bool, output: &Output) -> Result<Passkeys, Failure> {
    if !args.is_given() {
        const WITHOUT: Passkeys = Passkeys::Unknown("that takes its PIN: --pin-fd or --pin-env");
        if yes || !std::io::stdin().is_terminal() {
            return Ok(WITHOUT);
        }
        if !yes_or_no("brasskey: count its passkeys first, which takes its PIN? [y/n] ")? {
            return Ok(WITHOUT);
        }
    }
    let mut opened = Opened::at(address)?;
    let mut user = Interaction::new(&opened, args, output)?;
    Ok(count_with(&mut opened.key, &mut user)?)
}

/// Asks until the answer is one: whoever typed a PIN here did not mean no.
fn yes_or_no(question: &str) -> Result<bool, Failure> {
    loop {
        let answer = ask(question)?;
        match meaning(&answer) {
            Some(meaning) => return Ok(meaning),
            None if !answer.ends_with('\n') => return Err(client::Error::Cancelled.into()),
            None => {}
        }
    }
}

fn meaning(answer: &str) -> Option<bool> {
    match answer.trim() {
        "y" | "yes" => Some(true),
        "n" | "no" => Some(false),
        _ => None,
    }
}

fn count_with(key: &mut Key, user: &mut dyn client::UserInteraction) -> Result<Passkeys, client::Error> {
    let mut manager = key.manage_credentials(None, user)?;
    let passkeys = manager.metadata(user)?.existing;
    let websites = u64::try_from(manager.list(user)?.len()).unwrap_or(u64::MAX);
    Ok(Passkeys::Counted { passkeys, websites })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_neither_yes_nor_no() {
        assert_eq!(["y\n", " no\n"].map(meaning), [Some(true), Some(false)]);
        assert_eq!(["1234\n", "\n", "", "yn"].map(meaning), [None; 4]);
    }

    #[test]
    fn what_is_lost_is_said_in_numbers_or_why_there_are_none() {
        let counted = |passkeys, websites| Passkeys::Counted { passkeys, websites }.words();
        assert_eq!(counted(3, 2), "it holds 3 passkeys of 2 websites");
        assert_eq!(counted(1, 1), "it holds 1 passkey of 1 website");
        assert_eq!(counted(0, 0), "it holds no passkeys");
        assert!(Passkeys::Unknown("it sleeps").words().ends_with(": it sleeps"));
    }
}
