//! What is undone where something fails, with a program in place of the AWS CLI and cards in place of keys.

use std::cell::Cell;
use std::fs;
use std::sync::{Arc, Mutex};

use super::*;
use crate::cli::aws::tool::testing::{FakeAws, consent};
use crate::client::oath::{Card, Oath};
use crate::client::{self, Watch};

const SERIAL: &str = "arn:aws:iam::123456789012:mfa/work";
/// A seed, as the CLI writes it to where `--outfile` leads, and the answer.
const CREATE: &str = "for a in \"$@\"; do [ \"$last\" = --outfile ] && echo MZXW6YTBOI > \"$a\"; last=$a; \
                      done; echo '{\"VirtualMFADevice\": {}}'";
const LISTED: &str = "echo '{\"MFADevices\": [{\"SerialNumber\": \"arn:aws:iam::123456789012:mfa/work\"}]}'";

/// A card that answers this to each instruction but SELECT, and notes it. A code is always 000001.
struct Noting {
    answers: fn(u8) -> u16,
    noted: Arc<Mutex<Vec<u8>>>,
}

impl Card for Noting {
    fn transmit(&mut self, apdu: &[u8], _: &mut dyn Watch) -> Result<Vec<u8>, client::Error> {
        if apdu[1] == 0xA4 && apdu[2] == 0x04 {
            return Ok(b"\x79\x03\x05\x04\x03\x71\x08IDENTITY\x90\x00".to_vec());
        }
        self.noted.lock().unwrap().push(apdu[1]);
        let status = (self.answers)(apdu[1]);
        let mut answer = match (apdu[1], status) {
            (0xA2, 0x9000) => vec![0x76, 5, 6, 0, 0, 0, 1],
            _ => Vec::new(),
        };
        answer.extend_from_slice(&status.to_be_bytes());
        Ok(answer)
    }
}

const PUT: u8 = 0x01;
const DELETE: u8 = 0x02;
const CALCULATE: u8 = 0xA2;

fn key(answers: fn(u8) -> u16) -> (Session, Arc<Mutex<Vec<u8>>>) {
    let noted = Arc::<Mutex<Vec<u8>>>::default();
    let card = Noting {
        answers,
        noted: Arc::clone(&noted),
    };
    (Session::of(Oath::select(Box::new(card)).unwrap(), "key"), noted)
}

/// Time passes only while it is waited for.
struct Jumping(Cell<u64>);

impl Clock for Jumping {
    fn now(&self) -> u64 {
        self.0.get()
    }

    fn wait(&self, time: u64, _: &Session, _: &Output) -> Result<(), Failure> {
        self.0.set(time);
        Ok(())
    }
}

/// Runs an enrolment, and returns what it came to, the calls of the CLI, and the instructions of both keys.
fn enrol(
    fake: &FakeAws,
    answers: fn(u8) -> u16,
    spare: Option<fn(u8) -> u16>,
) -> (Result<bool, Failure>, Vec<String>, Vec<u8>, Vec<u8>) {
    let aws = fake.aws();
    let consent = consent();
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::at(directory.path().to_owned(), SERIAL).unwrap();
    let mut work = Work {
        aws: &aws,
        consent: &consent,
        user: "alice",
        device: &"work".parse().unwrap(),
        serial: SERIAL,
        name: &Name::parse("AWS:work@123456789012", Kind::Totp),
        touch: false,
        is_new: true,
        cache: &cache,
        clock: &Jumping(Cell::new(59)),
        output: &Output::new(false),
    };
    let (mut session, noted) = key(answers);
    let (mut second, second_noted) = key(spare.unwrap_or(|_| 0x9000));
    let mut second = spare.is_some().then_some(&mut second);
    let mut done = Done::default();
    let result = work.run(&mut session, second.as_deref_mut(), &mut done);
    if result.is_err() {
        work.clean_up(&mut session, second, &done);
    }
    // The codes count as used where both were given out.
    let used = noted.lock().unwrap().iter().filter(|byte| **byte == CALCULATE).count();
    assert_eq!(cache.last_step().unwrap(), (used == 2).then_some(2));
    let noted = noted.lock().unwrap().clone();
    let second_noted = second_noted.lock().unwrap().clone();
    (result, fake.calls(), noted, second_noted)
}

fn operations(calls: &[String]) -> Vec<&str> {
    calls.iter().filter_map(|call| call.split(' ').nth(1)).collect()
}

#[test]
fn a_device_is_made_and_enabled_and_its_seed_is_in_no_file() {
    let fake = FakeAws::new();
    fake.answers("iam create-virtual-mfa-device", CREATE);
    fake.answers("iam enable-mfa-device", "true");
    fake.answers("iam list-mfa-devices", LISTED);
    let (result, calls, noted, spare) = enrol(&fake, |_| 0x9000, Some(|_| 0x9000));
    assert!(result.unwrap());
    assert_eq!(
        operations(&calls),
        ["create-virtual-mfa-device", "enable-mfa-device", "list-mfa-devices"]
    );
    assert!(
        calls[1].contains("--authentication-code1 000001 --authentication-code2 000001"),
        "{calls:?}"
    );
    assert!(!calls.concat().contains("MZXW6YTB"));
    assert_eq!((noted, spare), (vec![PUT, CALCULATE, CALCULATE], vec![PUT]));
    let kept = fs::read_dir(fake.path())
        .unwrap()
        .filter_map(|entry| fs::read(entry.unwrap().path()).ok());
    assert_eq!(kept.filter(|file| file.starts_with(b"MZXW6YTB")).count(), 0);
}

#[test]
fn what_aws_refuses_to_make_is_not_deleted() {
    let fake = FakeAws::new();
    fake.refuses(
        "iam create-virtual-mfa-device",
        "EntityAlreadyExists",
        "CreateVirtualMFADevice",
    );
    let (result, calls, noted, _) = enrol(&fake, |_| 0x9000, None);
    let failure = result.unwrap_err();
    assert!(failure.hint().contains("another --name"), "{failure}");
    assert_eq!((operations(&calls), noted), (vec!["create-virtual-mfa-device"], vec![]));
}

#[test]
fn what_may_have_been_made_is_deleted() {
    let fake = FakeAws::new();
    for script in ["echo '{}'", "echo broken >&2; exit 255", "echo MZXW6YTBOI1"] {
        fake.answers("iam create-virtual-mfa-device", script);
        fake.answers("iam delete-virtual-mfa-device", "true");
        let (result, calls, noted, _) = enrol(&fake, |_| 0x9000, None);
        assert_eq!(result.unwrap_err().exit_code(), 7);
        assert_eq!(
            (operations(&calls), noted),
            (vec!["create-virtual-mfa-device", "delete-virtual-mfa-device"], vec![])
        );
    }
}

#[test]
fn a_key_that_does_not_take_the_seed_leaves_no_device() {
    let fake = FakeAws::new();
    fake.answers("iam create-virtual-mfa-device", CREATE);
    fake.answers("iam delete-virtual-mfa-device", "true");
    // Full: and as the account is not there, deleting it finds none.
    let full = |instruction| if instruction == PUT { 0x6A84 } else { 0x6984 };
    let (result, calls, noted, _) = enrol(&fake, full, None);
    assert_eq!(result.unwrap_err().exit_code(), 5);
    assert_eq!(
        operations(&calls),
        ["create-virtual-mfa-device", "delete-virtual-mfa-device"]
    );
    assert_eq!(noted, [PUT, DELETE]);
    // The first key has it, the spare does not.
    let (result, calls, noted, spare) = enrol(&fake, |_| 0x9000, Some(full));
    assert_eq!(result.unwrap_err().exit_code(), 5);
    assert_eq!(
        operations(&calls),
        ["create-virtual-mfa-device", "delete-virtual-mfa-device"]
    );
    assert_eq!((noted, spare), (vec![PUT, DELETE], vec![PUT, DELETE]));
}

#[test]
fn codes_that_are_refused_leave_nothing() {
    let fake = FakeAws::new();
    fake.answers("iam create-virtual-mfa-device", CREATE);
    fake.answers("iam delete-virtual-mfa-device", "true");
    for (code, hint) in [
        ("InvalidAuthenticationCode", "clock"),
        ("EntityTemporarilyUnmodifiable", "wait some minutes"),
        ("LimitExceeded", "at most 8"),
        ("NoSuchEntity", "check the name"),
    ] {
        fake.refuses("iam enable-mfa-device", code, "EnableMFADevice");
        let (result, calls, noted, _) = enrol(&fake, |_| 0x9000, None);
        let failure = result.unwrap_err();
        assert!(failure.hint().contains(hint), "{code}: {}", failure.hint());
        assert_eq!(
            operations(&calls),
            [
                "create-virtual-mfa-device",
                "enable-mfa-device",
                "delete-virtual-mfa-device"
            ]
        );
        assert_eq!(noted, [PUT, CALCULATE, CALCULATE, DELETE]);
    }
}

#[test]
fn a_device_that_may_be_enabled_is_deactivated_first() {
    let fake = FakeAws::new();
    fake.answers("iam create-virtual-mfa-device", CREATE);
    fake.answers(
        "iam enable-mfa-device",
        "echo 'Read timeout on endpoint URL: \"https://iam\"' >&2; exit 255",
    );
    fake.answers("iam deactivate-mfa-device", "true");
    fake.answers("iam delete-virtual-mfa-device", "true");
    let (result, calls, ..) = enrol(&fake, |_| 0x9000, None);
    assert!(result.is_err());
    assert_eq!(
        operations(&calls)[2..],
        ["deactivate-mfa-device", "delete-virtual-mfa-device"]
    );
}

#[test]
fn a_touch_that_never_comes_leaves_nothing() {
    let fake = FakeAws::new();
    fake.answers("iam create-virtual-mfa-device", CREATE);
    fake.answers("iam delete-virtual-mfa-device", "true");
    let untouched = |instruction| if instruction == CALCULATE { 0x6985 } else { 0x9000 };
    let (result, calls, noted, _) = enrol(&fake, untouched, None);
    assert_eq!(result.unwrap_err().exit_code(), 4);
    assert_eq!(
        operations(&calls),
        ["create-virtual-mfa-device", "delete-virtual-mfa-device"]
    );
    assert_eq!(noted, [PUT, CALCULATE, DELETE]);
}
