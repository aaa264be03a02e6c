//! Each test has the name of the behaviour that it shows.

mod channels;
mod keepalive;
mod lock;
mod messages;
mod properties;
mod requests;
mod restart;

use std::boxed::Box;
use std::vec::Vec;

use super::*;
use crate::ctaphid::{BROADCAST, Host, InitResponse, Progress, fragment, init_report};
use crate::request::RequestKind;

const NONCE: [u8; 8] = *b"\0nonce!\xFF";
const INFO: DeviceInfo = DeviceInfo {
    version: [1, 2, 3],
    wink: true,
};

/// A key as hosts see it, at one moment.
struct Key {
    device: Box<Device>,
    now: u64,
}

impl Key {
    fn new() -> Self {
        Self {
            device: Box::new(Device::new(INFO)),
            now: 0,
        }
    }

    fn send(&mut self, report: &Report) -> Event {
        self.device.receive(report, self.now)
    }

    /// All that the key has to send.
    fn drain(&mut self) -> Vec<Report> {
        core::iter::from_fn(|| self.device.transmit()).collect()
    }

    fn exchange(&mut self, report: &Report) -> Vec<Report> {
        let _ = self.send(report);
        self.drain()
    }

    /// Sends a whole message, and returns what its last packet did.
    fn message(&mut self, channel: u32, command: u8, payload: &[u8]) -> Event {
        fragment(channel, command, payload)
            .unwrap()
            .map(|report| self.send(&report))
            .last()
            .unwrap()
    }

    /// Allocates a channel.
    fn open(&mut self) -> u32 {
        let replies = self.exchange(&init_report(BROADCAST, &NONCE));
        answer(&replies, BROADCAST, command::INIT)
            .and_then(|payload| InitResponse::parse(&payload))
            .unwrap()
            .channel
    }

    /// Lets time pass in the steps that the key asks for, and returns what it sends meanwhile.
    fn pass(&mut self, milliseconds: u64) -> Vec<(u64, Report)> {
        let end = self.now + milliseconds;
        let mut sent = Vec::new();
        while let Some(deadline) = self.device.deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.device.tick(self.now);
            sent.extend(self.drain().into_iter().map(|report| (self.now, report)));
        }
        self.now = end;
        sent
    }

    fn take(&mut self) -> Option<(Request, Vec<u8>)> {
        let mut message = [0; MAX_MESSAGE];
        let request = self.device.take_request(&mut message, self.now)?;
        Some((request, message[..request.length].to_vec()))
    }

    fn respond(&mut self, response: &[u8]) -> Vec<Report> {
        self.device.respond(response, self.now);
        self.drain()
    }

    fn show(&mut self, indication: Indication) -> Vec<Report> {
        self.device.show(indication, self.now);
        self.drain()
    }

    /// A channel whose CTAP2 command runs.
    fn processing(&mut self) -> u32 {
        let channel = self.open();
        assert_eq!(self.message(channel, command::CBOR, &[0x04]), Event::Request);
        assert!(self.take().is_some());
        channel
    }
}

/// The one message that `reports` carry, if it answers `command` on `channel` and nothing else is among them.
fn answer(reports: &[Report], channel: u32, command: u8) -> Option<Vec<u8>> {
    let mut host = Host::new(channel);
    host.expect(command);
    let (last, parts) = reports.split_last()?;
    for part in parts {
        assert_eq!(host.receive(part), Progress::Nothing);
        assert_eq!(crate::ctaphid::channel(part), channel);
    }
    match host.receive(last) {
        Progress::Complete(payload) => Some(payload.to_vec()),
        _ => None,
    }
}

/// An initialization packet that claims `length` bytes.
fn claim(channel: u32, command: u8, length: u16) -> Report {
    let mut report = packet::initialization(channel, command, &[]);
    report[5..7].copy_from_slice(&length.to_be_bytes());
    report
}

fn error(channel: u32, error: Error) -> Vec<Report> {
    std::vec![error_report(channel, error)]
}

fn keepalive(channel: u32, status: u8) -> Report {
    packet::initialization(channel, command::KEEPALIVE, &[status])
}

const NOTHING: [Report; 0] = [];
