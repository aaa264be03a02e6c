//! The client: what a browser does between a relying party and a security key.

pub mod webauthn;
