use std::cell::Cell;

use super::*;
use crate::client::Watch;
use crate::client::oath::{Algorithm, Card, Name, Oath};

/// A card whose code is the time step that it is asked for. A touch takes `slow` seconds of the clock.
struct Telling;

impl Card for Telling {
    fn transmit(&mut self, apdu: &[u8], _: &mut dyn Watch) -> Result<Vec<u8>, client::Error> {
        Ok(match apdu[1] {
            0xA4 if apdu[2] == 0x04 => b"\x79\x03\x05\x04\x03\x71\x08IDENTITY\x90\x00".to_vec(),
            0xA2 => {
                let step = &apdu[apdu.len() - 4..];
                [&[0x76, 5, 6], step, &[0x90, 0x00]].concat()
            }
            _ => vec![0x90, 0x00],
        })
    }
}

/// Time passes while it is waited for, and by so much at each look.
struct Passing {
    now: Cell<u64>,
    each: u64,
}

impl Clock for Passing {
    fn now(&self) -> u64 {
        self.now.replace(self.now.get() + self.each)
    }

    fn wait(&self, time: u64, _: &Session, _: &Output) -> Result<(), Failure> {
        self.now.set(time);
        Ok(())
    }
}

fn account() -> Listed {
    Listed {
        id: b"AWS:work".to_vec(),
        name: Name::parse("AWS:work", Kind::Totp),
        kind: Kind::Totp,
        algorithm: Algorithm::Sha1,
    }
}

fn take(cache: &Cache, clock: &Passing) -> Result<String, Failure> {
    let mut session = Session::of(Oath::select(Box::new(Telling)).unwrap(), "key");
    let account = account();
    let output = Output::new(false);
    fresh(&mut session, &account, "a test", cache, clock, &Voice::Nobody, &output).map(|code| code.to_string())
}

#[test]
fn no_code_is_taken_twice() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::at(directory.path().to_owned(), "GAHT12345678").unwrap();
    let clock = Passing {
        now: Cell::new(100 * 30 + 5),
        each: 0,
    };
    assert_eq!(take(&cache, &clock).unwrap(), "000100");
    assert_eq!(take(&cache, &clock).unwrap(), "000101");
    assert_eq!(clock.now.get(), 101 * 30);
    // Another device has codes of its own.
    let other = Cache::at(directory.path().to_owned(), "GAHT87654321").unwrap();
    assert_eq!(take(&other, &clock).unwrap(), "000101");
    // What was used when the clock was wrong is not waited for.
    cache.use_step(1_000_000).unwrap();
    assert_eq!(take(&cache, &clock).unwrap(), "000101");
}

#[test]
fn two_codes_in_a_row_are_not_taken_again() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::at(directory.path().to_owned(), "GAHT12345678").unwrap();
    let clock = Passing {
        now: Cell::new(100 * 30 + 5),
        each: 0,
    };
    let mut session = Session::of(Oath::select(Box::new(Telling)).unwrap(), "key");
    let codes = two(&mut session, &account(), &cache, &clock, &Output::new(false)).unwrap();
    assert_eq!(codes.map(|code| code.to_string()), ["000100", "000101"]);
    assert_eq!(take(&cache, &clock).unwrap(), "000102");
    assert_eq!(clock.now.get(), 102 * 30);
}

#[test]
fn a_code_that_is_stale_after_its_touch_is_not_used() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::at(directory.path().to_owned(), "GAHT12345678").unwrap();
    let clock = Passing {
        now: Cell::new(3000),
        each: 70,
    };
    let failure = take(&cache, &clock).unwrap_err();
    assert_eq!(failure.exit_code(), 4);
    assert_eq!(cache.last_step().unwrap(), None);
}

#[test]
fn codes_that_count_are_not_for_aws() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::at(directory.path().to_owned(), "GAHT12345678").unwrap();
    let mut session = Session::of(Oath::select(Box::new(Telling)).unwrap(), "key");
    let account = Listed {
        id: b"a".to_vec(),
        name: Name::parse("a", Kind::Hotp),
        kind: Kind::Hotp,
        algorithm: Algorithm::Sha1,
    };
    let clock = Passing {
        now: Cell::new(0),
        each: 0,
    };
    let output = Output::new(false);
    let refused = fresh(
        &mut session,
        &account,
        "a test",
        &cache,
        &clock,
        &Voice::Nobody,
        &output,
    );
    assert_eq!(refused.err().unwrap().exit_code(), 2);
}
