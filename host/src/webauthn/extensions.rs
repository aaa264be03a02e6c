//! The extensions of WebAuthn Level 3 §10 that involve the key: what a relying party asks for, and what it gets.

use std::fmt;

use zeroize::Zeroizing;

use super::entities::Requirement;

/// The extensions of a registration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreationExtensions {
    /// `credProps` (§10.1.3): whether the website wants to know if the key keeps the credential.
    pub cred_props: bool,
    /// `credentialProtectionPolicy` (CTAP 2.3 §12.1).
    pub cred_protect: Option<CredProtect>,
    /// `prf` (§10.1.4), with values for keys that can evaluate them during registration.
    pub prf: Option<Option<PrfValues>>,
    /// `largeBlob` (§10.1.5): required or preferred.
    pub large_blob: Option<Requirement>,
    /// `minPinLength` (CTAP 2.3 §12.5): only chosen relying parties are told.
    pub min_pin_length: bool,
}

/// The extensions of an authentication.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestExtensions {
    /// `prf`: the values to evaluate.
    pub prf: Option<PrfValues>,
    /// `prf` with other values for some of the allowed credentials, by credential ID (`evalByCredential`).
    pub prf_by_credential: Vec<(Vec<u8>, PrfValues)>,
    /// `largeBlob`.
    pub large_blob: Option<LargeBlobRequest>,
}

impl RequestExtensions {
    /// Whether `prf` is asked for.
    #[must_use]
    pub fn asks_prf(&self) -> bool {
        self.prf.is_some() || !self.prf_by_credential.is_empty()
    }

    /// The values of `prf` for a credential: its own ones, where there are some (§10.1.4).
    #[must_use]
    pub fn prf_values(&self, credential_id: Option<&[u8]>) -> Option<&PrfValues> {
        let own = |(id, _): &&(Vec<u8>, PrfValues)| Some(id.as_slice()) == credential_id;
        let own = self.prf_by_credential.iter().find(own);
        own.map(|(_, values)| values).or(self.prf.as_ref())
    }
}

/// `credentialProtectionPolicy` and `enforceCredentialProtectionPolicy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CredProtect {
    /// The least protection.
    pub policy: CredentialProtection,
    /// Whether a credential with less protection is refused.
    pub enforce: bool,
}

/// Who can find out about a credential (CTAP 2.3 §12.1). Each protects more than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CredentialProtection {
    /// 1: anybody.
    UserVerificationOptional,
    /// 2: those who know its ID or give the PIN.
    UserVerificationOptionalWithCredentialIdList,
    /// 3: those who give the PIN.
    UserVerificationRequired,
}

impl CredentialProtection {
    /// The number on the wire.
    #[must_use]
    pub fn level(self) -> u8 {
        match self {
            Self::UserVerificationOptional => 1,
            Self::UserVerificationOptionalWithCredentialIdList => 2,
            Self::UserVerificationRequired => 3,
        }
    }
}

/// `AuthenticationExtensionsPRFValues`: one or two inputs of any length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrfValues {
    /// The first.
    pub first: Vec<u8>,
    /// The second.
    pub second: Option<Vec<u8>>,
}

/// What a relying party wants with the large blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LargeBlobRequest {
    /// `read`.
    Read,
    /// `write`: only for one credential, which the allow list names.
    Write(Vec<u8>),
}

/// `AuthenticationExtensionsClientOutputs`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtensionOutputs {
    /// `credProps.rk` at registration, where it was asked for: whether the key keeps the credential.
    pub cred_props: Option<bool>,
    /// `prf`, where it was asked for.
    pub prf: Option<PrfOutputs>,
    /// `largeBlob`, where it was asked for.
    pub large_blob: Option<LargeBlobOutputs>,
}

/// `AuthenticationExtensionsPRFOutputs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrfOutputs {
    /// At registration: whether the credential evaluates at all.
    pub enabled: Option<bool>,
    /// The results: the second where there was a second input.
    pub results: Option<(PrfResult, Option<PrfResult>)>,
}

/// 32 bytes that only this credential can compute from an input. Secret.
#[derive(Clone, PartialEq, Eq)]
pub struct PrfResult(pub Zeroizing<[u8; 32]>);

impl fmt::Debug for PrfResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrfResult(..)")
    }
}

/// `AuthenticationExtensionsLargeBlobOutputs`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LargeBlobOutputs {
    /// At registration: whether the credential can have one.
    pub supported: Option<bool>,
    /// At authentication: the data that was read.
    pub blob: Option<Vec<u8>>,
    /// At authentication: whether the data was written.
    pub written: Option<bool>,
}
