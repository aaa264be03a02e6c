//! authenticatorGetInfo (CTAP 2.3 §6.4).

use std::collections::BTreeSet;

use ciborium::Value;

use crate::host::Host;
use crate::host::cbor::{array, map};
use crate::host::ctap2::{GET_INFO, algorithm, make_credential, parameters};
use crate::key::Key;

checks! {
    it_says_what_a_fido_2_3_key_can_do,
    its_options_are_those_of_a_fresh_key,
    the_aaguid_is_that_of_its_credentials,
    sizes_are_as_large_as_the_standard_asks,
    algorithms_that_every_browser_knows_are_listed_once,
    it_changes_with_its_ivs_only,
    surplus_bytes_are_ignored,
}

fn it_says_what_a_fido_2_3_key_can_do(key: &Key) {
    let info = key.host().info();
    let members: BTreeSet<u8> = info.keys().copied().collect();
    // All but what the standard gives to keys with a sensor (11, 12, 17), a certificate (13), commands of their
    // vendor (15) or a page about their PINs (1C).
    let expected = (0x01..=0x1F).filter(|member| !matches!(member, 0x11 | 0x12 | 0x13 | 0x15 | 0x17 | 0x1C));
    assert_eq!(members, expected.collect());
    assert_eq!(
        info[&0x01],
        array(["U2F_V2".into(), "FIDO_2_0".into(), "FIDO_2_1".into(), "FIDO_2_3".into()]),
        "versions"
    );
    assert_eq!(info[&0x06], array([2.into(), 1.into()]), "pinUvAuthProtocols");
    assert_eq!(info[&0x09], array(["usb".into()]), "transports");
    assert_eq!(info[&0x1A], array(["usb".into()]), "transportsForReset");
}

fn its_options_are_those_of_a_fresh_key(key: &Key) {
    let options = map([
        ("rk", true.into()),
        ("up", true.into()),
        ("alwaysUv", false.into()),
        ("credMgmt", true.into()),
        ("authnrCfg", true.into()),
        ("clientPin", false.into()),
        ("largeBlobs", true.into()),
        ("perCredMgmtRO", true.into()),
        ("pinUvAuthToken", true.into()),
        ("setMinPINLength", true.into()),
        ("makeCredUvNotRqd", true.into()),
        ("credentialMgmtPreview", true.into()),
    ]);
    assert_eq!(key.host().info()[&0x04], options);
}

fn the_aaguid_is_that_of_its_credentials(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    assert_eq!(host.info()[&0x03], Value::Bytes(made.aaguid.to_vec()));
    assert_ne!(made.aaguid, [0; 16]);
}

fn uint(host: &mut Host, member: u8) -> usize {
    let value = host.info()[&member].as_integer().expect("an integer");
    value.try_into().expect("an unsigned integer")
}

fn sizes_are_as_large_as_the_standard_asks(key: &Key) {
    let mut host = key.host();
    assert_eq!(uint(&mut host, 0x05), 7609, "maxMsgSize: what CTAPHID carries");
    assert_eq!(uint(&mut host, 0x07), 16, "maxCredentialCountInList");
    let made = host.make(&make_credential("example.com", b"1"));
    assert!(uint(&mut host, 0x08) >= made.id.len(), "maxCredentialIdLength");
    assert!(uint(&mut host, 0x0B) >= 4096, "maxSerializedLargeBlobArray");
    assert!(uint(&mut host, 0x0F) >= 32, "maxCredBlobLength");
    assert!(uint(&mut host, 0x10) >= 1, "maxRPIDsForSetMinPINLength");
    assert!(uint(&mut host, 0x14) >= 10, "remainingDiscoverableCredentials");
}

fn algorithms_that_every_browser_knows_are_listed_once(key: &Key) {
    let info = key.host().info();
    let listed = info[&0x0A].as_array().expect("an array");
    assert_eq!(
        listed[..2],
        [parameters(algorithm::ES256), parameters(algorithm::EDDSA)],
        "the most preferred"
    );
    for (n, entry) in listed.iter().enumerate() {
        assert!(!listed[..n].contains(entry), "{entry:?} twice");
    }
    // These are there for those who ask: a number that it does not know makes an older Firefox refuse all of getInfo.
    for unlisted in [
        algorithm::ESP256,
        algorithm::ED25519,
        algorithm::ESP384,
        algorithm::ESP512,
        algorithm::ML_DSA_44,
        algorithm::ML_DSA_65,
    ] {
        assert!(!listed.contains(&parameters(unlisted)), "{unlisted}");
    }
}

fn it_changes_with_its_ivs_only(key: &Key) {
    let mut host = key.host();
    let mut before = host.info();
    host.make(&make_credential("example.com", b"1"));
    let mut after = host.info();
    for member in [0x19, 0x1E] {
        assert_ne!(before.remove(&member), after.remove(&member), "{member:#x}");
    }
    assert_eq!(before, after);
}

fn surplus_bytes_are_ignored(key: &Key) {
    let mut host = key.host();
    let surplus = host.ctap2([0x04, 0xA0]);
    assert_eq!(surplus.ok()[&0x03], host.ctap2(GET_INFO).ok()[&0x03]);
}
