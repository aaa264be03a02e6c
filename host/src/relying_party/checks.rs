//! The checks that registration and authentication share.

use std::time::SystemTime;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde::Deserialize;

use super::Check;
use crate::text::escape;
use crate::webauthn::authenticator_data::{
    AuthenticatorData, BACKUP_ELIGIBLE, BACKUP_STATE, RESERVED, USER_PRESENT, USER_VERIFIED,
};
use crate::webauthn::{CeremonyType, Challenge, Fault, FaultKind, Level, Requirement};

/// The members of the client data that a relying party reads (WebAuthn Level 3 §5.8.1). Others are ignored, as the
/// standard demands. If a member is there twice, that is an error.
#[derive(Deserialize)]
struct CollectedClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
}

/// `type`, `challenge` and `origin` (§7.1 steps 7 to 11, §7.2 steps 10 to 14).
pub(super) fn client_data(json: &[u8], ceremony: CeremonyType, challenge: &Challenge, origin: &str) -> [Check; 3] {
    let data: CollectedClientData = match serde_json::from_slice(json) {
        Ok(data) => data,
        Err(error) => {
            let why = format!(
                "the client data is not the JSON it must be: {}",
                escape(&error.to_string())
            );
            return ["type", "challenge", "origin"].map(|name| Check::failed(name, why.as_str()));
        }
    };
    let kind = if data.kind == ceremony.as_str() {
        Ok(format!("the client made it for {}", data.kind))
    } else {
        Err(format!(
            "made for {}, not for {}",
            escape(&data.kind),
            ceremony.as_str()
        ))
    };
    let fresh = if URL_SAFE_NO_PAD.decode(&data.challenge).ok().as_deref() != Some(challenge.bytes()) {
        Err("this is an answer to another challenge: lost, replayed or forged")
    } else if challenge.is_expired(SystemTime::now()) {
        Err("the challenge has expired: an answer must come within five minutes")
    } else {
        Ok("answers this challenge, which is used once")
    };
    let asked = if data.origin != origin {
        Err(format!("made at {}, not at {}", escape(&data.origin), escape(origin)))
    } else if data.cross_origin {
        Err("made in a frame of another site".to_owned())
    } else {
        Ok(format!("made at {}", escape(origin)))
    };
    [
        Check::of("type", kind),
        Check::of("challenge", fresh),
        Check::of("origin", asked),
    ]
}

/// `encoding`: canonical CBOR and nothing after it, in the answer and in all that the key sent before it.
pub(super) fn encoding(data: &Result<AuthenticatorData<'_>, String>, faults: &[Fault]) -> Check {
    const NAME: &str = "encoding";
    match data {
        Ok(_) => faultless(NAME, faults, FaultKind::Encoding)
            .unwrap_or_else(|| Check::passed(NAME, "canonical CBOR, and no byte too many")),
        Err(why) => Check::failed(NAME, why.as_str()),
    }
}

/// `contents`: members, values and flags that were asked for and that the standard knows.
pub(super) fn contents(data: Option<&AuthenticatorData<'_>>, faults: &[Fault]) -> Check {
    const NAME: &str = "contents";
    let reserved = data.map_or(0, |data| data.flags & RESERVED);
    match faultless(NAME, faults, FaultKind::Contents) {
        Some(check) => check,
        // A client that does not record faults.
        None if reserved != 0 => {
            Check::warned(NAME, format!("the flags have bits that are reserved: 0x{reserved:02x}"))
        }
        None => Check::passed(
            NAME,
            "nothing that was not asked for, or that the standard does not know",
        ),
    }
}

/// The check of what the client found odd; `None` where it found nothing.
fn faultless(name: &'static str, faults: &[Fault], kind: FaultKind) -> Option<Check> {
    let found: Vec<&Fault> = faults.iter().filter(|fault| fault.kind == kind).collect();
    let words = found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    match found.iter().map(|fault| fault.level).max()? {
        Level::Must => Some(Check::failed(name, words)),
        Level::Should => Some(Check::warned(name, words)),
    }
}

/// `RP ID hash`, `user presence`, `user verification` and `backup flags` (§7.1 steps 13 to 18, §7.2 steps 15 to 19).
/// `registered_backup_eligible` is what the credential said when it was registered.
pub(super) fn authenticator_data(
    data: Option<&AuthenticatorData<'_>>,
    scope: &str,
    user_verification: Requirement,
    registered_backup_eligible: Option<bool>,
) -> [Check; 4] {
    let Some(data) = data else {
        return ["RP ID hash", "user presence", "user verification", "backup flags"].map(unreadable);
    };
    let rp_id_hash = if digest(&SHA256, scope.as_bytes()).as_ref() == data.rp_id_hash {
        Ok(format!("is the SHA-256 of {}", escape(scope)))
    } else {
        Err(format!(
            "is not the SHA-256 of {}: the key answered for someone else",
            escape(scope)
        ))
    };
    let presence = if data.has(USER_PRESENT) {
        Ok("the key says that a user was there")
    } else {
        Err("the key does not say that a user was there")
    };
    let verification = match (data.has(USER_VERIFIED), user_verification) {
        (true, _) => Check::passed("user verification", "the key says that it verified the user"),
        (false, Requirement::Required) => Check::failed(
            "user verification",
            "the key did not verify the user, which was required",
        ),
        (false, _) => Check::passed(
            "user verification",
            "the key did not verify the user, and did not have to",
        ),
    };
    let eligible = data.has(BACKUP_ELIGIBLE);
    let backup = match (eligible, data.has(BACKUP_STATE)) {
        (false, true) => Err("says that the credential is backed up although it cannot be"),
        _ if registered_backup_eligible.is_some_and(|registered| registered != eligible) => {
            Err("whether the credential can be backed up has changed since it was registered")
        }
        (false, false) => Ok("the credential cannot leave the key"),
        (true, false) => Ok("the credential can be backed up and is not"),
        (true, true) => Ok("the credential is backed up"),
    };
    [
        Check::of("RP ID hash", rp_id_hash),
        Check::of("user presence", presence),
        verification,
        Check::of("backup flags", backup),
    ]
}

/// A check for which the data could not be read. The check `encoding` says why.
pub(super) fn unreadable(name: &'static str) -> Check {
    Check::skipped(name, "the answer could not be read so far")
}

/// What the key signs: authenticator data and client data hash (§6.3.3).
pub(super) fn signed_message(authenticator_data: &[u8], client_data_json: &[u8]) -> Vec<u8> {
    [authenticator_data, digest(&SHA256, client_data_json).as_ref()].concat()
}
