//! Keys that break the standard, as a user of the command meets them.
#![cfg(unix)]

use std::net::UdpSocket;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use brasskey_protocol::ctaphid::{Device, DeviceInfo, Event, RequestKind};
use brasskey_protocol::limits::MAX_MESSAGE;
use serde_json::Value;

/// A key on a UDP port, which answers with `authenticator` as long as the test runs. Its `--device`.
fn key(mut authenticator: impl FnMut(RequestKind, &[u8]) -> Vec<u8> + Send + 'static) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let device = format!("udp:{}", socket.local_addr().unwrap());
    thread::spawn(move || {
        let mut device = Device::new(DeviceInfo {
            version: [1, 0, 0],
            wink: false,
        });
        let begun = Instant::now();
        let mut report = [0; 64];
        let mut message = [0; MAX_MESSAGE];
        while let Ok((64, from)) = socket.recv_from(&mut report) {
            let now = u64::try_from(begun.elapsed().as_millis()).unwrap();
            if let Event::Request = device.receive(&report, now)
                && let Some(request) = device.take_request(&mut message, now)
            {
                let answer = authenticator(request.kind, message.get(..request.length).unwrap());
                device.respond(&answer, now);
            }
            while let Some(report) = device.transmit() {
                socket.send_to(&report, from).unwrap();
            }
        }
    });
    device
}

/// A key that says that it speaks CTAP2, answers getInfo with `get_info`, and speaks U2F.
fn without_info(get_info: &'static [u8]) -> String {
    key(move |kind, _| match kind {
        RequestKind::Cbor => get_info.to_vec(),
        _ => b"U2F_V2\x90\x00".to_vec(),
    })
}

fn run(arguments: &str) -> Output {
    let home = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_brasskey"))
        .args(arguments.split(' '))
        .current_dir(&home)
        .env("HOME", home.path())
        .env_remove("XDG_DATA_HOME")
        .env("PIN", "1234")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn a_key_whose_get_info_fails_is_not_fit_for_use() {
    let output = run(&format!("selftest --device {}", without_info(b"\x00\x80")));
    assert_eq!(output.status.code(), Some(6));
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("This key is NOT fit for use"), "{shown}");
    assert!(
        shown.contains("it says that it speaks CTAP2, and getInfo failed: "),
        "{shown}"
    );
}

#[test]
fn what_takes_ctap2_names_the_get_info_that_failed() {
    for (answer, why, code) in [
        (&b"\x00\x80"[..], "is malformed: it is not a map", 6),
        (b"\x00\xA1\x01", "is malformed: it ends early", 6),
        (b"\x01", "CTAP1_ERR_INVALID_COMMAND", 5),
        // No PIN of its user's would help.
        (b"\x33", "CTAP2_ERR_PIN_AUTH_INVALID", 5),
    ] {
        let device = without_info(answer);
        for command in [
            "pin status",
            "pin verify --pin-env PIN",
            "pin set --new-pin-env PIN",
            "credentials list --pin-env PIN",
            "blobs list --pin-env PIN",
            "config pin-complexity --pin-env PIN",
            "reset --yes",
        ] {
            let output = run(&format!("{command} --device {device}"));
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(
                said.contains("error: getInfo failed: ") && said.contains(why),
                "{command}: {said}"
            );
            assert_eq!(said.matches("getInfo failed").count(), 1, "{command}: {said}");
            assert!(
                said.contains("hint: this is a fault of the security key"),
                "{command}: {said}"
            );
            assert_eq!(output.status.code(), Some(code), "{command}: {said}");
        }
        // U2F is a way out for these, as it is in a browser, and they say so.
        for command in ["authenticate", "ping"] {
            let said = String::from_utf8(run(&format!("{command} --device {device}")).stderr).unwrap();
            assert!(
                said.contains("getInfo failed: ") && said.contains("over U2F only")
                    || said.contains("no key is registered"),
                "{command}: {said}"
            );
        }
    }
}

#[test]
fn info_shows_what_there_is_and_fails() {
    let output = run(&format!("info --json --device {}", without_info(b"\x00\x80")));
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(6));
    assert!(value["getInfo"].is_null() && value["versions"][0] == "U2F_V2");
    assert!(value["getInfoError"].as_str().unwrap().contains("it is not a map"));
}

#[test]
fn keepalives_do_not_hold_a_command() {
    // A key that only ever works: one keepalive after the other.
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let device = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut engine = Device::new(DeviceInfo {
            version: [1, 0, 0],
            wink: false,
        });
        let mut report = [0; 64];
        let mut message = [0; MAX_MESSAGE];
        socket.set_read_timeout(Some(Duration::from_micros(1))).unwrap();
        let mut host = None;
        let mut channel = None;
        loop {
            if let Ok((64, from)) = socket.recv_from(&mut report) {
                host = Some(from);
                if let Event::Request = engine.receive(&report, 0) {
                    let _ = engine.take_request(&mut message, 0);
                    channel = report.first_chunk::<4>().copied();
                }
                while let Some(report) = engine.transmit() {
                    let _ = socket.send_to(&report, from);
                }
            }
            if let (Some(host), Some(channel)) = (host, channel) {
                let mut keepalive = [0; 64];
                keepalive[..8].copy_from_slice(&[&channel[..], &[0xBB, 0, 1, 1]].concat());
                let _ = socket.send_to(&keepalive, host);
            }
        }
    });
    let begun = Instant::now();
    let output = run(&format!("info --device udp:{device}"));
    assert_ne!(output.status.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}
