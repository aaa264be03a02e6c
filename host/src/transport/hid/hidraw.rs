//! USB keys on Linux, through `/dev/hidraw*`. hidapi would read everything about every HID device before it opens one,
//! and that takes longer than the key takes to answer.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use brasskey_protocol::ctaphid::Report;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::transport::{Address, Transport, TransportError};

/// How many reports go to a virtual device at once. The kernel keeps 32 for the program that makes the device, and
/// loses what comes when that has not looked yet (`UHID_BUFSIZE` in Linux's `drivers/hid/uhid.c`). A key on USB needs
/// no such care: writing to it takes as long as the bus does.
const AT_ONCE: u32 = 8;
/// How long to wait then: as long as the bus takes for so many. A program that is late for three pauses loses nothing.
const PAUSE: Duration = Duration::from_millis(8);

/// A key on USB.
pub struct HidTransport {
    device: File,
    path: String,
    is_virtual: bool,
    /// How many reports went out since one came in, or since the last pause.
    sent: u32,
}

impl HidTransport {
    /// Opens the key at a path that [`list`](crate::transport::list) gave.
    ///
    /// # Errors
    /// [`TransportError`] where there is no such device or this user may not open it.
    pub fn open(path: &str) -> Result<Self, TransportError> {
        let address = || Address::Hid(path.to_owned());
        let device = reopen(path).map_err(|error| TransportError::opening(address(), error))?;
        if !is_hidraw(path) {
            return Err(TransportError::Open {
                address: address(),
                source: "it is no HID device".into(),
            });
        }
        Ok(Self {
            device,
            path: path.to_owned(),
            is_virtual: is_virtual(path),
            sent: 0,
        })
    }

    fn error(&self, error: io::Error) -> TransportError {
        let address = Address::Hid(self.path.clone());
        // The file of an unplugged device may exist for a moment longer, but cannot be opened.
        match reopen(&self.path) {
            Ok(_) => TransportError::talking(address, error),
            Err(_) => TransportError::Gone { address },
        }
    }
}

fn reopen(path: &str) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// Where the kernel tells about the file, by whatever link it is reached.
fn about(path: &str) -> Option<PathBuf> {
    let path = fs::canonicalize(path).ok()?;
    Some(Path::new("/sys/class/hidraw").join(path.file_name()?))
}

/// Whether the kernel's HID driver made the file.
fn is_hidraw(path: &str) -> bool {
    about(path).is_some_and(|device| device.exists())
}

/// Whether a program made the device, by `/dev/uhid`.
fn is_virtual(path: &str) -> bool {
    let device = about(path).and_then(|device| fs::canonicalize(device).ok());
    device.is_some_and(|device| device.starts_with("/sys/devices/virtual"))
}

impl Transport for HidTransport {
    fn send(&mut self, report: &Report) -> Result<(), TransportError> {
        if self.is_virtual && self.sent == AT_ONCE {
            thread::sleep(PAUSE);
            self.sent = 0;
        }
        self.sent += 1;
        // The leading zero says that this device does not number its reports.
        let mut numbered = [0; size_of::<Report>() + 1];
        let (_, body) = numbered.split_at_mut(1);
        body.copy_from_slice(report);
        self.device.write_all(&numbered).map_err(|error| self.error(error))
    }

    fn receive(&mut self, timeout: Duration) -> Result<Option<Report>, TransportError> {
        let mut waiting = [PollFd::new(self.device.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        match poll(&mut waiting, timeout) {
            Ok(0) | Err(nix::errno::Errno::EINTR) => return Ok(None),
            Ok(_) => self.sent = 0,
            Err(error) => return Err(self.error(error.into())),
        }
        let mut report: Report = [0; size_of::<Report>()];
        match self.device.read(&mut report) {
            // A report of another size is not CTAPHID: it is ignored.
            Ok(length) => Ok((length == report.len()).then_some(report)),
            Err(error) => Err(self.error(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixDatagram;
    use std::time::Instant;

    use super::*;

    /// A device that is gone although its other end is ours: its path does not exist any more.
    fn device() -> (HidTransport, UnixDatagram) {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        let device = File::from(OwnedFd::from(theirs));
        let path = "/dev/no-such-hidraw".to_owned();
        let device = HidTransport {
            device,
            path,
            is_virtual: true,
            sent: 0,
        };
        (device, ours)
    }

    #[test]
    fn nothing_at_a_path_is_not_found() {
        assert!(matches!(
            HidTransport::open("/dev/no-such-hidraw"),
            Err(TransportError::NotFound { .. })
        ));
    }

    #[test]
    fn a_file_that_is_no_key_cannot_be_opened() {
        assert!(matches!(
            HidTransport::open("/dev/null"),
            Err(TransportError::Open { .. })
        ));
    }

    #[test]
    fn reports_go_out_behind_a_zero_and_come_in_without() {
        let (mut device, host) = device();
        device.send(&[7; 64]).unwrap();
        let mut sent = [1; 66];
        assert_eq!(host.recv(&mut sent).unwrap(), 65);
        assert_eq!((sent[0], &sent[1..65]), (0, &[7; 64][..]));

        assert_eq!(device.receive(Duration::ZERO).unwrap(), None);
        host.send(&[9; 64]).unwrap();
        host.send(&[9; 8]).unwrap();
        assert_eq!(device.receive(Duration::ZERO).unwrap(), Some([9; 64]));
        assert_eq!(device.receive(Duration::ZERO).unwrap(), None, "no report of CTAPHID");
    }

    #[test]
    fn a_virtual_device_is_not_sent_more_at_once_than_the_kernel_keeps() {
        let (mut device, host) = device();
        let begun = Instant::now();
        for _ in 0..=AT_ONCE {
            device.send(&[7; 64]).unwrap();
        }
        assert!(begun.elapsed() >= PAUSE);
        host.send(&[9; 64]).unwrap();
        device.receive(Duration::ZERO).unwrap();
        assert_eq!(device.sent, 0, "what answers has looked");
        assert!(!is_virtual("/dev/null"));
    }

    #[test]
    fn a_device_that_cannot_be_opened_again_is_gone() {
        let (mut device, host) = device();
        drop(host);
        assert!(matches!(device.send(&[0; 64]), Err(TransportError::Gone { .. })));
    }
}
