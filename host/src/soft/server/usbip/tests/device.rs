//! The descriptors and requests of the device.

use brasskey_protocol::ccid;
use brasskey_protocol::ctaphid::REPORT_DESCRIPTOR;

use super::*;
use crate::soft::{Identity, Serial};

#[test]
fn the_descriptors_are_those_of_the_key_on_a_chip() {
    let key = SoftKey::builder().touch(Touch::Auto).identity(Identity {
        name: Some("x".repeat(32).parse().expect("a name")),
        serial: Serial::random().expect("a number"),
    });
    let key = key.build().expect("a key");
    let server = UsbIpServer::start(&key, (Ipv4Addr::LOCALHOST, 0).into()).expect("a server");
    let host = Host::attach(&server);
    let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let device = hex(host.descriptor(0x0100, 0).expect("a descriptor"));
    // But for the version.
    assert_eq!((&device[..24], &device[28..]), ("120110020000000809120100", "01020301"));
    let reader: String = ccid::DESCRIPTOR.iter().map(|byte| format!("{byte:02x}")).collect();
    let configuration = format!(
        "0902760002010080320904000002030000000921100100012222000705010340000107058103400001\
         09040100020b000000{reader}07050202400000\
         07058202400000"
    );
    assert_eq!(hex(host.descriptor(0x0200, 0).expect("a descriptor")), configuration);
    assert_eq!(host.control(0x81, 6, 0x2100, 1, &[], 54), Ok(ccid::DESCRIPTOR.to_vec()));
    let first = host.control(0x80, 6, 0x0200, 0, &[], 9).expect("a descriptor");
    assert_eq!(hex(first), configuration[..18]);
    assert_eq!(
        hex(host.descriptor(0x0F00, 0).expect("a descriptor")),
        "050f0c000107100200000000"
    );
    assert_eq!(
        host.control(0x81, 6, 0x2200, 0, &[], 34),
        Ok(REPORT_DESCRIPTOR.to_vec())
    );
    assert_eq!(
        host.control(0x81, 6, 0x2100, 0, &[], 9).map(hex),
        Ok("092110010001222200".into())
    );

    assert_eq!(host.descriptor(0x0300, 0), Ok(vec![4, 3, 9, 4]));
    let strings = [1, 2, 3].map(|index| host.string(index));
    assert_eq!(
        strings,
        [
            "brasskey".into(),
            key.identity().product(),
            key.identity().serial.to_string()
        ]
    );
    for (value, index) in [
        (0x0304, 0x0409),
        (0x0301, 0x0407),
        (0x03EE, 0),
        (0x0600, 0),
        (0x2200, 0),
    ] {
        assert_eq!(host.descriptor(value, index), Err(-32), "{value:#06x}");
    }
}

#[test]
fn requests_are_answered_as_the_key_on_a_chip_answers_them() {
    let (_key, server) = serve(Touch::Auto);
    let host = Host::attach(&server);
    let get = |kind, request, value, length| host.control(kind, request, value, 0, &[], length);
    let set = |kind, request, value| host.control(kind, request, value, 0, &[], 0);
    let done = Ok(Vec::new());
    assert_eq!(get(0x80, 8, 0, 1), Ok(vec![0]), "GET_CONFIGURATION");
    assert_eq!(set(0x00, 9, 1), done, "SET_CONFIGURATION");
    assert_eq!(get(0x80, 8, 0, 1), Ok(vec![1]));
    assert_eq!(set(0x00, 9, 9), Err(-32));
    for kind in [0x80, 0x81, 0x82] {
        assert_eq!(get(kind, 0, 0, 2), Ok(vec![0, 0]), "GET_STATUS");
    }
    assert_eq!(get(0x81, 10, 0, 1), Ok(vec![0]), "GET_INTERFACE");
    // usbip-win2 sends it where a driver of Windows selects the interface.
    assert_eq!(set(0x01, 11, 0), done, "SET_INTERFACE");
    assert_eq!(set(0x01, 11, 1), Err(-32), "no alternate setting");
    assert_eq!(host.control(0x01, 11, 0, 1, &[], 0), done);
    assert_eq!(host.control(0x01, 11, 0, 2, &[], 0), Err(-32), "no such interface");
    assert_eq!(host.control(0x02, 1, 0, 0x81, &[], 0), done, "CLEAR_FEATURE");
    assert_eq!(set(0x21, 10, 0), done, "SET_IDLE");
    assert_eq!(set(0x21, 11, 1), Err(-32), "SET_PROTOCOL");
    assert_eq!(get(0xA1, 1, 0x0100, 64), Err(-32), "GET_REPORT");
    assert_eq!(get(0xA1, 2, 0, 1), Err(-32), "GET_IDLE");
    assert_eq!(get(0xC0, 0x51, 0, 4), Err(-32), "a vendor's");
    // CCID's requests for clocks and rates are for readers that say that they have a choice.
    for request in [2, 3] {
        assert_eq!(host.control(0xA1, request, 0, 1, &[], 4), Err(-32));
    }
    // No endpoint but 1 and 2.
    let sequence = host.submit(3, true, 64, [0; 8], &[]);
    let answer = host.next(true).expect("an answer");
    assert_eq!((answer.sequence, answer.status), (sequence, -32));
}
