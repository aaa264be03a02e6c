//! Malformed requests end their connection, and the server goes on.

use proptest::prelude::*;

use super::*;
use crate::soft::Identity;
use crate::soft::server::usbip::device::{self, Device};

/// The server has closed the connection or is done with it, and lists its device to the next.
fn survives(server: &UsbIpServer, request: &[u8]) {
    ask(server, request);
    // Attached or not: who attached is gone.
    while ask(server, &DEVICE_LIST)[8..12] != [0, 0, 0, 1] {}
}

#[test]
fn who_breaks_the_protocol_loses_the_connection() {
    let (_key, server) = serve(Touch::Auto);
    let attached = |command: &[u8]| [&import(BUS_ID), command].concat();
    let mut isochronous = submit(1, 1, true, 64, [0; 8]);
    isochronous[35] = 1;
    let mut sideways = submit(1, 1, true, 64, [0; 8]);
    sideways[15] = 2;
    for request in [
        vec![],
        vec![1],
        DEVICE_LIST[..7].to_vec(),
        vec![0x01, 0x06, 0x80, 0x05, 0, 0, 0, 0],
        vec![0x01, 0x11, 0x80, 0x06, 0, 0, 0, 0],
        import(BUS_ID)[..39].to_vec(),
        [0xff; 40].to_vec(),
        attached(&[0xff; 48]),
        attached(&submit(1, 0, true, 64, [0xff; 8])[..47]),
        attached(&submit(1, 1, false, 64, [0; 8])),
        attached(&submit(1, 1, false, u32::MAX, [0; 8])),
        attached(&submit(1, 1, true, u32::MAX, [0; 8])),
        attached(&isochronous),
        attached(&sideways),
    ] {
        survives(&server, &request);
    }
}

#[test]
fn transfers_that_wait_are_limited() {
    let (_key, server) = serve(Touch::Auto);
    let host = Host::attach(&server);
    for _ in 0..256 {
        host.ask_for_report();
    }
    assert_eq!(host.control(0x80, 0, 0, 0, &[], 2), Ok(vec![0, 0]));
    host.ask_for_report();
    assert_eq!(host.next(true), None);
}

prop_compose! {
    fn command()(
        command in 0u32..4,
        endpoint in 0u32..3,
        is_in: bool,
        length in prop_oneof![0u32..200, any::<u32>()],
        setup: [u8; 8],
        data in prop::collection::vec(any::<u8>(), 0..200),
    ) -> Vec<u8> {
        let mut bytes = submit(1, endpoint, is_in, length, setup);
        bytes[..4].copy_from_slice(&command.to_be_bytes());
        bytes.extend(data);
        bytes
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_bytes_leave_the_server_as_it_was(
        attaches: bool,
        commands in prop::collection::vec(command(), 0..8),
        bytes in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let (_key, server) = serve(Touch::Auto);
        let greeting = if attaches { import(BUS_ID) } else { Vec::new() };
        survives(&server, &[greeting, commands.concat(), bytes].concat());
    }
}

proptest! {
    #[test]
    fn no_request_gets_more_data_than_it_asked_for(setup: [u8; 8], data in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut device = Device::new(&Identity::random().unwrap());
        if let device::Answer::Data(answer) = device.control(setup.into(), &data) {
            prop_assert!(answer.len() <= usize::from(u16::from_le_bytes([setup[6], setup[7]])));
        }
    }
}
