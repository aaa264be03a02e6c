//! A hand on a key that one of the other programs serves: `hand 127.0.0.1:8111 touch|replug|renew`.

use std::net::UdpSocket;
use std::process::ExitCode;
use std::time::Duration;

use brasskey_others::wire::{DONE, Hand};

/// How long a key may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

fn act(address: &str, what: &str) -> std::io::Result<bool> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.send(what.as_bytes())?;
    let mut answer = [0; 64];
    let length = socket.recv(&mut answer)?;
    Ok(answer.get(..length) == Some(DONE))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, what] = &arguments[..] else {
        eprintln!("usage: hand ADDRESS touch|replug|renew");
        return ExitCode::from(2);
    };
    if Hand::parse(what.as_bytes()).is_none() {
        eprintln!("hand: error: {what} is none of touch, replug and renew");
        return ExitCode::from(2);
    }
    match act(address, what) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("hand: error: the key does not say that it is done");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("hand: error: {error}");
            ExitCode::FAILURE
        }
    }
}
