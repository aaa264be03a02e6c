//! The JSON in which websites send options to their pages, and pages send answers back (WebAuthn Level 3 §5.1,
//! `parseCreationOptionsFromJSON()`, `parseRequestOptionsFromJSON()` and `toJSON()`).
//!
//! [`CreationOptions::from_json`] and [`RequestOptions::from_json`] are as strict as a browser is: what a page must
//! give has to be there, and bytes are base64url without padding. Members that the standard does not know do not
//! matter.

mod creation;
mod exception;
mod extensions;
mod public_key;
mod request;
mod response;
#[cfg(test)]
mod tests;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::entities::{CredentialDescriptor, Requirement};
use super::{CreationOptions, Origin, RequestOptions};

pub use exception::{Exception, ExceptionName};

/// The only type of credential (§5.8.2).
const PUBLIC_KEY: &str = "public-key";
/// The shortest time that a website can give its user. Browsers give at least some ten seconds; a test need not wait so
/// long.
const TIMEOUT_MIN: Duration = Duration::from_secs(1);
/// The longest (§15.1).
const TIMEOUT_MAX: Duration = Duration::from_secs(600);
/// Where a website does not say (§15.1).
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(300);

/// `AuthenticatorAttachment` (§5.4.5): where a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// Part of the computer.
    Platform,
    /// A thing that goes from one computer to another.
    CrossPlatform,
}

impl Attachment {
    /// As JSON has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::CrossPlatform => "cross-platform",
        }
    }

    /// `None` also for a name that the standard does not know: a browser ignores it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Platform, Self::CrossPlatform]
            .into_iter()
            .find(|attachment| attachment.as_str() == name)
    }
}

impl CreationOptions {
    /// Reads a `PublicKeyCredentialCreationOptionsJSON`. Where it names no RP ID, the RP ID is the host of `origin`.
    ///
    /// # Errors
    /// The [`Exception`] that a browser throws.
    pub fn from_json(json: &str, origin: &Origin) -> Result<Self, Exception> {
        creation::read(json, origin)
    }
}

impl RequestOptions {
    /// Reads a `PublicKeyCredentialRequestOptionsJSON`. Where it names no RP ID, the RP ID is the host of `origin`.
    ///
    /// # Errors
    /// The [`Exception`] that a browser throws.
    pub fn from_json(json: &str, origin: &Origin) -> Result<Self, Exception> {
        request::read(json, origin)
    }
}

/// `PublicKeyCredentialDescriptorJSON`.
#[derive(Deserialize)]
struct Descriptor {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    transports: Option<Vec<String>>,
}

/// The descriptors of a list, without those of types that the standard does not know.
fn descriptors(list: Vec<Descriptor>, member: &str) -> Result<Vec<CredentialDescriptor>, Exception> {
    list.into_iter()
        .filter(|descriptor| descriptor.kind == PUBLIC_KEY)
        .map(|descriptor| {
            Ok(CredentialDescriptor {
                id: decoded(&descriptor.id, member)?,
                transports: descriptor.transports.unwrap_or_default(),
            })
        })
        .collect()
}

/// Reads a dictionary.
fn dictionary<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Exception> {
    serde_json::from_str(json).map_err(|error| Exception::new(ExceptionName::Type, format!("the options: {error}")))
}

/// The bytes of a member.
fn decoded(text: &str, member: &str) -> Result<Vec<u8>, Exception> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| {
        let message = format!("{member} is not base64url without padding");
        Exception::new(ExceptionName::Encoding, message)
    })
}

/// The member `timeout`, in milliseconds: a hint, of which a client takes the nearest value of its range (§5.4, §5.5).
fn timeout(value: Option<&Value>) -> Result<Duration, Exception> {
    let Some(value) = value else {
        return Ok(TIMEOUT_DEFAULT);
    };
    let milliseconds = value.as_f64().filter(|milliseconds| *milliseconds >= 0.0);
    let Some(milliseconds) = milliseconds else {
        let message = format!("timeout is {value}, and must be a number of milliseconds");
        return Err(Exception::new(ExceptionName::Type, message));
    };
    let wanted = Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or(TIMEOUT_MAX);
    Ok(wanted.clamp(TIMEOUT_MIN, TIMEOUT_MAX))
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A requirement; `None` also for a name that the standard does not know, which a browser ignores.
fn requirement(name: Option<&str>) -> Option<Requirement> {
    match name? {
        "required" => Some(Requirement::Required),
        "preferred" => Some(Requirement::Preferred),
        "discouraged" => Some(Requirement::Discouraged),
        _ => None,
    }
}
