//! One command at a time, and how long the key takes for it.

use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::Command;
use crate::client::ceremony::{CeremonyError, MalformedAnswer, Protocol};
use crate::client::ctap2::{GetAssertion, GetInfo, MakeCredential, PublicKeyCredentialParameters};
use crate::client::{Error, Key, Watch, u2f};
use crate::webauthn::authenticator_data::credential_id;
use crate::webauthn::{CredentialDescriptor, RelyingPartyEntity, UserEntity};

/// The RP ID of all credentials: no website can have a name below `invalid` (RFC 2606 §2).
pub(super) const RP_ID: &str = "bench.brasskey.invalid";
/// The client data hash; no signature is verified.
const CLIENT_DATA_HASH: [u8; 32] = [0xBE; 32];
/// ES256, which every key knows.
const ES256: i64 = -7;

/// A key under measurement.
pub(super) struct Rounds<'a> {
    key: &'a mut Key,
    protocol: Protocol,
    watch: &'a mut dyn Watch,
    application: [u8; 32],
    /// The last credential, for sign-ins: not discoverable, so that the key need not keep it.
    credential: Option<Vec<u8>>,
}

impl<'a> Rounds<'a> {
    pub(super) fn new(key: &'a mut Key, protocol: Protocol, watch: &'a mut dyn Watch) -> Self {
        Self {
            key,
            protocol,
            watch,
            application: Sha256::digest(RP_ID).into(),
            credential: None,
        }
    }

    /// Sends `command` once, and returns the time from the request to the answer.
    pub(super) fn once(&mut self, command: Command) -> Result<Duration, CeremonyError> {
        if self.watch.is_cancelled() {
            return Err(Error::Cancelled.into());
        }
        if command == Command::Authenticate && self.credential.is_none() {
            self.register()?;
        }
        let begun = Instant::now();
        match command {
            Command::Info => self.info()?,
            Command::Register => self.register()?,
            Command::Authenticate => self.authenticate()?,
        }
        Ok(begun.elapsed())
    }

    fn info(&mut self) -> Result<(), Error> {
        match self.protocol {
            Protocol::Ctap2 => self.key.send(&GetInfo, self.watch).map(drop),
            Protocol::U2f => u2f::version(self.key.channel()).map(drop),
        }
    }

    fn register(&mut self) -> Result<(), CeremonyError> {
        let credential = match self.protocol {
            Protocol::Ctap2 => {
                let rp = RelyingPartyEntity {
                    id: RP_ID.to_owned(),
                    name: None,
                };
                let user = UserEntity {
                    id: b"bench".to_vec(),
                    name: Some("bench".to_owned()),
                    display_name: None,
                };
                let algorithms = vec![PublicKeyCredentialParameters::public_key(ES256)];
                let request = MakeCredential::new(CLIENT_DATA_HASH, rp, user, algorithms);
                let attestation = self.key.send(&request, self.watch)?;
                credential_id(&attestation.auth_data)
                    .ok_or(MalformedAnswer::CredentialMissing)?
                    .to_vec()
            }
            Protocol::U2f => {
                u2f::with_touch(self.key.channel(), self.watch, |channel| {
                    u2f::register(channel, &CLIENT_DATA_HASH, &self.application)
                })?
                .key_handle
            }
        };
        self.credential = Some(credential);
        Ok(())
    }

    fn authenticate(&mut self) -> Result<(), Error> {
        let credential = self.credential.as_deref().unwrap_or_default();
        match self.protocol {
            Protocol::Ctap2 => {
                let allowed = CredentialDescriptor::new(credential.to_vec());
                let request = GetAssertion::new(RP_ID.to_owned(), CLIENT_DATA_HASH, vec![allowed]);
                self.key.send(&request, self.watch).map(drop)
            }
            Protocol::U2f => u2f::with_touch(self.key.channel(), self.watch, |channel| {
                let (challenge, application) = (&CLIENT_DATA_HASH, &self.application);
                u2f::authenticate(channel, u2f::Control::Enforce, challenge, application, credential)
            })
            .map(drop),
        }
    }
}
