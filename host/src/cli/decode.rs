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
use crate::relying_party::Outcome;
use crate::text::escape;

/// How many bytes of a value are shown; `--json` has all.
const SHOWN_MAX: usize = 80;

const LONG_HELP: &str = "What it can be: an attestation object, client data, authenticator data, a COSE key, a \
    getInfo answer, any request or answer of CTAP2 or U2F, reports of CTAPHID, a capture of USB (pcap or pcapng, from \
    usbmon or USBPcap), the log of `brasskey token --log`, a recording, a certificate, or a browser's whole answer in \
    JSON. It may be raw, in \
    hexadecimal (also with spaces, colons or 0x, and as xxd and hexdump print it), in base64 or in base64url.";

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
    let input = read(args.input.as_deref().unwrap_or("-"))?;
    let part = |flag: &str, given: Option<&str>, kind: Kind| -> Result<Option<Vec<u8>>, Failure> {
        let Some(given) = given else {
            return Ok(None);
        };
        decode::bytes(&read(given)?, kind).map(Some).ok_or_else(|| {
            let message = format!("what {flag} names is not {}", kind.words());
            Failure::usage(message, "give a file, or the text itself, in base64url or hexadecimal")
        })
    };
    let options = Options {
        kind: args.kind,
        rp_id: args.rp_id.clone(),
        client_data: part("--client-data", args.client_data.as_deref(), Kind::ClientData)?,
        public_key: part("--public-key", args.public_key.as_deref(), Kind::CoseKey)?,
    };
    let decoded =
        decode::decode(&input, &options).map_err(|unknown| refused(unknown, args.input.as_deref(), &input))?;
    output.result(&decoded, |to| show(&decoded, to))?;
    let failed = decoded
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Failed)
        .count();
    match (decoded.faults.len(), failed) {
        (0, 0) => Ok(()),
        (faults, _) => {
            let wrong = u64::try_from(faults + failed).unwrap_or(u64::MAX);
            Err(Failure::Unsound {
                message: format!("{} in what was decoded", count(wrong, "fault")),
                hint: "see above what is wrong, and at which byte; --as KIND says what it was meant to be",
            })
        }
    }
}

/// Whether the text is hexadecimal, but for one digit.
fn is_odd(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let text = text.strip_prefix(b"0x").unwrap_or(text);
    text.len() > 2 && text.len() % 2 == 1 && text.iter().all(u8::is_ascii_hexdigit)
}

fn refused(unknown: Unknown, input: Option<&str>, bytes: &[u8]) -> Failure {
    let hint = match unknown {
        Unknown::Unrecognised if is_odd(bytes) => {
            "this is hexadecimal with an odd number of digits: one is missing, or one is too many".to_owned()
        }
        Unknown::Empty => "give a file, - for standard input, or the text itself".to_owned(),
        Unknown::TooLong => format!("a capture may have {} MiB", LONGEST >> 20),
        // A name without spaces that is no file was perhaps meant to be one.
        Unknown::Unrecognised if input.is_some_and(|text| text.contains(['.', '/']) && text.len() < 256) => {
            "there is no file of that name; see `brasskey decode --help` for what can be decoded".to_owned()
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
    if decoded.checks.iter().any(|check| check.outcome == Outcome::Skipped) {
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
        Value::Text(text) => format!("\"{}\"", escape(text)),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Null => "null".to_owned(),
    }
}
