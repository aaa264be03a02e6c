//! What this key says of itself (CTAP 2.3 §6.4), to the letter; what any key says is checked in `brasskey-conformance`.

use std::collections::BTreeSet;

use brasskey_conformance::host::cbor::{array, map};
use brasskey_conformance::host::ctap2::{algorithm, parameters};
use brasskey_conformance::host::read::Read as _;
use brasskey_conformance::key::Key;
use brasskey_conformance::{checks, same};

checks! {
    "CTAP 2.3 §6.4":
        it_says_what_a_fido_2_3_key_can_do,
        its_options_are_those_of_a_fresh_key,
        its_sizes_are_these,
        algorithms_that_every_browser_knows_are_listed_once;
}

fn it_says_what_a_fido_2_3_key_can_do(key: &Key) {
    let info = key.host().info();
    let members: BTreeSet<u8> = info.keys().copied().collect();
    // All but what the standard gives to keys with a sensor (11, 12, 17), a certificate (13), commands of their
    // vendor (15) or a page about their PINs (1C).
    let expected = (0x01..=0x1F).filter(|member| !matches!(member, 0x11 | 0x12 | 0x13 | 0x15 | 0x17 | 0x1C));
    same!(members, expected.collect());
    same!(
        info[&0x01],
        array(["U2F_V2".into(), "FIDO_2_0".into(), "FIDO_2_1".into(), "FIDO_2_3".into()]),
        "versions"
    );
    same!(info[&0x06], array([2.into(), 1.into()]), "pinUvAuthProtocols");
    same!(info[&0x09], array(["usb".into()]), "transports");
    same!(info[&0x1A], array(["usb".into()]), "transportsForReset");
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
    same!(key.host().info()[&0x04], options);
}

fn its_sizes_are_these(key: &Key) {
    let mut host = key.host();
    let info = host.info();
    let size = |member: u8| -> usize { info[&member].number() };
    same!(size(0x05), 7609, "maxMsgSize: what CTAPHID carries");
    same!(size(0x07), 16, "maxCredentialCountInList");
    assert!(size(0x0B) >= 4096, "maxSerializedLargeBlobArray");
    assert!(size(0x0F) >= 32, "maxCredBlobLength");
    assert!(size(0x10) >= 1, "maxRPIDsForSetMinPINLength");
    assert!(size(0x14) >= 10, "remainingDiscoverableCredentials");
}

fn algorithms_that_every_browser_knows_are_listed_once(key: &Key) {
    let info = key.host().info();
    let listed = info[&0x0A].items();
    same!(
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
