//! The test of a WebAuthn server, without a browser: the library plays browser and key, and the server is one of your
//! own. Here it is a small one, made of the relying-party library `caden`.
//!
//! `cargo run -p brasskey --example server_test`

use std::collections::HashMap;
use std::error::Error;

use brasskey::client::ceremony::{Protocol, create, get};
use brasskey::client::{Key, Unwatched};
use brasskey::soft::{SoftKey, Touch};
use brasskey::webauthn::{
    AssertionResponse, AttestationResponse, Challenge, CreationOptions, CredentialDescriptor, Origin,
    RelyingPartyEntity, RequestOptions, UserEntity,
};

/// What is tested: a server that keeps one credential for each account.
struct Server {
    library: webauthn::RelyingParty,
    credentials: HashMap<String, webauthn::Credential>,
}

impl Server {
    fn new() -> Self {
        Self {
            library: webauthn::RelyingParty::new("example.com", "https://example.com", "Example"),
            credentials: HashMap::new(),
        }
    }

    fn register(
        &mut self,
        account: &str,
        challenge: &webauthn::Challenge,
        answer: &AttestationResponse,
    ) -> Result<(), Box<dyn Error>> {
        let response = webauthn::AuthenticatorAttestationResponse {
            client_data_json: answer.client_data_json.clone(),
            attestation_object: answer.attestation_object.clone(),
        };
        let verified = self
            .library
            .verify_registration(challenge, &response, account.as_bytes())?;
        self.credentials.insert(account.to_owned(), verified.credential);
        Ok(())
    }

    fn sign_in(
        &mut self,
        account: &str,
        challenge: &webauthn::Challenge,
        answer: &AssertionResponse,
    ) -> Result<(), Box<dyn Error>> {
        let response = webauthn::AuthenticatorAssertionResponse {
            client_data_json: answer.client_data_json.clone(),
            authenticator_data: answer.authenticator_data.clone(),
            signature: answer.signature.clone(),
            user_handle: answer.user_handle.clone(),
            credential_id: answer.credential_id.clone(),
        };
        let known = self.credentials.get_mut(account).ok_or("there is no such account")?;
        let verified = self.library.verify_authentication(known, challenge, &response)?;
        known.sign_count = verified.new_sign_count;
        Ok(())
    }
}

/// A browser at an origin, with a key in software that approves everything.
struct Browser {
    key: Key,
    origin: Origin,
}

impl Browser {
    fn at(origin: &str) -> Result<Self, Box<dyn Error>> {
        let soft = SoftKey::builder().touch(Touch::Auto).build()?;
        Ok(Self {
            key: Key::open(Box::new(soft.connect()))?,
            origin: Origin::parse(origin)?,
        })
    }

    /// `navigator.credentials.create()`, with the options that the server sent.
    fn create(&mut self, account: &str, challenge: &[u8]) -> Result<AttestationResponse, Box<dyn Error>> {
        let user = UserEntity::new(account, account);
        let options = CreationOptions::new(RelyingPartyEntity::new("example.com"), user)?
            .challenge(Challenge::from_bytes(challenge));
        Ok(create(
            &mut self.key,
            &options,
            &self.origin,
            Protocol::Ctap2,
            &mut Unwatched,
        )?)
    }

    /// `navigator.credentials.get()`.
    fn get(&mut self, credential_id: &[u8], challenge: &[u8]) -> Result<AssertionResponse, Box<dyn Error>> {
        let allowed = CredentialDescriptor::new(credential_id.to_vec());
        let options = RequestOptions::new("example.com")?
            .challenge(Challenge::from_bytes(challenge))
            .allow([allowed]);
        Ok(get(
            &mut self.key,
            &options,
            &self.origin,
            Protocol::Ctap2,
            &mut Unwatched,
        )?)
    }
}

#[cfg_attr(test, test)]
fn main() -> Result<(), Box<dyn Error>> {
    let mut server = Server::new();
    let mut browser = Browser::at("https://example.com")?;

    let challenge = webauthn::Challenge::new()?;
    let registration = browser.create("alice", &challenge.bytes)?;
    server.register("alice", &challenge, &registration)?;
    println!("alice is registered");

    let challenge = webauthn::Challenge::new()?;
    let answer = browser.get(&registration.credential_id, &challenge.bytes)?;
    server.sign_in("alice", &challenge, &answer)?;
    println!("alice is signed in");

    // What a server must refuse: an answer that comes a second time, a signature that was changed, another site's.
    let next = webauthn::Challenge::new()?;
    assert!(server.sign_in("alice", &next, &answer).is_err(), "a replay");
    let mut forged = browser.get(&registration.credential_id, &next.bytes)?;
    if let Some(last) = forged.signature.last_mut() {
        *last ^= 1;
    }
    assert!(server.sign_in("alice", &next, &forged).is_err(), "a forgery");
    browser.origin = Origin::parse("https://other.example.com")?;
    let phished = browser.get(&registration.credential_id, &next.bytes)?;
    assert!(server.sign_in("alice", &next, &phished).is_err(), "another origin");
    println!("replay, forgery and another origin are refused");
    Ok(())
}
