//! A key for fuzzing: memory for storage, a user who always touches, the same numbers in every run.

#[path = "../../tests/src/histories/mod.rs"]
pub mod histories;
pub mod host;
#[path = "../../protocol/examples/platform/mod.rs"]
mod platform;
pub mod request;

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;

use brasskey_protocol::authenticator::{Authenticator, Backup, Config};
use brasskey_protocol::cbor::{Item, scan};
use brasskey_protocol::ctap2;
use brasskey_protocol::platform::{Clock, Platform, Seams};
use brasskey_protocol::rng::HealthyRng;
pub use platform::{Dark, Memory, Touched};
use rand_core::{TryCryptoRng, TryRng};

/// Splits an input into messages, each behind its length in two bytes: a sequence finds what one message cannot.
pub fn messages(mut input: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = input.split_first_chunk()?;
        let (message, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
        input = rest;
        Some(message)
    })
}

/// What a CTAP2 response holds: a defined status, and with success nothing or one canonical item.
pub fn answer(response: &[u8]) -> Result<Option<Item<'_>>, ctap2::Status> {
    match response {
        [0] => Ok(None),
        [0, answer @ ..] => {
            assert!(scan(answer).is_ok(), "not canonical: {answer:02x?}");
            Ok(Item::split(answer).map(|(item, _)| item))
        }
        [code] => {
            let status = ctap2::Status::from(*code);
            assert!(
                !matches!(
                    status,
                    ctap2::Status::Extension(_)
                        | ctap2::Status::Vendor(_)
                        | ctap2::Status::Unknown(_)
                        | ctap2::Status::Other
                ),
                "{status}"
            );
            Err(status)
        }
        other => panic!("neither a status nor an answer: {other:02x?}"),
    }
}

/// A new key.
pub fn key() -> Authenticator<World> {
    start(seams(Time::default()))
}

/// A new world, with this clock.
pub fn seams(clock: Time) -> Seams<World> {
    Seams {
        presence: Touched,
        storage: Memory::default(),
        rng: HealthyRng::new(Dice(1)),
        clock,
        indicator: Dark,
    }
}

/// The key plugged in.
pub fn start(seams: Seams<World>) -> Authenticator<World> {
    let config = Config {
        aaguid: [0; 16],
        firmware_version: 1,
        lists_recent_algorithms: true,
        backup: Backup::Never,
    };
    Authenticator::new(seams, config).unwrap_or_else(|(_, error)| panic!("memory is always there: {error}"))
}

/// The platform.
pub struct World;

impl Platform for World {
    type UserPresence = Touched;
    type Storage = Memory;
    type Rng = Dice;
    type Clock = Time;
    type Indicator = Dark;
}

/// SplitMix64: the same numbers in every run, so that an input that fails fails again.
pub struct Dice(pub u64);

impl TryRng for Dice {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(mixed ^ (mixed >> 31))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let drawn = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Dice {}

/// Milliseconds since power-up, as the fuzz target says. It stands still otherwise: then a reset stays allowed.
#[derive(Clone, Default)]
pub struct Time(pub Rc<Cell<u64>>);

impl Clock for Time {
    fn now(&self) -> u64 {
        self.0.get()
    }
}
