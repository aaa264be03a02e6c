use std::collections::BTreeMap;

use brasskey_protocol::ctaphid::InitResponse;
use serde_json::json;

use super::*;
use crate::client::ctap2::{Info, PublicKeyCredentialParameters};
use crate::client::fake::{FakeKey, Reply};
use crate::client::{Key, Oddity};

const INIT: InitResponse = InitResponse {
    nonce: [0; 8],
    channel: 1,
    protocol_version: 2,
    version: [5, 4, 3],
    capabilities: 0x05,
};

/// A key that answers everything with `answer`.
fn scripted(answer: Vec<u8>) -> Key {
    FakeKey::key(move |_, _| Reply::Now(answer.clone()))
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().copied().map(str::to_owned).collect()
}

fn options(options: &[(&str, bool)]) -> BTreeMap<String, bool> {
    options.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect()
}

fn info() -> Info {
    Info {
        versions: texts(&["U2F_V2", "FIDO_2_0"]),
        aaguid: Some([0xAB; 16]),
        options: options(&[("rk", true), ("clientPin", false)]),
        algorithms: Some(vec![PublicKeyCredentialParameters::public_key(-7)]),
        ..Info::default()
    }
}

fn facts<'a>(info: Option<&'a Info>, init: &'a InitResponse) -> Facts<'a> {
    let info_error = info.is_none().then_some("it ends early");
    Facts {
        device: "Key (hid:/dev/hidraw3)",
        init,
        versions: info.map_or(vec!["U2F_V2"], |info| {
            info.versions.iter().map(String::as_str).collect()
        }),
        u2f: true,
        info,
        info_error: info_error.map(str::to_owned),
        model: None,
        is_not_in_metadata: false,
        notices: notices::of(info),
        warnings: facts::warnings(&[], info_error),
    }
}

fn page(facts: &Facts<'_>) -> String {
    let mut text = Vec::new();
    show(facts, &mut text).unwrap();
    anstream::adapter::strip_str(std::str::from_utf8(&text).unwrap()).to_string()
}

#[test]
fn a_small_key_is_explained() {
    assert_eq!(
        page(&facts(Some(&info()), &INIT)),
        "\
Key (hid:/dev/hidraw3)

Key
  Model (AAGUID)                  abababab-abab-abab-abab-abababababab
  Works with                      WebAuthn over CTAP2, and old U2F sites

Versions
  U2F_V2                          U2F, also called CTAP1: the second factor beside a password
  FIDO_2_0                        CTAP 2.0: WebAuthn credentials, passkeys, PINs

Options
  rk                              yes  keeps passkeys (discoverable credentials), which sign in without a user name
  clientPin                       no   can have a PIN; none is set

Options left out
  up                              notices a touch (the default)
  uv                              has no fingerprint reader or other way of its own to verify its user
  plat                            can be moved from computer to computer
  pinUvAuthToken                  the PIN gives every permission at once, as in CTAP 2.0
  noMcGaPermissionsWithClientPin  the PIN allows registration and sign-in
  alwaysUv                        cannot be made to verify its user always
  makeCredUvNotRqd                once a PIN or fingerprint is set, every registration asks for it
  credMgmt                        its passkeys cannot be listed or deleted one by one
  perCredMgmtRO                   listing passkeys asks for the PIN each time
  bioEnroll                       takes no fingerprints or the like
  uvBioEnroll                     enrolling another fingerprint asks for the PIN
  largeBlobs                      keeps no large blobs
  ep                              cannot tell a company which single key it is (enterprise attestation)
  authnrCfg                       cannot be configured
  uvAcfg                          configuring it asks for the PIN
  setMinPINLength                 the shortest PIN allowed cannot be changed

Algorithms, most preferred first
  ES256                           -7  ECDSA on P-256: every website takes it

Limits
  Longest message                 1024 bytes (the default)

USB messages (CTAPHID)
  Protocol version                2
  Device version                  5.4.3
  Can blink                       yes, with `brasskey wink`
  Takes CTAP2 messages            yes
  Takes U2F messages              yes

What websites may trip over
  no PIN is set: websites that demand user verification ask for one (`brasskey pin set`)
  it has no hmac-secret: websites that encrypt with a passkey (PRF) cannot use it
"
    );
}

#[test]
fn a_u2f_key_is_explained_as_far_as_it_says_anything() {
    let init = InitResponse {
        capabilities: 0x02,
        ..INIT
    };
    assert_eq!(
        page(&facts(None, &init)),
        "\
Key (hid:/dev/hidraw3)

Key
  Works with            U2F: second-factor sign-in only, no passkeys and no PIN

Versions
  U2F_V2                U2F, also called CTAP1: the second factor beside a password

U2F
  Algorithm             ES256: the only one of U2F
  Touch                 registration and sign-in take one each
  Attestation           a certificate of its maker, which it shows at registration: `brasskey register --u2f`

USB messages (CTAPHID)
  Protocol version      2
  Device version        5.4.3
  Can blink             no
  Takes CTAP2 messages  no
  Takes U2F messages    yes
  Can be locked         yes

What websites may trip over
  it makes no passkeys, and verifies no user: it is a second factor beside a password

Warnings
  it says that it speaks CTAP2 and is used as a U2F key, because getInfo failed: it ends early
"
    );
}

/// A key that says everything there is, for tests that look at each member.
fn talkative() -> Info {
    Info {
        versions: texts(&["FIDO_2_3"]),
        extensions: Some(texts(&["credProtect", "x\u{202e}y"])),
        options: options(&[("rk", true), ("credMgmt", true), ("odd", true)]),
        max_msg_size: Some(7609),
        pin_uv_auth_protocols: Some(vec![2, 1]),
        max_credential_count_in_list: Some(16),
        max_credential_id_length: Some(255),
        transports: Some(texts(&["usb"])),
        max_serialized_large_blob_array: Some(1024),
        force_pin_change: Some(false),
        min_pin_length: Some(4),
        firmware_version: Some(256),
        max_cred_blob_length: Some(32),
        max_rp_ids_for_set_min_pin_length: Some(1),
        preferred_platform_uv_attempts: Some(3),
        uv_modality: Some(0x2002),
        certifications: Some(BTreeMap::from([("FIDO".to_owned(), 7)])),
        remaining_discoverable_credentials: Some(24),
        vendor_prototype_config_commands: Some(vec![0xF00]),
        attestation_formats: Some(texts(&["packed"])),
        uv_count_since_last_pin_entry: Some(1),
        long_touch_for_reset: Some(true),
        enc_identifier: Some([0x19; 32]),
        transports_for_reset: Some(texts(&["usb"])),
        pin_complexity_policy: Some(true),
        pin_complexity_policy_url: Some(b"https://example.com/\x1b".to_vec()),
        max_pin_length: Some(63),
        enc_cred_store_state: Some([0x1E; 32]),
        authenticator_config_commands: Some(vec![0x03, 0x77]),
        unknown: BTreeMap::from([(0x40, vec![0xA1, 0x01, 0x02])]),
        oddities: vec![Oddity::TrailingBytes(3)],
        ..info()
    }
}

#[test]
fn every_member_has_a_line() {
    let info = talkative();
    let page = page(&facts(Some(&info), &INIT));
    for line in [
        "Firmware version                256 (0x100)",
        r"x\u{202e}y                      not known to this version of brasskey",
        "odd                             yes  not known",
        "PIN must be changed             no",
        "Shortest PIN                    4 characters",
        "Longest PIN                     63 characters",
        "Simple PINs are refused         yes",
        r"Rules for PINs                  https://example.com/\u{1b}",
        "Websites told of PIN rules      up to 1 can be chosen",
        "PIN/UV auth protocols           2, 1, most preferred first",
        "Verifies its user by            fingerprint, unknown ways (0x2000)",
        "Attempts before the PIN         3 attempts",
        "Verified without the PIN        1 time since the PIN was given",
        "Longest message                 7609 bytes",
        "Longest list of credentials     16 credentials",
        "Longest credential ID           255 bytes",
        "Room for passkeys               about 24 more",
        "Room for large blobs            1024 bytes",
        "Longest credBlob                32 bytes",
        "usb                             USB",
        "packed                          the usual one",
        "FIDO                            level 7  FIDO Alliance",
        "Reset takes a long touch        yes",
        "Reset works over                usb only",
        "setMinPINLength                 sets rules for PINs",
        "subcommand 0x77                 not known",
        "vendor command 0xf00            a command of the key's maker",
        "encIdentifier                   1919",
        "encCredStoreState               1e1e",
        "0x40                            CBOR a10102",
    ] {
        assert!(page.contains(&format!("\n  {line}")), "{line}\nin\n{page}");
    }
}

#[test]
fn warnings_are_the_faults_of_the_key() {
    let mut answer = [
        &b"\x00\xA3\x01\x81\x68FIDO_2_0\x03\x50AAAAAAAAAAAAAAAA"[..],
        b"\x04\xA1\x66odd\x1B[2\xF5\0\0\0",
    ]
    .concat();
    let key = scripted(answer.clone());
    assert_eq!(
        Facts::of(&key, "key").warnings,
        [
            "authenticatorGetInfo: 3 bytes follow the answer (CTAP 2.3 §8)",
            r"authenticatorGetInfo: the standard has no option odd\u{1b}[2 (CTAP 2.3 §6.4)",
        ]
    );
    answer.truncate(answer.len() - 13);
    answer[1] = 0xA2;
    assert!(Facts::of(&scripted(answer), "key").warnings.is_empty());
}

#[test]
fn programs_see_the_names_of_the_standard() {
    let info = talkative();
    let value = json!(facts(Some(&info), &INIT));
    assert_eq!(
        value["ctaphid"],
        json!({
            "protocolVersion": 2,
            "deviceVersion": "5.4.3",
            "capabilities": ["WINK", "CBOR"],
            "capabilityBits": 5,
        })
    );
    assert_eq!(
        (&value["u2f"], &value["versions"]),
        (&json!(true), &json!(["FIDO_2_3"]))
    );
    assert_eq!(value["getInfoError"], json!(null));
    assert_eq!(
        value["getInfo"],
        json!({
            "versions": ["FIDO_2_3"],
            "extensions": ["credProtect", "x\u{202e}y"],
            "aaguid": "abababab-abab-abab-abab-abababababab",
            "options": { "rk": true, "credMgmt": true, "odd": true },
            "maxMsgSize": 7609,
            "pinUvAuthProtocols": [2, 1],
            "maxCredentialCountInList": 16,
            "maxCredentialIdLength": 255,
            "transports": ["usb"],
            "algorithms": [{ "alg": -7, "type": "public-key" }],
            "maxSerializedLargeBlobArray": 1024,
            "forcePINChange": false,
            "minPINLength": 4,
            "firmwareVersion": 256,
            "maxCredBlobLength": 32,
            "maxRPIDsForSetMinPINLength": 1,
            "preferredPlatformUvAttempts": 3,
            "uvModality": 0x2002,
            "certifications": { "FIDO": 7 },
            "remainingDiscoverableCredentials": 24,
            "vendorPrototypeConfigCommands": [0xF00],
            "attestationFormats": ["packed"],
            "uvCountSinceLastPinEntry": 1,
            "longTouchForReset": true,
            "encIdentifier": "19".repeat(32),
            "transportsForReset": ["usb"],
            "pinComplexityPolicy": true,
            "pinComplexityPolicyURL": "https://example.com/\u{1b}",
            "maxPINLength": 63,
            "encCredStoreState": "1e".repeat(32),
            "authenticatorConfigCommands": [3, 0x77],
            "unknown": { "64": "a10102" },
        })
    );
}

#[test]
fn a_u2f_key_has_no_get_info() {
    let value = json!(facts(None, &INIT));
    assert_eq!(value["getInfo"], json!(null));
    assert_eq!(value["getInfoError"], json!("it ends early"));
    let absent = json!(facts(Some(&Info::default()), &INIT));
    assert_eq!(
        absent["getInfo"],
        json!({ "versions": [], "options": {}, "unknown": {} })
    );
}

#[test]
fn a_model_that_is_not_in_the_metadata_is_said_to_be_missing() {
    let blob: Blob = serde_json::from_value(json!({ "no": 1, "nextUpdate": "2026-01-01", "entries": [] })).unwrap();
    let info = info();
    let mut facts = facts(Some(&info), &INIT);
    facts.know_model(None);
    assert!(!page(&facts).contains("metadata"));
    facts.know_model(Some(&blob));
    assert!(
        page(&facts).contains("the model is not in the metadata"),
        "{}",
        page(&facts)
    );
}

#[test]
fn a_root_that_is_no_certificate_is_to_blame_itself() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, "hi").unwrap();
    let refused = certificates(file.path()).unwrap_err();
    assert!(refused.to_string().contains("there is no certificate in "), "{refused}");
}
