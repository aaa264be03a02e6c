//! A token is killed, again and again, while it works: nothing that it acknowledged is ever lost.

mod program;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use brasskey_conformance::host::Host;
use brasskey_conformance::host::ctap2::{Request, get_assertion_by, make_credential, make_discoverable};
use brasskey_conformance::host::response::{Assertion, Made, flags};
use brasskey_conformance::key::{Hand, Key, LONG, Link, Profile};
use brasskey_tests::forms::Socket;
use brasskey_tests::process::Process;
use program::program;

const RP_ID: &str = "example.com";
const ROUNDS: u32 = 24;

/// `brasskey token` with a state file, sealed as these arguments say; cutting its power is killing it.
struct Killed {
    program: PathBuf,
    state: PathBuf,
    seal: &'static [&'static str],
    running: Mutex<Process>,
}

impl Killed {
    fn new(program: &Path, state: &Path, seal: &'static [&'static str]) -> Self {
        Self::of(program, state, seal, Process::start(program, state, seal))
    }

    fn of(program: &Path, state: &Path, seal: &'static [&'static str], running: Process) -> Self {
        Self {
            program: program.to_owned(),
            state: state.to_owned(),
            seal,
            running: Mutex::new(running),
        }
    }
}

/// What a token needs no more than an automatic touch for.
static PROFILE: Profile = Profile {
    has: &[],
    only: None,
    user_action_timeout: 30_000,
};

fn key(process: Killed) -> Key {
    Key::new(&PROFILE, Box::new(process))
}

impl Hand for Killed {
    fn connect(&self) -> Box<dyn Link> {
        Box::new(Socket::to(self.running.lock().expect("the token").address()))
    }

    /// The touch is automatic.
    fn wait_until_asked(&self) {}

    fn press(&self) {}

    fn release(&self) {}

    fn decline(&self) {}

    fn power_cycle(&self) {
        let mut running = self.running.lock().expect("the token");
        running.kill();
        *running = Process::start(&self.program, &self.state, self.seal);
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
    let program = program();
    let directory = tempfile::tempdir().expect("a directory");
    let key = key(Killed::new(&program, &directory.path().join("key"), seal));
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

/// authenticatorReset.
const RESET: [u8; 1] = [0x07];

/// The credentials of a token, what is in its file, and how long a reset takes that nothing is in the way of.
fn used_token(program: &Path, state: &Path) -> (Vec<Known>, Vec<u8>, Duration) {
    let key = key(Killed::new(program, state, &[]));
    let mut host = key.host();
    let made = (0..6).map(|number| {
        host.begin(registration(number));
        acknowledged(&mut host, LONG).expect("an answer")
    });
    let made = made.collect();
    key.power_cycle();
    let content = std::fs::read(state).expect("the state");
    let mut host = key.host();
    let moment = Instant::now();
    host.begin(RESET);
    assert_eq!(host.answer().status, 0x00);
    (made, content, moment.elapsed())
}

/// Where files cannot become large, a reset fails at one of its writes, an earlier one or a later one; where it is
/// killed, in or between them.
#[test]
fn a_reset_is_whole_or_not_at_all_when_the_token_is_killed() {
    let program = program();
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("key");
    let (made, used, whole) = used_token(&program, &state);
    let room = used.len() as u64 / 1024;
    // Of the resets that were killed: those that did not take place, and those that did.
    let mut outcomes = [0; 2];
    for round in 0..3 * ROUNDS {
        std::fs::write(&state, &used).expect("the state is put back");
        // One in three has all the room there is.
        let limit = (!round.is_multiple_of(3)).then(|| room * u64::from(round) / u64::from(2 * ROUNDS));
        let Some(running) = Process::start_limited(&program, &state, &[], limit) else {
            continue;
        };
        let key = key(Killed::of(&program, &state, &[], running));
        let mut host = key.host();
        let moment = Instant::now();
        host.begin(RESET);
        while moment.elapsed() < whole * (round + 1) / (2 * ROUNDS) {
            std::hint::spin_loop();
        }
        key.power_cycle();
        let answer = host.answer_within(Duration::ZERO);

        let mut host = key.host();
        let kept = made.iter().filter(|known| {
            host.begin(known.request());
            host.answer().status == 0x00
        });
        let kept = kept.count();
        assert!(kept == 0 || kept == made.len(), "round {round}: {kept} are left");
        if answer.is_some_and(|answer| answer.status == 0x00) {
            assert_eq!(kept, 0, "round {round}: an acknowledged reset is one");
        }
        outcomes[usize::from(kept == 0)] += 1;
        host.begin(registration(0));
        assert!(acknowledged(&mut host, LONG).is_some(), "round {round}: it works on");
    }
    assert!(outcomes.iter().all(|&count| count > 0), "both happen: {outcomes:?}");
}
