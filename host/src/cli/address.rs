//! Addresses of this computer to listen on, as people write them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

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
}
