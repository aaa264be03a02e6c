//! A recording, and behind a zero byte the reports of a host: the recording is read or refused, each message reads back
//! as it is written, and a key that plays it answers its own requests and those reports. What a tap writes of all that
//! is a recording, too.
#![no_main]

use std::time::Duration;

use brasskey::decode::ctaphid::Side;
use brasskey::recording::{Entry, Player, Recording, Tap};
use brasskey::transport::Transport as _;
use brasskey_protocol::ctaphid::{Report, fragment};
use libfuzzer_sys::fuzz_target;

/// More than any answer has.
const REPORTS_MAX: usize = 1_000;

fuzz_target!(|input: &[u8]| {
    let mut halves = input.splitn(2, |byte| *byte == 0);
    let text = String::from_utf8_lossy(halves.next().unwrap_or_default());
    let Ok(recording) = text.parse::<Recording>() else {
        return;
    };
    for entry in &recording.entries {
        assert_eq!(entry.to_string().parse::<Entry>().as_ref(), Ok(entry));
    }
    let mut written = Vec::new();
    let mut tap = Tap::new(&mut written, "a key", false).expect("memory is always there");
    let requests = recording
        .entries
        .iter()
        .filter(|entry| entry.message.side == Side::Host);
    let requests: Vec<Report> = requests
        .flat_map(|entry| fragment(entry.message.channel, entry.message.command, &entry.message.payload))
        .flatten()
        .collect();
    let mut player = Player::new(recording);
    let others = halves.next().unwrap_or_default().chunks(64).map(padded);
    for report in requests.into_iter().chain(others) {
        tap.receive(Side::Host, &report).expect("memory is always there");
        player.send(&report).expect("it has no wire");
        let mut answered = 0;
        while let Some(report) = player.receive(Duration::ZERO).expect("it has no wire") {
            tap.receive(Side::Key, &report).expect("memory is always there");
            answered += 1;
            assert!(answered < REPORTS_MAX);
        }
    }
    let (played, left) = player.progress();
    assert!(played + left <= player.requests());
    for complaint in player.complaints() {
        let _ = complaint.to_string();
    }
    drop(tap);
    let written = String::from_utf8(written).expect("a recording is text");
    assert!(written.parse::<Recording>().is_ok(), "{written}");
});

fn padded(bytes: &[u8]) -> Report {
    let mut report = [0; 64];
    report[..bytes.len()].copy_from_slice(bytes);
    report
}
