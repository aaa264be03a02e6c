use super::*;

/// Whether it is a request for more time, for the command with this sequence number (§6.2.6).
fn is_extension(response: &Response, sequence: u8) -> bool {
    *response
        == Response {
            message_type: 0x80,
            sequence,
            status: 0x80,
            error: 1,
            last: 0,
            data: Vec::new(),
        }
}

#[test]
fn while_a_request_runs_the_host_is_asked_for_time() {
    let mut host = Host::waiting();
    for second in 1..=40 {
        let due = second * TIME_EXTENSION_INTERVAL;
        assert_eq!(host.reader.deadline(), Some(due));
        host.reader.tick(due - 1);
        assert_eq!(host.receive(), None);
        host.now = due;
        host.reader.tick(due);
        assert!(is_extension(&host.answer(), host.sequence));
    }
    host.respond(&[0]);
    assert_eq!(host.answer().data, [0, 0x90, 0]);
    assert_eq!(host.reader.deadline(), None);
    host.reader.tick(host.now + 60_000);
    assert_eq!(host.receive(), None);
}

#[test]
fn a_host_that_does_not_read_is_asked_once() {
    let mut host = Host::waiting();
    for second in 1..=10 {
        host.reader.tick(second * TIME_EXTENSION_INTERVAL);
    }
    assert!(is_extension(&host.answer(), host.sequence));
}

#[test]
fn a_request_that_was_not_taken_keeps_its_host_waiting_too() {
    let mut host = Host::with_fido();
    assert_eq!(host.command(TRANSFER, [0; 3], &SELECTION), Event::Request);
    host.now = TIME_EXTENSION_INTERVAL;
    host.reader.tick(host.now);
    assert!(is_extension(&host.answer(), host.sequence));
    assert!(host.take().is_some());
}

#[test]
fn the_slot_is_busy_while_a_request_runs() {
    let mut host = Host::waiting();
    let running = host.sequence;
    for command in [POWER_ON, POWER_OFF, SLOT_STATUS, TRANSFER, 0x6C, 0x6B] {
        assert_eq!(host.failure(command, [0; 3], &[]), (0x40, 0xE0), "{command:02x}");
    }
    host.respond(&[0]);
    let response = host.receive().unwrap();
    assert_eq!((response.sequence, &response.data[..]), (running, &[0, 0x90, 0][..]));
}

#[test]
fn the_slot_is_busy_until_the_response_is_sent() {
    let mut host = Host::waiting();
    host.respond(&[0]);
    assert_eq!(host.command(TRANSFER, [0; 3], &SELECT_FIDO), Event::None);
    assert_eq!(host.receive().unwrap().data, [0, 0x90, 0]);
    assert_eq!(host.receive().unwrap().error, 0xE0);
    assert_eq!(host.transfer(&SELECT_FIDO), b"U2F_V2\x90\x00");
}

#[test]
fn a_host_that_polls_needs_no_extension() {
    let mut host = Host::with_fido();
    let mut selection = SELECTION;
    selection[2] = 0x80;
    assert_eq!(host.command(TRANSFER, [0; 3], &selection), Event::Request);
    assert!(host.take().is_some());
    host.reader.show(Indication::WaitingForTouch, host.now);
    assert_eq!(host.answer().data, [2, 0x91, 0]);
    assert_eq!(host.reader.deadline(), None);
    // The poll waits for less than a second.
    assert_eq!(host.command(TRANSFER, [0; 3], &[0x80, 0x11, 0, 0, 0]), Event::None);
    host.now = host.reader.deadline().unwrap();
    host.reader.tick(host.now);
    assert_eq!(host.answer().data, [2, 0x91, 0]);
    // A card that loses its power ends it.
    assert_eq!(host.command(POWER_OFF, [0; 3], &[]), Event::Abort);
    assert_eq!(host.answer().status, 1);
}
