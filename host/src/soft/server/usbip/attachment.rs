//! A host that has attached the device: its transfers, until the connection ends.

use std::io::{self, BufReader, ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;

use brasskey_protocol::ccid::PACKET;
use brasskey_protocol::ctaphid::Report;
use brasskey_protocol::usb::{CCID_ENDPOINT, HID_ENDPOINT};

use super::device::{Answer, Device};
use super::pipe::{EndpointIn, Pipe};
use super::reader::UsbReader;
use super::wire::{self, Command, Urb};
use crate::soft::SoftKey;
use crate::soft::cards::{CardHost, Incoming, Kind};
use crate::soft::host::{Host, HostId};

/// The attached device.
struct Attachment<'a> {
    key: &'a SoftKey,
    device: Device,
    pipe: Arc<Pipe>,
    /// The same, as the key sees it.
    host: Arc<dyn Host>,
}

/// Serves the host until it detaches, breaks the protocol, or the key is unplugged.
pub(super) fn attend(key: &SoftKey, stream: &Arc<TcpStream>) -> io::Result<()> {
    stream.set_read_timeout(None)?;
    let pipe = Arc::new(Pipe::new());
    let (out, to) = (Arc::clone(&pipe), Arc::clone(stream));
    let writer = thread::Builder::new()
        .name("brasskey-reports".into())
        .spawn(move || write(&out, &to))?;
    let mut attachment = Attachment {
        key,
        device: Device::new(key.identity()),
        host: Arc::clone(&pipe) as _,
        pipe,
    };
    attachment.insert_card();
    let ended = attachment.run(stream);
    attachment.pipe.close();
    // Ends a writer that waits for the host to read.
    let _ = stream.shutdown(Shutdown::Both);
    attachment.disconnect();
    // A thread that panicked has said so on stderr.
    let _ = writer.join();
    ended
}

fn write(pipe: &Pipe, mut to: &TcpStream) {
    while let Some(bytes) = pipe.next() {
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    pipe.close();
    let _ = to.shutdown(Shutdown::Both);
}

impl Attachment<'_> {
    fn run(&mut self, from: &TcpStream) -> io::Result<()> {
        let mut from = BufReader::new(from);
        loop {
            match wire::read_command(&mut from)? {
                Command::Unlink { sequence, target } => self.pipe.unlink(sequence, target),
                Command::Submit(urb) => match (u8::try_from(urb.endpoint), urb.is_in) {
                    (Ok(0), _) => self.control(&urb),
                    (Ok(HID_ENDPOINT), true) => self.ask(EndpointIn::Reports, &urb)?,
                    (Ok(HID_ENDPOINT), false) => self.take_in(&urb),
                    (Ok(CCID_ENDPOINT), true) => self.ask(EndpointIn::Packets, &urb)?,
                    (Ok(CCID_ENDPOINT), false) => self.take_in_for_card(&urb),
                    _ => self.pipe.reply(&wire::submitted(urb.sequence, wire::STALL, 0, &[])),
                },
            }
        }
    }

    /// A transfer on an IN endpoint.
    fn ask(&self, endpoint: EndpointIn, urb: &Urb) -> io::Result<()> {
        let asked = self.pipe.ask(endpoint, urb.sequence, urb.length);
        Ok(asked.ok_or(ErrorKind::InvalidData)?)
    }

    /// A transfer on the OUT endpoint of HID: a report in each packet of 64 bytes. Ignores a shorter packet.
    fn take_in(&self, urb: &Urb) {
        self.done(urb);
        let (reports, _) = urb.data.as_chunks();
        for report in reports {
            self.receive(report);
        }
    }

    /// A transfer on the OUT endpoint of the smart card reader.
    fn take_in_for_card(&self, urb: &Urb) {
        self.done(urb);
        for packet in urb.data.chunks(PACKET) {
            self.receive_for_card(Incoming::Bytes(packet));
        }
    }

    /// A transfer on endpoint 0.
    fn control(&mut self, urb: &Urb) {
        let was_configured = self.device.is_configured;
        match self.device.control(urb.setup.into(), &urb.data) {
            Answer::Data(data) if urb.is_in => {
                let data = data.get(..urb.length).unwrap_or(&data);
                self.pipe.reply(&wire::submitted(urb.sequence, 0, length(data), data));
            }
            Answer::Data(_) | Answer::Done => self.done(urb),
            Answer::Report(report) => {
                self.done(urb);
                self.receive(&report);
            }
            Answer::Abort { slot, sequence } => {
                self.done(urb);
                self.receive_for_card(Incoming::Abort { slot, sequence });
            }
            Answer::Stall => self.pipe.reply(&wire::submitted(urb.sequence, wire::STALL, 0, &[])),
        }
        if was_configured && !self.device.is_configured {
            self.disconnect();
            self.pipe.clear();
            self.insert_card();
        }
    }

    /// The reader has the card from the start, as it never leaves.
    fn insert_card(&self) {
        let reader: Arc<dyn CardHost> = Arc::clone(&self.pipe) as _;
        self.key.insert_card(Kind::Usb, reader, Box::<UsbReader>::default());
    }

    /// Ends what the host asked for.
    fn disconnect(&self) {
        self.key.disconnect(self.id());
        self.key.remove_card(self.id());
    }

    fn id(&self) -> HostId {
        self.host.id()
    }

    fn done(&self, urb: &Urb) {
        self.pipe
            .reply(&wire::submitted(urb.sequence, 0, length(&urb.data), &[]));
    }

    fn receive(&self, report: &Report) {
        self.key.receive(&self.host, report);
    }

    fn receive_for_card(&self, incoming: Incoming<'_>) {
        self.key.receive_from_reader(self.id(), incoming);
    }
}

/// A transfer's length, which [`wire::read_command`] keeps below 64 kB.
fn length(data: &[u8]) -> u32 {
    u32::try_from(data.len()).unwrap_or(u32::MAX)
}
