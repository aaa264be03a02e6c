//! A host that has attached the device: its transfers, until the connection ends.

use std::io::{self, BufReader, ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;

use brasskey_protocol::ctaphid::Report;

use super::device::{Answer, Device};
use super::pipe::Pipe;
use super::wire::{self, Command, Urb};
use crate::soft::SoftKey;
use crate::soft::host::Host;

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
    let ended = attachment.run(stream);
    attachment.pipe.close();
    // Ends a writer that waits for the host to read.
    let _ = stream.shutdown(Shutdown::Both);
    key.disconnect(attachment.host.id());
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
                Command::Submit(urb) => match (urb.endpoint, urb.is_in) {
                    (0, _) => self.control(&urb),
                    (1, true) => {
                        let asked = self.pipe.ask(urb.sequence, urb.length);
                        asked.ok_or(ErrorKind::InvalidData)?;
                    }
                    (1, false) => self.take_in(&urb),
                    _ => self.pipe.reply(&wire::submitted(urb.sequence, wire::STALL, 0, &[])),
                },
            }
        }
    }

    /// A transfer on the OUT endpoint: a report in each packet of 64 bytes. Ignores a shorter packet.
    fn take_in(&self, urb: &Urb) {
        self.done(urb);
        let (reports, _) = urb.data.as_chunks();
        for report in reports {
            self.receive(report);
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
            Answer::Stall => self.pipe.reply(&wire::submitted(urb.sequence, wire::STALL, 0, &[])),
        }
        if was_configured && !self.device.is_configured {
            self.key.disconnect(self.host.id());
            self.pipe.clear();
        }
    }

    fn done(&self, urb: &Urb) {
        self.pipe
            .reply(&wire::submitted(urb.sequence, 0, length(&urb.data), &[]));
    }

    fn receive(&self, report: &Report) {
        self.key.receive(&self.host, report);
    }
}

/// A transfer's length, which [`wire::read_command`] keeps below 64 kB.
fn length(data: &[u8]) -> u32 {
    u32::try_from(data.len()).unwrap_or(u32::MAX)
}
