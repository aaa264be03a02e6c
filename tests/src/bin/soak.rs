//! Works with a token for long, and fails where its memory or its file goes on growing. Whether it becomes slower is
//! printed, and for the reader to judge: machines are noisy.
//!
//! `soak PROGRAM [OPERATIONS]`: `PROGRAM` is `brasskey`, and there are a million operations where nothing else is said.

use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use brasskey_conformance::host::client_pin::permission;
use brasskey_conformance::host::ctap2::{
    GET_INFO, Request, get_assertion, get_assertion_by, make_credential, make_discoverable,
};
use brasskey_conformance::host::response::{Assertion, Made, flags};
use brasskey_conformance::host::u2f::{Registered, control, register, word};
use brasskey_conformance::host::{Host, u2f};
use brasskey_conformance::key::{Hand, Key, Link, Profile};
use brasskey_tests::forms::Socket;
use brasskey_tests::process::Process;

const RP_ID: &str = "example.com";
const APPLICATION: [u8; 32] = *b"the hash of the application's ID";
/// Accounts that a user has at one website.
const USERS: u64 = 20;
/// What is measured this often, after as many operations each time.
const PARTS: u64 = 20;
/// What the second half may take more than the first, in bytes of memory: what allocators keep is not steady.
const GROWTH: u64 = 1 << 20;

static PROFILE: Profile = Profile {
    has: &[],
    only: None,
    user_action_timeout: 30_000,
};

/// The token touches itself, and nobody cuts its power.
struct Idle(Process);

impl Hand for Idle {
    fn connect(&self) -> Box<dyn Link> {
        Box::new(Socket::to(self.0.address()))
    }

    fn wait_until_asked(&self) {}

    fn press(&self) {}

    fn release(&self) {}

    fn decline(&self) {}

    fn power_cycle(&self) {
        unreachable!("nobody cuts its power")
    }

    fn advance(&self, _: u64) -> bool {
        false
    }
}

/// What a user's website knows.
struct Known {
    made: Made,
    registered: Registered,
}

/// Registers at a token that touches itself, and so asks for nothing.
fn make(host: &mut Host, request: &Request) -> Made {
    let made = Made::of(&host.ctap2(request));
    made.verify();
    made
}

impl Known {
    fn new(host: &mut Host) -> Self {
        let made = make(host, &make_credential(RP_ID, b"the first one"));
        let (data, word) = host.u2f(&register(&APPLICATION));
        word::is(word, word::NO_ERROR);
        let registered = Registered::of(&data, &APPLICATION);
        Self { made, registered }
    }
}

/// The operation of this number: of ten, six sign-ins, three registrations and a look at the key.
fn operate(host: &mut Host, known: &mut Known, number: u64) {
    let user = (number / 10 % USERS).to_be_bytes();
    match number % 10 {
        0 => assert_eq!(host.ctap2(GET_INFO).status, 0),
        // There are so few users that this replaces the passkey of one.
        1 => {
            let token = host.token(permission::MC, Some(RP_ID));
            make(host, &token.on(make_discoverable(RP_ID, &user)));
        }
        2 => known.made = make(host, &make_credential(RP_ID, &user)),
        3 => {
            let (data, word) = host.u2f(&register(&APPLICATION));
            word::is(word, word::NO_ERROR);
            known.registered = Registered::of(&data, &APPLICATION);
        }
        4 | 5 => {
            let handle = &known.registered.key_handle;
            let (_, word) = host.u2f(&u2f::authenticate(control::ENFORCE, &APPLICATION, handle));
            word::is(word, word::NO_ERROR);
        }
        6 => assert_eq!(host.ctap2(get_assertion(RP_ID)).status, 0),
        _ => {
            let response = host.ctap2(get_assertion_by(RP_ID, &[&known.made.id]));
            Assertion::of(&response).verify(&known.made.public_key, RP_ID, flags::UP);
        }
    }
}

/// What the process has of the memory, in bytes.
fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.expect("its memory") * 1024
}

fn main() {
    let mut arguments = env::args().skip(1);
    let program = arguments.next().expect("usage: soak PROGRAM [OPERATIONS]");
    let operations: u64 = arguments
        .next()
        .map_or(1_000_000, |number| number.parse().expect("a number of operations"));
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("key");
    let process = Process::start(Path::new(&program), &state, &[]);
    let id = process.id();
    let key = Key::new(&PROFILE, Box::new(Idle(process)));
    let mut host = key.host();
    host.set_pin(key.pin());
    let mut known = Known::new(&mut host);

    let mut parts = Vec::new();
    println!("operations    a second    memory (KiB)    file (KiB)");
    for part in 1..=PARTS {
        let start = Instant::now();
        for number in operations * (part - 1) / PARTS..operations * part / PARTS {
            // A host that lives for ever would keep all that was ever said.
            if number.is_multiple_of(10_000) {
                host = key.host();
            }
            operate(&mut host, &mut known, number);
        }
        let rate = (operations / PARTS) as f64 / start.elapsed().as_secs_f64();
        let (memory, file) = (memory(id), fs::metadata(&state).expect("the file").len());
        println!(
            "{:>10} {rate:>11.0} {:>15} {:>13}",
            operations * part / PARTS,
            memory / 1024,
            file / 1024
        );
        parts.push((rate, memory, file));
    }
    let (first, middle, last) = (parts[0], parts[parts.len() / 2], parts[parts.len() - 1]);
    println!("the last part took {:.2} times as long as the first", first.0 / last.0);
    assert!(last.1 <= middle.1 + GROWTH, "its memory grows");
    assert!(last.2 <= middle.2, "its file grows");
}
