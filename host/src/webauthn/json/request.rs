//! `PublicKeyCredentialRequestOptionsJSON`: what a website asks of a sign-in.

use serde::Deserialize;
use serde_json::Value;

use super::extensions::{self, ExtensionInputs};
use super::{Descriptor, Exception, ExceptionName, decoded, descriptors, dictionary};
use crate::webauthn::{Challenge, Origin, RequestOptions, Requirement};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    challenge: String,
    timeout: Option<Value>,
    rp_id: Option<String>,
    allow_credentials: Option<Vec<Descriptor>>,
    user_verification: Option<String>,
    extensions: Option<ExtensionInputs>,
}

pub(super) fn read(json: &str, origin: &Origin) -> Result<RequestOptions, Exception> {
    let read: Request = dictionary(json)?;
    let timeout = super::timeout(read.timeout.as_ref())?;
    let listed = read.allow_credentials.unwrap_or_default();
    let lists_some = !listed.is_empty();
    let allow = descriptors(listed, "the ID of an allowed credential")?;
    // §5.1.4: a list of which nothing is left is not the same as no list.
    if lists_some && allow.is_empty() {
        let message = "allowCredentials has no entry of the type public-key";
        return Err(Exception::new(ExceptionName::NotAllowed, message));
    }
    let extensions = read.extensions.unwrap_or_default();
    let app_id = extensions.app_id.clone();
    let options = RequestOptions::new(read.rp_id.unwrap_or_else(|| origin.host().to_owned()))
        .map_err(|error| Exception::new(ExceptionName::Unknown, error.to_string()))?
        .challenge(Challenge::from_bytes(decoded(&read.challenge, "challenge")?))
        .user_verification(super::requirement(read.user_verification.as_deref()).unwrap_or(Requirement::Preferred))
        .extensions(extensions::request(extensions, &allow)?)
        .allow(allow);
    Ok(RequestOptions {
        app_id,
        timeout,
        ..options
    })
}
