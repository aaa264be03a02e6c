//! A command line that clap refuses: in clap's words, in the form of every other error, and with a hint that helps.

use std::error::Error as _;
use std::ffi::OsString;
use std::num::{IntErrorKind, ParseIntError};

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Failure;
use crate::cli::Cli;
use crate::text::escape;

/// Commands that cannot be undone: nobody should reach them by a typing error.
const DESTRUCTIVE: [&str; 4] = ["delete", "prune", "remove", "reset"];

impl Failure {
    /// A command line that clap refuses. What the user wrote is escaped, and what clap says of the usage is not.
    pub(in super::super) fn of_clap(mut error: clap::Error, arguments: impl IntoIterator<Item = OsString>) -> Self {
        for context in [ContextKind::InvalidValue, ContextKind::InvalidSubcommand] {
            escape_context(&mut error, context);
        }
        if error.kind() == ErrorKind::UnknownArgument {
            escape_context(&mut error, ContextKind::InvalidArg);
        }
        let command = command(arguments);
        let (why, our_hint) = why(&error);
        let message = first_paragraph(&error);
        let message = match (error.kind(), &why) {
            (ErrorKind::ValueValidation, Some(why)) => {
                let value = text(&error, ContextKind::InvalidValue).unwrap_or_default();
                let argument = text(&error, ContextKind::InvalidArg).unwrap_or_default();
                format!("invalid value '{value}' for '{argument}': {why}")
            }
            _ => message,
        };
        let hint = our_hint
            .or_else(|| missing_flags(&error))
            .or_else(|| conflict(&error))
            .or_else(|| left_out(&error))
            .or_else(|| suggestion(&error, &command))
            .unwrap_or_else(|| format!("see `{command} --help`"));
        Self::CommandLine { message, hint }
    }
}

fn escape_context(error: &mut clap::Error, kind: ContextKind) {
    if let Some(ContextValue::String(text)) = error.get(kind) {
        let escaped = escape(text).into_owned();
        error.insert(kind, ContextValue::String(escaped));
    }
}

/// Where the command exists, but a build without the feature `full` has not got it.
fn left_out(error: &clap::Error) -> Option<String> {
    let command = text(error, ContextKind::InvalidSubcommand)?;
    let is_known = ["attestation", "aws", "conformance", "oath", "token"].contains(&command);
    (cfg!(not(feature = "full")) && is_known)
        .then(|| format!("this program was built without it: `cargo run -- {command}` builds the whole"))
}

/// What a parser of ours or of a library said, and the hint that ours put behind it.
fn why(error: &clap::Error) -> (Option<String>, Option<String>) {
    let Some(source) = error.source() else {
        return (None, None);
    };
    let said = match source.downcast_ref::<ParseIntError>().map(ParseIntError::kind) {
        Some(IntErrorKind::PosOverflow | IntErrorKind::NegOverflow) => "it is too large a number".to_owned(),
        Some(_) => "it is not a whole number".to_owned(),
        None => source.to_string(),
    };
    if let Some(range) = range(&said) {
        return (Some(range), None);
    }
    let (why, hint) = match said.split_once("\nhint: ") {
        Some((why, hint)) => (why, Some(escape(hint).into_owned())),
        None => (said.as_str(), None),
    };
    (Some(escape(why).into_owned()), hint)
}

/// A range that clap says a number is out of, as people write it.
fn range(said: &str) -> Option<String> {
    let (_, range) = said.split_once(" is not in ")?;
    let (first, last) = range.split_once("..")?;
    let last: i128 = match last.strip_prefix('=') {
        Some(last) => last.parse().ok()?,
        None => last.parse::<i128>().ok()? - 1,
    };
    Some(format!("it must be a number from {first} to {last}"))
}

/// What is wrong, in one line.
fn first_paragraph(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let lines = paragraph.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines.collect::<Vec<_>>().join(" ");
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}

/// The command that was meant, as far as `arguments` name one: `brasskey pin`.
fn command(arguments: impl IntoIterator<Item = OsString>) -> String {
    let mut command = &mut Cli::command();
    // The arguments of commands are described only then.
    command.build();
    let mut name = command.get_name().to_owned();
    for argument in arguments {
        let Some(argument) = argument.to_str().filter(|argument| !argument.starts_with('-')) else {
            continue;
        };
        let Some(next) = command.find_subcommand_mut(argument) else {
            break;
        };
        name = format!("{name} {argument}");
        command = next;
    }
    name
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

/// The flags that another one needs, such as `--control` for `--control-token-file`.
fn missing_flags(error: &clap::Error) -> Option<String> {
    let (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(missing))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    else {
        return None;
    };
    // Where one of several is missing, clap has `<--name <NAME>|--serial <ARN>>`.
    let one_of = |argument: &String| match argument.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
        Some(several) => several.replace("|--", " or --"),
        None => argument.clone(),
    };
    let missing: Vec<_> = missing.iter().map(one_of).collect();
    let are_flags = missing.iter().all(|argument| argument.starts_with("--"));
    are_flags.then(|| format!("add {}", missing.join(" and ")))
}

/// What to do about flags that exclude each other, or one that is there twice.
fn conflict(error: &clap::Error) -> Option<String> {
    let (ErrorKind::ArgumentConflict, Some(prior)) = (error.kind(), error.get(ContextKind::PriorArg)) else {
        return None;
    };
    let is_itself = error.get(ContextKind::InvalidArg) == Some(prior);
    Some(
        if is_itself {
            "give it once"
        } else {
            "leave one of them out"
        }
        .to_owned(),
    )
}

/// What else the user may have meant: the most similar first, and what cannot be undone last.
fn suggestion(error: &clap::Error, command: &str) -> Option<String> {
    let kinds = [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedValue,
    ];
    let (kind, suggested) = kinds.into_iter().find_map(|kind| Some((kind, error.get(kind)?)))?;
    // clap has the most similar last.
    let (destructive, harmless): (Vec<&str>, Vec<&str>) = match suggested {
        ContextValue::String(one) => vec![one.as_str()],
        ContextValue::Strings(several) => several.iter().rev().map(String::as_str).collect(),
        _ => return None,
    }
    .into_iter()
    .partition(|name| DESTRUCTIVE.contains(name));
    let shown = |name: &&str| match kind {
        ContextKind::SuggestedSubcommand => format!("`{command} {name}`"),
        _ => format!("`{name}`"),
    };
    let harmless: Vec<_> = harmless.iter().map(shown).collect();
    let destructive: Vec<_> = destructive.iter().map(shown).collect();
    let (harmless, destructive) = (harmless.join(" or "), destructive.join(" or "));
    match (harmless.as_str(), destructive.as_str()) {
        ("", "") => None,
        ("", destructive) => Some(format!(
            "see `{command} --help`; a similar name is {destructive}, which cannot be undone"
        )),
        (harmless, "") => Some(format!("did you mean {harmless}? See `{command} --help`")),
        (harmless, destructive) => Some(format!(
            "did you mean {harmless}? (or {destructive}, which cannot be undone)"
        )),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn refused(arguments: &str) -> (String, String) {
        let arguments = || arguments.split(' ').map(OsString::from);
        let error = Cli::try_parse_from(["brasskey".into()].into_iter().chain(arguments())).unwrap_err();
        match Failure::of_clap(error, arguments()) {
            Failure::CommandLine { message, hint } => (message, hint),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_usage_is_shown_as_it_is_and_what_the_user_wrote_is_escaped() {
        for (arguments, expected) in [
            (
                "register --user",
                "a value is required for '--user <NAME>' but none was supplied",
            ),
            (
                "credentials show",
                "the following required arguments were not provided: <CREDENTIAL>",
            ),
            ("info --<b>", "unexpected argument '--\\u{3c}b\\u{3e}' found"),
            ("<b>", "unrecognized subcommand '\\u{3c}b\\u{3e}'"),
            (
                "ping --count \u{1b}[2J",
                "invalid value '\\u{1b}[2J' for '--count <NUMBER>': it is not a whole number",
            ),
            (
                "config min-pin-length 3",
                "invalid value '3' for '<LENGTH>': it must be a number from 4 to 63",
            ),
            (
                "aws devices list --account 1000000000000",
                "invalid value '1000000000000' for '--account <NUMBER>': it must be a number from 0 to 999999999999",
            ),
            (
                "pin verify --pin-fd 99999999999999999999",
                "invalid value '99999999999999999999' for '--pin-fd <NUMBER>': it is too large a number",
            ),
            (
                "token --udp localhost",
                "invalid value 'localhost' for '--udp <ADDRESS>': it has no port",
            ),
            (
                "token --control localhost",
                "invalid value 'localhost' for '--control <ADDRESS|PATH>': it has no port",
            ),
            (
                "token --unix localhost:8111",
                "invalid value 'localhost:8111' for '--unix <PATH>': it could be an address",
            ),
            (
                "attestation init --out lab --aaguid \u{202e}",
                "invalid value '\\u{202e}' for '--aaguid <UUID>': invalid character: found `\\u{202e}` at 0",
            ),
        ] {
            assert_eq!(refused(arguments).0, expected, "{arguments}");
        }
    }

    #[test]
    fn a_mistyped_word_leads_to_the_help_of_its_command() {
        for (arguments, expected) in [
            ("nonsense", "see `brasskey --help`"),
            ("pin nonsense", "see `brasskey pin --help`"),
            ("credentials show", "see `brasskey credentials show --help`"),
            ("aws devices rename one", "see `brasskey aws devices rename --help`"),
            ("config always-uv perhaps", "see `brasskey config always-uv --help`"),
            ("token --backed-up", "add --backup-eligible"),
            ("token --ephemeral --name work", "leave one of them out"),
            (
                "token --state work --token-name work --ephemeral",
                "leave one of them out",
            ),
            ("token --touch auto --touch control", "give it once"),
            ("token --control-token-file secret", "add --control <ADDRESS|PATH>"),
            ("register --large-blob", "add --resident"),
            (
                "register --usr bob",
                "did you mean `--user`? See `brasskey register --help`",
            ),
        ] {
            assert_eq!(refused(arguments).1, expected, "{arguments}");
        }
    }

    #[test]
    fn the_best_suggestion_comes_first_and_a_destructive_one_never_does() {
        for (arguments, expected) in [
            (
                "credential",
                "did you mean `brasskey credentials`? (or `brasskey reset`, which cannot be undone)",
            ),
            ("regster", "did you mean `brasskey register`"),
            ("lst", "did you mean `brasskey list`"),
            (
                "resett",
                "did you mean `brasskey register`? (or `brasskey reset`, which cannot be undone)",
            ),
            (
                "rset",
                "did you mean `brasskey register` or `brasskey selftest`? (or `brasskey reset`, which cannot be \
                 undone)",
            ),
            (
                "rese",
                "did you mean `brasskey register`? (or `brasskey reset`, which cannot be undone)",
            ),
            ("credentials lst", "did you mean `brasskey credentials list`"),
            (
                "blobs delet",
                "see `brasskey blobs --help`; a similar name is `brasskey blobs delete`, which cannot be undone",
            ),
        ] {
            let (_, hint) = refused(arguments);
            assert!(hint.starts_with(expected), "{arguments}: {hint}");
        }
    }
}
