//! `brasskey decode`: explains what somebody pasted.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write};
use std::path::Path;

use clap::Args as ClapArgs;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::failure::Failure;
use super::layout::{count, hex, mark};
use super::output::{BAD, BOLD, DIM, Output, WARNING};
use crate::decode::{self, Decoded, Fault, Kind, LONGEST, Node, Options, Unknown, Value};
use crate::relying_party::{Check, Outcome};
use crate::text::escape;

/// How many bytes of a value are shown; `--json` has all.
const SHOWN_MAX: usize = 80;

const LONG_HELP: &str = "What it can be: an attestation object, client data, authenticator data, a COSE key, a \
    getInfo answer, any request or answer of CTAP2 or U2F, reports of CTAPHID, a capture of USB (pcap or pcapng, from \
    usbmon or USBPcap), the log of `brasskey token --log` or of libfido2 with FIDO_DEBUG, a recording, certificates or \
    a browser's whole answer in JSON. It may be raw, in hexadecimal (also with spaces, colons or 0x), a dump of xxd, \
    hexdump, od or libfido2, in PEM, in base64 or in base64url.";

/// The arguments of `decode`.
#[derive(Debug, ClapArgs)]
#[command(after_help = LONG_HELP)]
pub(super) struct Args {
    /// What to decode: a file, - for standard input, or the text itself [default: -]
    #[arg(value_name = "FILE|-|TEXT", allow_hyphen_values = true)]
    input: Option<String>,

    /// What it is [default: found out by its form]
    #[arg(long = "as", value_name = "KIND", value_parser = kind())]
    kind: Option<Kind>,

    /// The RP ID that it should be for
    #[arg(long, value_name = "RP_ID")]
    rp_id: Option<String>,

    /// The client data that belongs to it, to verify its signature: a file or the text
    #[arg(long, value_name = "FILE|TEXT")]
    client_data: Option<String>,

    /// The credential's public key in COSE, to verify the signature of a sign-in: a file or the text
    #[arg(long, value_name = "FILE|TEXT")]
    public_key: Option<String>,
}

fn kind() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.iter().map(|kind| kind.name())).try_map(|name| name.parse::<Kind>())
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let given = args.input.as_deref().unwrap_or("-");
    let input = read(given)?;
    let part = |flag: &str, given: Option<&str>, kind: Kind| -> Result<Option<Vec<u8>>, Failure> {
        let Some(given) = given else {
            return Ok(None);
        };
        decode::bytes(&read(given)?, kind).map(Some).ok_or_else(|| {
            let message = format!("what {flag} names is not {}", kind.words());
            let hint = "give a file, or the text itself, in base64url or hexadecimal";
            match is_no_file(given) {
                true => Failure::usage(message, format!("there is no file of that name; {hint}")),
                false => Failure::usage(message, hint),
            }
        })
    };
    let options = Options {
        kind: args.kind,
        rp_id: args.rp_id.clone(),
        client_data: part("--client-data", args.client_data.as_deref(), Kind::ClientData)?,
        public_key: part("--public-key", args.public_key.as_deref(), Kind::CoseKey)?,
    };
    let decoded = decode::decode(&input, &options).map_err(|unknown| refused(unknown, given, &input))?;
    output.result(&decoded, |to| show(&decoded, to))?;
    let failed = decoded
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Failed)
        .count();
    verdict(decoded.faults.len(), failed)
}

fn verdict(faults: usize, failed: usize) -> Result<(), Failure> {
    let of = |number: usize, what| count(u64::try_from(number).unwrap_or(u64::MAX), what);
    let (faults_said, failed_said) = (of(faults, "fault"), of(failed, "check"));
    let (message, hint) = match (faults, failed) {
        (0, 0) => return Ok(()),
        (0, _) => (format!("{failed_said} failed"), "see above which, and what it says"),
        (_, failed) => {
            let message = format!("{faults_said} in what was decoded");
            let message = match failed {
                0 => message,
                _ => format!("{message}, and {failed_said} failed"),
            };
            (
                message,
                "see above what is wrong, and at which byte; --as KIND says what it was meant to be",
            )
        }
    };
    Err(Failure::Unsound { message, hint })
}

/// Whether the text is hexadecimal, but for one digit.
fn is_odd(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let text = text.strip_prefix(b"0x").unwrap_or(text);
    text.len() > 2 && text.len() % 2 == 1 && text.iter().all(u8::is_ascii_hexdigit)
}

/// Whether this may have been meant as the name of a file, and there is none.
fn is_no_file(given: &str) -> bool {
    given.len() < 256 && !given.contains(char::is_whitespace) && given != "-" && !Path::new(given).exists()
}

fn refused(unknown: Unknown, given: &str, bytes: &[u8]) -> Failure {
    let hint = match unknown {
        Unknown::Unrecognised if is_odd(bytes) => {
            "this is hexadecimal with an odd number of digits: one is missing, or one is too many".to_owned()
        }
        Unknown::Empty => "give a file, - for standard input, or the text itself".to_owned(),
        Unknown::TooLong => format!("a capture may have {} MiB", LONGEST >> 20),
        Unknown::Unrecognised if is_no_file(given) => {
            "there is no file of that name; if it is the text itself, say what it is with --as".to_owned()
        }
        Unknown::Unrecognised => "say what it is with --as, or see `brasskey decode --help`".to_owned(),
    };
    Failure::usage(unknown.to_string(), hint)
}

/// The file of this name, where there is one; else the text.
fn read(given: &str) -> Result<Vec<u8>, Failure> {
    let cannot = |what: String| move |source| Failure::System { what, source };
    let mut bytes = Vec::new();
    // One byte more than may be, so that a longer one is refused, and not cut.
    let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(1);
    if given == "-" {
        if io::stdin().is_terminal() {
            return Err(Failure::usage(
                "there is nothing to decode",
                "give a file or the text itself, or pipe it in: `… | brasskey decode`",
            ));
        }
        let read = io::stdin().lock().take(limit).read_to_end(&mut bytes);
        read.map_err(cannot("cannot read standard input".to_owned()))?;
    } else if Path::new(given).is_dir() {
        return Err(Failure::usage(
            format!("{given} is a directory"),
            "name a file in it, or give the text itself",
        ));
    } else if Path::new(given).is_file() {
        let read = File::open(given).and_then(|file| file.take(limit).read_to_end(&mut bytes));
        read.map_err(cannot(format!("cannot read {given}")))?;
    } else {
        bytes.extend_from_slice(given.as_bytes());
    }
    Ok(bytes)
}

fn show(decoded: &Decoded, to: &mut dyn Write) -> io::Result<()> {
    let Decoded { kind, encoding, .. } = decoded;
    let length = count(u64::try_from(decoded.length).unwrap_or(u64::MAX), "byte");
    writeln!(
        to,
        "{BOLD}{}{BOLD:#}: {length}, written as {}",
        sentence(kind.words()),
        encoding.name()
    )?;
    if !decoded.also.is_empty() {
        let others: Vec<_> = decoded.also.iter().map(|kind| format!("--as {kind}")).collect();
        writeln!(
            to,
            "{WARNING}It could also be something else: {}.{WARNING:#}",
            others.join(", ")
        )?;
    }
    writeln!(to)?;
    let places: Vec<_> = decoded.members.iter().map(furthest).collect();
    let width = places.into_iter().max().unwrap_or(0).to_string().len();
    for node in &decoded.members {
        show_node(node, width, 0, to)?;
    }
    if !decoded.faults.is_empty() {
        writeln!(to, "\n{BAD}Faults{BAD:#}")?;
    }
    for Fault { offset, what, .. } in &decoded.faults {
        writeln!(to, "  at byte {offset}: {}", escape(what))?;
    }
    if !decoded.checks.is_empty() {
        writeln!(to, "\n{BOLD}Checks{BOLD:#}")?;
    }
    for check in &decoded.checks {
        let (style, mark) = mark(check.outcome);
        writeln!(to, "  {style}{mark}{style:#}  {}: {}", check.name, check.detail)?;
    }
    // Others are skipped for what no option gives.
    let may_be_given = |check: &Check| check.detail.contains("it takes ") || check.detail.contains("is not known");
    let mut skipped = decoded.checks.iter().filter(|check| check.outcome == Outcome::Skipped);
    if skipped.any(may_be_given) {
        writeln!(
            to,
            "{DIM}--client-data, --public-key and --rp-id give what skipped checks may take{DIM:#}"
        )?;
    }
    Ok(())
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The last offset in a tree.
fn furthest(node: &Node) -> usize {
    let inside = node.members.iter().map(furthest).max().unwrap_or(0);
    inside.max(node.offset.unwrap_or(0))
}

fn show_node(node: &Node, width: usize, depth: usize, to: &mut dyn Write) -> io::Result<()> {
    let offset = node.offset.map(|offset| offset.to_string()).unwrap_or_default();
    let indent = "  ".repeat(depth);
    let number = match node.number {
        Some(number) if number < 0 => format!("{number} "),
        Some(number) => format!("0x{number:02X} "),
        None => String::new(),
    };
    write!(
        to,
        "{DIM}{offset:>width$}{DIM:#}  {indent}{DIM}{number}{DIM:#}{}",
        escape(&node.name)
    )?;
    if let Some(value) = &node.value {
        write!(to, ": {}", shown(value))?;
    }
    let section = node.section.map(|section| format!("({section})"));
    let words: Vec<_> = node
        .meaning
        .iter()
        .map(|words| escape(words).into_owned())
        .chain(section)
        .collect();
    if !words.is_empty() {
        write!(to, "  {DIM}{}{DIM:#}", words.join(" "))?;
    }
    writeln!(to)?;
    node.members
        .iter()
        .try_for_each(|node| show_node(node, width, depth + 1, to))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Bytes(bytes) if bytes.is_empty() => "(empty)".to_owned(),
        Value::Bytes(bytes) => match bytes.get(..SHOWN_MAX) {
            Some(start) if start.len() < bytes.len() => format!("{}… ({} bytes)", hex(start), bytes.len()),
            _ => hex(bytes),
        },
        Value::Masked(bytes) if bytes.iter().all(Option::is_none) => {
            let length = count(u64::try_from(bytes.len()).unwrap_or(u64::MAX), "byte");
            format!("** ({length} left out)")
        }
        Value::Masked(bytes) => match bytes.get(..SHOWN_MAX) {
            Some(start) if start.len() < bytes.len() => {
                format!("{}… ({} bytes)", Value::Masked(start.to_vec()), bytes.len())
            }
            _ => value.to_string(),
        },
        Value::Text(text) => format!("\"{}\"", escape(text)),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Null => "null".to_owned(),
    }
}
