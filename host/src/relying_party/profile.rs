//! The website that is played: a plain WebAuthn site, or the AWS console.

use std::time::Duration;

pub use brasskey_aws::names::{AwsUser, DeviceName, DeviceNameError, LEGACY_APP_ID, MAX_DEVICES, device_arn};

use super::registrations::Account;
use crate::webauthn::{
    Algorithm, AttestationConveyancePreference, CreationExtensions, CreationOptions, CredentialDescriptor,
    NoRandomness, RelyingPartyEntity, RequestExtensions, RequestOptions, Requirement, UserEntity,
};

/// The website that is played.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Profile {
    /// A plain WebAuthn site.
    #[default]
    Webauthn,
    /// The AWS console, as far as it is known: a rehearsal, which never talks to AWS.
    Aws,
}

/// A relying party's settings. The profile gives them, and a caller may change them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// RP ID and name.
    pub rp: RelyingPartyEntity,
    /// The origin that asks.
    pub origin: String,
    /// The AppID to try with keys that were registered before WebAuthn.
    pub app_id: Option<String>,
    /// COSE algorithm identifiers, the most wanted first.
    pub algorithms: Vec<i64>,
    /// How much attestation is asked for.
    pub attestation: AttestationConveyancePreference,
    /// Whether the key verifies the user.
    pub user_verification: Requirement,
    /// Whether the key keeps the credential itself.
    pub resident_key: Requirement,
    /// The extensions of registrations.
    pub creation_extensions: CreationExtensions,
    /// The extensions of sign-ins.
    pub request_extensions: RequestExtensions,
    /// How many registrations an account may have.
    pub limit: Option<usize>,
    /// How long a ceremony may take.
    pub timeout: Duration,
    /// What in these settings is assumed, because the relying party does not publish it. Show it to the user.
    pub assumed: Option<&'static str>,
}

impl Profile {
    /// The settings of the profile.
    pub fn settings(self) -> Settings {
        let entity = |id: &str, name: &str| RelyingPartyEntity {
            id: id.to_owned(),
            name: Some(name.to_owned()),
        };
        let algorithms = Algorithm::USUAL.map(Algorithm::cose).to_vec();
        // The default of WebAuthn Level 3 §15.1, within the challenge's lifetime; a key waits 30 s for the touch.
        let timeout = Duration::from_secs(120);
        match self {
            Self::Webauthn => Settings {
                rp: entity("example.com", "Example"),
                origin: "https://example.com".to_owned(),
                app_id: None,
                algorithms,
                // Asked for, so that the report can say what the key proves about itself.
                attestation: AttestationConveyancePreference::Direct,
                user_verification: Requirement::Preferred,
                resident_key: Requirement::Discouraged,
                creation_extensions: CreationExtensions::default(),
                request_extensions: RequestExtensions::default(),
                limit: None,
                timeout,
                assumed: None,
            },
            Self::Aws => Settings {
                rp: entity("aws.amazon.com", "Amazon Web Services"),
                origin: "https://signin.aws.amazon.com".to_owned(),
                app_id: Some(LEGACY_APP_ID.to_owned()),
                algorithms,
                // AWS shows the certifications of a registered key, which it can know only from its attestation.
                attestation: AttestationConveyancePreference::Direct,
                // The key is the second factor after a password: a touch is enough, and a PIN must not be asked for,
                // which `preferred` would do with a key that has one.
                user_verification: Requirement::Discouraged,
                resident_key: Requirement::Discouraged,
                creation_extensions: CreationExtensions::default(),
                request_extensions: RequestExtensions::default(),
                limit: Some(MAX_DEVICES),
                timeout,
                assumed: Some("AWS does not publish its RP ID, origin, algorithms and requirements"),
            },
        }
    }
}

impl Settings {
    /// The options to register a key for an account. The registrations that the account has are excluded.
    pub fn creation_options(
        &self,
        user: UserEntity,
        account: Option<&Account>,
    ) -> Result<CreationOptions, NoRandomness> {
        Ok(CreationOptions {
            algorithms: self.algorithms.clone(),
            exclude: account.map(descriptors).unwrap_or_default(),
            attestation: self.attestation,
            user_verification: self.user_verification,
            resident_key: self.resident_key,
            app_id_exclude: self.app_id.clone(),
            extensions: self.creation_extensions.clone(),
            timeout: self.timeout,
            ..CreationOptions::new(self.rp.clone(), user)?
        })
    }

    /// The options to sign in to an account with any of its registrations.
    pub fn request_options(&self, account: &Account) -> Result<RequestOptions, NoRandomness> {
        Ok(RequestOptions {
            allow: descriptors(account),
            user_verification: self.user_verification,
            app_id: self.app_id.clone(),
            extensions: self.request_extensions.clone(),
            timeout: self.timeout,
            ..RequestOptions::new(&self.rp.id)?
        })
    }
}

fn descriptors(account: &Account) -> Vec<CredentialDescriptor> {
    let credentials = account
        .registrations
        .iter()
        .map(|registration| &registration.credential);
    credentials.map(CredentialDescriptor::from).collect()
}

#[cfg(test)]
mod tests;
