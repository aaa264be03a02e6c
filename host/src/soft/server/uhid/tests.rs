//! The virtual device before a kernel that is a socket and a directory.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use brasskey_protocol::ctaphid::{BROADCAST, Error as HidError, allocated_channel, command, fragment, init_report};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

use super::outbox::{AT_ONCE, PAUSE};
use super::*;
use crate::soft::Touch;
use crate::soft::testing::{Client, GET_INFO, LONG, Link, RESET, SELECTION, SlowDisk};

/// The other end of `/dev/uhid`, and a computer where the device is `hidraw3`.
struct Kernel {
    file: File,
    root: tempfile::TempDir,
}

/// A host that puts a report number before its reports, as hidraw wants it.
struct Numbered<'a>(&'a Kernel);
/// A host that does not.
struct Plain<'a>(&'a Kernel);

impl Kernel {
    /// The event without its type.
    fn next(&self, kind: u32) -> Vec<u8> {
        let mut event = vec![0; EVENT_SIZE];
        let length = (&self.file).read(&mut event).expect("an event");
        assert_eq!(event[..4], kind.to_ne_bytes(), "the event's type");
        event[4..length].to_vec()
    }

    fn tell(&self, kind: u32, data: &[u8]) {
        let event = [&kind.to_ne_bytes(), data].concat();
        (&self.file).write_all(&event).expect("written");
    }

    fn output(&self, data: &[u8], kind: u8) {
        let mut event = data.to_vec();
        event.resize(4096, 0);
        event.extend(u16::try_from(data.len()).expect("a size").to_ne_bytes());
        event.push(kind);
        self.tell(event::OUTPUT, &event);
    }

    fn input(&self, timeout: Duration) -> Option<Report> {
        let timeout = PollTimeout::try_from(timeout).expect("a timeout");
        let mut source = [PollFd::new(self.file.as_fd(), PollFlags::POLLIN)];
        if poll(&mut source, timeout) == Ok(0) {
            return None;
        }
        let event = self.next(event::INPUT2);
        assert_eq!(event[..2], 64u16.to_ne_bytes());
        Some(event[2..].try_into().expect("a report"))
    }

    fn node(&self) -> PathBuf {
        self.root.path().join("dev/hidraw3")
    }
}

impl Link for Numbered<'_> {
    fn send(&self, report: &Report) {
        let numbered = [&[0][..], report].concat();
        self.0.output(&numbered, event::OUTPUT_REPORT);
    }

    fn receive(&self, timeout: Duration) -> Option<Report> {
        self.0.input(timeout)
    }
}

impl Link for Plain<'_> {
    fn send(&self, report: &Report) {
        self.0.output(report, event::OUTPUT_REPORT);
    }

    fn receive(&self, timeout: Duration) -> Option<Report> {
        self.0.input(timeout)
    }
}

fn computer(place: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    for (name, place) in [("hidraw0", "usb-1/input0"), ("hidraw3", place)] {
        let device = root.path().join("class").join(name).join("device");
        fs::create_dir_all(&device).expect("a directory");
        let properties = format!("DRIVER=hid-generic\nHID_NAME=a key\nHID_PHYS={place}\nHID_UNIQ=1\n");
        fs::write(device.join("uevent"), properties).expect("a file");
    }
    fs::create_dir(root.path().join("dev")).expect("a directory");
    root
}

fn finder(root: &Path, place: String, patience: Duration) -> Finder {
    Finder {
        class: root.join("class"),
        dev: root.join("dev"),
        place,
        patience,
    }
}

fn pair() -> (File, File) {
    let (ours, kernels) =
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC).expect("a pair");
    let stream = |socket: &OwnedFd| UnixStream::from(socket.try_clone().expect("a descriptor"));
    stream(&ours).set_nonblocking(true).expect("a socket");
    stream(&kernels).set_write_timeout(Some(LONG)).expect("a socket");
    (ours.into(), kernels.into())
}

fn plug_in(touch: Touch) -> (SoftKey, UhidServer, Kernel) {
    plug_in_key(SoftKey::builder().touch(touch).build().expect("a key"))
}

fn plug_in_key(key: SoftKey) -> (SoftKey, UhidServer, Kernel) {
    let place = place(key.identity());
    let (file, other) = pair();
    let root = computer(&place);
    fs::write(root.path().join("dev/hidraw3"), "").expect("a file");
    let server = UhidServer::over(&key, file, finder(root.path(), place, LONG)).expect("a server");
    (key, server, Kernel { file: other, root })
}

#[test]
fn the_device_is_a_fido_key_on_usb_with_a_name_and_a_number() {
    let (key, server, kernel) = plug_in(Touch::Auto);
    let event = kernel.next(event::CREATE2);
    let text = |from: usize, size: usize| {
        let field = &event[from..from + size];
        let end = field.iter().position(|byte| *byte == 0).expect("an end");
        assert!(field[end..].iter().all(|byte| *byte == 0));
        String::from_utf8(field[..end].to_vec()).expect("a text")
    };
    assert_eq!(text(0, 128), "brasskey soft token");
    assert_eq!(text(128, 64), place(key.identity()));
    assert_eq!(text(192, 64), key.identity().serial.to_string());
    let numbers = [
        &34u16.to_ne_bytes()[..],
        &3u16.to_ne_bytes(),
        &0x1209u32.to_ne_bytes(),
        &1u32.to_ne_bytes(),
    ];
    assert_eq!(event[256..268], numbers.concat());
    assert_eq!(event[276..], brasskey_protocol::ctaphid::REPORT_DESCRIPTOR);
    assert_eq!(server.path(), Some(kernel.node()));
    assert_eq!(server.refusal(), None);
}

#[test]
fn hosts_talk_to_the_key_with_and_without_report_numbers() {
    let (_key, _server, kernel) = plug_in(Touch::Auto);
    kernel.next(event::CREATE2);
    let message = [7; 7609];
    let one = Client::new(Numbered(&kernel));
    assert_eq!(one.exchange(command::PING, &message), Ok(message.to_vec()));
    // The kernel gives every report to every host: the second one's answers carry its own channel.
    let other = Client::new(Plain(&kernel));
    assert_eq!(other.status(GET_INFO), 0x00);
    assert_eq!(one.status(GET_INFO), 0x00);
}

/// The kernel keeps 63 reports for each program, and loses what comes when it has not read them yet.
#[test]
fn a_long_answer_gives_programs_time_to_read() {
    let (_key, _server, kernel) = plug_in(Touch::Auto);
    kernel.next(event::CREATE2);
    let host = Client::new(Numbered(&kernel));
    let begun = Instant::now();
    let message = [7; 7609];
    assert_eq!(host.exchange(command::PING, &message), Ok(message.to_vec()));
    let reports = fragment(host.channel, command::PING, &message)
        .expect("a message")
        .count();
    // The first one that waits may meet a thread that has been woken already.
    let pauses = u32::try_from(reports - AT_ONCE - 1).expect("a number");
    assert!(begun.elapsed() >= PAUSE * pauses);
}

#[test]
fn what_nobody_read_is_gone_when_the_last_program_closes_the_device() {
    let (_key, _server, kernel) = plug_in(Touch::Auto);
    kernel.next(event::CREATE2);
    let host = Client::new(Numbered(&kernel));
    host.send(command::PING, &[7; 7609]);
    assert!(kernel.input(LONG).is_some());
    kernel.tell(event::CLOSE, &[]);
    host.link.send(&init_report(BROADCAST, b"another!"));
    let mut read = 1;
    while allocated_channel(&kernel.input(LONG).expect("an INIT reply")).is_none() {
        read += 1;
    }
    assert!(read < 129, "{read} reports of a message that nobody read");
}

#[test]
fn what_is_no_output_report_of_64_bytes_is_passed_over() {
    let (_key, _server, kernel) = plug_in(Touch::Auto);
    kernel.next(event::CREATE2);
    let host = Client::new(Numbered(&kernel));
    let ping = fragment(host.channel, command::PING, b"x")
        .expect("a message")
        .next()
        .expect("a report");
    let numbered_one = [&[1][..], &ping].concat();
    let too_long = [&[0][..], &ping, &[0]].concat();
    for data in [&ping[..63], &numbered_one, &too_long, &[]] {
        kernel.output(data, event::OUTPUT_REPORT);
    }
    kernel.output(&ping, 0);
    // A size that the kernel has no room for.
    kernel.tell(
        event::OUTPUT,
        &[&[0; 4096][..], &[0xff, 0xff, event::OUTPUT_REPORT]].concat(),
    );
    for kind in [0, 2, 4, 7, 99, u32::MAX] {
        kernel.tell(kind, &[]);
    }
    assert_eq!(host.exchange(command::PING, b"y"), Ok(b"y".to_vec()));
}

#[test]
fn reports_by_the_control_pipe_are_taken_and_none_is_given() {
    let (_key, _server, kernel) = plug_in(Touch::Auto);
    kernel.next(event::CREATE2);
    let host = Client::new(Numbered(&kernel));
    kernel.tell(event::GET_REPORT, &[&7u32.to_ne_bytes()[..], &[0, 2]].concat());
    let refused = |id: u32| [&id.to_ne_bytes()[..], &5u16.to_ne_bytes()].concat();
    assert_eq!(kernel.next(event::GET_REPORT_REPLY), refused(7));

    let set = |id: u32, kind: u8, data: &[u8]| {
        let size = u16::try_from(data.len()).expect("a size").to_ne_bytes();
        let event = [&id.to_ne_bytes()[..], &[0, kind], &size, data].concat();
        kernel.tell(event::SET_REPORT, &event);
        kernel.next(event::SET_REPORT_REPLY)
    };
    let ping = fragment(host.channel, command::PING, b"x")
        .expect("a message")
        .next()
        .expect("a report");
    assert_eq!(set(8, 0, &ping), refused(8), "a feature report");
    assert_eq!(set(9, event::OUTPUT_REPORT, &[0; 3]), refused(9));
    let taken = [&10u32.to_ne_bytes()[..], &[0, 0]].concat();
    assert_eq!(set(10, event::OUTPUT_REPORT, &[&[0][..], &ping].concat()), taken);
    assert_eq!(host.answer(command::PING), Ok(b"x".to_vec()));
}

/// The kernel keeps 32 events for the process that reads them, and loses the rest (`UHID_BUFSIZE` of Linux's
/// `drivers/hid/uhid.c`).
#[test]
fn no_report_waits_for_another_hosts_request() {
    let (storage, disk) = SlowDisk::new();
    let key = SoftKey::builder().touch(Touch::Auto).storage(storage).build();
    let (_key, _server, kernel) = plug_in_key(key.expect("a key"));
    kernel.next(event::CREATE2);
    let one = Client::new(Numbered(&kernel));
    let other = Client::new(Numbered(&kernel));
    disk.shut();
    one.send(command::CBOR, RESET);
    disk.wait_until_needed();

    for _ in 0..40 {
        other.send(command::PING, b"x");
    }
    for _ in 0..40 {
        assert_eq!(other.answer(command::PING), Err(HidError::ChannelBusy.code()));
    }
    disk.open();
    assert_eq!(one.answer(command::CBOR), Ok(vec![0x00]));
    assert_eq!(other.exchange(command::PING, b"x"), Ok(b"x".to_vec()));
}

#[test]
fn what_the_last_host_asked_for_ends_when_it_closes_the_device() {
    let (key, _server, kernel) = plug_in(Touch::Control);
    kernel.next(event::CREATE2);
    let host = Client::new(Numbered(&kernel));
    host.send(command::CBOR, SELECTION);
    key.wait_until_asked(LONG).expect("a request");
    kernel.tell(event::CLOSE, &[]);
    host.link.send(&init_report(BROADCAST, b"another!"));
    let channel = loop {
        // Keepalives for the first channel come before.
        let report = kernel.input(LONG).expect("an INIT reply");
        if let Some(channel) = allocated_channel(&report) {
            break channel;
        }
    };
    let other = Client {
        link: host.link,
        channel,
    };
    let answer = loop {
        match other.exchange(command::CBOR, GET_INFO) {
            Err(code) if code == HidError::ChannelBusy.code() => {}
            answer => break answer,
        }
    };
    assert_eq!(answer.expect("an answer")[0], 0x00);
}

#[test]
fn unplugged_it_disappears_and_plugged_in_it_comes_back() {
    let (key, server, kernel) = plug_in(Touch::Auto);
    let created = kernel.next(event::CREATE2);
    key.power_off();
    kernel.next(event::DESTROY);
    assert_eq!(server.path(), None);
    key.power_on().expect("power");
    assert_eq!(kernel.next(event::CREATE2), created);
    assert_eq!(server.path(), Some(kernel.node()));
    key.power_on().expect("power");
    assert_eq!(Client::new(Numbered(&kernel)).status(GET_INFO), 0x00, "once is enough");
    drop(server);
    kernel.next(event::DESTROY);
}

#[test]
fn a_key_that_is_off_waits_to_be_switched_on() {
    let key = SoftKey::builder().touch(Touch::Auto).build().expect("a key");
    key.power_off();
    let (file, other) = pair();
    let root = computer(&place(key.identity()));
    fs::write(root.path().join("dev/hidraw3"), "").expect("a file");
    let server = UhidServer::over(&key, file, finder(root.path(), place(key.identity()), LONG)).expect("a server");
    assert_eq!(server.path(), None);
    key.power_on().expect("power");
    Kernel { file: other, root }.next(event::CREATE2);
}

#[test]
fn a_device_that_cannot_be_opened_is_there_all_the_same() {
    let key = SoftKey::builder().touch(Touch::Auto).build().expect("a key");
    let (file, _other) = pair();
    let root = computer(&place(key.identity()));
    let finder = finder(root.path(), place(key.identity()), Duration::ZERO);
    let server = UhidServer::over(&key, file, finder).expect("a server");
    assert_eq!(server.path(), Some(root.path().join("dev/hidraw3")));
    assert!(server.refusal().is_some());
}

#[test]
fn a_device_that_never_comes_is_an_error_and_leaves_nothing() {
    let key = SoftKey::builder().touch(Touch::Auto).build().expect("a key");
    let (file, other) = pair();
    let root = computer("somewhere else");
    let finder = finder(root.path(), place(key.identity()), Duration::ZERO);
    let error = UhidServer::over(&key, file, finder).expect_err("no device");
    assert!(matches!(error, Error::NoHidraw));
    let kernel = Kernel { file: other, root };
    kernel.next(event::CREATE2);
    kernel.next(event::DESTROY);
    key.power_cycle().expect("the key does not look for it any more");
}
