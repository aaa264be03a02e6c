//! authenticatorGetInfo (CTAP 2.3 §6.4) of a FIDO_2_0 key.

use std::collections::BTreeSet;

use ciborium::Value;

use crate::host::cbor::{array, map};
use crate::host::ctap2::{GET_INFO, algorithm, make_credential, parameters};
use crate::key::Key;

checks! {
    it_says_what_a_fido_2_0_key_can_do_and_no_more,
    the_aaguid_is_that_of_its_credentials,
    sizes_are_as_large_as_the_standard_asks,
    it_is_the_same_every_time,
    surplus_bytes_are_ignored,
}

fn it_says_what_a_fido_2_0_key_can_do_and_no_more(key: &Key) {
    let info = key.host().ctap2(GET_INFO);
    let info = info.ok();
    let members: BTreeSet<u8> = info.keys().copied().collect();
    assert_eq!(
        members,
        BTreeSet::from([0x01, 0x03, 0x04, 0x05, 0x07, 0x08, 0x0A, 0x0E, 0x16])
    );
    assert_eq!(info[&0x01], array(["U2F_V2".into(), "FIDO_2_0".into()]), "versions");
    assert_eq!(info[&0x04], map([("rk", true.into()), ("up", true.into())]), "options");
    assert_eq!(
        info[&0x0A],
        array([parameters(algorithm::ES256), parameters(algorithm::EDDSA)]),
        "algorithms"
    );
    assert_eq!(
        info[&0x16],
        array(["packed".into(), "none".into()]),
        "attestationFormats"
    );
}

fn the_aaguid_is_that_of_its_credentials(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    assert_eq!(host.ctap2(GET_INFO).ok()[&0x03], Value::Bytes(made.aaguid.to_vec()));
    assert_ne!(made.aaguid, [0; 16]);
}

fn sizes_are_as_large_as_the_standard_asks(key: &Key) {
    let mut host = key.host();
    let info = host.ctap2(GET_INFO);
    let uint = |member: u8| -> usize {
        let value = info.ok()[&member].as_integer().expect("an integer");
        value.try_into().expect("an unsigned integer")
    };
    assert_eq!(uint(0x05), 7609, "maxMsgSize: what CTAPHID carries");
    assert_eq!(uint(0x07), 16, "maxCredentialCountInList");
    let made = host.make(&make_credential("example.com", b"1"));
    assert!(uint(0x08) >= made.id.len(), "maxCredentialIdLength");
}

fn it_is_the_same_every_time(key: &Key) {
    let mut host = key.host();
    let info = host.ctap2(GET_INFO);
    host.make(&make_credential("example.com", b"1"));
    assert_eq!(host.ctap2(GET_INFO), info);
}

fn surplus_bytes_are_ignored(key: &Key) {
    let mut host = key.host();
    assert_eq!(host.ctap2([0x04, 0xA0]), host.ctap2(GET_INFO));
}
