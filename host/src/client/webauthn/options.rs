//! What a relying party asks for: the options of WebAuthn Level 3 §5.4 and §5.5, with raw bytes where JavaScript has
//! buffers.

use std::time::Duration;

use super::extensions::{CreationExtensions, RequestExtensions};
use crate::relying_party::Challenge;

/// `PublicKeyCredentialCreationOptions` (§5.4).
#[derive(Debug)]
pub struct CreationOptions {
    /// Who asks.
    pub rp: RelyingPartyEntity,
    /// For which account.
    pub user: UserEntity,
    /// The single-use challenge. It makes the options themselves single-use: verification consumes them.
    pub challenge: Challenge,
    /// COSE algorithm identifiers, the most wanted first (`pubKeyCredParams`).
    pub algorithms: Vec<i64>,
    /// Credentials that the key must not already hold (`excludeCredentials`).
    pub exclude: Vec<CredentialDescriptor>,
    /// How much of the key's attestation the client passes on.
    pub attestation: AttestationConveyancePreference,
    /// Whether the key verifies the user (PIN or fingerprint).
    pub user_verification: Requirement,
    /// Whether the key keeps the credential itself (`residentKey`).
    pub resident_key: Requirement,
    /// The `appidExclude` extension (§10.1.2): the AppID that some of the excluded credentials were made for.
    pub app_id_exclude: Option<String>,
    /// The AppID under which a U2F-only registration is made instead of the RP ID, as relying parties did before
    /// WebAuthn. `None` for every registration of today.
    pub legacy_app_id: Option<String>,
    /// The extensions that a key has a part in.
    pub extensions: CreationExtensions,
    /// How long the ceremony may take.
    pub timeout: Duration,
}

impl CreationOptions {
    /// The text whose SHA-256 the key is given as `rpIdHash` or application parameter.
    pub fn scope(&self) -> &str {
        self.legacy_app_id.as_deref().unwrap_or(&self.rp.id)
    }
}

/// `PublicKeyCredentialRequestOptions` (§5.5).
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
    /// The extensions that a key has a part in.
    pub extensions: RequestExtensions,
    /// How long the ceremony may take.
    pub timeout: Duration,
}

/// `PublicKeyCredentialRpEntity` (§5.4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingPartyEntity {
    /// The RP ID: a domain name.
    pub id: String,
    /// The name shown to the user.
    pub name: String,
}

/// `PublicKeyCredentialUserEntity` (§5.4.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserEntity {
    /// The user handle: 1 to 64 bytes that say nothing about the user.
    pub id: Vec<u8>,
    /// The account name, such as `alice`.
    pub name: String,
    /// The name a person goes by, such as `Alice Liddell`.
    pub display_name: String,
}

/// `PublicKeyCredentialDescriptor` (§5.8.3); its type is always `public-key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialDescriptor {
    /// The credential ID.
    pub id: Vec<u8>,
    /// How the key could be reached when it was registered.
    pub transports: Vec<String>,
}

/// `UserVerificationRequirement` (§5.8.6) and `ResidentKeyRequirement` (§5.4.6), which have the same three values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// The ceremony fails without it.
    Required,
    /// Done where the key can.
    Preferred,
    /// Not done unless the key insists.
    Discouraged,
}

/// `AttestationConveyancePreference` (§5.4.7), without `enterprise` and without `indirect`, which clients treat as
/// `direct`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttestationConveyancePreference {
    /// The client removes what says which key this is.
    None,
    /// The client passes the key's statement on as it is.
    Direct,
}
