use proptest::prelude::*;

use super::*;
use crate::decode::{Options, decode};

/// An answer, with a bar where the text beside the digits shows it.
const SHORT: &[u8] = b"\x00\xA1\x01\x78\x06abc|de";

/// Two reports, with the zeros that fill them.
fn long() -> Vec<u8> {
    let report = |last| [&b"\x00\x00\x00\x01\x90\x00\x01"[..], &[last], &[0; 56]].concat();
    [report(0x04), report(0x2E)].concat()
}

/// What the tools themselves printed, each below its command: first of [`SHORT`], then of [`long`].
const PRINTED: &str = include_str!("printed.txt");

#[test]
fn what_every_tool_prints_is_read() {
    let mut count = 0;
    for section in PRINTED.split("$ ").skip(1) {
        let (command, dump) = section.split_once('\n').unwrap();
        let expected = if count % 2 == 0 { SHORT.to_vec() } else { long() };
        assert_eq!(read(dump), Some(expected), "{command}");
        count += 1;
    }
    assert_eq!(count, 26);
}

#[test]
fn what_is_no_dump_is_refused() {
    for text in [
        "",
        "0000000",
        "*",
        "*\n0000010\n",
        "00000000  00 a1\n00000001  02\n",
        "00000000  00 a1\n00000004  02\n",
        "0000000 777\n",
        "00000000  00\n*\nffffffffffffffff\n",
        "00000000  00\n*\n03ffffff\n",
        "what 01",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

proptest! {
    /// Lines of dumps, of libfido2's log and of recordings, in any order.
    #[test]
    fn any_lines_are_read_or_refused(
        lines in proptest::collection::vec(
            "[0-9]{4}:? ([0-9a-f]{2} ){0,16}|0{5}[0-9a-f]{1,3}( [0-7]{3}| [0-7]{6}| [0-9a-f]{4}){0,8}|\\*|\
             fido_[tr]x: (dev=0x1, cmd=0x[01][03], ms=1|buf=0x1, len=[0-9]{1,3})|\
             [0-9] [<>] 1 (CBOR|MSG|INIT|0x70|ERROR) 0[0-9a-d](a[0-3]|[0-9a-f]{2}|\\*\\*){0,12}|.{0,9}",
            0..9,
        ),
        heading in prop_oneof![Just(""), Just("brasskey recording 1\n"), Just("fido_tx: cmd=0x10\n")],
    ) {
        let text = format!("{heading}{}", lines.join("\n"));
        if let Ok(decoded) = decode(text.as_bytes(), &Options::default()) {
            prop_assert!(decoded.faults.iter().all(|fault| fault.offset <= decoded.length), "{decoded:?}");
        }
    }
}
