//! Emulators, and what their control endpoints are asked (`tests/chip/README.md`).
//!
//! A process warms up as it runs, so one whose check has passed is used again, with a key fresh from the factory.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// Names the firmware's ELF file.
const FIRMWARE: &str = "BRASSKEY_CHIP_ELF";
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/chip/main.mjs");

/// Longer than anything takes that an emulator is asked for, on a busy computer too.
const PATIENCE: Duration = Duration::from_secs(300);

/// Processes that no check uses.
static IDLE: Mutex<Vec<Process>> = Mutex::new(Vec::new());

/// Whether there is firmware to run.
#[must_use]
pub fn is_there() -> bool {
    env::var_os(FIRMWARE).is_some()
}

/// How the chip's time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// It stands still while the key waits.
    Stepped,
    /// It passes only where a test says so.
    Manual,
    /// It passes as everywhere, for programs that know no other.
    System,
}

/// An emulator with a key that is fresh from the factory.
pub struct Emulator(Option<Process>);

impl Emulator {
    /// One that nobody else uses.
    #[must_use]
    pub fn new(time: Time) -> Self {
        let mut idle = IDLE.lock().expect("the idle processes");
        let warm = idle.iter().position(|process| process.time == time);
        let process = warm.map(|at| idle.swap_remove(at));
        drop(idle);
        let emulator = Self(Some(process.unwrap_or_else(|| Process::start(time))));
        emulator.ask("DELETE", "/v1/flash", &Value::Null);
        emulator
    }

    /// Where its reports go over UDP.
    #[must_use]
    pub fn reports(&self) -> SocketAddr {
        self.process().reports
    }

    /// One request to the control endpoint, which must be done.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.process().ask(method, path, body)
    }

    /// A request with an action, and nothing else.
    #[track_caller]
    pub fn act(&self, path: &str, action: &str) -> Value {
        self.ask("POST", path, &json!({ "action": action }))
    }

    fn process(&self) -> &Process {
        self.0.as_ref().expect("a process until the emulator is dropped")
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // A failed check may leave it in any state.
        if let (false, Ok(mut idle)) = (thread::panicking(), IDLE.lock()) {
            idle.extend(self.0.take());
        }
    }
}

struct Process {
    child: Child,
    time: Time,
    reports: SocketAddr,
    control: SocketAddr,
    token: String,
    _directory: TempDir,
}

impl Process {
    fn start(time: Time) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let token_file = directory.path().join("token");
        let time_option = match time {
            Time::Stepped => "stepped",
            Time::Manual => "manual",
            Time::System => "system",
        };
        let mut child = Command::new("node")
            .args([
                PROGRAM,
                "--time",
                time_option,
                "--control",
                "127.0.0.1:0",
                "--seed",
                "1",
            ])
            .arg("--elf")
            .arg(env::var_os(FIRMWARE).expect("the firmware's path"))
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
            time,
            reports: address("udp"),
            control: address("control"),
            token: fs::read_to_string(&token_file).expect("the token").trim().into(),
            _directory: directory,
        }
    }

    #[track_caller]
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
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
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
