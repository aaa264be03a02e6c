//! How a key is named in text: `hid:/dev/hidraw3`, `udp:127.0.0.1:8111`, `soft`.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

use crate::soft::Name;

/// Which key to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceSpec {
    /// `soft`: the built-in soft token, in this process; `soft:NAME`: the one of that name.
    Soft(Option<Name>),
    /// A key outside this process.
    Address(Address),
}

/// Where a key outside this process is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// `hid:PATH`: a USB key, by the path that [`list`](super::list) gives, such as `/dev/hidraw3`.
    Hid(String),
    /// `udp:HOST:PORT`: one report in each datagram. Always a loopback address.
    Udp(SocketAddr),
    /// `tcp:HOST:PORT`: each report after its length, two bytes. Always a loopback address.
    Tcp(SocketAddr),
    /// `unix:PATH`: a stream socket. Reports follow each other without anything between them.
    Unix(PathBuf),
    /// `pcsc:READER`: the card in the smart card reader with this in its name. It takes APDUs alone, and no reports.
    Pcsc(String),
}

/// Why a text does not name a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DeviceSpecError {
    /// The word before the first colon names no transport.
    #[error("this does not name a kind of device")]
    Kind,
    /// What follows `soft:` cannot be a name.
    #[error("this names no soft token")]
    Name,
    /// `hid:` or `unix:` without a path, or with a zero byte in it.
    #[error("this names a kind of device but no usable path")]
    Path,
    /// `pcsc:` without a name, or with a zero byte in it.
    #[error("this names no smart card reader")]
    Reader,
    /// `udp:` or `tcp:` without an IP address and a port.
    #[error("this is not an IP address and a port")]
    SocketAddress,
    /// `udp:` or `tcp:` with an address of another computer.
    #[error("a key behind `udp:` or `tcp:` must be on this computer")]
    NotLoopback,
}

impl DeviceSpecError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Kind => "use hid:PATH, udp:HOST:PORT, tcp:HOST:PORT, unix:PATH, pcsc:READER, soft or soft:NAME",
            Self::Name => "a name has 1 to 32 letters, digits, `-`, `_` and `.`, and begins with a letter or digit",
            Self::Path => "write the path after the colon, for example hid:/dev/hidraw0",
            Self::Reader => "write the reader's name or a part of it after the colon, for example pcsc:YubiKey",
            Self::SocketAddress => "write the address and the port, for example udp:127.0.0.1:8111 or udp:[::1]:8111",
            Self::NotLoopback => {
                "what is said there is neither secret nor authentic; forward a Unix socket over SSH and use unix:PATH"
            }
        }
    }
}

impl FromStr for DeviceSpec {
    type Err = DeviceSpecError;

    fn from_str(text: &str) -> Result<Self, DeviceSpecError> {
        if text == "soft" {
            Ok(Self::Soft(None))
        } else if let Some(name) = text.strip_prefix("soft:") {
            let name = name.parse().map_err(|_| DeviceSpecError::Name)?;
            Ok(Self::Soft(Some(name)))
        } else {
            text.parse().map(Self::Address)
        }
    }
}

impl FromStr for Address {
    type Err = DeviceSpecError;

    fn from_str(text: &str) -> Result<Self, DeviceSpecError> {
        let (kind, place) = text.split_once(':').ok_or(DeviceSpecError::Kind)?;
        match kind {
            "hid" => path(place).map(|path| Self::Hid(path.to_owned())),
            "unix" => path(place).map(|path| Self::Unix(path.into())),
            "udp" => loopback(place).map(Self::Udp),
            "tcp" => loopback(place).map(Self::Tcp),
            "pcsc" => match path(place) {
                Ok(reader) => Ok(Self::Pcsc(reader.to_owned())),
                Err(_) => Err(DeviceSpecError::Reader),
            },
            _ => Err(DeviceSpecError::Kind),
        }
    }
}

fn path(place: &str) -> Result<&str, DeviceSpecError> {
    if place.is_empty() || place.contains('\0') {
        Err(DeviceSpecError::Path)
    } else {
        Ok(place)
    }
}

/// Only loopback: whoever can read what is said sees PINs being tried, and whoever can send can pretend to be the key.
/// A name other than `localhost` is not looked up, because the answer could be any address.
fn loopback(place: &str) -> Result<SocketAddr, DeviceSpecError> {
    let address = match place.strip_prefix("localhost:") {
        Some(port) => SocketAddr::from((
            Ipv4Addr::LOCALHOST,
            port.parse().map_err(|_| DeviceSpecError::SocketAddress)?,
        )),
        None => place.parse().map_err(|_| DeviceSpecError::SocketAddress)?,
    };
    if address.port() == 0 {
        Err(DeviceSpecError::SocketAddress)
    } else if !address.ip().is_loopback() {
        Err(DeviceSpecError::NotLoopback)
    } else {
        Ok(address)
    }
}

impl fmt::Display for DeviceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Soft(None) => f.write_str("soft"),
            Self::Soft(Some(name)) => write!(f, "soft:{name}"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hid(path) => write!(f, "hid:{path}"),
            Self::Udp(address) => write!(f, "udp:{address}"),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Pcsc(reader) => write!(f, "pcsc:{reader}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_is_understood_and_printed_back() {
        for text in [
            "soft",
            "soft:work-2",
            "hid:/dev/hidraw3",
            r"hid:\\?\hid#vid_1050",
            "udp:127.0.0.1:8111",
            "udp:[::1]:9",
            "tcp:127.0.0.1:35962",
            "unix:/run/k",
            "pcsc:Virtual PCD 00 00",
        ] {
            assert_eq!(
                text.parse::<DeviceSpec>().map(|spec| spec.to_string()),
                Ok(text.to_owned())
            );
        }
        assert_eq!(
            "udp:localhost:8111".parse(),
            Ok(DeviceSpec::Address(Address::Udp(([127, 0, 0, 1], 8111).into())))
        );
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        for (text, error) in [
            ("", DeviceSpecError::Kind),
            ("Soft", DeviceSpecError::Kind),
            ("soft:", DeviceSpecError::Name),
            ("soft:a/b", DeviceSpecError::Name),
            ("soft:..", DeviceSpecError::Name),
            ("/dev/hidraw3", DeviceSpecError::Kind),
            ("hid:", DeviceSpecError::Path),
            ("hid:a\0b", DeviceSpecError::Path),
            ("unix:", DeviceSpecError::Path),
            ("pcsc:", DeviceSpecError::Reader),
            ("pcsc:a\0b", DeviceSpecError::Reader),
            ("udp:8111", DeviceSpecError::SocketAddress),
            ("udp:127.0.0.1", DeviceSpecError::SocketAddress),
            ("udp:127.0.0.1:0", DeviceSpecError::SocketAddress),
            ("udp:localhost:65536", DeviceSpecError::SocketAddress),
            ("udp:example.com:8111", DeviceSpecError::SocketAddress),
            ("tcp:8111", DeviceSpecError::SocketAddress),
            ("tcp:192.0.2.1:8111", DeviceSpecError::NotLoopback),
            ("udp:0.0.0.0:8111", DeviceSpecError::NotLoopback),
            ("udp:192.0.2.1:8111", DeviceSpecError::NotLoopback),
            ("udp:[::ffff:192.0.2.1]:8111", DeviceSpecError::NotLoopback),
        ] {
            assert_eq!(text.parse::<DeviceSpec>(), Err(error), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_parses_prints_back(text in "(soft|hid|udp|tcp|unix|pcsc):?[ -~]{0,20}") {
            if let Ok(spec) = text.parse::<DeviceSpec>() {
                prop_assert_eq!(spec.to_string().parse(), Ok(spec));
            }
        }
    }
}
