use super::*;

#[cfg(unix)]
#[test]
fn a_line_is_read_and_no_byte_more() {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;

    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(b"caf\xC3\xA9\r\n5678\nrest").unwrap();
    let number = u32::try_from(reader.as_raw_fd()).unwrap();
    let mut lines = Lines(BTreeMap::new());
    let mut next = || lines.next(number).ok();
    assert_eq!(next().unwrap().as_str(), "caf\u{e9}");
    assert_eq!(next().unwrap().as_str(), "5678");
    let mut rest = [0; 4];
    (&reader).read_exact(&mut rest).unwrap();
    assert_eq!(&rest, b"rest");
    writer.write_all(b"\xFF\n").unwrap();
    assert_eq!(next(), None);
    for (length, fits) in [(LONGEST_LINE, true), (LONGEST_LINE + 1, false)] {
        writer.write_all(&vec![b'x'; length]).unwrap();
        writer.write_all(b"\n").unwrap();
        assert_eq!(next().is_some(), fits);
    }
}

#[test]
fn a_variable_that_is_not_set_is_the_callers_fault() {
    let failure = Source::Variable("BRASSKEY_NO_SUCH_VARIABLE")
        .read("passphrase")
        .unwrap_err();
    assert!(failure.hint().contains("the passphrase"));
    assert!(Source::Terminal.read("passphrase").unwrap().is_none());
}
