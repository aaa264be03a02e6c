//! `PublicKeyCredentialCreationOptionsJSON`: what a website asks of a registration.

use serde::Deserialize;
use serde_json::Value;

use super::extensions::{self, ExtensionInputs};
use super::{Attachment, Descriptor, Exception, ExceptionName, PUBLIC_KEY, decoded, descriptors, dictionary};
use crate::webauthn::{
    Algorithm, AttestationConveyancePreference, Challenge, CreationOptions, Origin, RelyingPartyEntity, Requirement,
    UserEntity,
};

/// The longest user handle, in bytes (§5.4.3).
const USER_ID_MAX: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Creation {
    rp: Rp,
    user: User,
    challenge: String,
    pub_key_cred_params: Vec<Parameters>,
    timeout: Option<Value>,
    exclude_credentials: Option<Vec<Descriptor>>,
    authenticator_selection: Option<Selection>,
    attestation: Option<String>,
    extensions: Option<ExtensionInputs>,
}

#[derive(Deserialize)]
struct Rp {
    id: Option<String>,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    id: String,
    name: String,
    display_name: String,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(rename = "type")]
    kind: String,
    alg: i64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Selection {
    authenticator_attachment: Option<String>,
    resident_key: Option<String>,
    require_resident_key: Option<bool>,
    user_verification: Option<String>,
}

impl Selection {
    /// §5.4.4: `residentKey` decides; where it says nothing that the standard knows, `requireResidentKey` does.
    fn resident_key(&self) -> Requirement {
        super::requirement(self.resident_key.as_deref()).unwrap_or(match self.require_resident_key {
            Some(true) => Requirement::Required,
            _ => Requirement::Discouraged,
        })
    }
}

pub(super) fn read(json: &str, origin: &Origin) -> Result<CreationOptions, Exception> {
    let read: Creation = dictionary(json)?;
    let timeout = super::timeout(read.timeout.as_ref())?;
    let user_id = decoded(&read.user.id, "user.id")?;
    // §5.1.3: before anything else.
    if !(1..=USER_ID_MAX).contains(&user_id.len()) {
        let message = format!("user.id has {} bytes, and must have 1 to {USER_ID_MAX}", user_id.len());
        return Err(Exception::new(ExceptionName::Type, message));
    }
    let selection = read.authenticator_selection.unwrap_or_default();
    let attachment = selection.authenticator_attachment.as_deref();
    let extensions = read.extensions.unwrap_or_default();
    let app_id_exclude = extensions.app_id_exclude.clone();
    let options = CreationOptions::new(
        RelyingPartyEntity {
            id: read.rp.id.unwrap_or_else(|| origin.host().to_owned()),
            name: Some(read.rp.name),
        },
        UserEntity {
            id: user_id,
            name: Some(read.user.name),
            display_name: Some(read.user.display_name),
        },
    )
    .map_err(|error| Exception::new(ExceptionName::Unknown, error.to_string()))?
    .challenge(Challenge::from_bytes(decoded(&read.challenge, "challenge")?))
    .algorithms(algorithms(&read.pub_key_cred_params)?)
    .exclude(descriptors(
        read.exclude_credentials.unwrap_or_default(),
        "the ID of an excluded credential",
    )?)
    .attestation(match read.attestation.as_deref() {
        // Clients may treat the other two as `direct` (§5.4.7).
        Some("direct" | "indirect" | "enterprise") => AttestationConveyancePreference::Direct,
        _ => AttestationConveyancePreference::None,
    })
    .resident_key(selection.resident_key())
    .user_verification(super::requirement(selection.user_verification.as_deref()).unwrap_or(Requirement::Preferred))
    .extensions(extensions::creation(extensions)?);
    Ok(CreationOptions {
        attachment: attachment.and_then(Attachment::from_name),
        app_id_exclude,
        timeout,
        ..options
    })
}

/// §5.1.3: an empty list stands for ES256 and RS256, and entries of other types do not count.
fn algorithms(parameters: &[Parameters]) -> Result<Vec<i64>, Exception> {
    if parameters.is_empty() {
        return Ok([Algorithm::Es256, Algorithm::Rs256].map(Algorithm::cose).to_vec());
    }
    let known: Vec<i64> = parameters
        .iter()
        .filter(|parameters| parameters.kind == PUBLIC_KEY)
        .map(|parameters| parameters.alg)
        .collect();
    if known.is_empty() {
        let message = "pubKeyCredParams has no entry of the type public-key";
        return Err(Exception::new(ExceptionName::NotSupported, message));
    }
    Ok(known)
}
