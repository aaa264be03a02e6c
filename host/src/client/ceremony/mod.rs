//! The browser's part in WebAuthn Level 3: [`create`] and [`get`] take a website's options to a key by CTAP2 or U2F,
//! and make the key's answer into the response for the website. [`create_json`] and [`get_json`] do the same with the
//! JSON that websites and pages exchange.

mod create;
mod error;
mod get;
mod inputs;
mod json;
mod preflight;
mod prf;
mod response;
mod u2f;
mod verification;

pub use create::create;
pub use error::CeremonyError;
pub use get::get;
pub use json::{create_json, get_json};
pub use response::MalformedAnswer;
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
