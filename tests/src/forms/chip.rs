//! The firmware on an emulated chip, by the program in `tests/chip`. Its time stands still while it waits.
//!
//! A process warms up as it runs, so one whose check has passed is used again, with a key fresh from the factory.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::Socket;
use brasskey_conformance::key::{Hand, LONG, Link, Report};

/// Names the firmware's ELF file.
const FIRMWARE: &str = "BRASSKEY_CHIP_ELF";
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/chip/main.mjs");

/// Processes that no check uses.
static IDLE: Mutex<Vec<Process>> = Mutex::new(Vec::new());

/// Whether there is firmware to run.
pub(super) fn is_there() -> bool {
    env::var_os(FIRMWARE).is_some()
}

pub(super) struct Chip(Option<Process>);

impl Chip {
    pub(super) fn new() -> Self {
        let idle = IDLE.lock().expect("the idle processes").pop();
        let process = idle.unwrap_or_else(|| Process::start(&env::var_os(FIRMWARE).expect("the firmware's path")));
        process.ask("DELETE", "/v1/flash", &Value::Null);
        Self(Some(process))
    }

    fn post(&self, path: &str, body: &Value) {
        self.process().ask("POST", path, body);
    }

    fn process(&self) -> &Process {
        self.0.as_ref().expect("a process until the key is dropped")
    }
}

impl Drop for Chip {
    fn drop(&mut self) {
        // A failed check may leave it in any state.
        if let (false, Ok(mut idle)) = (thread::panicking(), IDLE.lock()) {
            idle.extend(self.0.take());
        }
    }
}

impl Hand for Chip {
    fn connect(&self) -> Box<dyn Link> {
        Box::new(Reader::new(Socket::to(self.process().reports)))
    }

    fn wait_until_asked(&self) {
        let deadline = Instant::now() + LONG;
        while self.process().ask("GET", "/v1/state", &Value::Null)["waiting"].is_null() {
            assert!(Instant::now() < deadline, "the key asks for a touch");
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn press(&self) {
        self.post("/v1/button", &json!({ "action": "press" }));
    }

    fn release(&self) {
        self.post("/v1/button", &json!({ "action": "release" }));
    }

    fn touch(&self) {
        self.wait_until_asked();
        self.post("/v1/button", &json!({ "action": "pulse" }));
    }

    fn decline(&self) {
        unreachable!("a button cannot say no")
    }

    fn power_cycle(&self) {
        self.post("/v1/power", &json!({ "action": "cycle" }));
    }

    fn advance(&self, milliseconds: u64) -> bool {
        self.post("/v1/clock", &json!({ "advance": milliseconds }));
        true
    }
}

/// A host's socket that is read all the time: while a test moves the clock, more comes than the system would keep.
struct Reader {
    socket: Socket,
    reports: Receiver<Report>,
    /// The thread ends when this does.
    _open: Arc<()>,
}

impl Reader {
    fn new(socket: Socket) -> Self {
        let (sender, reports) = channel();
        let open = Arc::new(());
        let (is_open, mut incoming) = (Arc::downgrade(&open), socket.clone());
        thread::spawn(move || {
            while is_open.strong_count() > 0 {
                if let Some(report) = incoming.receive(Duration::from_millis(100)) {
                    // Nobody listens any more where the host is gone.
                    let _ = sender.send(report);
                }
            }
        });
        Self {
            socket,
            reports,
            _open: open,
        }
    }
}

impl Link for Reader {
    fn send(&mut self, report: &Report) {
        self.socket.send(report);
    }

    fn receive(&mut self, timeout: Duration) -> Option<Report> {
        self.reports.recv_timeout(timeout).ok()
    }
}

/// An emulator.
struct Process {
    child: Child,
    reports: SocketAddr,
    control: SocketAddr,
    token: String,
    _directory: TempDir,
}

impl Process {
    fn start(firmware: &OsString) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let token_file = directory.path().join("token");
        let mut child = Command::new("node")
            .args([
                PROGRAM,
                "--time",
                "stepped",
                "--control",
                "127.0.0.1:0",
                "--seed",
                "1",
                "--elf",
            ])
            .arg(firmware)
            .arg("--control-token-file")
            .arg(&token_file)
            // It ends when this process does, and closes the pipe.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        output.read_line(&mut line).expect("a ready line");
        let ready: Value = serde_json::from_str(&line).expect("a ready line in JSON");
        let address = |name: &str| {
            let text = ready[name].as_str().expect("an address").trim_start_matches("http://");
            text.parse().expect("an address")
        };
        Self {
            child,
            reports: address("udp"),
            control: address("control"),
            token: fs::read_to_string(&token_file).expect("the token").trim().into(),
            _directory: directory,
        }
    }

    /// One request to the control endpoint, which must be done.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let (host, token, length) = (self.control, &self.token, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(self.control).expect("the control endpoint");
        stream.write_all(request.as_bytes()).expect("a request sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{method} {path}: {answer}");
        // The body is one line of JSON, in one chunk or as it is.
        let json = answer.lines().find(|line| line.starts_with('{')).expect("JSON");
        serde_json::from_str(json).expect("JSON")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
