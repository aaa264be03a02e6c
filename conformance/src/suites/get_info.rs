//! authenticatorGetInfo (CTAP 2.3 §6.4).

use ciborium::Value;

use crate::host::Host;
use crate::host::ctap2::{GET_INFO, make_credential};
use crate::host::read::Read as _;
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.4":
        the_aaguid_is_that_of_its_credentials,
        sizes_are_as_large_as_the_standard_asks,
        it_changes_with_its_ivs_only,
        surplus_bytes_are_ignored;
}

fn the_aaguid_is_that_of_its_credentials(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    same!(host.info()[&0x03], Value::Bytes(made.aaguid.to_vec()));
    differ!(made.aaguid, [0; 16]);
}

fn uint(host: &mut Host, member: u8) -> usize {
    host.info()[&member].number()
}

fn sizes_are_as_large_as_the_standard_asks(key: &Key) {
    let mut host = key.host();
    same!(uint(&mut host, 0x05), 7609, "maxMsgSize: what CTAPHID carries");
    same!(uint(&mut host, 0x07), 16, "maxCredentialCountInList");
    let made = host.make(&make_credential("example.com", b"1"));
    assert!(uint(&mut host, 0x08) >= made.id.len(), "maxCredentialIdLength");
    assert!(uint(&mut host, 0x0B) >= 4096, "maxSerializedLargeBlobArray");
    assert!(uint(&mut host, 0x0F) >= 32, "maxCredBlobLength");
    assert!(uint(&mut host, 0x10) >= 1, "maxRPIDsForSetMinPINLength");
    assert!(uint(&mut host, 0x14) >= 10, "remainingDiscoverableCredentials");
}

fn it_changes_with_its_ivs_only(key: &Key) {
    let mut host = key.host();
    let mut before = host.info();
    host.make(&make_credential("example.com", b"1"));
    let mut after = host.info();
    for member in [0x19, 0x1E] {
        differ!(before.remove(&member), after.remove(&member), "{member:#x}");
    }
    same!(before, after);
}

fn surplus_bytes_are_ignored(key: &Key) {
    let mut host = key.host();
    let surplus = host.ctap2([0x04, 0xA0]);
    same!(surplus.ok()[&0x03], host.ctap2(GET_INFO).ok()[&0x03]);
}
