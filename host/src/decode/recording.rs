//! Recordings, message by message: what was left out is shown so, and what can be read of a damaged one is explained.

use brasskey_protocol::ctaphid::command;

use super::ctaphid::{Message, Talk};
use super::tree::{Fault, Node, Value};
use super::webauthn::Exchange;
use crate::recording::{Entry, check_heading, message as line_message};

/// Explains each line, and tells which are none. What can be verified of them comes beside.
pub(super) fn explain(bytes: &[u8], faults: &mut Vec<Fault>) -> (Vec<Node>, Vec<Exchange>) {
    let (mut talk, mut nodes, mut at) = (Talk::default(), Vec::new(), 0);
    for (line, number) in bytes.split_inclusive(|byte| *byte == b'\n').zip(1u32..) {
        let text = String::from_utf8_lossy(line);
        let mut own = Vec::new();
        if number == 1 {
            if let Err(what) = check_heading(&text) {
                faults.push(Fault::fatal(0, what));
                break;
            }
        } else {
            match line_message(&text) {
                Some(Ok(entry)) => nodes.push(message(&entry, &mut talk, &mut own)),
                Some(Err(what)) => {
                    // A request may be missing now: the next answer would be read by the one before.
                    talk.forget();
                    own.push(Fault::new(0, what));
                }
                None => {}
            }
        }
        faults.extend(own.into_iter().map(|fault| Fault {
            offset: at,
            what: format!("line {number}: {}", fault.what),
            ..fault
        }));
        at += line.len();
    }
    (nodes, talk.exchanges)
}

/// A message of which a part was left out is not judged: zeros stand in for that part.
fn message(entry: &Entry, talk: &mut Talk, faults: &mut Vec<Fault>) -> Node {
    let known = talk.exchanges.len();
    let mut own = Vec::new();
    let mut node = match entry.is_readable() {
        true => talk.explain(&entry.message, None, &mut own),
        false => first_byte(entry, talk),
    };
    node.leave_out(&entry.hidden);
    if entry.hidden.is_empty() {
        faults.append(&mut own);
    }
    for exchange in talk.exchanges.iter_mut().skip(known) {
        exchange.hidden.clone_from(&entry.hidden);
    }
    let time = Node::new("time").value(Value::Integer(entry.time_ms.into()));
    node.members
        .insert(0, time.meaning("milliseconds since the recording began"));
    node
}

/// A message of CTAP2 of which only the first byte is there.
fn first_byte(entry: &Entry, talk: &mut Talk) -> Node {
    let Message { payload, .. } = &entry.message;
    let start = Message {
        payload: payload.iter().take(1).copied().collect(),
        ..entry.message.clone()
    };
    let mut node = talk.explain(&start, None, &mut Vec::new());
    let rest = payload.get(1..).unwrap_or_default();
    node.members.push(Node::bytes("rest", 1, rest));
    node
}

impl Entry {
    /// Whether more is there of a message of CTAP2 than its first byte.
    fn is_readable(&self) -> bool {
        let rest = self.hidden.get(1..).unwrap_or_default();
        self.message.command != command::CBOR || rest.is_empty() || rest.contains(&false)
    }
}

#[cfg(test)]
mod tests;
