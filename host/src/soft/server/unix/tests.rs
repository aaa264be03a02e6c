//! Several hosts on one Unix socket, and who may connect.

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use brasskey_protocol::ctaphid::{Error as HidError, command};

use super::*;
use crate::soft::Touch;
use crate::soft::testing::{Client, GET_INFO, LONG, Link, SELECTION};

impl Link for UnixStream {
    fn send(&self, report: &Report) {
        let mut stream = self;
        stream.write_all(report).expect("send");
    }

    fn receive(&self, timeout: Duration) -> Option<Report> {
        self.set_read_timeout(Some(timeout)).expect("a timeout");
        let mut stream = self;
        let mut report = [0; 64];
        stream.read_exact(&mut report).ok().map(|()| report)
    }
}

fn serve(touch: Touch) -> (SoftKey, UnixServer, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let key = SoftKey::builder().touch(touch).build().expect("a key");
    let server = UnixServer::start(&key, &directory.path().join("key")).expect("a server");
    (key, server, directory)
}

fn connect(server: &UnixServer) -> UnixStream {
    UnixStream::connect(server.path()).expect("connect")
}

#[test]
fn the_socket_is_for_its_user_only_and_alone_in_its_directory() {
    let (_key, server, directory) = serve(Touch::Auto);
    let mode = fs::metadata(server.path()).expect("a socket").mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 1);
    drop(server);
    assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 0);
}

#[test]
fn the_peer_is_this_user() {
    let (one, _other) = UnixStream::pair().expect("a pair");
    let uid = peer_uid(&one).expect("a user");
    assert_eq!(uid, geteuid().as_raw());
    assert!(may_connect(uid));
    assert!(may_connect(0));
    assert!(!may_connect(geteuid().as_raw() + 1));
}

#[test]
fn hosts_have_channels_of_their_own() {
    let (_key, server, _directory) = serve(Touch::Auto);
    let (one, other) = (Client::new(connect(&server)), Client::new(connect(&server)));
    let message = [7; 7609];
    assert_eq!(one.exchange(command::PING, &message), Ok(message.to_vec()));
    assert_eq!(other.status(GET_INFO), 0x00);
    let foreign = Client {
        link: other.link,
        channel: one.channel,
    };
    assert_eq!(
        foreign.exchange(command::PING, b"x"),
        Err(HidError::InvalidChannel.code())
    );
}

#[test]
fn a_report_may_come_in_pieces() {
    let (_key, server, _directory) = serve(Touch::Auto);
    let host = Client::new(connect(&server));
    let [report] = brasskey_protocol::ctaphid::fragment(host.channel, command::PING, b"x")
        .expect("a message")
        .collect::<Vec<_>>()
        .try_into()
        .expect("one report");
    for piece in report.chunks(7) {
        (&host.link).write_all(piece).expect("send");
    }
    assert_eq!(host.answer(command::PING), Ok(b"x".to_vec()));
}

#[test]
fn a_host_that_hangs_up_is_not_waited_for() {
    let (key, server, _directory) = serve(Touch::Control);
    let host = Client::new(connect(&server));
    host.send(command::CBOR, SELECTION);
    key.wait_until_asked(LONG).expect("a request");
    drop(host);
    let other = Client::new(connect(&server));
    let answer = loop {
        match other.exchange(command::CBOR, GET_INFO) {
            Err(code) if code == HidError::ChannelBusy.code() => {}
            answer => break answer,
        }
    };
    assert_eq!(answer.expect("an answer")[0], 0x00);
}

#[test]
fn only_a_socket_that_nobody_listens_on_is_replaced() {
    let (key, server, directory) = serve(Touch::Auto);
    assert!(matches!(UnixServer::start(&key, server.path()), Err(Error::InUse(_))));
    assert_eq!(Client::new(connect(&server)).status(GET_INFO), 0x00);

    let stale = directory.path().join("stale");
    drop(UnixListener::bind(&stale).expect("a socket"));
    let server = UnixServer::start(&key, &stale).expect("a server");
    assert_eq!(Client::new(connect(&server)).status(GET_INFO), 0x00);

    let file = directory.path().join("file");
    fs::write(&file, "precious").expect("a file");
    assert!(matches!(UnixServer::start(&key, &file), Err(Error::NotASocket(_))));
    assert_eq!(fs::read(&file).expect("the file"), b"precious");
}

#[test]
fn a_directory_that_does_not_exist_is_an_error() {
    let (key, _server, directory) = serve(Touch::Auto);
    let path = directory.path().join("nowhere").join("key");
    assert!(matches!(UnixServer::start(&key, &path), Err(Error::Bind { .. })));
}
