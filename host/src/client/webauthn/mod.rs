//! The client role of WebAuthn Level 3: what a relying party asks ([`options`]), who may ask it ([`origin`]), the
//! client data that the key signs over ([`client_data`]), and how a key's CTAP2 or U2F answer becomes the response that
//! the relying party reads ([`response`], [`u2f`]).

pub mod client_data;
pub mod options;
pub mod origin;
pub mod response;
pub mod u2f;

pub use client_data::{CeremonyType, ClientData};
pub use options::{
    AttestationConveyancePreference, CreationOptions, CredentialDescriptor, RelyingPartyEntity, RequestOptions,
    Requirement, UserEntity,
};
pub use origin::{Origin, OriginError};
pub use response::{AssertionResponse, AttestationResponse, MalformedAnswer};
