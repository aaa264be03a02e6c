//! Registers a key and signs in with it, with every check printed: with the first key that is plugged in, or, where
//! there is none, with a key in software.
//!
//! `cargo run -p brasskey --example sign_in`

use std::error::Error;

use brasskey::client::ceremony::{Protocol, create, get};
use brasskey::client::{Key, Unwatched};
use brasskey::relying_party::{
    ExpectedAuthentication, ExpectedRegistration, Report, verify_authentication, verify_registration,
};
use brasskey::soft::{SoftKey, Touch};
use brasskey::text::escape;
use brasskey::transport;
use brasskey::webauthn::{CreationOptions, Origin, RelyingPartyEntity, RequestOptions, UserEntity};

fn main() -> Result<(), Box<dyn Error>> {
    let plugged_in = transport::list()?;
    let key = match plugged_in.first() {
        Some(listed) => {
            // What a key calls itself is text from outside.
            println!("touch {}", escape(listed.product.as_deref().unwrap_or("the key")));
            Key::open(listed.address.open()?)?
        }
        None => soft_key()?,
    };
    register_and_sign_in(key)
}

/// A key in this process, which approves everything.
fn soft_key() -> Result<Key, Box<dyn Error>> {
    let soft = SoftKey::builder().touch(Touch::Auto).build()?;
    Ok(Key::open(Box::new(soft.connect()))?)
}

fn register_and_sign_in(mut key: Key) -> Result<(), Box<dyn Error>> {
    let origin = Origin::parse("https://login.example.com")?;
    // A key from before CTAP2 speaks U2F.
    let protocol = match key.info() {
        Some(_) => Protocol::Ctap2,
        None => Protocol::U2f,
    };

    // The website asks, the browser takes it to the key, and the website checks what comes back.
    let alice = UserEntity::new(*b"a random number", "alice");
    let options = CreationOptions::new(RelyingPartyEntity::new("example.com"), alice.clone())?;
    let answer = create(&mut key, &options, &origin, protocol, &mut Unwatched)?;
    let (report, credential) = verify_registration(ExpectedRegistration::new(options, &origin), &answer);
    show("registration", &report);
    let mut credential = credential.ok_or("the registration is refused")?;

    let options = RequestOptions::new("example.com")?.allow([&credential]);
    let answer = get(&mut key, &options, &origin, protocol, &mut Unwatched)?;
    let expected = ExpectedAuthentication::new(options, &origin, alice.id);
    let (report, authentication) = verify_authentication(expected, &credential, &answer);
    show("sign-in", &report);
    // The next sign-in has to have a higher counter.
    credential.counter = authentication.ok_or("the sign-in is refused")?.counter;
    Ok(())
}

fn show(what: &str, report: &Report) {
    println!("{what}:");
    for check in &report.checks {
        println!("  {:?} {}: {}", check.outcome, check.name, check.detail);
    }
}

/// Not with a key that happens to be plugged in, which nobody touches.
#[test]
fn a_key_in_software_registers_and_signs_in() -> Result<(), Box<dyn Error>> {
    register_and_sign_in(soft_key()?)
}
