//! The limits of messages and lists that getInfo tells (CTAP 2.3 §6.4), and what is beyond them.

use ciborium::Value;

use crate::host::ctap2::{GET_INFO, Request, descriptor, extending, ga, get_assertion, make_credential, mc, status};
use crate::host::read::Read as _;
use crate::host::{command, error, packets};
use crate::key::Key;

checks! {
    "CTAP 2.3 §11.2.4":
        messages_of_every_length_are_read,
        a_longer_message_does_no_harm;
    "CTAP 2.3 §6.4":
        a_list_longer_than_get_info_says_is_refused [Should],
        a_credential_id_longer_than_get_info_says_is_nobodys;
}

/// A request to sign in that nobody can, of exactly this length.
fn of_length(length: usize) -> Vec<u8> {
    // In an extension that the key does not know, which is to be ignored (§12).
    let padded = |padding: usize| {
        let padding = Value::from(vec![0; padding]);
        extending(get_assertion("example.com"), [("padding", padding)]).encode()
    };
    // The padding's own length takes one byte to three.
    let whole = (0..length).rev().map(padded).find(|request| request.len() == length);
    whole.unwrap_or_else(|| panic!("no request has {length} bytes"))
}

fn messages_of_every_length_are_read(key: &Key) {
    let mut host = key.host();
    let longest = host.longest_message();
    // A first packet carries 57 bytes, each of the others 59: one less, as many, and one more.
    let ends = (0..).map(|packets| 57 + 59 * packets).take_while(|end| *end < longest);
    let ends: Vec<usize> = ends.filter(|end| *end > 116).collect();
    let (first, last) = (ends.iter().take(16), ends.iter().rev().take(2));
    for length in first.chain(last).flat_map(|end| [end - 1, *end, end + 1]) {
        let what = format!("a message of {length} bytes");
        host.denied_as(&what, of_length(length), status::NO_CREDENTIALS);
    }
}

fn a_longer_message_does_no_harm(key: &Key) {
    let mut host = key.host();
    let longest = host.longest_message();
    if longest < 7609 {
        host.send(command::CBOR, &of_length(longest + 1));
    } else {
        // No message of CTAPHID is longer, so only its header says so.
        let mut packet = packets(host.channel, command::CBOR, &of_length(130)[..57])[0];
        packet[5..7].copy_from_slice(&7610_u16.to_be_bytes());
        host.send_report(&packet);
    }
    let answer = host.message();
    let is_refused = match answer.command {
        command::ERROR => answer.payload == [error::INVALID_LEN],
        command::CBOR => answer.payload == [status::REQUEST_TOO_LARGE],
        _ => false,
    };
    if !is_refused {
        let words = format!("expected 0x39 REQUEST_TOO_LARGE or INVALID_LEN, the key answered {answer:?}");
        // A key may have more room than it says.
        let is_read = matches!(answer.command, command::CBOR | command::KEEPALIVE);
        assert!(is_read, "{words}");
        key.note(&words);
        if answer.command == command::KEEPALIVE {
            host.send(command::CANCEL, &[]);
            host.answer();
        }
    }
    status::is(host.ctap2(GET_INFO).status, status::OK);
    host.ping();
}

fn a_list_longer_than_get_info_says_is_refused(key: &Key) {
    let mut host = key.host();
    let Some(listed) = host.info().get(&0x07).map(|count| count.number::<usize>()) else {
        // No member, no limit: as many as a message carries are taken, which other checks show.
        return host.ping();
    };
    let longest = host.longest_message();
    let list = || Value::Array(vec![descriptor(&[9; 16]); listed + 1]);
    for (request, member) in [
        (get_assertion("example.com"), ga::ALLOW_LIST),
        (make_credential("example.com", b"1"), mc::EXCLUDE_LIST),
    ] {
        let request: Request = request.with(member, list());
        if request.encode().len() <= longest {
            host.denied_as("one entry more", request, status::LIMIT_EXCEEDED);
        }
    }
}

fn a_credential_id_longer_than_get_info_says_is_nobodys(key: &Key) {
    let mut host = key.host();
    let longest = host.info().get(&0x08).map_or(512, |length| length.number::<usize>());
    let request = |length: usize| get_assertion("example.com").with(ga::ALLOW_LIST, vec![descriptor(&vec![7; length])]);
    let room = host.longest_message() - request(0).encode().len() - 2;
    for length in [longest, longest + 1, longest * 2].map(|length| length.min(room)) {
        // Whether a key looks at the length first is its own choice; CTAP 2.0 asked for a touch before it refused.
        let answer = host.touched_if_asked(request(length));
        let others = &[
            status::LIMIT_EXCEEDED,
            status::INVALID_LENGTH,
            status::INVALID_CREDENTIAL,
            status::INVALID_CBOR,
        ];
        host.is_refusal_or(
            &format!("an ID of {length} bytes"),
            &answer,
            status::NO_CREDENTIALS,
            others,
        );
    }
    host.ping();
}
