//! How many sign-ins a second a program gets from a key in its process: the whole ceremony of a browser, and the
//! command alone. `tests/compare-speed` puts them beside those of other languages and of other keys in software.
//!
//! `cargo run --release -p brasskey --example rates -- 3`

use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use brasskey::client::ceremony::{create_json, get_json};
use brasskey::client::ctap2::GetAssertion;
use brasskey::client::{Key, Unwatched};
use brasskey::soft::{SoftKey, Touch};
use brasskey::webauthn::json::Attachment;
use brasskey::webauthn::{CredentialDescriptor, Origin};
use serde_json::{Value, json};

const RP_ID: &str = "example.com";
const CHALLENGE: &str = "c2VydmVycyBtYWtlIGEgcmFuZG9tIG9uZQ";

fn main() -> Result<(), Box<dyn Error>> {
    let seconds = env::args().nth(1).map_or(Ok(3.0), |seconds| seconds.parse())?;
    let rates = rates(Duration::try_from_secs_f64(seconds)?)?;
    println!("{}", serde_json::to_string_pretty(&rates)?);
    Ok(())
}

fn rates(time: Duration) -> Result<Value, Box<dyn Error>> {
    let soft = SoftKey::builder().touch(Touch::Auto).build()?;
    let mut key = Key::open(Box::new(soft.connect()))?;
    let origin = Origin::parse("https://login.example.com")?;
    let options = json!({
        "rp": { "id": RP_ID, "name": "Example" },
        "user": { "id": "YWxpY2U", "name": "alice", "displayName": "Alice" },
        "challenge": CHALLENGE,
        "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
    });
    let place = Attachment::CrossPlatform;
    let made = create_json(&mut key, &options.to_string(), &origin, place, &mut Unwatched)?;
    let made: Value = serde_json::from_str(&made)?;
    let id = made["id"].as_str().ok_or("the registration has no ID")?;
    let options = json!({
        "rpId": RP_ID,
        "challenge": CHALLENGE,
        "allowCredentials": [{ "type": "public-key", "id": id }],
    })
    .to_string();
    let ceremony = rate(time, || {
        get_json(&mut key, &options, &origin, place, &mut Unwatched)?;
        Ok(())
    })?;
    let allowed = vec![CredentialDescriptor::new(URL_SAFE_NO_PAD.decode(id)?)];
    let request = GetAssertion::new(RP_ID.to_owned(), [0; 32], allowed);
    let command = rate(time, || {
        key.send(&request, &mut Unwatched)?;
        Ok(())
    })?;
    Ok(json!({
        "Rust, brasskey: a browser's whole ceremony": ceremony.round(),
        "Rust, brasskey: the command alone": command.round(),
    }))
}

fn rate(time: Duration, mut sign_in: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<f64, Box<dyn Error>> {
    sign_in()?;
    let begun = Instant::now();
    let mut count = 0.0;
    loop {
        sign_in()?;
        count += 1.0;
        if begun.elapsed() >= time {
            return Ok(count / begun.elapsed().as_secs_f64());
        }
    }
}

#[test]
fn both_are_measured() {
    let rates = rates(Duration::ZERO).unwrap();
    let rates = rates.as_object().unwrap();
    assert_eq!(rates.len(), 2);
    assert!(rates.values().all(|rate| rate.as_f64() > Some(0.0)));
}
