//! The key's one-time codes on the chip's flash.

use std::convert::Infallible;
use std::format;
use std::string::String;

use brasskey_protocol::authenticator::{Authenticator, Backup, Config};
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::platform::{
    Clock, Indication, Indicator, Platform, Presence, PresenceRequest, Seams, UserPresence,
};
use brasskey_protocol::rng::HealthyRng;
use rand_core::{TryCryptoRng, TryRng};

use super::*;

struct Bare;

impl Platform for Bare {
    type UserPresence = Nobody;
    type Storage = &'static mut Records<'static, Chip>;
    type Rng = Count;
    type Clock = Start;
    type Indicator = Dark;
}

struct Nobody;

impl UserPresence for Nobody {
    fn wait(&mut self, _: &PresenceRequest<'_>, _: u64) -> Presence {
        Presence::TimedOut
    }

    fn poll(&mut self, _: u32, _: &PresenceRequest<'_>) -> Option<Presence> {
        None
    }

    fn forget(&mut self) {}
}

/// Other bytes each time, which is all that is asked of it here.
struct Count(u64);

impl TryRng for Count {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|next| next as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 += 1;
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let next = self.try_next_u64()?.to_be_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Count {}

struct Start;

impl Clock for Start {
    fn now(&self) -> u64 {
        0
    }
}

struct Dark;

impl Indicator for Dark {
    fn show(&mut self, _: Indication) {}
}

fn plug_in(storage: &'static mut Records<'static, Chip>, draws: u64) -> Authenticator<Bare> {
    let seams = Seams {
        presence: Nobody,
        storage,
        rng: HealthyRng::new(Count(draws)),
        clock: Start,
        indicator: Dark,
    };
    let config = Config {
        aaguid: [0; 16],
        firmware_version: 1,
        lists_recent_algorithms: false,
        backup: Backup::Never,
    };
    Authenticator::new(seams, config).map_err(|(_, error)| error).unwrap()
}

/// Data and status word.
fn send(key: &mut Authenticator<Bare>, apdu: &[u8]) -> (Vec<u8>, u16) {
    let mut response = Box::new([0; MAX_MESSAGE]);
    let length = key.oath(0, apdu, &mut response);
    let (data, word) = response[..length].split_last_chunk().unwrap();
    (data.to_vec(), u16::from_be_bytes(*word))
}

/// Adds an account that is as long as can be: a name and a secret of 64 bytes.
fn put(key: &mut Authenticator<Bare>, number: u8) -> u16 {
    let head = [0, 0x01, 0, 0, 2 + 64 + 2 + 66, 0x71, 64];
    let name = format!("{number:064}");
    let apdu = [&head[..], name.as_bytes(), &[0x73, 66, 0x23, 6], &[number; 64]].concat();
    let (data, word) = send(key, &apdu);
    assert!(data.is_empty());
    word
}

fn names(key: &mut Authenticator<Bare>) -> Vec<String> {
    let (data, word) = send(key, &[0, 0xa1, 0, 0]);
    assert_eq!(word, 0x9000);
    let entries = data.chunks(67);
    let mut names: Vec<_> = entries
        .map(|entry| String::from_utf8(entry[3..].to_vec()).unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn sixty_four_of_the_longest_accounts_fit_and_a_full_flash_says_so() {
    let index = Box::leak(Box::new(Index::new()));
    let records = Box::leak(Box::new(Records::start(Chip::new(), index).unwrap()));
    let mut key = plug_in(records, 0);
    let mut count = 0;
    let refusal = loop {
        match put(&mut key, count) {
            0x9000 => count += 1,
            word => break word,
        }
    };
    assert_eq!(refusal, 0x6a84);
    assert!(count >= 64, "{count}");
    let expected: Vec<_> = (0..count).map(|number| format!("{number:064}")).collect();
    assert_eq!(names(&mut key), expected);
    // Nothing that is there needs room to change: accounts of the same length, and the access code.
    assert_eq!(put(&mut key, 3), 0x9000);
    assert_eq!(send(&mut key, &[0, 0x03, 0, 0, 2, 0x73, 0]).1, 0x9000);
    let mut key = plug_in(key.into_seams().storage, 1 << 32);
    assert_eq!(names(&mut key), expected);
    assert_eq!(send(&mut key, &[0, 0x04, 0xde, 0xad]).1, 0x9000);
    assert_eq!(names(&mut key), <[String; 0]>::default());
    assert_eq!(put(&mut key, 0), 0x9000);
}
