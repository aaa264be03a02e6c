//! What a relying party asks for: the options of WebAuthn Level 3 §5.4 and §5.5, with raw bytes where JavaScript has
//! buffers.

use std::time::Duration;

use super::algorithm::Algorithm;
use super::challenge::{Challenge, NoRandomness};
use super::entities::{
    AttestationConveyancePreference, CredentialDescriptor, RelyingPartyEntity, Requirement, UserEntity,
};
use super::extensions::{CreationExtensions, RequestExtensions};
use super::json::Attachment;

/// `PublicKeyCredentialCreationOptions` (§5.4). [`CreationOptions::new`] has the defaults, and each method changes one
/// thing.
#[derive(Debug)]
pub struct CreationOptions {
    /// Who asks.
    pub rp: RelyingPartyEntity,
    /// For which account.
    pub user: UserEntity,
    /// The challenge, which can be used once. So the options can be used once, too: verification consumes them.
    pub challenge: Challenge,
    /// COSE algorithm identifiers, the most wanted first (`pubKeyCredParams`).
    pub algorithms: Vec<i64>,
    /// Credentials that the key must not already hold (`excludeCredentials`).
    pub exclude: Vec<CredentialDescriptor>,
    /// How much of the key's attestation the client passes on.
    pub attestation: AttestationConveyancePreference,
    /// Whether the key verifies the user (PIN or fingerprint).
    pub user_verification: Requirement,
    /// Where the key has to be (`authenticatorAttachment`); `None` where that does not matter.
    pub attachment: Option<Attachment>,
    /// Whether the key keeps the credential itself (`residentKey`).
    pub resident_key: Requirement,
    /// The `appidExclude` extension (§10.1.2): the AppID that some of the excluded credentials were made for.
    pub app_id_exclude: Option<String>,
    /// The AppID under which a U2F-only registration is made instead of the RP ID, as relying parties did before
    /// WebAuthn. `None` for every registration of today.
    pub legacy_app_id: Option<String>,
    /// The extensions that involve the key.
    pub extensions: CreationExtensions,
    /// How long the ceremony may take.
    pub timeout: Duration,
}

impl CreationOptions {
    /// The standard's defaults: any of our algorithms, the user verified where the key
    /// can, no attestation, no credential that the key keeps. With a challenge of its own.
    ///
    /// # Errors
    /// [`NoRandomness`], for the challenge.
    pub fn new(rp: RelyingPartyEntity, user: UserEntity) -> Result<Self, NoRandomness> {
        Ok(Self {
            rp,
            user,
            challenge: Challenge::issue()?,
            algorithms: Algorithm::ALL.map(Algorithm::cose).to_vec(),
            exclude: Vec::new(),
            attestation: AttestationConveyancePreference::None,
            user_verification: Requirement::Preferred,
            attachment: None,
            resident_key: Requirement::Discouraged,
            app_id_exclude: None,
            legacy_app_id: None,
            extensions: CreationExtensions::default(),
            timeout: Challenge::LIFETIME,
        })
    }

    /// The algorithms, by their COSE identifiers, the most wanted first.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl Into<Vec<i64>>) -> Self {
        self.algorithms = algorithms.into();
        self
    }

    /// The credentials that the account has: a key that holds one of them is not registered again.
    #[must_use]
    pub fn exclude(mut self, credentials: impl IntoIterator<Item = impl Into<CredentialDescriptor>>) -> Self {
        self.exclude = credentials.into_iter().map(Into::into).collect();
        self
    }

    /// How much of the key's attestation the client passes on.
    #[must_use]
    pub fn attestation(mut self, attestation: AttestationConveyancePreference) -> Self {
        self.attestation = attestation;
        self
    }

    /// Whether the key keeps the credential itself, as a passkey.
    #[must_use]
    pub fn resident_key(mut self, requirement: Requirement) -> Self {
        self.resident_key = requirement;
        self
    }

    /// The text whose SHA-256 the key is given as `rpIdHash` or application parameter.
    pub fn scope(&self) -> &str {
        self.legacy_app_id.as_deref().unwrap_or(&self.rp.id)
    }
}

/// `PublicKeyCredentialRequestOptions` (§5.5). [`RequestOptions::new`] has the defaults, and each method changes one
/// thing.
#[derive(Debug)]
pub struct RequestOptions {
    /// The RP ID.
    pub rp_id: String,
    /// The single-use challenge.
    pub challenge: Challenge,
    /// The credentials that may answer (`allowCredentials`); empty asks for a discoverable one.
    pub allow: Vec<CredentialDescriptor>,
    /// Whether the key verifies the user.
    pub user_verification: Requirement,
    /// The `appid` extension (§10.1.1): the AppID that U2F registrations were made with.
    pub app_id: Option<String>,
    /// The extensions that involve the key.
    pub extensions: RequestExtensions,
    /// How long the ceremony may take.
    pub timeout: Duration,
}

impl RequestOptions {
    /// The standard's defaults: a passkey of any account, and the user verified where
    /// the key can. With a challenge of its own.
    ///
    /// # Errors
    /// [`NoRandomness`], for the challenge.
    pub fn new(rp_id: impl Into<String>) -> Result<Self, NoRandomness> {
        Ok(Self {
            rp_id: rp_id.into(),
            challenge: Challenge::issue()?,
            allow: Vec::new(),
            user_verification: Requirement::Preferred,
            app_id: None,
            extensions: RequestExtensions::default(),
            timeout: Challenge::LIFETIME,
        })
    }

    /// The credentials that may answer: those of the account that signs in.
    #[must_use]
    pub fn allow(mut self, credentials: impl IntoIterator<Item = impl Into<CredentialDescriptor>>) -> Self {
        self.allow = credentials.into_iter().map(Into::into).collect();
        self
    }

    /// The AppID that U2F credentials were made for.
    #[must_use]
    pub fn app_id(mut self, app_id: impl Into<String>) -> Self {
        self.app_id = Some(app_id.into());
        self
    }
}

/// What both kinds of options can be told.
macro_rules! in_both {
    ($options:ident, $extensions:ident) => {
        impl $options {
            /// Another challenge than the one that [`new`](Self::new) issued.
            #[must_use]
            pub fn challenge(mut self, challenge: Challenge) -> Self {
                self.challenge = challenge;
                self
            }

            /// Whether the key verifies the user.
            #[must_use]
            pub fn user_verification(mut self, requirement: Requirement) -> Self {
                self.user_verification = requirement;
                self
            }

            /// The extensions.
            #[must_use]
            pub fn extensions(mut self, extensions: $extensions) -> Self {
                self.extensions = extensions;
                self
            }
        }
    };
}

in_both!(CreationOptions, CreationExtensions);
in_both!(RequestOptions, RequestExtensions);

#[cfg(test)]
mod tests {
    use super::*;

    fn registration() -> CreationOptions {
        CreationOptions::new(RelyingPartyEntity::new("example.com"), UserEntity::new([1], "alice")).unwrap()
    }

    /// WebAuthn Level 3 §5.4, §5.4.4 and §5.5.
    #[test]
    fn options_begin_as_the_standard_has_them() {
        let options = registration();
        assert_eq!(
            (options.rp.id.as_str(), options.rp.name.as_deref()),
            ("example.com", Some("example.com"))
        );
        assert_eq!(
            (options.user.name.as_deref(), options.user.display_name.as_deref()),
            (Some("alice"), Some("alice"))
        );
        assert_eq!(options.algorithms.first(), Some(&-7));
        assert_eq!(options.exclude, []);
        assert_eq!(options.attestation, AttestationConveyancePreference::None);
        assert_eq!(options.user_verification, Requirement::Preferred);
        assert_eq!(options.resident_key, Requirement::Discouraged);
        assert_eq!(options.extensions, CreationExtensions::default());

        let options = RequestOptions::new("example.com").unwrap();
        assert_eq!(options.allow, []);
        assert_eq!(options.user_verification, Requirement::Preferred);
        assert_eq!(options.extensions, RequestExtensions::default());
    }

    #[test]
    fn no_two_options_have_the_same_challenge() {
        assert_ne!(registration().challenge, registration().challenge);
        let request = || RequestOptions::new("example.com").unwrap();
        assert_ne!(request().challenge, request().challenge);
    }

    #[test]
    fn each_method_says_one_thing_more() {
        let credential = CredentialDescriptor::new(vec![7]);
        let options = registration()
            .challenge(Challenge::from_bytes(*b"a server's"))
            .algorithms([-8])
            .exclude([credential.clone()])
            .attestation(AttestationConveyancePreference::Direct)
            .user_verification(Requirement::Required)
            .resident_key(Requirement::Required);
        assert_eq!(options.challenge.bytes(), b"a server's");
        assert_eq!(options.algorithms, [-8]);
        assert_eq!(options.exclude, std::slice::from_ref(&credential));
        assert_eq!(options.attestation, AttestationConveyancePreference::Direct);
        assert_eq!(options.user_verification, Requirement::Required);
        assert_eq!(options.resident_key, Requirement::Required);

        let options = RequestOptions::new("example.com")
            .unwrap()
            .challenge(Challenge::from_bytes(*b"a server's"))
            .allow([credential.clone()])
            .user_verification(Requirement::Discouraged)
            .app_id("https://example.com/app-id.json");
        assert_eq!(options.challenge.bytes(), b"a server's");
        assert_eq!(options.allow, [credential]);
        assert_eq!(options.user_verification, Requirement::Discouraged);
        assert_eq!(options.app_id.as_deref(), Some("https://example.com/app-id.json"));
    }
}
