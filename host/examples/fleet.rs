//! Registers the keys of a fleet and signs in with each, and prints how fast that was and how much memory it took.
//!
//! `cargo run --release -p brasskey --example fleet -- 100000`

use std::env;
use std::error::Error;
use std::fs;
use std::time::Instant;

use brasskey::client::Unwatched;
use brasskey::client::ceremony::{Protocol, create, get};
use brasskey::soft::{Backup, Fleet, UserVerification};
use brasskey::webauthn::{
    CreationOptions, CredentialDescriptor, Origin, RelyingPartyEntity, RequestOptions, UserEntity,
};

fn main() -> Result<(), Box<dyn Error>> {
    let keys = env::args().nth(1).map_or(Ok(10_000), |keys| keys.parse())?;
    run(keys)
}

fn run(keys: u64) -> Result<(), Box<dyn Error>> {
    let origin = Origin::parse("https://login.example.com")?;
    // A fleet for tests has a seed that everybody knows.
    let mut fleet = Fleet::new(
        *b"The same users on every machine.",
        UserVerification::Always,
        Backup::Eligible,
    )?;

    let (before, start) = (memory(), Instant::now());
    let mut credentials = Vec::new();
    for number in 0..keys {
        let user = UserEntity::new(number.to_be_bytes(), format!("user{number}"));
        let options = CreationOptions::new(RelyingPartyEntity::new("example.com"), user)?;
        let answer = fleet.with(number, |key| {
            create(key, &options, &origin, Protocol::Ctap2, &mut Unwatched)
        })??;
        credentials.push(answer.credential_id);
    }
    println!("registrations: {:.0} a second", rate(keys, start));
    if let (Some(before), Some(after)) = (before, memory()) {
        let own: u64 = credentials.iter().map(|id| id.capacity() as u64 + 24).sum();
        println!("memory: {} bytes a key", (after - before).saturating_sub(own) / keys);
    }

    let start = Instant::now();
    for (number, id) in (0..).zip(credentials) {
        let options = RequestOptions::new("example.com")?.allow([CredentialDescriptor::new(id)]);
        fleet.with(number, |key| {
            get(key, &options, &origin, Protocol::Ctap2, &mut Unwatched)
        })??;
    }
    // As browsers do, the client asks first whether the key holds the credential, without a touch.
    println!("sign-ins: {:.0} a second, of two assertions each", rate(keys, start));
    Ok(())
}

fn rate(count: u64, start: Instant) -> f64 {
    count as f64 / start.elapsed().as_secs_f64()
}

/// What this process takes of the memory, in bytes, where the system says so.
fn memory() -> Option<u64> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    Some(pages.split(' ').nth(1)?.parse::<u64>().ok()? * 4096)
}

#[test]
fn a_small_fleet_registers_and_signs_in() -> Result<(), Box<dyn Error>> {
    run(10)
}
