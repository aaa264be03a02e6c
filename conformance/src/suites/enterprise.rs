//! Enterprise attestation (CTAP 2.3 §7.1), of keys that have it.

use crate::host::cbor::array;
use crate::host::client_pin::configure;
use crate::host::ctap2::{RESET, Request, make_credential, mc, status};
use crate::host::response::Response;
use crate::host::{Host, certificate};
use crate::key::Key;

checks! {
    "CTAP 2.3 §7.1":
        it_is_off_at_first needs Enterprise,
        it_is_enabled_and_stays_so needs Enterprise,
        other_values_are_refused needs Enterprise,
        a_relying_party_that_is_not_listed_gets_the_ordinary_one needs Enterprise,
        a_platform_gets_an_attestation_of_the_key needs Enterprise,
        no_format_is_no_enterprise_attestation needs Enterprise;
    "CTAP 2.3 §6.6":
        a_reset_disables_it needs Enterprise;
}

/// By the relying party's list in the key, and by the platform's.
const VENDOR_FACILITATED: u64 = 1;
const PLATFORM_MANAGED: u64 = 2;

fn asking(value: u64) -> Request {
    make_credential("example.com", b"1").with(mc::ENTERPRISE_ATTESTATION, value)
}

/// A key that is allowed to attest so.
#[track_caller]
fn enabled(key: &Key) -> Host {
    let mut host = key.host();
    same!(host.ctap2(configure(0x01, None)), Response::bare(status::OK));
    host
}

fn it_is_off_at_first(key: &Key) {
    let mut host = key.host();
    same!(host.option("ep"), Some(false));
    for value in [VENDOR_FACILITATED, PLATFORM_MANAGED] {
        host.denied(asking(value), status::INVALID_PARAMETER);
    }
}

fn it_is_enabled_and_stays_so(key: &Key) {
    let mut host = enabled(key);
    same!(host.option("ep"), Some(true));
    same!(host.ctap2(configure(0x01, None)), Response::bare(status::OK));
    same!(host.option("ep"), Some(true));
    key.power_cycle();
    same!(key.host().option("ep"), Some(true));
}

fn other_values_are_refused(key: &Key) {
    let mut host = enabled(key);
    for value in [0, 3, u64::MAX] {
        host.denied(asking(value), status::INVALID_OPTION);
    }
    let text = make_credential("example.com", b"1").with(mc::ENTERPRISE_ATTESTATION, "1");
    host.denied(text, status::CBOR_UNEXPECTED_TYPE);
}

fn a_relying_party_that_is_not_listed_gets_the_ordinary_one(key: &Key) {
    let mut host = enabled(key);
    let usual = host.register(&make_credential("example.com", b"1"));
    let made = host.register(&asking(VENDOR_FACILITATED));
    assert!(
        !made.enterprise,
        "expected no epAtt for a relying party that no vendor listed"
    );
    same!(
        made.certificates(),
        usual.certificates(),
        "the attestation certificates"
    );
}

fn a_platform_gets_an_attestation_of_the_key(key: &Key) {
    let mut host = enabled(key);
    let usual = host.register(&make_credential("example.com", b"1"));
    assert!(!usual.enterprise, "expected no epAtt where nobody asked for it");
    let made = host.register(&asking(PLATFORM_MANAGED));
    assert!(made.enterprise, "expected epAtt for a platform that asks for it");
    same!(made.format, "packed");
    let chain = made.certificates().unwrap_or_default();
    assert!(!chain.is_empty(), "expected a certificate that names the key");
    differ!(
        made.certificates(),
        usual.certificates(),
        "the certificate that names the key"
    );
    certificate::is_of_a_packed_attestation(&chain[0], &made.aaguid);
}

fn no_format_is_no_enterprise_attestation(key: &Key) {
    let request = asking(PLATFORM_MANAGED).with(mc::ATTESTATION_FORMATS_PREFERENCE, array(["none".into()]));
    let made = enabled(key).register(&request);
    same!(
        (made.format.as_str(), made.enterprise),
        ("none", false),
        "the format, and epAtt"
    );
}

fn a_reset_disables_it(key: &Key) {
    enabled(key);
    key.power_cycle();
    let mut host = key.host();
    same!(host.touched(RESET), Response::bare(status::OK));
    same!(host.option("ep"), Some(false));
    let made = host.register(&make_credential("example.com", b"1"));
    assert!(!made.enterprise, "expected no epAtt after a reset");
}
