//! Why a soft key could not start or could not be opened to others.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use brasskey_protocol::platform::StorageError;
use brasskey_protocol::store::StartError;

/// The commands that let a user use the device.
const GROUP: &str = "sudo groupadd --system brasskey; sudo usermod -aG brasskey $USER";
/// Linux's number for a device without a driver.
const ENODEV: i32 = 19;

/// Why a soft key could not start, or could not be opened to others.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key refuses to run on what its storage holds.
    #[error("the key cannot start: {0}")]
    Start(StartError),
    /// The system cannot start another thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
    /// The address is open to other computers.
    #[error("{0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address or path, as it was given.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// Another process listens on the path.
    #[error("another process listens on {}", .0.display())]
    InUse(PathBuf),
    /// Something that is not a socket is at the path.
    #[error("{} exists and is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// The control token can neither be read nor made.
    #[cfg(feature = "control")]
    #[error("cannot use the token file {}: {source}", path.display())]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The control token's file holds no token.
    #[cfg(feature = "control")]
    #[error("the token file {} does not hold 16 to 1024 printable ASCII characters", .0.display())]
    WeakToken(PathBuf),
    /// `/dev/uhid` cannot be used.
    #[error("cannot make a virtual HID device: /dev/uhid: {0}")]
    Uhid(#[source] io::Error),
    /// The kernel made no `/dev/hidrawN` for the virtual HID device.
    #[error("the virtual HID device did not come up as /dev/hidraw")]
    NoHidraw,
    /// Only Linux has `/dev/uhid`.
    #[error("a virtual HID device (/dev/uhid) is not available on this system")]
    LinuxOnly,
    /// This system or this build does not support it.
    #[error("{0} is not available in this build of brasskey")]
    Unsupported(&'static str),
}

impl Error {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Start(StartError::Storage(StorageError::Full)) => {
                "make room on the disk with the state file, and start again".into()
            }
            Self::Start(_) => "move the state file away to start with an empty key".into(),
            Self::Thread(_) => "the system is out of threads or memory: free some and try again".into(),
            Self::NotLoopback(address) => {
                format!(
                    "anyone on the network could use the key there: use 127.0.0.1:{}",
                    address.port()
                )
            }
            Self::Bind { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                "another process listens there: choose another port, or 0 for any that is free".into()
            }
            Self::Bind { .. } => "choose another address or path".into(),
            Self::InUse(_) => "stop that process, or choose another path".into(),
            Self::NotASocket(_) => "choose another path, or move that file away".into(),
            #[cfg(feature = "control")]
            Self::TokenFile { source, .. } => crate::private::hint(source).into(),
            #[cfg(feature = "control")]
            Self::WeakToken(_) => "remove the file: a good token is made in its place".into(),
            Self::Uhid(source) if source.kind() == io::ErrorKind::PermissionDenied => format!(
                "the udev rule of brasskey gives /dev/uhid to the group brasskey: install it, run `{GROUP}` and log in \
                 anew"
            ),
            // There is no such file, or its kernel module is missing.
            Self::Uhid(source) if source.kind() == io::ErrorKind::NotFound || source.raw_os_error() == Some(ENODEV) => {
                "load its module with `sudo modprobe uhid`; if there is none, Ubuntu's kernels for clouds and CI have \
                 it in the package linux-modules-extra-$(uname -r)"
                    .into()
            }
            Self::Uhid(_) => "look at what the system says, and try again".into(),
            Self::NoHidraw => {
                "the kernel needs hidraw and its driver hid-generic, and a container the host's /sys and /dev".into()
            }
            Self::LinuxOnly => "use USB/IP, and attach to it with a USB/IP client".into(),
            Self::Unsupported(_) => "use UDP on 127.0.0.1, or another build".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_state_file_is_moved_away_for_want_of_room() {
        let full = Error::Start(StartError::Storage(StorageError::Full));
        assert!(full.hint().contains("make room"));
    }

    #[test]
    fn what_a_virtual_device_lacks_comes_with_its_remedy() {
        for (source, remedy) in [
            (io::ErrorKind::NotFound.into(), "sudo modprobe uhid"),
            (io::Error::from_raw_os_error(ENODEV), "sudo modprobe uhid"),
            (
                io::ErrorKind::PermissionDenied.into(),
                "sudo usermod -aG brasskey $USER",
            ),
            (io::ErrorKind::OutOfMemory.into(), "the system"),
        ] {
            let error = Error::Uhid(source);
            assert!(error.hint().contains(remedy), "{error}");
        }
    }
}
