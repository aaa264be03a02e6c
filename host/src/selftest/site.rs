//! The websites of the self-test.

use crate::client::ceremony::Protocol;
use crate::relying_party::profile::{Profile, Settings};
use crate::relying_party::registrations::{Account, Accounts};
use crate::webauthn::{Algorithm, Origin, OriginError, PrfValues, Requirement, UserEntity};

/// The RP ID of everything but the AWS console. The top-level domain belongs to nobody (RFC 6761 §6.4), so all that a
/// key keeps for this RP ID is the self-test's.
pub const RP_ID: &str = "selftest.brasskey.invalid";

/// Somebody with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: &'static str,
    /// The user handle. Always the same, so that a self-test replaces a passkey that an interrupted one left.
    id: &'static [u8],
}

/// The first account.
pub(super) const ALICE: Person = Person {
    name: "alice",
    id: b"brasskey selftest alice",
};
/// The second account at the same website.
pub(super) const BOB: Person = Person {
    name: "bob",
    id: b"brasskey selftest bob",
};

impl Person {
    pub(super) fn entity(self) -> UserEntity {
        UserEntity {
            id: self.id.to_vec(),
            name: Some(self.name.to_owned()),
            display_name: Some(format!("brasskey selftest: {}", self.name)),
        }
    }
}

/// A website, and what it knows of its accounts.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) settings: Settings,
    pub(super) origin: Origin,
    pub(super) protocol: Protocol,
    /// Whether credentials are made for the AppID, as before WebAuthn.
    pub(super) legacy: bool,
    pub(super) accounts: Accounts,
}

impl Site {
    /// The plain website, without user verification unless it is asked for.
    pub(super) fn plain(protocol: Protocol) -> Result<Self, OriginError> {
        let mut settings = Profile::Webauthn.settings();
        settings.rp.id = RP_ID.to_owned();
        settings.rp.name = Some("brasskey selftest".to_owned());
        settings.origin = format!("https://{RP_ID}");
        settings.user_verification = Requirement::Discouraged;
        settings.algorithms = vec![Algorithm::Es256.cose()];
        Self::new(settings, protocol)
    }

    /// The AWS console.
    pub(super) fn aws(protocol: Protocol) -> Result<Self, OriginError> {
        let mut settings = Profile::Aws.settings();
        settings.algorithms = vec![Algorithm::Es256.cose()];
        Self::new(settings, protocol)
    }

    fn new(settings: Settings, protocol: Protocol) -> Result<Self, OriginError> {
        Ok(Self {
            origin: Origin::parse(&settings.origin)?,
            settings,
            protocol,
            legacy: false,
            accounts: Accounts::default(),
        })
    }

    /// The same website, with credentials of this algorithm.
    pub(super) fn with_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.settings.algorithms = vec![algorithm.cose()];
        self
    }

    /// From now on, asks for the secrets of these inputs.
    pub(super) fn ask_for_secrets(&mut self, first: &[u8], second: &[u8]) {
        self.settings.request_extensions.prf = Some(PrfValues {
            first: first.to_vec(),
            second: Some(second.to_vec()),
        });
    }

    pub(super) fn account(&self, person: Person) -> Option<&Account> {
        self.accounts.account(&self.settings.rp.id, person.name)
    }

    /// The IDs of all its credentials.
    pub(super) fn credential_ids(&self) -> Vec<Vec<u8>> {
        self.accounts.iter().flat_map(ids).collect()
    }
}

/// The IDs of an account's credentials.
pub(super) fn ids(account: &Account) -> impl Iterator<Item = Vec<u8>> {
    let registrations = account.registrations.iter();
    registrations.map(|registration| registration.credential.id.clone())
}
