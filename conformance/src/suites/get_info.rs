//! authenticatorGetInfo (CTAP 2.3 §6.4).

use ciborium::Value;

use crate::host::Host;
use crate::host::ctap2::{GET_INFO, make_credential};
use crate::host::read::Read as _;
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.4":
        the_aaguid_is_that_of_its_credentials,
        the_aaguid_names_a_model [Should],
        sizes_are_as_large_as_the_standard_asks,
        it_changes_with_its_ivs_only,
        surplus_bytes_are_ignored;
}

fn the_aaguid_is_that_of_its_credentials(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    // An attestation of U2F's form knows no AAGUID (WebAuthn Level 3 §8.6).
    if made.format != "fido-u2f" {
        same!(host.info()[&0x03], Value::Bytes(made.aaguid.to_vec()));
    }
}

fn the_aaguid_names_a_model(key: &Key) {
    differ!(key.host().info()[&0x03], Value::Bytes(vec![0; 16]));
}

/// A number of getInfo; none where the member is absent.
fn uint(host: &mut Host, member: u8) -> Option<usize> {
    host.info().get(&member).map(|value| value.number())
}

#[track_caller]
fn at_least(host: &mut Host, member: u8, name: &str, least: usize) {
    if let Some(size) = uint(host, member) {
        assert!(
            size >= least,
            "{name}: expected {least} or more, the key answered {size}"
        );
    }
}

fn sizes_are_as_large_as_the_standard_asks(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    at_least(&mut host, 0x05, "maxMsgSize", 1024);
    at_least(&mut host, 0x07, "maxCredentialCountInList", 1);
    at_least(&mut host, 0x08, "maxCredentialIdLength", made.id.len());
    if host.option("largeBlobs") == Some(true) {
        at_least(&mut host, 0x0B, "maxSerializedLargeBlobArray", 1024);
    }
    at_least(&mut host, 0x0F, "maxCredBlobLength", 32);
}

fn it_changes_with_its_ivs_only(key: &Key) {
    let mut host = key.host();
    let mut before = host.info();
    host.make(&make_credential("example.com", b"1"));
    let mut after = host.info();
    for member in [0x19, 0x1E] {
        let (before, after) = (before.remove(&member), after.remove(&member));
        assert!(
            before.is_none() || before != after,
            "expected another IV in member {member:#x} each time"
        );
    }
    same!(before, after);
}

fn surplus_bytes_are_ignored(key: &Key) {
    let mut host = key.host();
    let surplus = host.ctap2([0x04, 0xA0]);
    same!(surplus.ok()[&0x03], host.ctap2(GET_INFO).ok()[&0x03]);
}
