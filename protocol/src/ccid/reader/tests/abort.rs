use super::*;

/// What PC_to_RDR_Abort is answered, if at once.
fn bulk(host: &mut Host, sequence: u8) -> Option<(u8, u8, u8)> {
    assert_eq!(host.send(&message(ABORT, 0, sequence, [0; 3], &[])), Event::None);
    let response = host.receive()?;
    assert_eq!(response.sequence, sequence);
    Some((response.message_type, response.status, response.error))
}

#[test]
fn a_running_command_fails_and_the_slot_is_ready_again() {
    let mut host = Host::waiting();
    let running = host.sequence;
    assert_eq!(host.abort(9), Event::Abort);
    let failed = host.receive().unwrap();
    assert_eq!((failed.message_type, failed.sequence), (0x80, running));
    assert_eq!((failed.status, failed.error), (0x40, 0xFF));
    assert_eq!(host.reader.deadline(), None);
    // Until the other half comes everything fails.
    assert_eq!(host.failure(SLOT_STATUS, [0; 3], &[]), (0x40, 0xFF));
    assert_eq!(bulk(&mut host, 8), Some((0x81, 0x40, 0xFF)));
    assert_eq!(bulk(&mut host, 9), Some((0x81, 0, 0)));
    // Nobody gets the answer of the aborted request. The applet is still selected.
    host.respond(&[0x2D]);
    assert_eq!(host.receive(), None);
    assert_eq!(host.command(TRANSFER, [0; 3], &SELECTION), Event::Request);
    assert!(host.take().is_some());
    host.respond(&[0]);
    assert_eq!(host.answer().data, [0, 0x90, 0]);
}

#[test]
fn the_two_halves_come_in_either_order() {
    let mut host = Host::waiting();
    assert_eq!(bulk(&mut host, 9), None);
    assert_eq!(host.abort(9), Event::Abort);
    assert_eq!(host.receive().unwrap().error, 0xFF);
    let response = host.receive().unwrap();
    assert_eq!(
        (response.message_type, response.sequence, response.status),
        (0x81, 9, 0)
    );
    host.respond(&[0x2D]);
    assert_eq!(host.exchange(SLOT_STATUS, [0; 3], &[]).status, 0);
}

#[test]
fn halves_of_different_aborts_are_no_pair() {
    let mut host = Host::waiting();
    assert_eq!(bulk(&mut host, 8), None);
    assert_eq!(host.abort(9), Event::Abort);
    assert_eq!(host.receive().unwrap().error, 0xFF);
    assert_eq!(host.receive(), None);
    assert_eq!(bulk(&mut host, 9), Some((0x81, 0, 0)));
}

#[test]
fn another_command_parts_the_halves() {
    let mut host = Host::powered();
    assert_eq!(bulk(&mut host, 9), None);
    assert_eq!(host.exchange(SLOT_STATUS, [0; 3], &[]).status, 0);
    assert_eq!(host.abort(9), Event::None);
    assert_eq!(host.receive(), None);
    assert_eq!(bulk(&mut host, 9), Some((0x81, 0, 0)));
}

#[test]
fn an_abort_of_nothing_drops_chains() {
    let mut host = Host::with_fido();
    assert_eq!(host.exchange(TRANSFER, [0, 1, 0], &SELECT_FIDO[..5]).last, 0x10);
    assert_eq!(host.abort(3), Event::None);
    assert_eq!(bulk(&mut host, 3), Some((0x81, 0, 0)));
    assert!(host.reader.apdu.iter().all(|byte| *byte == 0));
    assert_eq!(host.failure(TRANSFER, [0, 2, 0], &SELECT_FIDO[5..]), (0x40, 8));
}

#[test]
fn an_abort_of_another_slot_changes_nothing() {
    let mut host = Host::waiting();
    assert_eq!(host.reader.abort(1, 9), Event::None);
    host.respond(&[0]);
    assert_eq!(host.answer().data, [0, 0x90, 0]);
}
