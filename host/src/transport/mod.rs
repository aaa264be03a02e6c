//! How reports travel between this computer and a key.
//!
//! An [`Address`] names a key and opens it. [`list`] finds the keys that are plugged in. [`client`](crate::client)
//! knows what the reports mean.

use std::time::Duration;

use brasskey_protocol::ctaphid::Report;

mod error;
#[cfg(feature = "hid")]
mod hid;
pub mod pcsc;
mod spec;
mod tcp;
mod udp;
#[cfg(unix)]
mod unix;

pub use error::{Cause, TransportError};
#[cfg(feature = "hid")]
pub use hid::HidTransport;
pub use spec::{Address, DeviceSpec, DeviceSpecError};
pub use tcp::TcpTransport;
pub use udp::UdpTransport;
#[cfg(unix)]
pub use unix::UnixTransport;

/// A way to exchange CTAPHID reports with one key.
pub trait Transport: Send {
    /// Sends one report.
    ///
    /// # Errors
    /// [`TransportError`] where the key is gone or the operating system failed.
    fn send(&mut self, report: &Report) -> Result<(), TransportError>;

    /// The next report, or `None` when `timeout` passed without one.
    ///
    /// # Errors
    /// [`TransportError`] where the key is gone or the operating system failed.
    fn receive(&mut self, timeout: Duration) -> Result<Option<Report>, TransportError>;
}

/// What the operating system knows of a plugged-in key without opening it.
///
/// The texts come from the key: escape them before showing them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDevice {
    /// Where to open it.
    pub address: Address,
    /// The product's name.
    pub product: Option<String>,
    /// The maker's name.
    pub manufacturer: Option<String>,
    /// The serial number. Most keys have none, for privacy.
    pub serial: Option<String>,
    /// The USB vendor ID.
    pub vendor_id: u16,
    /// The USB product ID.
    pub product_id: u16,
}

/// The keys that are plugged in, in the order of their addresses. Opens none of them, and never waits.
///
/// Keys behind `udp:`, `tcp:` and `unix:` cannot be found: they must be named.
///
/// # Errors
/// [`TransportError::List`] where the operating system does not say what is plugged in.
pub fn list() -> Result<Vec<ListedDevice>, TransportError> {
    #[cfg(feature = "hid")]
    return hid::list();
    #[cfg(not(feature = "hid"))]
    return Ok(Vec::new());
}

impl Address {
    /// Opens the key for CTAPHID. A reader of smart cards has none: [`pcsc`] opens it.
    ///
    /// # Errors
    /// [`TransportError`] where there is no such key, this user may not use it, or this build has no such transport.
    pub fn open(&self) -> Result<Box<dyn Transport>, TransportError> {
        match self {
            #[cfg(feature = "hid")]
            Self::Hid(path) => Ok(Box::new(HidTransport::open(path)?)),
            Self::Udp(address) => Ok(Box::new(UdpTransport::open(*address)?)),
            Self::Tcp(address) => Ok(Box::new(TcpTransport::open(*address)?)),
            Self::Pcsc(_) => Err(TransportError::NotHid { address: self.clone() }),
            #[cfg(unix)]
            Self::Unix(path) => Ok(Box::new(UnixTransport::open(path)?)),
            #[cfg(not(all(feature = "hid", unix)))]
            _ => Err(TransportError::Unsupported { address: self.clone() }),
        }
    }
}
