//! The client role of WebAuthn Level 3: what a relying party asks ([`options`]), who may ask it ([`origin`]), the
//! client data that the key signs over ([`client_data`]), [`create`] and [`get`], and how a key's CTAP2 or U2F answer becomes the response that
//! the relying party reads ([`response`]).

mod authenticator_data;
pub mod client_data;
mod create;
mod domain;
mod error;
pub mod extensions;
mod get;
pub mod options;
pub mod origin;
mod preflight;
mod prf;
pub mod response;
mod u2f;
mod verification;

pub use client_data::{CeremonyType, ClientData};
pub use create::create;
pub use domain::{domain, truncated};
pub use error::CeremonyError;
pub use extensions::{
    CreationExtensions, CredProtect, CredentialProtection, ExtensionOutputs, LargeBlobOutputs, LargeBlobRequest,
    PrfOutputs, PrfResult, PrfValues, RequestExtensions,
};
pub use get::get;
pub use options::{
    AttestationConveyancePreference, CreationOptions, CredentialDescriptor, RelyingPartyEntity, RequestOptions,
    Requirement, UserEntity,
};
pub use origin::{Origin, OriginError};
pub use response::{AssertionResponse, AttestationResponse, MalformedAnswer};
pub(crate) use verification::insists_at_registration;

#[cfg(test)]
mod tests;

/// How to talk to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// CTAP2.
    Ctap2,
    /// U2F, also called CTAP1.
    U2f,
}

impl Protocol {
    /// The name, as the standards write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ctap2 => "CTAP2",
            Self::U2f => "U2F",
        }
    }
}
