//! Logs of programs. The lines of `brasskey token --log` say what was asked and answered, without contents.

mod libfido2;

use brasskey_protocol::ctap2::Status;

use super::tree::{Fault, Node};
use super::webauthn::Exchange;
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
    text.lines().any(|text| line(text).is_some()) || libfido2::is_log(text)
}

/// Whether a text begins as such a line does.
fn is_begun(text: &str) -> bool {
    let text = text.strip_prefix("brasskey: ").unwrap_or(text);
    text.split_once(" s  ")
        .is_some_and(|(time, _)| time.parse::<f64>().is_ok())
}

/// Explains each line, and passes over others of the program: what it says when it is ready, notices, warnings.
pub(super) fn explain(bytes: &[u8], faults: &mut Vec<Fault>) -> (Vec<Node>, Vec<Exchange>) {
    if str::from_utf8(bytes).is_ok_and(libfido2::is_log) {
        return libfido2::explain(bytes, faults);
    }
    let mut nodes = Vec::new();
    let mut at = 0;
    for bytes in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(bytes);
        match line(&text) {
            Some(line) => nodes.push(explain_line(&line, at)),
            None if is_begun(&text) => faults.push(Fault::new(at, "this line of a log is not whole")),
            None => {}
        }
        at += bytes.len();
    }
    (nodes, Vec::new())
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
        let (nodes, _) = explain(text.as_bytes(), &mut faults);
        assert_eq!((nodes.len(), faults.len()), (2, 0));
        let status = nodes[0].find("status").unwrap().meaning.clone().unwrap();
        assert!(status.starts_with("CTAP2_ERR_NO_CREDENTIALS (0x2E)"), "{status}");
        assert!(!is_log("12.034 s"));
    }

    #[test]
    fn what_the_token_says_beside_its_log_is_passed_over_and_a_line_that_is_cut_is_not() {
        let text = "brasskey: this security key is software: whoever can read its memory has its keys\n\
                    Ready: --device udp:127.0.0.1:8111  (Ctrl-C ends)\n\
                    brasskey: 12.034 s  0000000a  authenticatorGetAssertion  0x2e  1.007 ms\n";
        let mut faults = Vec::new();
        let (nodes, _) = explain(text.as_bytes(), &mut faults);
        assert_eq!((nodes.len(), &faults[..]), (1, &[][..]));
        let cut = format!("{text}brasskey: 13.000 s  0000000a  authen");
        explain(cut.as_bytes(), &mut faults);
        assert_eq!(faults, [Fault::new(text.len(), "this line of a log is not whole")]);
    }
}
