use super::*;

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
