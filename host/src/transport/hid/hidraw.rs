//! USB keys on Linux, through `/dev/hidraw*`. hidapi would read everything about every HID device before it opens one,
//! and that takes longer than the key takes to answer.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::time::Duration;

use brasskey_protocol::ctaphid::Report;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::transport::{Address, Transport, TransportError};

/// A key on USB.
pub struct HidTransport {
    device: File,
    path: String,
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

/// Whether the kernel's HID driver made the file, by whatever link it is reached.
fn is_hidraw(path: &str) -> bool {
    fs::canonicalize(path)
        .ok()
        .and_then(|path| Some(Path::new("/sys/class/hidraw").join(path.file_name()?)))
        .is_some_and(|device| device.exists())
}

impl Transport for HidTransport {
    fn send(&mut self, report: &Report) -> Result<(), TransportError> {
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
            Ok(_) => {}
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

    use super::*;

    /// A device that is gone although its other end is ours: its path does not exist any more.
    fn device() -> (HidTransport, UnixDatagram) {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        let device = File::from(OwnedFd::from(theirs));
        let path = "/dev/no-such-hidraw".to_owned();
        (HidTransport { device, path }, ours)
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
    fn a_device_that_cannot_be_opened_again_is_gone() {
        let (mut device, host) = device();
        drop(host);
        assert!(matches!(device.send(&[0; 64]), Err(TransportError::Gone { .. })));
    }
}
