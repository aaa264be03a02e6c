//! The program's token, as a process with its state in a file.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// `brasskey token` on a UDP port of its own. It touches itself, and is killed when this is dropped.
pub struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    /// Starts `program` with its state in the file `state`, sealed as the arguments `seal` say.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start(program: &Path, state: &Path, seal: &[&str]) -> Self {
        Self::start_limited(program, state, seal, None).expect("the token starts")
    }

    /// Starts it where files cannot have more than `limit` KiB. `None` where it ends at once, with an error.
    ///
    /// # Panics
    /// Where it is killed in place of that.
    pub fn start_limited(program: &Path, state: &Path, seal: &[&str], limit: Option<u64>) -> Option<Self> {
        let limit = limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
        let mut child = Command::new("bash")
            .args(["-c", "ulimit -f \"$1\"; exec \"${@:2}\"", "bash", &limit])
            .arg(program)
            .args(["token", "--json", "--touch", "auto", "--udp", "127.0.0.1:0", "--state"])
            .arg(state)
            .args(seal)
            .env("PASSPHRASE", "open sesame")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the token starts");
        let mut ready = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut ready).expect("the ready line");
        let Some(address) = serde_json::from_str(&ready)
            .ok()
            .and_then(|ready: serde_json::Value| ready["udp"].as_str()?.parse().ok())
        else {
            // Nothing kills it: it says what is wrong, and ends with an exit code.
            assert!(child.wait().expect("the token is gone").code().is_some());
            return None;
        };
        Some(Self { child, address })
    }

    /// Its port.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, and waits until it is gone.
    ///
    /// # Panics
    /// Where the system does not let it be killed.
    pub fn kill(&mut self) {
        self.child.kill().expect("the token is killed");
        self.child.wait().expect("the token is gone");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
