//! How other processes reach the key: as a HID or USB device, as a smart card, over UDP or a Unix socket, and its
//! button over HTTP.

pub(super) mod accept;
mod pcsc;
pub(super) mod thread;
mod udp;
#[cfg(target_os = "linux")]
mod uhid;
#[cfg(unix)]
pub(super) mod unix;
mod usbip;

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Serialize;

use super::{Error, SoftKey};

pub use pcsc::{PCSC_DEFAULT, PcscServer};
pub use udp::UdpServer;
#[cfg(target_os = "linux")]
pub use uhid::UhidServer;
#[cfg(unix)]
pub use unix::UnixServer;
#[cfg(unix)]
pub(crate) use unix::bind_private;
pub use usbip::{BUS_ID, UsbIpServer};

/// Where a key listens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listen {
    /// `--udp`: a loopback address; port 0 takes any that is free.
    pub udp: Option<SocketAddr>,
    /// `--unix`: the path of a socket.
    pub unix: Option<PathBuf>,
    /// `--uhid`: as a HID device that the whole computer sees.
    pub uhid: bool,
    /// `--usbip`: a loopback address, as a USB device; port 0 takes any that is free.
    pub usbip: Option<SocketAddr>,
    /// `--pcsc`: where pcscd's driver for virtual cards listens, a loopback address; see [`PCSC_DEFAULT`].
    pub pcsc: Option<SocketAddr>,
    /// `--control` and `--control-token-file`.
    #[cfg(feature = "control")]
    pub control: Option<super::control::ControlOptions>,
}

impl Listen {
    /// Whether any user of this computer can reach the key.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.udp.is_some() || self.usbip.is_some() || self.pcsc.is_some()
    }
}

/// Where the key is reached, for its ready line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Addresses {
    /// UDP.
    pub udp: Option<SocketAddr>,
    /// The Unix socket.
    pub unix: Option<PathBuf>,
    /// The HID device, `/dev/hidrawN`.
    pub hid: Option<PathBuf>,
    /// The USB/IP server.
    pub usbip: Option<SocketAddr>,
    /// The reader that the key is a card in, or waits for.
    pub pcsc: Option<SocketAddr>,
    /// The control endpoint: a URL, or `unix:` and a path.
    pub control: Option<String>,
}

impl Addresses {
    /// The value of `--device` that reaches the key: a private way rather than one that is open to all users.
    #[must_use]
    pub fn device(&self) -> Option<String> {
        match (&self.unix, &self.hid, self.udp) {
            (Some(path), _, _) => Some(format!("unix:{}", path.display())),
            (None, Some(path), _) => Some(format!("hid:{}", path.display())),
            (None, None, Some(address)) => Some(format!("udp:{address}")),
            (None, None, None) => None,
        }
    }
}

/// The servers of one key. Dropping them closes the key to others.
#[derive(Debug)]
pub struct Servers {
    udp: Option<UdpServer>,
    #[cfg(unix)]
    unix: Option<UnixServer>,
    #[cfg(target_os = "linux")]
    uhid: Option<UhidServer>,
    usbip: Option<UsbIpServer>,
    pcsc: Option<PcscServer>,
    #[cfg(feature = "control")]
    control: Option<super::control::ControlServer>,
}

impl SoftKey {
    /// Opens the key to other processes.
    ///
    /// # Errors
    /// [`Error`]; then nothing stays open.
    pub fn serve(&self, listen: &Listen) -> Result<Servers, Error> {
        #[cfg(not(unix))]
        if listen.unix.is_some() {
            return Err(Error::Unsupported("a Unix socket"));
        }
        #[cfg(not(target_os = "linux"))]
        if listen.uhid {
            return Err(Error::LinuxOnly);
        }
        Ok(Servers {
            udp: listen.udp.map(|address| UdpServer::start(self, address)).transpose()?,
            #[cfg(unix)]
            unix: listen
                .unix
                .as_deref()
                .map(|path| UnixServer::start(self, path))
                .transpose()?,
            #[cfg(target_os = "linux")]
            uhid: listen.uhid.then(|| UhidServer::start(self)).transpose()?,
            usbip: listen
                .usbip
                .map(|address| UsbIpServer::start(self, address))
                .transpose()?,
            pcsc: listen
                .pcsc
                .map(|address| PcscServer::start(self, address))
                .transpose()?,
            #[cfg(feature = "control")]
            control: listen
                .control
                .as_ref()
                .map(|options| super::control::ControlServer::start(self, options))
                .transpose()?,
        })
    }
}

impl Servers {
    /// Where the key is reached: port 0 has become the port that was free.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        Addresses {
            udp: self.udp.as_ref().map(UdpServer::address),
            #[cfg(unix)]
            unix: self.unix.as_ref().map(|server| server.path().to_owned()),
            #[cfg(not(unix))]
            unix: None,
            #[cfg(target_os = "linux")]
            hid: self.uhid.as_ref().and_then(UhidServer::path),
            #[cfg(not(target_os = "linux"))]
            hid: None,
            usbip: self.usbip.as_ref().map(UsbIpServer::address),
            pcsc: self.pcsc.as_ref().map(PcscServer::address),
            #[cfg(feature = "control")]
            control: self.control.as_ref().map(|server| server.address().to_string()),
            #[cfg(not(feature = "control"))]
            control: None,
        }
    }

    /// Why the card was in no reader at the start, where that is so. It gets in as soon as it can.
    #[must_use]
    pub fn pcsc_refusal(&self) -> Option<String> {
        self.pcsc.as_ref().and_then(PcscServer::refusal)
    }

    /// Why this user could not open the HID device when it appeared, where that is so.
    #[must_use]
    pub fn hid_refusal(&self) -> Option<String> {
        #[cfg(target_os = "linux")]
        return self.uhid.as_ref().and_then(UhidServer::refusal);
        #[cfg(not(target_os = "linux"))]
        return None;
    }
}
