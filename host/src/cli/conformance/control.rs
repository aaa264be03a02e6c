//! The client of a soft token's control endpoint: its button and its plug.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::cli::address::address_or_path;
use crate::cli::failure::Failure;
use crate::soft::control::ControlAddress;
use crate::soft::paths;
use crate::text::escape;

/// How long the endpoint may take to answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long the key may take to ask for a touch once it was sent what needs one.
const ASKED: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug, Error)]
enum Trouble {
    /// What the endpoint says.
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Silent(#[from] io::Error),
}

/// A token's endpoint, and its secret.
pub(super) struct Control {
    address: ControlAddress,
    token: Zeroizing<String>,
}

impl Control {
    /// The endpoint at `url`: `http://127.0.0.1:PORT`, or the path of a socket.
    pub(super) fn new(url: &str, token_file: Option<&Path>) -> Result<Self, Failure> {
        let file = match token_file {
            Some(file) => file.to_owned(),
            None => paths::default_control_token()?,
        };
        let address = match url.strip_prefix("unix:") {
            Some(path) => ControlAddress::Unix(path.into()),
            None => {
                address_or_path(url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/')).map_err(|said| {
                    let (why, hint) = said
                        .split_once("\nhint: ")
                        .unwrap_or((&said, "see `brasskey conformance --help`"));
                    Failure::usage(
                        format!("--control {} is no control endpoint: {why}", escape(url)),
                        escape(hint),
                    )
                })?
            }
        };
        // It would send the secret to another computer.
        if let ControlAddress::Tcp(address) = &address
            && !address.ip().is_loopback()
        {
            return Err(Failure::usage(
                "a control endpoint must be on this computer",
                "forward its Unix socket over SSH",
            ));
        }
        let token = fs::read_to_string(&file).map_err(|source| Failure::System {
            what: format!("cannot read the control token in {}", file.display()),
            source,
        })?;
        let token = Zeroizing::new(token);
        let control = Self {
            address,
            token: Zeroizing::new(token.trim().to_owned()),
        };
        match control.ask("GET /v1/state", "") {
            Ok(_) => Ok(control),
            Err(Trouble::Refused(why)) => Err(Failure::usage(
                format!("the control endpoint {} refuses: {why}", control.address),
                "--control-token-file names the file with its token",
            )),
            Err(Trouble::Silent(source)) => Err(Failure::usage(
                format!("the control endpoint {} does not answer: {source}", control.address),
                "start the key with `brasskey token --control`, which says where its endpoint is",
            )),
        }
    }

    /// One request.
    fn ask(&self, request: &str, body: &str) -> Result<Value, Trouble> {
        match &self.address {
            ControlAddress::Tcp(address) => {
                let stream = TcpStream::connect_timeout(address, TIMEOUT)?;
                stream.set_read_timeout(Some(TIMEOUT))?;
                stream.set_nodelay(true)?;
                self.exchange(stream, request, body)
            }
            #[cfg(unix)]
            ControlAddress::Unix(path) => {
                let stream = std::os::unix::net::UnixStream::connect(path)?;
                stream.set_read_timeout(Some(TIMEOUT))?;
                self.exchange(stream, request, body)
            }
            #[cfg(not(unix))]
            ControlAddress::Unix(_) => Err(io::Error::from(io::ErrorKind::Unsupported).into()),
        }
    }

    /// The endpoint closes the connection behind its answer, and sends it in one piece: HTTP/1.0 has no chunks.
    fn exchange(&self, mut stream: impl Read + Write, request: &str, body: &str) -> Result<Value, Trouble> {
        let message = Zeroizing::new(format!(
            "{request} HTTP/1.0\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            match &self.address {
                ControlAddress::Tcp(address) => address.to_string(),
                ControlAddress::Unix(_) => "localhost".to_owned(),
            },
            &*self.token,
            body.len()
        ));
        stream.write_all(message.as_bytes())?;
        let mut answer = String::new();
        stream.take(1 << 20).read_to_string(&mut answer)?;
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        let value: Value = serde_json::from_str(body).map_err(io::Error::other)?;
        match head.split(' ').nth(1) {
            Some("200") => Ok(value),
            _ => Err(Trouble::Refused(
                value["error"].as_str().unwrap_or("it does not say why").to_owned(),
            )),
        }
    }

    /// Does something.
    pub(super) fn act(&self, path: &str, action: &str) -> Result<(), String> {
        let body = format!(r#"{{"action":"{action}"}}"#);
        self.ask(&format!("POST {path}"), &body).map_err(failed)?;
        Ok(())
    }

    /// Whether the key waits for a touch, now or soon.
    pub(super) fn wait_until_asked(&self) -> Result<bool, String> {
        let begun = Instant::now();
        while begun.elapsed() < ASKED {
            let state = self.ask("GET /v1/state", "").map_err(failed)?;
            if !state["waiting"].is_null() {
                return Ok(true);
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(false)
    }
}

fn failed(trouble: Trouble) -> String {
    format!("the control endpoint failed: {trouble}")
}
