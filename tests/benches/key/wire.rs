//! A host that does as little as it can.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use brasskey::soft::{Connection, SoftKey};
use brasskey_conformance::host::{BROADCAST, command, packets};
use brasskey_conformance::key::{LONG, Report};

/// A request in packets, to be sent many times.
pub(crate) struct Transaction {
    channel: u32,
    packets: Vec<Report>,
}

impl Transaction {
    pub(crate) fn new(channel: u32, packets: Vec<Report>) -> Self {
        Self { channel, packets }
    }
}

/// A way to the key.
pub(crate) enum Link {
    InProcess(Connection),
    Udp(UdpSocket),
}

impl Link {
    pub(crate) fn in_process(key: &SoftKey) -> Self {
        Self::InProcess(key.connect())
    }

    pub(crate) fn udp(address: SocketAddr) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        socket.connect(address).expect("the key's address");
        socket.set_read_timeout(Some(LONG)).expect("a timeout");
        Self::Udp(socket)
    }

    fn send(&self, report: &Report) {
        match self {
            Self::InProcess(connection) => connection.send(report),
            Self::Udp(socket) => drop(socket.send(report).expect("a datagram sent")),
        }
    }

    fn receive(&self) -> Report {
        match self {
            Self::InProcess(connection) => connection.receive(LONG).expect("a report"),
            Self::Udp(socket) => {
                let mut report = [0; 64];
                socket.recv(&mut report).expect("a datagram");
                report
            }
        }
    }

    pub(crate) fn allocate(&self) -> u32 {
        let init = Transaction::new(BROADCAST, packets(BROADCAST, command::INIT, b"a nonce."));
        let answer = self.run(&init);
        u32::from_be_bytes(answer[8..12].try_into().expect("four bytes"))
    }

    /// Sends the request and returns the payload of the answer.
    pub(crate) fn run(&self, transaction: &Transaction) -> Vec<u8> {
        for packet in &transaction.packets {
            self.send(packet);
        }
        let first = loop {
            let report = self.receive();
            assert_eq!(report[..4], transaction.channel.to_be_bytes());
            if report[4] != command::KEEPALIVE {
                break report;
            }
        };
        assert_eq!(first[4], transaction.packets[0][4], "the key refused");
        let length = usize::from(u16::from_be_bytes([first[5], first[6]]));
        let mut payload = Vec::with_capacity(length + 64);
        payload.extend(&first[7..]);
        while payload.len() < length {
            payload.extend(&self.receive()[5..]);
        }
        payload.truncate(length);
        payload
    }
}

/// The data of a U2F answer that says 9000.
pub(crate) fn data(answer: &[u8]) -> &[u8] {
    answer.strip_suffix(&[0x90, 0x00]).expect("no error")
}
