//! Which rules getInfo's answer breaks although each member can be read (CTAP 2.3 §6.4, §9).

use std::collections::BTreeSet;

use super::super::Oddity;
use super::Info;
use crate::webauthn::Level;

const MEMBERS: &str = "CTAP 2.3 §6.4";
const MANDATORY: &str = "CTAP 2.3 §9";

/// 0x04: the options of the standard, of its previews and of its drafts.
pub(crate) const OPTIONS: [&str; 21] = [
    "plat",
    "rk",
    "clientPin",
    "up",
    "uv",
    "pinUvAuthToken",
    "noMcGaPermissionsWithClientPin",
    "largeBlobs",
    "ep",
    "bioEnroll",
    "userVerificationMgmtPreview",
    "uvBioEnroll",
    "authnrCfg",
    "uvAcfg",
    "credMgmt",
    "perCredMgmtRO",
    "credentialMgmtPreview",
    "setMinPINLength",
    "makeCredUvNotRqd",
    "alwaysUv",
    "uvToken",
];

/// 0x13: the certifications and their highest levels.
pub(crate) const CERTIFICATIONS: [(&str, u64); 7] = [
    ("FIDO", 6),
    ("FIPS-CMVP-2", 4),
    ("FIPS-CMVP-3", 4),
    ("FIPS-CMVP-2-PHY", 4),
    ("FIPS-CMVP-3-PHY", 4),
    ("CC-EAL", 7),
    ("CCN-CPSTIC", 1),
];

/// Everything that is wrong with what was read.
pub(super) fn contents(info: &Info) -> Vec<Oddity> {
    let mut found = values(info);
    found.extend(contradictions(info));
    found.extend(names(info));
    found
}

/// Missing members, and values that are not allowed.
fn values(info: &Info) -> Vec<Oddity> {
    let below = |value: Option<u64>, least| value.is_some_and(|value| value < least);
    let empty = |list: Option<usize>| list == Some(0);
    let is_2_2 = |version: &String| version == "FIDO_2_2";
    let missing = [
        ("versions", info.versions.is_empty()),
        ("aaguid", info.aaguid.is_none()),
    ];
    let wrong = [
        // There was no edition of that name.
        ("versions", info.versions.iter().any(is_2_2)),
        ("maxMsgSize", below(info.max_msg_size, 1024)),
        (
            "pinUvAuthProtocols",
            empty(info.pin_uv_auth_protocols.as_ref().map(Vec::len)),
        ),
        ("maxCredentialCountInList", below(info.max_credential_count_in_list, 1)),
        ("maxCredentialIdLength", below(info.max_credential_id_length, 1)),
        ("algorithms", empty(info.algorithms.as_ref().map(Vec::len))),
        (
            "maxSerializedLargeBlobArray",
            below(info.max_serialized_large_blob_array, 1024),
        ),
        ("maxCredBlobLength", below(info.max_cred_blob_length, 32)),
        (
            "preferredPlatformUvAttempts",
            below(info.preferred_platform_uv_attempts, 1),
        ),
        (
            "pinComplexityPolicyURL",
            empty(info.pin_complexity_policy_url.as_ref().map(Vec::len)),
        ),
    ];
    let of = |list: &[(&'static str, bool)], oddity: fn(&'static str) -> Oddity| -> Vec<Oddity> {
        let there = list.iter().filter(|(_, is)| *is);
        there.map(|(name, _)| oddity(name)).collect()
    };
    [of(&missing, Oddity::Missing), of(&wrong, Oddity::WrongValue)].concat()
}

/// Members that contradict each other.
fn contradictions(info: &Info) -> Vec<Oddity> {
    let extension = |name: &str| info.extensions.iter().flatten().any(|extension| extension == name);
    let option = |name: &str| info.options.contains_key(name);
    let repeats = |texts: &[String]| texts.iter().collect::<BTreeSet<_>>().len() < texts.len();
    let protocols = info.pin_uv_auth_protocols.as_deref().unwrap_or_default();
    let algorithms = info.algorithms.as_deref().unwrap_or_default();
    let is_public_key = |kind: &str| kind == "public-key";
    let verifies = option("clientPin") || option("uv");
    let rules = [
        (MEMBERS, repeats(&info.versions), "versions has an entry twice"),
        (
            MEMBERS,
            info.extensions.as_deref().is_some_and(repeats),
            "extensions has an entry twice",
        ),
        (
            MEMBERS,
            protocols.iter().collect::<BTreeSet<_>>().len() < protocols.len(),
            "pinUvAuthProtocols has an entry twice",
        ),
        (
            MEMBERS,
            algorithms
                .iter()
                .map(|entry| (entry.alg, &entry.kind))
                .collect::<BTreeSet<_>>()
                .len()
                < algorithms.len(),
            "algorithms has an entry twice",
        ),
        (
            MEMBERS,
            !algorithms.iter().all(|entry| is_public_key(&entry.kind)),
            "algorithms has an entry of another type than public-key",
        ),
        (
            MANDATORY,
            info.is_2_1() && verifies && !info.has("pinUvAuthToken"),
            "CTAP 2.1 and later with a PIN or fingerprint must have the option pinUvAuthToken",
        ),
        (
            MANDATORY,
            info.is_2_1() && verifies && !protocols.contains(&2),
            "CTAP 2.1 and later with a PIN or fingerprint must have PIN/UV auth protocol 2",
        ),
        (
            MANDATORY,
            info.is_2_1() && info.has("rk") && !info.has("credMgmt"),
            "it keeps passkeys, and they cannot be managed: rk without credMgmt",
        ),
        (
            MEMBERS,
            info.force_pin_change == Some(true) && protocols.is_empty(),
            "the PIN must be changed, and there is no PIN/UV auth protocol to do it",
        ),
        (
            MEMBERS,
            info.has("alwaysUv") && info.has("makeCredUvNotRqd"),
            "it always verifies its user, and yet registers without: alwaysUv and makeCredUvNotRqd",
        ),
        (
            MEMBERS,
            info.has("uvToken") && !info.has("pinUvAuthToken"),
            "the option uvToken is that of a draft, and is of no use without pinUvAuthToken",
        ),
        (
            MEMBERS,
            info.has("uvAcfg") && !info.has("authnrCfg"),
            "a fingerprint is enough to configure it, and it cannot be configured: uvAcfg without authnrCfg",
        ),
        (
            "CTAP 2.3 §12.3",
            extension("largeBlob") && (extension("largeBlobKey") || info.has("largeBlobs")),
            "it has two ways to keep large blobs, which rule each other out",
        ),
        (
            "CTAP 2.3 §12.2",
            extension("credBlob") && !extension("credProtect"),
            "the extension credBlob needs credProtect",
        ),
        (
            MANDATORY,
            option("ep")
                && info.is_2_1()
                && !info.authenticator_config_commands.iter().flatten().any(|&id| id == 1)
                && info.authenticator_config_commands.is_some(),
            "it is capable of enterprise attestation, and has no command to enable it",
        ),
        (
            MEMBERS,
            info.max_pin_length.is_some_and(|length| !(8..=63).contains(&length)),
            "the longest PIN must be 8 to 63 characters",
        ),
        (
            MEMBERS,
            info.min_pin_length.is_some_and(|length| length < 4),
            "the shortest PIN must be at least 4 characters",
        ),
    ];
    let broken = rules.into_iter().filter(|(_, broken, _)| *broken);
    broken.map(|(section, _, what)| Oddity::must(section, what)).collect()
}

/// Names of which the standard has a closed list.
fn names(info: &Info) -> Vec<Oddity> {
    let unknown = |kind, name: &String| {
        let name = name.clone();
        Oddity::UnknownName { kind, name }
    };
    let options = info.options.keys().filter(|id| !OPTIONS.contains(&id.as_str()));
    let options = options.map(|id| unknown("option", id));
    let certifications = info.certifications.iter().flatten().filter_map(|(name, level)| {
        match CERTIFICATIONS.iter().find(|(known, _)| known == name) {
            None => Some(unknown("certification", name)),
            Some((_, highest)) if level > highest => Some(Oddity::Rule {
                level: Level::Should,
                section: MEMBERS,
                what: format!("the certification {name} has no level {level}: the highest is {highest}").into(),
            }),
            Some(_) => None,
        }
    });
    options.chain(certifications).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::client::ctap2::PublicKeyCredentialParameters;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().copied().map(str::to_owned).collect()
    }

    fn options(ids: &[&str]) -> BTreeMap<String, bool> {
        ids.iter().map(|id| ((*id).to_owned(), true)).collect()
    }

    fn good() -> Info {
        Info {
            versions: texts(&["FIDO_2_0", "FIDO_2_3"]),
            aaguid: Some([7; 16]),
            options: options(&["rk", "credMgmt", "clientPin", "pinUvAuthToken"]),
            pin_uv_auth_protocols: Some(vec![2, 1]),
            algorithms: Some(vec![PublicKeyCredentialParameters::public_key(-7)]),
            ..Info::default()
        }
    }

    fn words(info: &Info) -> Vec<String> {
        contents(info).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_key_is_not_blamed() {
        assert_eq!(words(&good()), Vec::<String>::new());
    }

    #[test]
    fn contradictions_are_found() {
        let odd = Info {
            versions: texts(&["FIDO_2_1", "FIDO_2_1"]),
            extensions: Some(texts(&["credBlob", "credBlob", "largeBlob", "largeBlobKey"])),
            options: options(&[
                "rk",
                "clientPin",
                "ep",
                "alwaysUv",
                "makeCredUvNotRqd",
                "uvToken",
                "uvAcfg",
            ]),
            force_pin_change: Some(true),
            min_pin_length: Some(3),
            max_pin_length: Some(64),
            authenticator_config_commands: Some(vec![]),
            ..good()
        };
        let odd = Info {
            pin_uv_auth_protocols: None,
            ..odd
        };
        assert_eq!(contents(&odd).len(), 14, "{:#?}", words(&odd));
        assert!(contents(&odd).iter().all(|oddity| oddity.level() == Level::Must));
    }

    #[test]
    fn lists_have_each_entry_once_and_of_the_right_type() {
        let es256 = PublicKeyCredentialParameters::public_key(-7);
        let odd = Info {
            pin_uv_auth_protocols: Some(vec![2, 2]),
            algorithms: Some(vec![
                es256.clone(),
                es256,
                PublicKeyCredentialParameters {
                    alg: -8,
                    kind: "other".to_owned(),
                },
            ]),
            ..good()
        };
        assert_eq!(
            words(&odd),
            [
                "pinUvAuthProtocols has an entry twice",
                "algorithms has an entry twice",
                "algorithms has an entry of another type than public-key"
            ]
        );
    }

    #[test]
    fn names_that_are_in_no_list_are_told_and_no_worse() {
        let odd = Info {
            options: good().options.into_iter().chain(options(&["odd"])).collect(),
            certifications: Some(BTreeMap::from([("FIDO".to_owned(), 7), ("X\n".to_owned(), 1)])),
            ..good()
        };
        assert_eq!(
            words(&odd),
            [
                "the standard has no option odd",
                "the certification FIDO has no level 7: the highest is 6",
                r"the standard has no certification X\u{a}"
            ]
        );
        assert!(contents(&odd).iter().all(|oddity| oddity.level() == Level::Should));
    }

    #[test]
    fn values_that_are_none_are_told() {
        let odd = Info {
            max_msg_size: Some(64),
            max_credential_count_in_list: Some(0),
            max_credential_id_length: Some(0),
            pin_uv_auth_protocols: Some(vec![]),
            algorithms: Some(vec![]),
            max_serialized_large_blob_array: Some(1023),
            max_cred_blob_length: Some(31),
            preferred_platform_uv_attempts: Some(0),
            pin_complexity_policy_url: Some(vec![]),
            options: BTreeMap::new(),
            ..good()
        };
        assert_eq!(values(&odd).len(), 9, "{:#?}", words(&odd));
        assert!(
            values(&odd)
                .iter()
                .all(|oddity| matches!(oddity, Oddity::WrongValue(_)))
        );
    }
}
