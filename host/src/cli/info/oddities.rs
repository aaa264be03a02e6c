//! Where a key departs from the standard, or contradicts itself.

use std::collections::BTreeSet;

use brasskey_protocol::ctaphid::{InitResponse, PROTOCOL_VERSION, capability};

use super::explain::{CERTIFICATIONS, OPTIONS};
use super::facts::LOCK;
use crate::client::ctap2::Info;
use crate::text::escape;

/// Everything odd, for people and escaped.
pub(super) fn of(init: &InitResponse, info: Option<&Info>, info_error: Option<&str>) -> Vec<String> {
    let mut found = Vec::new();
    if init.protocol_version != PROTOCOL_VERSION {
        found.push(format!(
            "CTAPHID has protocol version {PROTOCOL_VERSION}, and this key {}",
            init.protocol_version
        ));
    }
    let unknown = init.capabilities & !(capability::WINK | LOCK | capability::CBOR | capability::NMSG);
    if unknown != 0 {
        found.push(format!("it sets capability bits that have no meaning: 0x{unknown:02x}"));
    }
    if let Some(error) = info_error {
        found.push(format!(
            "it says that it speaks CTAP2 and is used as a U2F key, because getInfo failed: {error}"
        ));
    }
    if let Some(info) = info {
        found.extend(info.oddities.iter().map(|oddity| format!("getInfo: {oddity}")));
        found.extend(contradictions(info).into_iter().map(str::to_owned));
        found.extend(unknown_names(info));
    }
    found
}

/// Members that do not go together (CTAP 2.3 §6.4, §9).
fn contradictions(info: &Info) -> Vec<&'static str> {
    let extension = |name: &str| info.extensions.iter().flatten().any(|extension| extension == name);
    let option = |name: &str| info.options.contains_key(name);
    let repeats = |texts: &[String]| texts.iter().collect::<BTreeSet<_>>().len() < texts.len();
    let protocols = info.pin_uv_auth_protocols.as_deref().unwrap_or_default();
    let verifies = option("clientPin") || option("uv");
    let rules = [
        (repeats(&info.versions), "versions has an entry twice"),
        (
            info.extensions.as_deref().is_some_and(repeats),
            "extensions has an entry twice",
        ),
        (
            info.is_2_1() && verifies && !info.has("pinUvAuthToken"),
            "CTAP 2.1 and later with a PIN or fingerprint must have the option pinUvAuthToken",
        ),
        (
            info.is_2_1() && verifies && !protocols.contains(&2),
            "CTAP 2.1 and later with a PIN or fingerprint must have PIN/UV auth protocol 2",
        ),
        (
            info.is_2_1() && info.has("rk") && !info.has("credMgmt"),
            "it keeps passkeys, and they cannot be managed: rk without credMgmt",
        ),
        (
            info.force_pin_change == Some(true) && protocols.is_empty(),
            "the PIN must be changed, and there is no PIN/UV auth protocol to do it",
        ),
        (
            info.has("alwaysUv") && info.has("makeCredUvNotRqd"),
            "it always verifies its user, and yet registers without: alwaysUv and makeCredUvNotRqd",
        ),
        (
            extension("largeBlob") && (extension("largeBlobKey") || info.has("largeBlobs")),
            "it has two ways to keep large blobs, which rule each other out",
        ),
        (
            extension("credBlob") && !extension("credProtect"),
            "the extension credBlob needs credProtect",
        ),
        (
            option("ep")
                && info.is_2_1()
                && !info.authenticator_config_commands.iter().flatten().any(|&id| id == 1)
                && info.authenticator_config_commands.is_some(),
            "it is capable of enterprise attestation, and has no command to enable it",
        ),
        (
            info.max_pin_length.is_some_and(|length| !(8..=63).contains(&length)),
            "the longest PIN must be 8 to 63 characters",
        ),
        (
            info.min_pin_length.is_some_and(|length| length < 4),
            "the shortest PIN must be at least 4 characters",
        ),
    ];
    rules
        .into_iter()
        .filter(|(broken, _)| *broken)
        .map(|(_, words)| words)
        .collect()
}

/// Names of which the standard has a closed list.
fn unknown_names(info: &Info) -> impl Iterator<Item = String> {
    let options = info
        .options
        .keys()
        .filter(|id| OPTIONS.iter().all(|option| option.id != id.as_str()));
    let options = options.map(|id| format!("the standard has no option {}", escape(id)));
    let certifications = info.certifications.iter().flatten().filter_map(|(name, level)| {
        match CERTIFICATIONS.iter().find(|(known, ..)| known == name) {
            None => Some(format!("the standard has no certification {}", escape(name))),
            Some((_, highest, _)) if level > highest => Some(format!(
                "the certification {name} has no level {level}: the highest is {highest}"
            )),
            Some(_) => None,
        }
    });
    options.chain(certifications)
}
