//! Several hosts on one UDP port.

use std::net::Ipv4Addr;
use std::time::Duration;

use brasskey_protocol::ctaphid::{BROADCAST, Error as HidError, allocated_channel, command, error_report, init_report};

use super::*;
use crate::soft::Touch;
use crate::soft::testing::{Client, GET_INFO, LONG, Link, SELECTION};

impl Link for UdpSocket {
    fn send(&self, report: &Report) {
        self.send(report).expect("send");
    }

    fn receive(&self, timeout: Duration) -> Option<Report> {
        self.set_read_timeout(Some(timeout)).expect("a timeout");
        let mut report = [0; 64];
        (self.recv(&mut report).ok()? == report.len()).then_some(report)
    }
}

fn serve(touch: Touch) -> (SoftKey, UdpServer) {
    let key = SoftKey::builder().touch(touch).build().expect("a key");
    let server = UdpServer::start(&key, (Ipv4Addr::LOCALHOST, 0).into()).expect("a server");
    (key, server)
}

fn socket(server: &UdpServer) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    socket.connect(server.address()).expect("connect");
    socket
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    let key = SoftKey::builder().build().expect("a key");
    for address in ["0.0.0.0:0", "192.0.2.1:8111", "[::]:0"] {
        let error = UdpServer::start(&key, address.parse().expect("an address")).expect_err("refused");
        assert!(matches!(error, Error::NotLoopback(_)));
        assert!(error.hint().contains("127.0.0.1"));
    }
}

#[test]
fn a_port_in_use_is_an_error() {
    let (key, server) = serve(Touch::Auto);
    assert_ne!(server.address().port(), 0);
    let error = UdpServer::start(&key, server.address()).expect_err("in use");
    assert!(error.hint().contains("another port"));
}

#[test]
fn hosts_have_channels_of_their_own() {
    let (_key, server) = serve(Touch::Auto);
    let (one, other) = (Client::new(socket(&server)), Client::new(socket(&server)));
    assert_ne!(one.channel, other.channel);
    let (a, b) = ([1; 1000], [2; 7609]);
    assert_eq!(one.exchange(command::PING, &a), Ok(a.to_vec()));
    assert_eq!(other.exchange(command::PING, &b), Ok(b.to_vec()));
    assert_eq!(one.status(GET_INFO), 0x00);
    assert_eq!(other.status(SELECTION), 0x00);
}

#[test]
fn a_channel_used_from_another_address_is_invalid_there_and_undisturbed_here() {
    let (key, server) = serve(Touch::Control);
    let owner = Client::new(socket(&server));
    let foreign = Client {
        link: socket(&server),
        channel: owner.channel,
    };
    owner.send(command::CBOR, SELECTION);
    key.wait_until_asked(LONG).expect("a request");
    for (sent, payload) in [
        (command::PING, &b"x"[..]),
        (command::CANCEL, b""),
        (command::INIT, b"a nonce."),
    ] {
        foreign.send(sent, payload);
        assert_eq!(foreign.next(), error_report(owner.channel, HidError::InvalidChannel));
    }
    key.pulse();
    assert_eq!(owner.answer(command::CBOR).expect("an answer")[0], 0x00);
}

#[test]
fn broadcast_answers_go_to_their_sender() {
    let (_key, server) = serve(Touch::Auto);
    let sockets: Vec<_> = (0..8).map(|_| socket(&server)).collect();
    for (nonce, socket) in (0..).zip(&sockets) {
        Link::send(socket, &init_report(BROADCAST, &[nonce; 8]));
    }
    for (nonce, socket) in (0..).zip(&sockets) {
        let reply = Link::receive(socket, LONG).expect("an INIT reply");
        assert!(allocated_channel(&reply).is_some());
        assert_eq!(reply[7..15], [nonce; 8]);
    }
    Link::send(&sockets[0], &error_report(BROADCAST, HidError::Other));
    let reply = Link::receive(&sockets[0], LONG).expect("an answer");
    assert_eq!(reply, error_report(BROADCAST, HidError::InvalidChannel));
}

#[test]
fn datagrams_of_another_size_are_ignored() {
    let (_key, server) = serve(Touch::Auto);
    let host = Client::new(socket(&server));
    let init = init_report(BROADCAST, b"a nonce.");
    let mut numbered = vec![0];
    numbered.extend(init);
    for datagram in [&[][..], &init[..63], &numbered, &[0; 1500]] {
        host.link.send(datagram).expect("send");
    }
    // The first answer is to the first datagram that is a report.
    assert_eq!(host.exchange(command::PING, b"still here"), Ok(b"still here".to_vec()));
}

#[test]
fn dropping_the_server_frees_the_port() {
    let (key, server) = serve(Touch::Auto);
    let address = server.address();
    drop(server);
    drop(UdpServer::start(&key, address).expect("the port is free"));
}
