//! A virtual HID device on Linux: with `/dev/uhid`, the kernel shows the key to the whole computer as `/dev/hidrawN`,
//! like a key that is plugged in.

mod event;
mod node;
mod outbox;

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use brasskey_protocol::ctaphid::Report;
use mio::unix::SourceFd;
use nix::libc::O_NONBLOCK;

use self::event::{EVENT_SIZE, Event};
use self::node::{Finder, Node};
use self::outbox::Outbox;
use super::thread::{ServerThread, Sleep};
use crate::soft::host::{Host, HostId, Plug};
use crate::soft::sync::Mutex;
use crate::soft::{Error, Identity, SoftKey, lock};

/// Where processes make virtual HID devices.
const UHID: &str = "/dev/uhid";

/// A key that the whole computer sees. It disappears when it is switched off, and comes back when it is switched on.
#[derive(Debug)]
pub struct UhidServer {
    device: Arc<Uhid>,
    _threads: [ServerThread; 2],
}

impl UhidServer {
    /// Makes the device, and waits until this user can open it. Where the user cannot in the end, [`Self::refusal`]
    /// says why.
    ///
    /// # Errors
    /// [`Error::Uhid`], [`Error::NoHidraw`], [`Error::Thread`].
    pub fn start(key: &SoftKey) -> Result<Self, Error> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(O_NONBLOCK)
            .open(UHID)
            .map_err(Error::Uhid)?;
        Self::over(key, file, Finder::of_system(place(key.identity())))
    }

    fn over(key: &SoftKey, file: File, finder: Finder) -> Result<Self, Error> {
        let until_due = Sleep::on_nothing().map_err(Error::Uhid)?;
        let device = Arc::new(Uhid {
            id: HostId::unique(),
            file,
            create: event::create(key.identity(), finder.place()),
            finder,
            node: Mutex::default(),
            outbox: Outbox::new(until_due.bell()),
        });
        let until_asked = Sleep::on(&mut SourceFd(&device.file.as_raw_fd())).map_err(Error::Uhid)?;
        let (serving, serves, writes) = (key.clone(), Arc::clone(&device), Arc::clone(&device));
        let serve = move |sleep: &mut Sleep| serve(&serving, &serves, sleep);
        let pace = move |sleep: &mut Sleep| writes.outbox.pace(sleep, |report| writes.input(report));
        let threads = [
            ServerThread::start("brasskey-uhid", until_asked, serve).map_err(Error::Thread)?,
            ServerThread::start("brasskey-uhid-out", until_due, pace).map_err(Error::Thread)?,
        ];
        let server = Self {
            device,
            _threads: threads,
        };
        key.attach(&server.device)?;
        Ok(server)
    }

    /// The device as hosts open it, `/dev/hidrawN`. The number may change each time the key is switched on.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        lock(&self.device.node).as_ref().map(|node| node.path.clone())
    }

    /// Why this user could not open the device, where that is so.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        lock(&self.device.node)
            .as_ref()?
            .refusal
            .as_ref()
            .map(io::Error::to_string)
    }
}

impl Drop for UhidServer {
    fn drop(&mut self) {
        self.device.unplug();
    }
}

/// Where the device claims to be attached. No two devices claim the same place.
fn place(identity: &Identity) -> String {
    format!("brasskey/{}/{}", std::process::id(), identity.serial)
}

/// The device, as the kernel and this process share it.
struct Uhid {
    id: HostId,
    file: File,
    /// The event that makes the device.
    create: Vec<u8>,
    finder: Finder,
    node: Mutex<Option<Node>>,
    outbox: Outbox,
}

impl Uhid {
    /// Gives the report to the programs. While the device does not exist, it is lost.
    fn input(&self, report: &Report) {
        let _ = self.write(&event::input(report));
    }

    fn write(&self, event: &[u8]) -> io::Result<()> {
        loop {
            match (&self.file).write(event) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The kernel takes a whole event or nothing.
                written => return written.map(drop),
            }
        }
    }

    /// The next event, or `None` when the server ends.
    fn next(&self, sleep: &mut Sleep) -> Option<Event> {
        // The kernel leaves out the end of an event where that is zero.
        let mut event = [0; EVENT_SIZE];
        match sleep.next(|| (&self.file).read(&mut event))? {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(Event::parse(&event)),
        }
    }
}

/// All programs that have the device open. The kernel gives each of them every report, as with a key on USB.
impl Host for Uhid {
    fn id(&self) -> HostId {
        self.id
    }

    fn send(&self, report: &Report) {
        self.outbox.send(report, |report| self.input(report));
    }

    /// The kernel keeps 32 events for this thread, and loses more (`UHID_BUFSIZE` of Linux's `drivers/hid/uhid.c`).
    fn may_take_time(&self) -> bool {
        false
    }
}

impl Plug for Uhid {
    fn plug_in(&self) -> Result<(), Error> {
        self.write(&self.create).map_err(Error::Uhid)?;
        let node = self.finder.wait().ok_or(Error::NoHidraw)?;
        lock(&self.node).replace(node);
        Ok(())
    }

    fn unplug(&self) {
        self.outbox.clear();
        // It may be gone already.
        let _ = self.write(&event::destroy());
        lock(&self.node).take();
    }
}

impl fmt::Debug for Uhid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uhid")
            .field("node", &lock(&self.node))
            .finish_non_exhaustive()
    }
}

/// Does what the kernel asks for, on behalf of the programs.
fn serve(key: &SoftKey, device: &Arc<Uhid>, sleep: &mut Sleep) {
    let host: Arc<dyn Host> = Arc::clone(device) as _;
    let receive = |report: &Report| {
        device.outbox.hear();
        key.receive(&host, report);
    };
    while let Some(event) = device.next(sleep) {
        match event {
            Event::Output(report) => receive(&report),
            Event::GetReport { id } => drop(device.write(&event::get_report_reply(id))),
            Event::SetReport { id, report } => {
                let _ = device.write(&event::set_report_reply(id, report.is_some()));
                if let Some(report) = report {
                    receive(&report);
                }
            }
            // The last program has closed the device: end what it asked for.
            Event::Close => {
                key.disconnect(device.id);
                device.outbox.clear();
            }
            Event::Other => {}
        }
    }
    key.disconnect(device.id);
}

#[cfg(test)]
mod tests;
