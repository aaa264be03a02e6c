//! USB keys on systems other than Linux, through hidapi.

use std::ffi::CString;
use std::time::Duration;

use ::hidapi::{HidApi, HidDevice, HidError};
use brasskey_protocol::ctaphid::Report;

use crate::transport::{Address, Cause, Transport, TransportError};

/// A key on USB.
pub struct HidTransport {
    device: HidDevice,
    path: String,
}

impl HidTransport {
    /// Opens the key at a path that [`list`](crate::transport::list) gave.
    ///
    /// # Errors
    /// [`TransportError`] where there is no such device or this user may not open it.
    pub fn open(path: &str) -> Result<Self, TransportError> {
        let opened = CString::new(path)
            .map_err(Into::into)
            .and_then(|name| HidApi::new()?.open_path(&name).map_err(Into::into));
        match opened {
            Ok(device) => Ok(Self {
                device,
                path: path.to_owned(),
            }),
            Err(source) => Err(why_not_opened(path, source)),
        }
    }

    fn error(&self, error: HidError) -> TransportError {
        let address = Address::Hid(self.path.clone());
        match error {
            HidError::IoError { error } => TransportError::talking(address, error),
            // hidapi has no error of its own for a device that was unplugged, only text.
            _ if cfg!(unix) && !std::path::Path::new(&self.path).exists() => TransportError::Gone { address },
            error => TransportError::Failed {
                address,
                source: error.into(),
            },
        }
    }
}

/// hidapi says only in words why a device cannot be opened. Where devices are files, we ask the operating system again,
/// for the kind of error.
fn why_not_opened(path: &str, source: Cause) -> TransportError {
    let address = Address::Hid(path.to_owned());
    if cfg!(unix)
        && let Err(error) = std::fs::OpenOptions::new().read(true).write(true).open(path)
    {
        return TransportError::opening(address, error);
    }
    TransportError::Open { address, source }
}

impl Transport for HidTransport {
    fn send(&mut self, report: &Report) -> Result<(), TransportError> {
        // The leading zero says that this device does not number its reports.
        let mut numbered = [0; size_of::<Report>() + 1];
        let (_, body) = numbered.split_at_mut(1);
        body.copy_from_slice(report);
        self.device
            .write(&numbered)
            .map(|_| ())
            .map_err(|error| self.error(error))
    }

    fn receive(&mut self, timeout: Duration) -> Result<Option<Report>, TransportError> {
        let mut report: Report = [0; size_of::<Report>()];
        let milliseconds = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        match self.device.read_timeout(&mut report, milliseconds) {
            // A report of another size is not CTAPHID: it is ignored.
            Ok(length) => Ok((length == report.len()).then_some(report)),
            Err(error) => Err(self.error(error)),
        }
    }
}
