//! `brasskey aws spare`: what to do so that a lost key is no drama.

use std::io::{self, Write};

use brasskey_aws::audit::{Advice, Facts, Kind, Spare, Subject, spare, untold};
use clap::Args as ClapArgs;
use serde_json::json;

use super::check::AccountArgs;
use crate::cli::failure::Failure;
use crate::cli::output::{BOLD, Output};
use crate::text::escape;

/// How many users of one kind are named.
const NAMED: usize = 20;

/// The arguments of `aws spare`.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    account: AccountArgs,
}

/// What AWS asks for when the root user's devices are gone (AWS Account Management Reference Guide, "Troubleshooting
/// issues with lost MFA devices"), and what only its people know.
const RECOVERY: [&str; 4] = [
    "You read the mail of root's e-mail address, and would without any of the devices above: the mailbox has MFA of \
     its own, and more than one person gets in.",
    "The account's phone number is one that you answer: AWS calls it. See Account, Contact information.",
    "You have the payment method at hand, and the last bills: AWS may ask about both.",
    "AWS has no recovery codes. Nothing that you print today opens the account later.",
];

/// Where a second copy of a seed may be. No file says so, and nobody guesses it.
const SEEDS: [&str; 3] = [
    "AWS shows the seed of an authenticator app once, when it is set up. Was it put on a second device then? Ask \
     whoever \
     set it up: no list of AWS says so.",
    "Where an authenticator app keeps its codes in a cloud, whoever gets into that cloud has the codes.",
    "Two apps with one seed are one device at AWS: remove it, and both are out. Better: a device of its own for each.",
];

/// What is said of users of one kind.
fn title(advice: Advice) -> &'static str {
    match advice {
        Advice::None => "No MFA at all: `brasskey aws check` says what to do",
        Advice::One => "One device only: assign a second one, up to eight of any kind",
        Advice::Unknown => "Cannot be told how many: look at Security credentials, or add list-mfa-devices",
        Advice::SameKind => "Several of one kind: what breaks one (a lost phone, a broken app) may break all",
        Advice::Several => "Several, of different kinds: keep one of them elsewhere, and try it once a year",
    }
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let inputs = args.account.read_devices(output)?;
    let facts = Facts::new(&inputs);
    let (spares, untold) = (spare(&facts), untold(&facts));
    let value = json!({ "spares": spares, "cannotTell": untold, "recovery": RECOVERY, "seeds": SEEDS });
    output.result(&value, |to| show(&spares, &untold, to))
}

fn show(spares: &[Spare], untold: &[String], to: &mut dyn Write) -> io::Result<()> {
    if !untold.is_empty() {
        writeln!(to, "{BOLD}Cannot be told{BOLD:#}")?;
        for why in untold {
            writeln!(to, "  [ ] {}", escape(why))?;
        }
        writeln!(to)?;
    }
    for group in spares.chunk_by(|a, b| a.advice == b.advice) {
        let Some(first) = group.first() else { continue };
        writeln!(to, "{BOLD}{}{BOLD:#}", title(first.advice))?;
        for one in group.iter().take(NAMED) {
            writeln!(to, "  [ ] {}", who(one))?;
        }
        if group.len() > NAMED {
            writeln!(to, "  and {} more: --json lists all", group.len() - NAMED)?;
        }
        writeln!(to)?;
    }
    writeln!(to, "{BOLD}If every device of the root user is lost{BOLD:#}")?;
    for line in RECOVERY {
        writeln!(to, "  [ ] {line}")?;
    }
    writeln!(to, "\n{BOLD}If every device of an IAM user is lost{BOLD:#}")?;
    writeln!(
        to,
        "  [ ] An administrator removes it, and the user enrols another: `brasskey aws remove`, then `brasskey aws \
         enroll`."
    )?;
    writeln!(
        to,
        "  [ ] At least two people are administrators, and each has a spare."
    )?;
    writeln!(to, "\n{BOLD}Second copies of a seed{BOLD:#}")?;
    for line in SEEDS {
        writeln!(to, "  [ ] {line}")?;
    }
    Ok(())
}

/// `alice: security key`.
fn who(spare: &Spare) -> String {
    let name = match &spare.subject {
        Subject::User(name) => escape(name).into_owned(),
        _ => "the root user".to_owned(),
    };
    let kinds: Vec<_> = spare.kinds.iter().map(|kind: &Kind| kind.name()).collect();
    match (kinds.is_empty(), spare.complete) {
        (true, _) => name,
        (false, true) => format!("{name}: {}", kinds.join(", ")),
        (false, false) => format!("{name}: {}, and perhaps more", kinds.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, advice: Advice, kinds: &[Kind]) -> Spare {
        Spare {
            subject: Subject::User(name.to_owned()),
            advice,
            kinds: kinds.to_vec(),
            complete: advice != Advice::Unknown,
        }
    }

    #[test]
    fn a_checklist_names_everybody_and_ends_with_the_recovery() {
        let spares = [
            one("alice", Advice::One, &[Kind::SecurityKey]),
            one("bob", Advice::Unknown, &[Kind::Virtual]),
            one("carol", Advice::Several, &[Kind::SecurityKey, Kind::Virtual]),
        ];
        let mut text = Vec::new();
        show(&spares, &[], &mut anstream::StripStream::new(&mut text)).unwrap();
        let text = String::from_utf8(text).unwrap();
        for line in [
            "\n  [ ] alice: security key\n",
            "\n  [ ] bob: authenticator app, and perhaps more\n",
            "\n  [ ] carol: security key, authenticator app\n",
            "no recovery codes",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }

    #[test]
    fn a_long_list_is_cut_off_with_how_many_more_there_are() {
        let spares: Vec<_> = (0..25)
            .map(|number| one(&format!("u{number}"), Advice::One, &[]))
            .collect();
        let mut text = Vec::new();
        show(&spares, &[], &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("[ ] u19\n  and 5 more: --json lists all"), "{text}");
    }
}
