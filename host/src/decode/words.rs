//! What the identifiers of authenticatorGetInfo mean, in words for people (CTAP 2.3 §6.4, §12 and the registries that
//! they cite).

/// An identifier and what it means.
pub type Words = (&'static str, &'static str);

/// What is said of an identifier that is in no table.
pub const UNKNOWN: &str = "not known to this version of brasskey";

/// What `identifier` means according to `table`.
pub fn words(table: &[Words], identifier: &str) -> &'static str {
    let entry = table.iter().find(|(known, _)| *known == identifier);
    entry.map_or(UNKNOWN, |(_, words)| words)
}

/// 0x01: versions.
pub const VERSIONS: &[Words] = &[
    ("U2F_V2", "U2F, also called CTAP1: the second factor beside a password"),
    ("FIDO_2_0", "CTAP 2.0: WebAuthn credentials, passkeys, PINs"),
    ("FIDO_2_1_PRE", "a preview of CTAP 2.1"),
    ("FIDO_2_1", "CTAP 2.1: credential management and PIN rules"),
    ("FIDO_2_2", "no such version was ever defined"),
    ("FIDO_2_3", "CTAP 2.3"),
];

/// 0x02: extensions (§12).
pub const EXTENSIONS: &[Words] = &[
    ("credBlob", "keeps a few bytes for the website with a credential"),
    (
        "credProtect",
        "hides a credential until the PIN or a fingerprint is given",
    ),
    (
        "hmac-secret",
        "gives the website or computer a secret, to unlock a disk for example",
    ),
    ("hmac-secret-mc", "gives that secret at registration already"),
    (
        "largeBlob",
        "keeps a larger piece of data for the website with a passkey",
    ),
    ("largeBlobKey", "keeps a key for a larger piece of data with a passkey"),
    ("minPinLength", "tells chosen websites how long the PIN must be"),
    (
        "pinComplexityPolicy",
        "tells chosen websites whether simple PINs are refused",
    ),
    (
        "thirdPartyPayment",
        "marks credentials for payments on the websites of others",
    ),
    ("uvm", "tells how the user was verified; no longer in the standard"),
];

/// 0x04: an option and what it means where it is absent, false and true (§6.4, table of options).
pub struct Choice {
    /// The identifier.
    pub id: &'static str,
    /// `None` for options of previews and drafts, whose absence says nothing.
    pub absent: Option<&'static str>,
    /// What `false` means.
    pub no: &'static str,
    /// What `true` means.
    pub yes: &'static str,
}

const fn option(id: &'static str, absent: &'static str, no: &'static str, yes: &'static str) -> Choice {
    let absent = Some(absent);
    Choice { id, absent, no, yes }
}

const fn retired(id: &'static str, no: &'static str, yes: &'static str) -> Choice {
    let absent = None;
    Choice { id, absent, no, yes }
}

/// An option whose absence means false.
const fn flag(id: &'static str, no: &'static str, yes: &'static str) -> Choice {
    option(id, no, no, yes)
}

/// All options, what most users ask about first.
pub const OPTIONS: &[Choice] = &[
    flag(
        "rk",
        "keeps no passkeys (discoverable credentials)",
        "keeps passkeys (discoverable credentials), which sign in without a user name",
    ),
    option(
        "up",
        "notices a touch (the default)",
        "cannot notice a touch",
        "notices a touch",
    ),
    option(
        "uv",
        "has no fingerprint reader or other way of its own to verify its user",
        "can verify its user by itself, by fingerprint for example; not set up yet",
        "verifies its user by itself, by fingerprint for example",
    ),
    flag(
        "plat",
        "can be moved from computer to computer",
        "is built into one computer",
    ),
    option("clientPin", "has no PIN", "can have a PIN; none is set", "a PIN is set"),
    flag(
        "pinUvAuthToken",
        "the PIN gives every permission at once, as in CTAP 2.0",
        "the PIN or fingerprint gives single permissions",
    ),
    flag(
        "noMcGaPermissionsWithClientPin",
        "the PIN allows registration and sign-in",
        "the PIN does not allow registration and sign-in: only the key's own user verification does",
    ),
    option(
        "alwaysUv",
        "cannot be made to verify its user always",
        "can be made to verify its user always; switched off",
        "always verifies its user; U2F is switched off",
    ),
    flag(
        "makeCredUvNotRqd",
        "once a PIN or fingerprint is set, every registration asks for it",
        "a plain registration works without the PIN or fingerprint",
    ),
    flag(
        "credMgmt",
        "its passkeys cannot be listed or deleted one by one",
        "its passkeys can be listed and deleted",
    ),
    flag(
        "perCredMgmtRO",
        "listing passkeys asks for the PIN each time",
        "a computer can be allowed to list passkeys for good",
    ),
    option(
        "bioEnroll",
        "takes no fingerprints or the like",
        "takes fingerprints or the like; none is enrolled",
        "fingerprints or the like are enrolled",
    ),
    flag(
        "uvBioEnroll",
        "enrolling another fingerprint asks for the PIN",
        "a fingerprint is enough to enrol another",
    ),
    flag(
        "largeBlobs",
        "keeps no large blobs",
        "keeps large blobs: pieces of data beside passkeys",
    ),
    option(
        "ep",
        "cannot tell a company which single key it is (enterprise attestation)",
        "can tell chosen companies which single key it is (enterprise attestation); switched off",
        "tells chosen companies which single key it is (enterprise attestation)",
    ),
    flag("authnrCfg", "cannot be configured", "can be configured"),
    flag(
        "uvAcfg",
        "configuring it asks for the PIN",
        "a fingerprint is enough to configure it",
    ),
    flag(
        "setMinPINLength",
        "the shortest PIN allowed cannot be changed",
        "longer PINs can be made a rule",
    ),
    retired(
        "credentialMgmtPreview",
        "no preview of listing and deleting passkeys",
        "passkeys can be listed and deleted, as a preview of CTAP 2.1 had it",
    ),
    retired(
        "userVerificationMgmtPreview",
        "takes fingerprints as a preview of CTAP 2.1 had it; none is enrolled",
        "fingerprints are enrolled, as a preview of CTAP 2.1 had it",
    ),
    retired(
        "uvToken",
        "an option of a draft of CTAP 2.1",
        "an option of a draft of CTAP 2.1",
    ),
];

/// 0x0A: COSE algorithms (IANA COSE registry).
pub const ALGORITHMS: &[(i64, &str, &str)] = &[
    (-7, "ES256", "ECDSA on P-256: every website takes it"),
    (-8, "EdDSA", "Ed25519"),
    (-9, "ESP256", "ECDSA on P-256, under its newer number"),
    (-19, "Ed25519", "Ed25519, under its newer number"),
    (-35, "ES384", "ECDSA on P-384"),
    (-36, "ES512", "ECDSA on P-521"),
    (-37, "PS256", "RSA-PSS with SHA-256"),
    (-38, "PS384", "RSA-PSS with SHA-384"),
    (-39, "PS512", "RSA-PSS with SHA-512"),
    (-47, "ES256K", "ECDSA on secp256k1"),
    (-48, "ML-DSA-44", "post-quantum, small"),
    (-49, "ML-DSA-65", "post-quantum, medium"),
    (-50, "ML-DSA-87", "post-quantum, large"),
    (-51, "ESP384", "ECDSA on P-384, under its newer number"),
    (-52, "ESP512", "ECDSA on P-521, under its newer number"),
    (-53, "Ed448", "Ed448"),
    (-257, "RS256", "RSA with SHA-256"),
    (-258, "RS384", "RSA with SHA-384"),
    (-259, "RS512", "RSA with SHA-512"),
    (-65_535, "RS1", "RSA with SHA-1: broken"),
];

/// 0x09 and 0x1A: transports (WebAuthn Level 3 §5.8.4).
pub const TRANSPORTS: &[Words] = &[
    ("usb", "USB"),
    ("nfc", "NFC: held against a phone or reader"),
    ("ble", "Bluetooth Low Energy"),
    ("smart-card", "a smart card reader"),
    ("hybrid", "a phone, over the network and Bluetooth"),
    ("internal", "built into the computer"),
];

/// 0x16: attestation statement formats (IANA WebAuthn registry).
pub const ATTESTATION_FORMATS: &[Words] = &[
    ("none", "says nothing about the key"),
    (
        "packed",
        "the usual one: signed by the credential itself, or by a certificate of the key's maker",
    ),
    (
        "fido-u2f",
        "that of U2F keys: signed by a certificate of the key's maker",
    ),
    ("tpm", "signed by a TPM"),
    ("android-key", "signed by Android's key store"),
    ("android-safetynet", "signed by Google's SafetyNet; retired"),
    ("apple", "signed by Apple, anonymously"),
];

/// 0x13: certifications and their highest level (FIDO metadata statement).
pub const CERTIFICATIONS: &[(&str, u64, &str)] = &[
    ("FIDO", 6, "FIDO Alliance: 1 is L1, 2 is L1+, up to 6 for L3+"),
    ("FIPS-CMVP-2", 4, "FIPS 140-2, overall level"),
    ("FIPS-CMVP-3", 4, "FIPS 140-3, overall level"),
    ("FIPS-CMVP-2-PHY", 4, "FIPS 140-2, physical security level"),
    ("FIPS-CMVP-3-PHY", 4, "FIPS 140-3, physical security level"),
    ("CC-EAL", 7, "Common Criteria evaluation assurance level"),
    ("CCN-CPSTIC", 1, "Spanish national catalogue of security products"),
];

/// 0x12: how the key verifies its user, one bit each (FIDO Registry of Predefined Values §3.1).
pub const UV_MODALITIES: &[(u64, &str)] = &[
    (0x0001, "touch"),
    (0x0002, "fingerprint"),
    (0x0004, "PIN on the key"),
    (0x0008, "voice"),
    (0x0010, "face"),
    (0x0020, "location"),
    (0x0040, "eye"),
    (0x0080, "pattern on the key"),
    (0x0100, "hand"),
    (0x0200, "none"),
    (0x0400, "all of these together"),
    (0x0800, "PIN on the computer"),
    (0x1000, "pattern on the computer"),
];

/// 0x1F: subcommands of authenticatorConfig (§6.11).
pub const CONFIG_COMMANDS: &[(i64, &str, &str)] = &[
    (
        0x01,
        "enableEnterpriseAttestation",
        "lets the key name itself to chosen companies",
    ),
    (
        0x02,
        "toggleAlwaysUv",
        "makes the key verify its user always, or no longer",
    ),
    (0x03, "setMinPINLength", "sets rules for PINs"),
    (0x04, "enableLongTouchForReset", "makes a reset take a long touch"),
    (0xFF, "vendorPrototype", "commands of the key's maker"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_option_of_the_standard_is_explained_in_every_state() {
        let known: BTreeSet<_> = OPTIONS.iter().map(|option| option.id).collect();
        let standard = BTreeSet::from(crate::client::ctap2::OPTIONS);
        assert_eq!(known, standard);
        assert_eq!(known.len(), OPTIONS.len(), "no option twice");
    }

    #[test]
    fn absent_is_told_from_false_exactly_where_the_standard_does() {
        let differ: BTreeSet<_> = OPTIONS
            .iter()
            .filter(|option| option.absent.is_some_and(|absent| absent != option.no))
            .map(|option| option.id)
            .collect();
        assert_eq!(
            differ,
            BTreeSet::from(["up", "uv", "clientPin", "ep", "bioEnroll", "alwaysUv"])
        );
    }

    #[test]
    fn every_extension_and_version_is_explained() {
        for extension in [
            "credProtect",
            "credBlob",
            "largeBlobKey",
            "largeBlob",
            "minPinLength",
            "pinComplexityPolicy",
            "hmac-secret",
            "hmac-secret-mc",
            "thirdPartyPayment",
            "uvm",
        ] {
            assert_ne!(words(EXTENSIONS, extension), UNKNOWN, "{extension}");
        }
        for version in ["U2F_V2", "FIDO_2_0", "FIDO_2_1_PRE", "FIDO_2_1", "FIDO_2_2", "FIDO_2_3"] {
            assert_ne!(words(VERSIONS, version), UNKNOWN, "{version}");
        }
        assert_eq!(words(VERSIONS, "FIDO_9_9"), UNKNOWN);
    }

    #[test]
    fn numbers_are_explained_once() {
        let distinct = |numbers: Vec<i64>| numbers.iter().collect::<BTreeSet<_>>().len() == numbers.len();
        assert!(distinct(ALGORITHMS.iter().map(|(number, ..)| *number).collect()));
        assert!(
            UV_MODALITIES
                .iter()
                .enumerate()
                .all(|(bit, (mask, _))| *mask == 1 << bit)
        );
        assert_eq!(CONFIG_COMMANDS.len(), 5);
        let levels = CERTIFICATIONS.iter().map(|(name, highest, _)| (*name, *highest));
        assert!(levels.eq(crate::client::ctap2::CERTIFICATIONS));
    }
}
