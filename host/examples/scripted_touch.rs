//! A key whose user follows a script: touches once, then refuses; and one whose button the test presses.
//!
//! `cargo run -p brasskey --example scripted_touch`

use std::error::Error;
use std::thread;
use std::time::Duration;

use brasskey::client::ceremony::{CeremonyError, Protocol, create};
use brasskey::client::{Key, Unwatched};
use brasskey::soft::{Answer, SoftKey, Touch};
use brasskey::webauthn::{AttestationResponse, CreationOptions, Origin, RelyingPartyEntity, UserEntity};

fn register(key: &mut Key, account: &str) -> Result<AttestationResponse, CeremonyError> {
    let origin = Origin::parse("https://example.com")?;
    let user = UserEntity::new(account, account);
    let options = CreationOptions::new(RelyingPartyEntity::new("example.com"), user)?;
    create(key, &options, &origin, Protocol::Ctap2, &mut Unwatched)
}

#[cfg_attr(test, test)]
fn main() -> Result<(), Box<dyn Error>> {
    // Somebody who touches the key once, and then says no.
    let script = Touch::Script(vec![Answer::Touch, Answer::Decline]);
    let soft = SoftKey::builder().touch(script).build()?;
    let mut key = Key::open(Box::new(soft.connect()))?;
    register(&mut key, "alice")?;
    let Err(refused) = register(&mut key, "bob") else {
        return Err("the script says no".into());
    };
    println!("alice is registered; for bob: {refused}");

    // A button. What the key waits for is what a person would be shown.
    let soft = SoftKey::builder().touch(Touch::Control).build()?;
    let mut key = Key::open(Box::new(soft.connect()))?;
    let finger = thread::spawn(move || {
        let asked = soft.wait_until_asked(Duration::from_secs(30));
        soft.pulse();
        asked
    });
    register(&mut key, "carol")?;
    let asked = finger
        .join()
        .map_err(|_| "the finger slipped")?
        .ok_or("nobody was asked")?;
    assert_eq!(asked.user.as_deref(), Some("carol"));
    println!("touched to {asked}");
    Ok(())
}
