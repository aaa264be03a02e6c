//! What options are made of: who asks for whom, which credentials, and what is required (WebAuthn Level 3 §5.4, §5.8).

/// `PublicKeyCredentialRpEntity` (§5.4.2), as a website sends it and as a key keeps it. From a key, the texts are
/// untrusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingPartyEntity {
    /// The RP ID: a domain name.
    pub id: String,
    /// The name shown to the user. A website gives one; a key may have shortened it, or not kept it.
    pub name: Option<String>,
}

impl RelyingPartyEntity {
    /// A relying party that is shown by its RP ID.
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        Self {
            name: Some(id.clone()),
            id,
        }
    }
}

/// `PublicKeyCredentialUserEntity` (§5.4.3), as a website sends it and as a key keeps it. A website gives both names; a
/// key may have shortened them, or not kept them. From a key, the texts are untrusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserEntity {
    /// The user handle: 1 to 64 bytes that say nothing about the user.
    pub id: Vec<u8>,
    /// The account name, such as `alice`.
    pub name: Option<String>,
    /// The name a person goes by, such as `Alice Liddell`.
    pub display_name: Option<String>,
}

impl UserEntity {
    /// An account that is shown by its name.
    pub fn new(id: impl Into<Vec<u8>>, name: impl Into<String>) -> Self {
        let name = Some(name.into());
        Self {
            id: id.into(),
            display_name: name.clone(),
            name,
        }
    }
}

/// `PublicKeyCredentialDescriptor` (§5.8.3); its type is always `public-key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialDescriptor {
    /// The credential ID.
    pub id: Vec<u8>,
    /// How the key could be reached when it was registered, where that is known.
    pub transports: Vec<String>,
}

impl CredentialDescriptor {
    /// A credential of which only the ID is known.
    pub fn new(id: impl Into<Vec<u8>>) -> Self {
        Self {
            id: id.into(),
            transports: Vec::new(),
        }
    }
}

/// `UserVerificationRequirement` (§5.8.6) and `ResidentKeyRequirement` (§5.4.6), which have the same three values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
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
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum AttestationConveyancePreference {
    /// The client removes what identifies the key.
    None,
    /// The client passes the key's statement on as it is.
    Direct,
}
