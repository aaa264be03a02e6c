//! Whether authenticator data answers the request (CTAP 2.3 §6.1.2, §6.2.2; WebAuthn Level 3 §6.1).

use cbor4ii::core::Value;
use sha2::{Digest as _, Sha256};

use super::Oddity;
use crate::text::escape;
use crate::webauthn::authenticator_data::{AuthenticatorData, RESERVED, USER_PRESENT, USER_VERIFIED, flags};

const SECTION: &str = "WebAuthn Level 3 §6.1";

/// What was asked for.
pub(super) struct Expected<'a> {
    /// The RP ID, where known.
    pub(super) rp_id: Option<&'a str>,
    /// Whether the user must be present.
    pub(super) up: bool,
    /// Whether a credential must be made.
    pub(super) attested: bool,
    /// The inputs of the extensions, where known.
    pub(super) extensions: Option<&'a [(String, Value)]>,
}

/// Whether the key says that a user was present.
pub(super) fn user_present(auth_data: &[u8]) -> bool {
    flags(auth_data) & USER_PRESENT != 0
}

/// Whether the key says that it verified the user.
pub(super) fn user_verified(auth_data: &[u8]) -> bool {
    flags(auth_data) & USER_VERIFIED != 0
}

/// Where `auth_data` is not what was asked for.
pub(super) fn judge(auth_data: &[u8], expected: &Expected<'_>) -> Vec<Oddity> {
    let data = match AuthenticatorData::parse(auth_data) {
        Ok(data) => data,
        Err(why) => return vec![Oddity::AuthData(why)],
    };
    let mut found = Vec::new();
    let rp_id_hash = expected.rp_id.map(|rp_id| <[u8; 32]>::from(Sha256::digest(rp_id)));
    if rp_id_hash.is_some_and(|hash| hash != *data.rp_id_hash) {
        found.push(Oddity::must(SECTION, "the RP ID hash is that of another RP ID"));
    }
    match (expected.up, data.has(USER_PRESENT)) {
        (true, false) => found.push(Oddity::must(SECTION, "the flags do not say that a user was there")),
        (false, true) => found.push(Oddity::must(
            "CTAP 2.3 §6.2.2",
            "the flags say that a user was there, although nobody was asked to touch",
        )),
        _ => {}
    }
    match (expected.attested, data.attested.is_some()) {
        (true, false) => found.push(Oddity::must(SECTION, "there is no attested credential data")),
        (false, true) => found.push(Oddity::must(
            SECTION,
            "there is attested credential data, which belongs into registrations",
        )),
        _ => {}
    }
    let reserved = data.flags & RESERVED;
    if reserved != 0 {
        found.push(Oddity::should(
            SECTION,
            format!("the flags have bits that are reserved: 0x{reserved:02x}"),
        ));
    }
    for (name, _) in &data.extensions {
        let Value::Text(name) = name else {
            found.push(Oddity::must("WebAuthn Level 3 §9", "an extension output has no name"));
            continue;
        };
        let asked = expected
            .extensions
            .is_none_or(|inputs| inputs.iter().any(|(asked, _)| asked == name));
        let words = || format!("the extension output {} was not asked for", escape(name));
        if !asked && name == "credProtect" && expected.attested {
            // A key whose credentials are protected by default may say so.
            found.push(Oddity::should("CTAP 2.3 §12.1", words()));
        } else if !asked {
            found.push(Oddity::must("CTAP 2.3 §12", words()));
        }
    }
    found
}
