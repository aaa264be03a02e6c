//! What libfido2 writes with `FIDO_DEBUG`: for each message its command, its length, and rows of its bytes.
//!
//! ```text
//! fido_tx: dev=0x55d0c0, cmd=0x10
//! fido_tx: buf=0x7ffc10, len=1
//! 0000: 04
//! ```

use super::super::ctaphid::{Message, Side, Talk};
use super::super::encoding::dump;
use super::super::item::bytes_of;
use super::{Exchange, Fault, Node};

/// A message, as far as it was read.
struct Begun {
    at: usize,
    side: Side,
    command: u8,
    length: usize,
    rows: String,
}

/// Who sent the message that a line is about.
fn side(line: &str) -> Option<Side> {
    match line.split_once(": ")?.0 {
        "fido_tx" => Some(Side::Host),
        "fido_rx" => Some(Side::Key),
        _ => None,
    }
}

/// A number in a line, by its name: `len=17`.
fn number(line: &str, name: &str) -> Option<usize> {
    let (_, rest) = line.split_once(name)?;
    let word = rest.split([',', ' ']).next()?;
    match word.strip_prefix("0x") {
        Some(digits) => usize::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}

/// The command that a line announces.
fn command(line: &str) -> Option<(Side, u8)> {
    Some((side(line)?, number(line, "cmd=")?.try_into().ok()?))
}

/// Whether this is a row of bytes.
fn is_row(line: &str) -> bool {
    line.split_once(": ")
        .is_some_and(|(offset, _)| offset.len() >= 4 && offset.bytes().all(|digit| digit.is_ascii_digit()))
}

/// Whether a text has such lines.
pub(super) fn is_log(text: &str) -> bool {
    text.lines().any(|line| command(line.trim()).is_some())
}

/// Explains each message, and passes over what the library says beside.
pub(super) fn explain(bytes: &[u8], faults: &mut Vec<Fault>) -> (Vec<Node>, Vec<Exchange>) {
    let mut talk = Talk::default();
    let (mut nodes, mut announced, mut begun) = (Vec::new(), None, None);
    let mut at = 0;
    for bytes in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(bytes);
        let line = text.trim();
        match &mut begun {
            Some(Begun { rows, .. }) if is_row(line) => {
                rows.push_str(line);
                rows.push('\n');
            }
            _ => {
                nodes.extend(begun.take().map(|begun| message(&begun, &mut talk, faults)));
                announced = command(line).or(announced);
                // Older versions name the length beside the command.
                let length = number(line, "len=").or_else(|| number(line, "count="));
                begun = announced.zip(length).and_then(|((side, command), length)| {
                    let rows = String::new();
                    (self::side(line) == Some(side)).then_some(Begun {
                        at,
                        side,
                        command,
                        length,
                        rows,
                    })
                });
            }
        }
        at += bytes.len();
    }
    nodes.extend(begun.map(|begun| message(&begun, &mut talk, faults)));
    (nodes, talk.exchanges)
}

fn message(begun: &Begun, talk: &mut Talk, faults: &mut Vec<Fault>) -> Node {
    let payload = dump::read(&begun.rows).unwrap_or_default();
    let came = payload.len();
    let message = Message {
        side: begun.side,
        // The log does not say which.
        channel: 0,
        command: begun.command,
        payload,
    };
    let mut node = if came == begun.length {
        talk.explain(&message, Some(begun.at), faults)
    } else {
        let what = format!("a message ends early: {came} of {} came", bytes_of(begun.length));
        faults.push(Fault::fatal(begun.at, what));
        talk.explain_beginning(&message, begun.at, faults)
    };
    node.members.retain(|node| node.name != "channel");
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "fido_tx: dev=0x5581, cmd=0x10\n\
        fido_tx: buf=0x7ffc, len=1\n\
        0000: 04\n\
        fido_rx: dev=0x5581, cmd=0x10, ms=-1\n\
        rx_preamble: buf=0x7ffd, len=64\n\
        0000: 00 00 00 01 90 00 16 00 a2 01 80 03 50 41 41 41\n\
        rx: payload_len=22\n\
        fido_rx: buf=0x5582, len=22\n\
        0000: 00 a2 01 80 03 50 41 41 41 41 41 41 41 41 41 41\n\
        0016: 41 41 41 41 41 41\n";

    /// Where the answer is.
    fn answer() -> usize {
        LOG.find("fido_rx: buf").unwrap()
    }

    #[test]
    fn messages_are_read_and_each_answer_by_its_request() {
        let mut faults = Vec::new();
        let (nodes, _) = explain(LOG.as_bytes(), &mut faults);
        let names: Vec<_> = nodes.iter().map(|node| (&*node.name, node.offset)).collect();
        assert_eq!(
            names,
            [
                ("to key: CTAPHID_CBOR", Some(30)),
                ("from key: CTAPHID_CBOR", Some(answer()))
            ]
        );
        assert!(nodes[1].find("aaguid").is_some() && nodes[1].find("channel").is_none());
        assert_eq!(faults, []);
        // Version 1.5 and older.
        let old = "fido_tx: d=0x5581, cmd=0x10, buf=0x7ffc, count=1\n0000: 04\n";
        assert_eq!(explain(old.as_bytes(), &mut faults).0.len(), 1);
    }

    #[test]
    fn a_log_that_ends_early_is_explained_up_to_there() {
        let (cut, _) = LOG.split_at(LOG.len() - 23);
        let mut faults = Vec::new();
        let (nodes, _) = explain(cut.as_bytes(), &mut faults);
        assert!(nodes[1].find("versions").is_some());
        assert_eq!(
            faults,
            [Fault::fatal(answer(), "a message ends early: 16 of 22 bytes came")]
        );
    }
}
