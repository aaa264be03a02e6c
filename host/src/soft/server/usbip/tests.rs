//! A host that attaches to the key, and others that do not know how.

mod card;
mod device;
mod malformed;

use std::cell::Cell;
use std::io::Read;
use std::net::{Ipv4Addr, Shutdown};

use brasskey_protocol::ctaphid::{Error as HidError, Report, command};

use super::*;
use crate::soft::Touch;
use crate::soft::testing::{Client, GET_INFO, LONG, Link, RESET, SELECTION, SlowDisk};

/// A host's end of a connection, as the kernel's `vhci-hcd` has it.
struct Host {
    stream: TcpStream,
    sequence: Cell<u32>,
}

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    command: u32,
    sequence: u32,
    status: i32,
    length: u32,
    data: Vec<u8>,
}

fn serve(touch: Touch) -> (SoftKey, UsbIpServer) {
    let key = SoftKey::builder().touch(touch).build().expect("a key");
    let server = UsbIpServer::start(&key, (Ipv4Addr::LOCALHOST, 0).into()).expect("a server");
    (key, server)
}

fn connect(server: &UsbIpServer) -> TcpStream {
    let stream = TcpStream::connect(server.address()).expect("a connection");
    stream.set_read_timeout(Some(LONG)).expect("a timeout");
    stream.set_nodelay(true).expect("no delay");
    stream
}

/// All that the server says to `request`.
fn ask(server: &UsbIpServer, request: &[u8]) -> Vec<u8> {
    let mut stream = connect(server);
    let mut answer = Vec::new();
    // A connection that the server closes with something unread is reset.
    let _ = stream
        .write_all(request)
        .and_then(|()| stream.shutdown(Shutdown::Write))
        .and_then(|()| stream.read_to_end(&mut answer));
    answer
}

const DEVICE_LIST: [u8; 8] = [0x01, 0x11, 0x80, 0x05, 0, 0, 0, 0];

fn import(bus_id: &str) -> Vec<u8> {
    let mut request = vec![0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0];
    request.extend(bus_id.as_bytes());
    request.resize(40, 0);
    request
}

/// USBIP_CMD_SUBMIT without data.
fn submit(sequence: u32, endpoint: u32, is_in: bool, length: u32, setup: [u8; 8]) -> Vec<u8> {
    let numbers = [1, sequence, 0x0001_0001, u32::from(is_in), endpoint, 0, length, 0, 0, 0];
    [&numbers.map(u32::to_be_bytes).concat()[..], &setup].concat()
}

impl Host {
    fn attach(server: &UsbIpServer) -> Self {
        let mut stream = connect(server);
        stream.write_all(&import(BUS_ID)).expect("sent");
        let mut reply = [0; 8 + 312];
        stream.read_exact(&mut reply).expect("a reply");
        assert_eq!(reply[..8], [0x01, 0x11, 0, 0x03, 0, 0, 0, 0]);
        Self {
            stream,
            sequence: Cell::new(0),
        }
    }

    /// As [`Self::attach`], once the server has heard that the host before is gone.
    fn attach_when_free(server: &UsbIpServer) -> Self {
        while ask(server, &DEVICE_LIST)[8..12] != [0, 0, 0, 1] {}
        Self::attach(server)
    }

    fn write(&self, bytes: &[u8]) {
        (&self.stream).write_all(bytes).expect("sent");
    }

    /// Submits a transfer and says its sequence number.
    fn submit(&self, endpoint: u32, is_in: bool, length: usize, setup: [u8; 8], data: &[u8]) -> u32 {
        self.sequence.set(self.sequence.get() + 1);
        let length = u32::try_from(length).expect("a length");
        self.write(&submit(self.sequence.get(), endpoint, is_in, length, setup));
        self.write(data);
        self.sequence.get()
    }

    fn ask_for_report(&self) -> u32 {
        self.submit(1, true, 64, [0; 8], &[])
    }

    /// The next answer, with its data where it is one to a transfer to the host; `None` when the connection has ended.
    fn next(&self, is_in: bool) -> Option<Answer> {
        let mut header = [0; 48];
        (&self.stream).read_exact(&mut header).ok()?;
        let number = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().expect("4 bytes"));
        let (command, sequence, length) = (number(0), number(4), number(24));
        assert_eq!(header[8..20], [0; 12]);
        let mut data = Vec::new();
        if command == 3 && is_in {
            data = vec![0; length as usize];
            (&self.stream).read_exact(&mut data).expect("data");
        }
        Some(Answer {
            command,
            sequence,
            status: number(20).cast_signed(),
            length,
            data,
        })
    }

    fn control(
        &self,
        kind: u8,
        request: u8,
        value: u16,
        index: u16,
        data: &[u8],
        length: usize,
    ) -> Result<Vec<u8>, i32> {
        let is_in = kind & 0x80 != 0;
        let mut setup = [kind, request, 0, 0, 0, 0, 0, 0];
        let size = u16::try_from(length).expect("a length");
        for (place, number) in [(2, value), (4, index), (6, size)] {
            setup[place..place + 2].copy_from_slice(&number.to_le_bytes());
        }
        let sequence = self.submit(0, is_in, length, setup, data);
        let answer = self.next(is_in).expect("an answer");
        assert_eq!((answer.command, answer.sequence), (3, sequence));
        if is_in {
            assert_eq!(answer.length as usize, answer.data.len());
        }
        match answer.status {
            0 => Ok(answer.data),
            status => Err(status),
        }
    }

    fn descriptor(&self, value: u16, index: u16) -> Result<Vec<u8>, i32> {
        self.control(0x80, 6, value, index, &[], 255)
    }

    fn string(&self, index: u16) -> String {
        let descriptor = self.descriptor(0x0300 | index, 0x0409).expect("a string");
        assert_eq!((usize::from(descriptor[0]), descriptor[1]), (descriptor.len(), 3));
        let units: Vec<_> = descriptor[2..]
            .chunks(2)
            .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
            .collect();
        String::from_utf16(&units).expect("a text")
    }
}

impl Link for Host {
    fn send(&self, report: &Report) {
        let sequence = self.submit(1, false, 64, [0; 8], report);
        let answer = self.next(false).expect("an answer");
        let done = Answer {
            command: 3,
            sequence,
            status: 0,
            length: 64,
            data: Vec::new(),
        };
        assert_eq!(answer, done);
    }

    fn receive(&self, _: Duration) -> Option<Report> {
        let sequence = self.ask_for_report();
        let answer = self.next(true)?;
        assert_eq!((answer.sequence, answer.status), (sequence, 0));
        Some(answer.data.try_into().expect("a report"))
    }
}

#[test]
fn the_device_is_listed_for_who_may_attach_it() {
    let (key, server) = serve(Touch::Auto);
    let list = ask(&server, &DEVICE_LIST);
    assert_eq!(list[..12], [0x01, 0x11, 0, 0x05, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(list.len(), 12 + 312 + 8);
    assert_eq!(list[12 + 256..12 + 259], *b"1-1");
    // Full speed, vendor and product; one configuration, which has two interfaces: HID, and a smart card reader.
    assert_eq!(list[12 + 296..12 + 304], [0, 0, 0, 2, 0x12, 0x09, 0x00, 0x01]);
    assert_eq!(list[12 + 306..], [0, 0, 0, 1, 1, 2, 3, 0, 0, 0, 11, 0, 0, 0]);

    let host = Host::attach(&server);
    assert_eq!(ask(&server, &DEVICE_LIST)[8..], [0; 4], "another host has it");
    drop(host);
    key.power_off();
    assert_eq!(ask(&server, &DEVICE_LIST)[8..], [0; 4], "it is off");
}

#[test]
fn one_host_at_a_time_attaches_the_device_that_there_is() {
    let (_key, server) = serve(Touch::Auto);
    let refused = |status| [0x01, 0x11, 0, 0x03, 0, 0, 0, status].to_vec();
    assert_eq!(ask(&server, &import("1-2")), refused(4));
    assert_eq!(ask(&server, &import("")), refused(4));
    let host = Host::attach(&server);
    assert_eq!(ask(&server, &import("1-1")), refused(2));
    drop(host);
    // The server hears of that when it comes to it.
    while ask(&server, &import("1-1"))[7] != 0 {}
}

#[test]
fn a_host_talks_to_the_key() {
    let (_key, server) = serve(Touch::Auto);
    let host = Client::new(Host::attach(&server));
    let message = [7; 7609];
    assert_eq!(host.exchange(command::PING, &message), Ok(message.to_vec()));
    assert_eq!(host.status(GET_INFO), 0x00);

    let ping = brasskey_protocol::ctaphid::fragment(host.channel, command::PING, b"x")
        .expect("a message")
        .next()
        .expect("a report");
    let set_report = |data: &[u8]| host.link.control(0x21, 9, 0x0200, 0, data, data.len());
    assert_eq!(set_report(&ping), Ok(Vec::new()));
    assert_eq!(host.answer(command::PING), Ok(b"x".to_vec()));
    assert_eq!(set_report(&ping[..63]), Ok(Vec::new()), "no report");
    assert_eq!(set_report(&[0; 129]), Err(-32));
    host.link.submit(1, false, 63, [0; 8], &ping[..63]);
    host.link.next(false).expect("an answer");
    assert_eq!(host.exchange(command::PING, b"y"), Ok(b"y".to_vec()));
}

#[test]
fn a_transfer_is_unlinked_while_it_waits_and_not_afterwards() {
    let (_key, server) = serve(Touch::Auto);
    let host = Client::new(Host::attach(&server));
    let unlink = |target: u32| {
        let numbers = [2, 1000 + target, 0x0001_0001, 0, 0, target, 0, 0, 0, 0, 0, 0];
        host.link.write(&numbers.map(u32::to_be_bytes).concat());
        let answer = host.link.next(true).expect("an answer");
        assert_eq!((answer.command, answer.sequence), (4, 1000 + target));
        answer.status
    };
    let waiting = host.link.ask_for_report();
    assert_eq!(unlink(waiting), -104);
    assert_eq!(unlink(waiting), 0);
    // The next report is for the next transfer.
    assert_eq!(host.exchange(command::PING, b"x"), Ok(b"x".to_vec()));
    assert_eq!(unlink(1), 0);
    let short = host.link.submit(1, true, 63, [0; 8], &[]);
    let answer = host.link.next(true).expect("an answer");
    assert_eq!((answer.sequence, answer.status, answer.length), (short, -75, 0));
}

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

#[test]
fn what_a_host_asked_for_ends_when_it_detaches_or_configures_the_device_anew() {
    let (key, server) = serve(Touch::Control);
    for detaches in [false, true] {
        let host = Client::new(Host::attach_when_free(&server));
        assert_eq!(host.link.control(0x00, 9, 1, 0, &[], 0), Ok(Vec::new()));
        host.send(command::CBOR, SELECTION);
        key.wait_until_asked(LONG).expect("a request");
        let host = match detaches {
            true => {
                drop(host);
                Host::attach_when_free(&server)
            }
            false => {
                assert_eq!(host.link.control(0x00, 9, 0, 0, &[], 0), Ok(Vec::new()));
                host.link
            }
        };
        let other = Client::new(host);
        let answer = loop {
            match other.exchange(command::CBOR, GET_INFO) {
                Err(code) if code == HidError::ChannelBusy.code() => {}
                answer => break answer,
            }
        };
        assert_eq!(answer.expect("an answer")[0], 0x00);
    }
}

#[test]
fn unplugged_the_connection_ends_and_plugged_in_the_device_is_there_again() {
    let (key, server) = serve(Touch::Auto);
    let host = Client::new(Host::attach(&server));
    host.link.ask_for_report();
    key.power_off();
    assert_eq!(host.link.next(true), None);
    key.power_on().expect("power");
    assert_eq!(Client::new(Host::attach(&server)).status(GET_INFO), 0x00);
    let address = server.address();
    drop(server);
    TcpStream::connect(address).expect_err("nobody listens");
    key.power_cycle().expect("the key goes on");
}

#[test]
fn other_computers_cannot_reach_it() {
    let key = SoftKey::builder().touch(Touch::Auto).build().expect("a key");
    let address = (Ipv4Addr::UNSPECIFIED, 0).into();
    assert!(matches!(UsbIpServer::start(&key, address), Err(Error::NotLoopback(_))));
}
