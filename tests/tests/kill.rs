//! A token is killed, again and again, while it works: nothing that it acknowledged is ever lost.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use brasskey_tests::forms::Socket;
use brasskey_tests::host::Host;
use brasskey_tests::host::ctap2::{Request, get_assertion_by, make_credential, make_discoverable};
use brasskey_tests::host::response::{Assertion, Made, flags};
use brasskey_tests::key::{Form, Key, LONG, Wire};

const RP_ID: &str = "example.com";
const ROUNDS: u32 = 24;

/// `brasskey token` with a state file, sealed as these arguments say; cutting its power is killing it.
struct Process {
    program: PathBuf,
    state: PathBuf,
    seal: &'static [&'static str],
    running: Mutex<Running>,
}

struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    fn start(program: &Path, state: &Path, seal: &[&str]) -> Self {
        let mut child = Command::new(program)
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
        let ready: serde_json::Value = serde_json::from_str(&ready).expect("a line of JSON");
        let address = ready["udp"].as_str().expect("an address").parse().expect("an address");
        Self { child, address }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().expect("the token is killed");
        self.child.wait().expect("the token is gone");
    }
}

impl Process {
    fn new(program: &Path, state: &Path, seal: &'static [&'static str]) -> Self {
        Self {
            program: program.to_owned(),
            state: state.to_owned(),
            seal,
            running: Mutex::new(Running::start(program, state, seal)),
        }
    }
}

impl Form for Process {
    fn connect(&self) -> Box<dyn Wire> {
        Box::new(Socket::to(self.running.lock().expect("the token").address))
    }

    /// The touch is automatic.
    fn wait_until_asked(&self) {}

    fn press(&self) {}

    fn release(&self) {}

    fn decline(&self) {}

    fn power_cycle(&self) {
        let mut running = self.running.lock().expect("the token");
        running.child.kill().expect("the token is killed");
        running.child.wait().expect("the token is gone");
        *running = Running::start(&self.program, &self.state, self.seal);
    }

    fn advance(&self, _: u64) -> bool {
        false
    }
}

/// What the key acknowledged of one credential.
struct Known {
    made: Made,
    count: u32,
}

impl Known {
    fn request(&self) -> Request {
        get_assertion_by(RP_ID, &[&self.made.id])
    }

    /// It is still there, and its counter has not gone back.
    fn signed(&mut self, assertion: &Assertion) {
        assertion.verify(&self.made.public_key, RP_ID, flags::UP);
        let count = assertion.auth_data.sign_count;
        assert!(count > self.count, "the counter went from {} to {count}", self.count);
        self.count = count;
    }
}

fn registration(number: u32) -> Request {
    let user = number.to_be_bytes();
    // Each kind is made in every other round, both at leisure and under the knife.
    if (number / 2).is_multiple_of(2) {
        make_discoverable(RP_ID, &user)
    } else {
        make_credential(RP_ID, &user)
    }
}

/// The credential that the key has made, if its answer arrived.
fn acknowledged(host: &mut Host, timeout: Duration) -> Option<Known> {
    let made = Made::of(&host.answer_within(timeout)?);
    made.verify();
    let count = made.auth_data.sign_count;
    Some(Known { made, count })
}

#[test]
fn nothing_acknowledged_is_lost_when_the_token_is_killed() {
    kill_again_and_again(&[]);
}

#[test]
fn nothing_acknowledged_is_lost_when_a_sealed_token_is_killed() {
    kill_again_and_again(&["--seal", "passphrase", "--passphrase-env", "PASSPHRASE"]);
}

fn kill_again_and_again(seal: &'static [&'static str]) {
    let program = escargot::CargoBuild::new()
        .package("brasskey-cli")
        .bin("brasskey")
        .run()
        .expect("the program is built");
    let directory = tempfile::tempdir().expect("a directory");
    let key = Key::new(Process::new(program.path(), &directory.path().join("key"), seal));
    let mut known: Vec<Known> = Vec::new();
    for round in 0..ROUNDS {
        let mut host = key.host();
        for known in &mut known {
            host.begin(known.request());
            known.signed(&Assertion::of(&host.answer()));
        }
        host.begin(registration(2 * round));
        known.push(acknowledged(&mut host, LONG).expect("an answer"));

        // The power goes while the key works on one more, a little later every time.
        host.begin(registration(2 * round + 1));
        let moment = Instant::now();
        while moment.elapsed() < Duration::from_micros(u64::from(round) * 60) {
            std::hint::spin_loop();
        }
        key.power_cycle();
        // What left the key before that counts.
        known.extend(acknowledged(&mut host, Duration::ZERO));
    }
}
