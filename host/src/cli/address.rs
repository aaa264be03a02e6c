//! Addresses of this computer, and Unix sockets, as people write them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
#[cfg(any(unix, feature = "full"))]
use std::path::PathBuf;

#[cfg(any(unix, feature = "full"))]
use clap::builder::{PathBufValueParser, TypedValueParser};

#[cfg(feature = "full")]
use crate::soft::control::ControlAddress;

/// Reads an address and a port. `localhost` is 127.0.0.1: what it means elsewhere is for the system to say, and may be
/// two addresses.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let wrong = |why: &str, hint: String| Err(format!("{why}\nhint: {hint}"));
    if is_number(text) {
        return wrong("it is no address with a port", format!("write 127.0.0.1:{text}"));
    }
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        let example = SocketAddr::from((ip, 0));
        return wrong(
            "it has no port",
            format!("put one behind it: {example} takes any that is free"),
        );
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return match is_localhost(text) {
            true => wrong(
                "it has no port",
                "put one behind it: localhost:0 takes any that is free".to_owned(),
            ),
            false => wrong(
                "it is no address with a port",
                "write both, for example 127.0.0.1:0, which takes any port that is free".to_owned(),
            ),
        };
    };
    match port.parse::<u16>() {
        Err(_) => wrong(
            "its port is not a number from 0 to 65535",
            "0 takes any port that is free".to_owned(),
        ),
        Ok(port) if is_localhost(host) => Ok((Ipv4Addr::LOCALHOST, port).into()),
        Ok(port) => wrong(
            "its host is not an address",
            format!("write 127.0.0.1:{port}, [::1]:{port} or localhost:{port}"),
        ),
    }
}

/// Reads an address and a port, or the path of a Unix socket.
#[cfg(feature = "full")]
pub(super) fn address_or_path(text: &str) -> Result<ControlAddress, String> {
    if !means_address(text) {
        return Ok(ControlAddress::Unix(text.into()));
    }
    match address(text) {
        Ok(address) => Ok(ControlAddress::Tcp(address)),
        Err(why) if text.is_empty() => Err(why),
        Err(why) => Err(format!("{why}; a Unix socket of this name is ./{text}")),
    }
}

/// Reads the path of a Unix socket that is to be made.
#[cfg(any(unix, feature = "full"))]
pub(super) fn socket() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(socket_path)
}

/// Refuses a path that somebody meant as an address: it would become a socket of that name.
#[cfg(any(unix, feature = "full"))]
fn socket_path(path: PathBuf) -> Result<PathBuf, String> {
    match path.to_str() {
        Some(text) if means_address(text) => Err(format!(
            "it could be an address\nhint: listen there with --udp, or write ./{text} for a Unix socket of this name"
        )),
        _ => Ok(path),
    }
}

/// Whether a text is an address, or a part of one: what has a slash is a path, and so is what has no colon and is
/// neither a number nor a host of this computer.
#[cfg(any(unix, feature = "full"))]
fn means_address(text: &str) -> bool {
    let is_part = || text.bytes().all(|byte| byte.is_ascii_digit()) || text.parse::<IpAddr>().is_ok();
    !text.contains('/') && (text.contains(':') || is_part() || is_localhost(text))
}

fn is_localhost(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
}

fn is_number(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_the_address_that_everybody_has() {
        for (text, expected) in [
            ("localhost:8222", "127.0.0.1:8222"),
            ("LocalHost:0", "127.0.0.1:0"),
            ("127.0.0.1:8111", "127.0.0.1:8111"),
            ("[::1]:8111", "[::1]:8111"),
        ] {
            assert_eq!(address(text), Ok(expected.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_hint_says_what_is_missing_and_keeps_the_port() {
        for (text, why, hint) in [
            ("8222", "no address", "write 127.0.0.1:8222"),
            ("localhost", "has no port", "localhost:0 takes any"),
            ("127.0.0.1", "has no port", "127.0.0.1:0 takes any"),
            ("[::1]", "has no port", "[::1]:0 takes any"),
            ("::1", "has no port", "[::1]:0 takes any"),
            (
                "localhost:http",
                "not a number from 0 to 65535",
                "0 takes any port that is free",
            ),
            (
                "127.0.0.1:70000",
                "not a number from 0 to 65535",
                "0 takes any port that is free",
            ),
            ("example.com:8222", "host is not an address", "write 127.0.0.1:8222, "),
            ("", "no address", "write both"),
            (":8222", "host is not an address", "127.0.0.1:8222"),
        ] {
            let said = address(text).unwrap_err();
            let (first, second) = said.split_once("\nhint: ").unwrap();
            assert!(first.contains(why) && second.contains(hint), "{text}: {said}");
        }
    }

    #[cfg(feature = "full")]
    #[test]
    fn what_looks_like_an_address_is_no_path() {
        for (text, expected) in [
            ("127.0.0.1:8112", ControlAddress::Tcp(([127, 0, 0, 1], 8112).into())),
            ("localhost:8112", ControlAddress::Tcp(([127, 0, 0, 1], 8112).into())),
            ("/run/brasskey", ControlAddress::Unix("/run/brasskey".into())),
            ("control", ControlAddress::Unix("control".into())),
            ("./8112", ControlAddress::Unix("./8112".into())),
            ("keys/a:b", ControlAddress::Unix("keys/a:b".into())),
        ] {
            assert_eq!(address_or_path(text), Ok(expected), "{text}");
        }
        for (text, why) in [
            ("localhost", "has no port"),
            ("LOCALHOST", "has no port"),
            ("127.0.0.1", "has no port"),
            ("::1", "has no port"),
            ("8112", "no address"),
            ("99999", "no address"),
            ("127.0.0.1:99999", "not a number from 0 to 65535"),
            ("example.com:8112", "host is not an address"),
            ("a:b", "not a number from 0 to 65535"),
        ] {
            let said = address_or_path(text).unwrap_err();
            let (first, second) = said.split_once("\nhint: ").unwrap();
            let socket = format!("; a Unix socket of this name is ./{text}");
            assert!(first.contains(why) && second.ends_with(&socket), "{text}: {said}");
        }
        assert_eq!(address_or_path(""), address("").map(ControlAddress::Tcp));
    }

    #[cfg(any(unix, feature = "full"))]
    #[test]
    fn an_address_in_the_place_of_a_path_is_refused() {
        for path in ["key", "./localhost:8111", "/run/key", "keys/8111"] {
            assert_eq!(socket_path(path.into()), Ok(path.into()));
        }
        for text in ["localhost:8111", "127.0.0.1:8111", "127.0.0.1", "8111", "[::1]:0"] {
            let said = socket_path(text.into()).unwrap_err();
            assert!(
                said.contains("--udp") && said.contains(&format!(" ./{text} ")),
                "{said}"
            );
        }
    }
}
