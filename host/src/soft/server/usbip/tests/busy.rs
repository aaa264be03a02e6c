//! A host whose request takes long.

use super::*;
use crate::soft::testing::{RESET, SlowDisk};

#[test]
fn the_device_answers_its_host_while_a_request_runs() {
    let (storage, disk) = SlowDisk::new();
    let key = SoftKey::builder().touch(Touch::Auto).storage(storage).build();
    let server = UsbIpServer::start(&key.expect("a key"), (Ipv4Addr::LOCALHOST, 0).into()).expect("a server");
    let host = Client::new(Host::attach(&server));
    disk.shut();
    host.send(command::CBOR, RESET);
    disk.wait_until_needed();
    assert_eq!(host.link.control(0x80, 0, 0, 0, &[], 2), Ok(vec![0, 0]), "GET_STATUS");
    disk.open();
    assert_eq!(host.answer(command::CBOR), Ok(vec![0x00]));
}
