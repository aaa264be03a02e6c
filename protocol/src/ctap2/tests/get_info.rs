//! authenticatorGetInfo (CTAP 2.3 §6.4).

use cbor4ii::core::Value;

use crate::authenticator::Config;
use crate::crypto::Algorithm;
use crate::limits::{MAX_MESSAGE, SEALED_CREDENTIAL_ID};
use crate::testing::cbor::{Tree, array, int, map, text};
use crate::testing::key::{CONFIG, Key};
use crate::testing::request::{RP, get_info, parameter};

fn info(key: &mut Key) -> Value {
    key.send(&get_info()).unwrap().unwrap()
}

#[test]
fn it_says_what_the_key_can_do_and_nothing_else() {
    let mut key = Key::new();
    let info = info(&mut key);
    let keys = [
        0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x14, 0x16,
        0x18, 0x19, 0x1a, 0x1b, 0x1d, 0x1e, 0x1f,
    ];
    assert_eq!(info.keys(), keys.map(int));
    assert_eq!(
        info.number(0x01),
        &array(["U2F_V2", "FIDO_2_0", "FIDO_2_1", "FIDO_2_3"].map(text))
    );
    let extensions = [
        "credBlob",
        "credProtect",
        "hmac-secret",
        "largeBlobKey",
        "minPinLength",
        "hmac-secret-mc",
        "thirdPartyPayment",
        "pinComplexityPolicy",
    ];
    assert_eq!(info.number(0x02), &array(extensions.map(text)));
    assert_eq!(info.number(0x03).as_bytes(), CONFIG.aaguid);
    assert_eq!(
        info.number(0x04),
        &map([
            ("rk", Value::Bool(true)),
            ("up", Value::Bool(true)),
            ("alwaysUv", Value::Bool(false)),
            ("credMgmt", Value::Bool(true)),
            ("authnrCfg", Value::Bool(true)),
            ("clientPin", Value::Bool(false)),
            ("largeBlobs", Value::Bool(true)),
            ("perCredMgmtRO", Value::Bool(true)),
            ("pinUvAuthToken", Value::Bool(true)),
            ("setMinPINLength", Value::Bool(true)),
            ("makeCredUvNotRqd", Value::Bool(true)),
            ("credentialMgmtPreview", Value::Bool(true)),
        ])
    );
    assert_eq!(info.number(0x05), &Value::Integer(MAX_MESSAGE as i128));
    assert_eq!(info.number(0x06), &array([int(2), int(1)]));
    assert_eq!(info.number(0x07), &int(16));
    assert_eq!(info.number(0x09), &array([text("usb")]));
    let algorithms: std::vec::Vec<_> = Algorithm::listed(false)
        .iter()
        .map(|one| parameter(one.cose()))
        .collect();
    assert_eq!(info.number(0x0a), &array(algorithms));
    assert_eq!(info.number(0x0b), &int(4096));
    assert_eq!(info.number(0x0c), &Value::Bool(false));
    assert_eq!(info.number(0x0d), &int(4));
    assert_eq!(info.number(0x0e), &Value::Integer(CONFIG.firmware_version.into()));
    assert_eq!(info.number(0x0f), &int(32));
    assert_eq!(info.number(0x10), &int(8));
    assert!(info.number(0x14).as_int() > 0);
    assert_eq!(info.number(0x16), &array(["packed", "none", "fido-u2f"].map(text)));
    assert_eq!(info.number(0x18), &Value::Bool(false));
    assert_eq!(info.number(0x19).as_bytes().len(), 32);
    assert_eq!(info.number(0x1a), &array([text("usb")]));
    assert_eq!(info.number(0x1b), &Value::Bool(false));
    assert_eq!(info.number(0x1d), &int(63));
    assert_eq!(info.number(0x1e).as_bytes().len(), 32);
    assert_eq!(info.number(0x1f), &array([int(2), int(3), int(4)]));
}

#[test]
fn it_lists_algorithms_that_older_browsers_do_not_know_where_it_was_built_to() {
    let mut key = Key::new();
    let config = Config {
        lists_recent_algorithms: true,
        ..CONFIG
    };
    key.0.config = config;
    let listed: std::vec::Vec<_> = Algorithm::listed(true)
        .iter()
        .map(|one| parameter(one.cose()))
        .collect();
    assert!(listed.len() > Algorithm::listed(false).len());
    assert_eq!(info(&mut key).number(0x0a), &array(listed));
}

#[test]
fn no_credential_id_is_longer_than_it_says() {
    let mut key = Key::new();
    let longest = usize::try_from(info(&mut key).number(0x08).as_int()).unwrap();
    assert!(key.register(RP).id.len() <= longest);
    let longest_made = key.register_discoverable(RP, b"alice").id.len();
    assert_eq!(longest_made, SEALED_CREDENTIAL_ID);
    assert_eq!(longest_made == longest, cfg!(not(feature = "import")));
}
