//! The lines of `brasskey token --log`: what was asked and answered, without contents.

use brasskey_protocol::ctap2::Status;

use super::tree::{Fault, Node};
use crate::client::{StatusWord, meaning};

/// A line taken apart.
struct Line<'a> {
    time: &'a str,
    channel: &'a str,
    command: &'a str,
    status: &'a str,
    duration: &'a str,
}

fn line(text: &str) -> Option<Line<'_>> {
    let text = text.trim().strip_prefix("brasskey: ").unwrap_or(text.trim());
    let parts: Vec<_> = text
        .split("  ")
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    let (time, channel, command, status, duration) = match *parts {
        [time, channel, command, status, duration] => (time, channel, command, status, duration),
        [time, channel, command, duration] => (time, channel, command, "", duration),
        _ => return None,
    };
    let is_time = time
        .strip_suffix(" s")
        .is_some_and(|number| number.parse::<f64>().is_ok());
    let is_channel = channel == "card" || channel.len() == 8 && u32::from_str_radix(channel, 16).is_ok();
    (is_time && is_channel && duration.contains(" ms")).then_some(Line {
        time,
        channel,
        command,
        status,
        duration,
    })
}

/// Whether a text has such lines.
pub(super) fn is_log(text: &str) -> bool {
    text.lines().any(|text| line(text).is_some())
}

/// Explains each line, and passes over others of the program.
pub(super) fn explain(bytes: &[u8], faults: &mut Vec<Fault>) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut at = 0;
    for bytes in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(bytes);
        match line(&text) {
            Some(line) => nodes.push(explain_line(&line, at)),
            None if text.trim().is_empty() || text.starts_with("brasskey: ") || text.starts_with("hint: ") => {}
            None => faults.push(Fault::new(at, "this is no line of a log")),
        }
        at += bytes.len();
    }
    nodes
}

fn explain_line(line: &Line<'_>, at: usize) -> Node {
    let mut members = vec![
        Node::text("time", line.time).meaning("since power-up"),
        Node::text("channel", line.channel),
    ];
    let code = line
        .status
        .strip_prefix("0x")
        .and_then(|code| u16::from_str_radix(code, 16).ok());
    let status = Node::text("status", line.status);
    members.push(match (code, line.status.len()) {
        (Some(code), 4) => {
            let status_code = Status::from(u8::try_from(code).unwrap_or(u8::MAX));
            status.meaning(format!("{status_code}: {}", meaning(status_code)))
        }
        (Some(code), _) => status.meaning(StatusWord::from(code).meaning()),
        (None, _) => status.meaning("no answer was due, or none came"),
    });
    members.push(Node::text("duration", line.duration).meaning("without the wait for the user"));
    Node::new(line.command).at(at).members(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_s_own_lines_are_read() {
        let text = "brasskey: 12.034 s  0000000a  authenticatorGetAssertion  0x2e  1.007 ms\n\
                    brasskey: 13.000 s  card  OATH SELECT  0x9000  0.100 ms, 2.345 s for its user\n";
        assert!(is_log(text));
        let mut faults = Vec::new();
        let nodes = explain(text.as_bytes(), &mut faults);
        assert_eq!((nodes.len(), faults.len()), (2, 0));
        let status = nodes[0].find("status").unwrap().meaning.clone().unwrap();
        assert!(status.starts_with("CTAP2_ERR_NO_CREDENTIALS (0x2E)"), "{status}");
        assert!(!is_log("12.034 s"));
    }
}
