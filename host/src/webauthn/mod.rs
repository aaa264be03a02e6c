//! What a browser and a website tell each other (WebAuthn Level 3): [`CreationOptions`] and [`RequestOptions`] there,
//! an [`AttestationResponse`] or an [`AssertionResponse`] back, and what these are made of.
//!
//! The browser's part is [`client::ceremony`](crate::client::ceremony), the website's is
//! [`relying_party`](crate::relying_party). Neither imports the other.

mod algorithm;
pub(crate) mod authenticator_data;
mod challenge;
mod client_data;
mod domain;
mod entities;
mod extensions;
mod fault;
pub mod json;
mod options;
mod origin;
mod origin_error;
mod response;

pub use algorithm::Algorithm;
pub use challenge::{Challenge, NoRandomness};
pub use client_data::{CeremonyType, ClientData};
pub use domain::{domain, truncated};
pub use entities::{
    AttestationConveyancePreference, CredentialDescriptor, RelyingPartyEntity, Requirement, UserEntity,
};
pub use extensions::{
    CreationExtensions, CredProtect, CredentialProtection, ExtensionOutputs, LargeBlobOutputs, LargeBlobRequest,
    PrfOutputs, PrfResult, PrfValues, RequestExtensions,
};
pub use fault::{Fault, FaultKind, Level};
pub use options::{CreationOptions, RequestOptions};
pub use origin::Origin;
pub use origin_error::OriginError;
pub use response::{AssertionResponse, AttestationResponse};
