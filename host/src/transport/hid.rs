//! USB keys, through hidapi.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io;
use std::time::Duration;

use brasskey_protocol::ctaphid::Report;
use hidapi::{DeviceInfo, HidApi, HidDevice, HidError};

use super::{Address, ListedDevice, Transport, TransportError};

/// The FIDO alliance's usage page and the authenticator's usage (CTAP 2.3 §11.2.8.2).
const USAGE_PAGE: u16 = 0xF1D0;
const USAGE: u16 = 0x01;

/// A key on USB.
pub struct HidTransport {
    device: HidDevice,
    path: String,
}

impl HidTransport {
    /// Opens the key at a path that [`list`](super::list) gave.
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
            // hidapi has no error of its own for a device that was unplugged, only text. Its file may still be there for
            // a moment, but cannot be opened any more.
            _ if cfg!(unix) && reopen(&self.path).is_err() => TransportError::Gone { address },
            error => TransportError::Failed {
                address,
                source: error.into(),
            },
        }
    }
}

/// hidapi says only in words why a device cannot be opened. Where devices are files, the operating system is asked
/// again, for the kind of error.
fn why_not_opened(path: &str, source: super::Cause) -> TransportError {
    let address = Address::Hid(path.to_owned());
    if cfg!(unix)
        && let Err(error) = reopen(path)
    {
        return TransportError::opening(address, error);
    }
    TransportError::Open { address, source }
}

/// Opens the device as a file.
fn reopen(path: &str) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

impl Transport for HidTransport {
    fn send(&mut self, report: &Report) -> Result<(), TransportError> {
        // The leading zero: this device numbers no reports.
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
            // A report of another size is not CTAPHID: it is passed over like a silence.
            Ok(length) => Ok((length == report.len()).then_some(report)),
            Err(error) => Err(self.error(error)),
        }
    }
}

/// See [`list`](super::list).
pub(super) fn list() -> Result<Vec<ListedDevice>, TransportError> {
    let api = HidApi::new().map_err(|error| TransportError::List { source: error.into() })?;
    let mut found: Vec<_> = api
        .device_list()
        .filter(|device| device.usage_page() == USAGE_PAGE && device.usage() == USAGE)
        .filter_map(listed)
        .collect();
    found.sort_by(|one, other| one.address.cmp(&other.address));
    found.dedup_by(|one, other| one.address == other.address);
    Ok(found)
}

/// A device whose path is not text cannot be named on a command line either: it is left out.
fn listed(device: &DeviceInfo) -> Option<ListedDevice> {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    Some(ListedDevice {
        address: Address::Hid(device.path().to_str().ok()?.to_owned()),
        product: text(device.product_string()),
        manufacturer: text(device.manufacturer_string()),
        serial: text(device.serial_number()),
        vendor_id: device.vendor_id(),
        product_id: device.product_id(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn nothing_at_a_path_is_not_found() {
        assert!(matches!(
            HidTransport::open("/dev/no-such-hidraw"),
            Err(TransportError::NotFound { .. })
        ));
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_is_no_key_cannot_be_opened() {
        assert!(matches!(
            HidTransport::open("/dev/null"),
            Err(TransportError::Open { .. })
        ));
    }

    #[test]
    fn listing_opens_nothing_and_names_each_path_once() {
        let found = list().unwrap();
        assert!(found.windows(2).all(|pair| pair[0].address < pair[1].address));
    }
}
