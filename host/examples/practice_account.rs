//! A security key for a user of the practice account, without a browser: enrolled, and used to sign in.
//!
//! `cargo run --example practice_account`, with the feature `aws`.

use std::error::Error;

use brasskey::client::ceremony::{Protocol, create, get};
use brasskey::client::{Key, Unwatched};
use brasskey::practice::{AwsUser, Console, Options};
use brasskey::soft::{SoftKey, Touch};

fn main() -> Result<(), Box<dyn Error>> {
    // For people the same account is at `console.url()`, and for `aws --endpoint-url` at `console.endpoint()`.
    let console = Console::start(Options::default())?;
    println!("serving {}", console.url());
    let serial = enroll_and_sign_in(&console)?;
    println!("alice signs in with {serial}");
    Ok(())
}

/// Returns the serial number of the device that alice signed in with.
fn enroll_and_sign_in(console: &Console) -> Result<String, Box<dyn Error>> {
    let alice: AwsUser = "alice".parse().map_err(|_| "no name of a user")?;
    let soft = SoftKey::builder().touch(Touch::Auto).build()?;
    let mut key = Key::open(Box::new(soft.connect()))?;

    // Assign MFA device: the website asks, the browser takes it to the key, and the website checks what comes back.
    let options = console.creation_options(&alice)?;
    let answer = create(&mut key, &options, console.origin(), Protocol::Ctap2, &mut Unwatched)?;
    let name = "key-at-home".parse().map_err(|_| "no name of a device")?;
    let (report, registered) = console.register_security_key(&alice, &name, options, &answer)?;
    for check in &report.checks {
        println!("  {:?} {}: {}", check.outcome, check.name, check.detail);
    }
    registered?;

    // The next sign-in asks for it, after the password.
    let options = console.request_options(&alice)?;
    let answer = get(&mut key, &options, console.origin(), Protocol::Ctap2, &mut Unwatched)?;
    let (_, verified) = console.verify_security_key(&alice, options, &answer)?;
    Ok(verified?)
}

#[test]
fn alice_signs_in_with_the_key_that_she_enrolled() -> Result<(), Box<dyn Error>> {
    let console = Console::start(Options::default())?;
    let serial = enroll_and_sign_in(&console)?;
    let alice = "alice".parse().map_err(|_| "no name of a user")?;
    let devices = console.with_account(|account| {
        let devices = account.devices(&alice).into_iter();
        devices
            .map(|device| (device.serial.clone(), device.last_used.is_some()))
            .collect::<Vec<_>>()
    })?;
    assert_eq!(devices, [(serial, true)]);
    Ok(())
}
