//! authenticatorGetInfo (CTAP 2.3 §6.4).

use ciborium::Value;

use crate::authenticator::Config;
use crate::crypto::Algorithm;
use crate::limits::{MAX_MESSAGE, SEALED_CREDENTIAL_ID};
use crate::testing::key::{CONFIG, Key, Members};
use crate::testing::request::{GET_INFO, RP, array, integer, parameters};

fn info(key: &mut Key) -> Members {
    key.answer(GET_INFO).unwrap()
}

#[test]
fn it_says_what_the_key_can_do_and_nothing_else() {
    let mut key = Key::new();
    let info = info(&mut key);
    let keys = [
        0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x14, 0x16,
        0x18, 0x19, 0x1a, 0x1b, 0x1d, 0x1e, 0x1f,
    ];
    assert!(info.keys().eq(&keys));
    assert_eq!(
        info[&0x01],
        array(["U2F_V2", "FIDO_2_0", "FIDO_2_1", "FIDO_2_3"].map(Value::from))
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
    assert_eq!(info[&0x02], array(extensions.map(Value::from)));
    assert_eq!(info[&0x03], CONFIG.aaguid[..].into());
    assert_eq!(info[&0x05], (MAX_MESSAGE as u64).into());
    assert_eq!(info[&0x06], array([2.into(), 1.into()]));
    assert_eq!(info[&0x07], 16.into());
    assert_eq!(info[&0x09], array(["usb".into()]));
    let algorithms: std::vec::Vec<_> = Algorithm::listed(false)
        .iter()
        .map(|one| parameters(one.cose()))
        .collect();
    assert_eq!(info[&0x0a], Value::Array(algorithms));
    assert_eq!(info[&0x0b], 4096.into());
    assert_eq!(info[&0x0c], false.into());
    assert_eq!(info[&0x0d], 4.into());
    assert_eq!(info[&0x0e], CONFIG.firmware_version.into());
    assert_eq!(info[&0x0f], 32.into());
    assert_eq!(info[&0x10], 8.into());
    assert!(integer(&info[&0x14]) > 0);
    assert_eq!(info[&0x16], array(["packed", "none", "fido-u2f"].map(Value::from)));
    assert_eq!(info[&0x18], false.into());
    assert_eq!(info[&0x19].as_bytes().unwrap().len(), 32);
    assert_eq!(info[&0x1a], array(["usb".into()]));
    assert_eq!(info[&0x1b], false.into());
    assert_eq!(info[&0x1d], 63.into());
    assert_eq!(info[&0x1e].as_bytes().unwrap().len(), 32);
    assert_eq!(info[&0x1f], array([2.into(), 3.into(), 4.into()]));
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
        .map(|one| parameters(one.cose()))
        .collect();
    assert!(listed.len() > Algorithm::listed(false).len());
    assert_eq!(info(&mut key)[&0x0a], Value::Array(listed));
}

#[test]
fn no_credential_id_is_longer_than_it_says() {
    let mut key = Key::new();
    let longest = usize::try_from(integer(&info(&mut key)[&0x08])).unwrap();
    assert!(key.register(RP).id.len() <= longest);
    let longest_made = key.register_discoverable(RP, b"alice").id.len();
    assert_eq!(longest_made, SEALED_CREDENTIAL_ID);
    assert_eq!(longest_made == longest, cfg!(not(feature = "import")));
}
