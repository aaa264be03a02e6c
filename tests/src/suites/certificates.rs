//! A key with a vendor's certificates: packed basic and enterprise attestation (CTAP 2.3 §6.1.2 step 9, §7.1).

use brasskey_conformance::host::Host;
use brasskey_conformance::host::cbor::array;
use brasskey_conformance::host::certificate::is_of_a_packed_attestation;
use brasskey_conformance::host::client_pin::configure;
use brasskey_conformance::host::ctap2::{RESET, Request, make_credential, make_discoverable, mc, status};
use brasskey_conformance::host::read::Read as _;
use brasskey_conformance::host::response::{Made, Response, member};
use brasskey_conformance::key::Key;
use brasskey_conformance::run::caught;
use brasskey_conformance::{checks, same};
use ciborium::Value;

use crate::forms::vendor::{AAGUID, RP_ID, certificates};

checks! {
    "WebAuthn Level 3 §8.2":
        it_attests_by_the_certificate_of_its_batch needs Certificates and Enterprise,
        it_attests_every_algorithm_by_it needs Certificates and Enterprise;
    "WebAuthn Level 3 §8.6":
        fido_u2f_is_signed_by_it_too needs Certificates and Enterprise;
    "WebAuthn Level 3 §8.2.1":
        the_certificate_is_what_webauthn_asks_for needs Certificates and Enterprise;
    "U2F Raw Message Formats v1.2 §4.3":
        u2f_attests_by_the_same_certificate needs Certificates and Enterprise;
    "CTAP 2.3 §7.1":
        enterprise_attestation_is_off_at_first needs Certificates and Enterprise,
        a_listed_relying_party_gets_the_certificate_of_the_key needs Certificates and Enterprise,
        another_relying_party_gets_that_of_the_batch needs Certificates and Enterprise,
        a_platform_gets_the_certificate_of_the_key needs Certificates and Enterprise,
        a_grant_comes_as_packed_whatever_else_is_preferred needs Certificates and Enterprise,
        a_reset_disables_it_and_leaves_the_certificates needs Certificates and Enterprise;
}

const BATCH: usize = 0;
const ENTERPRISE: usize = 1;

fn plain() -> Request {
    make_credential("example.com", b"1")
}

fn enabled(key: &Key) -> Host {
    let mut host = key.host();
    same!(host.ctap2(configure(0x01, None)), Response::bare(status::OK));
    host
}

/// It is attested by this certificate, and by it alone.
#[track_caller]
fn is_by(made: &Made, certificate: usize) {
    same!(made.certificates(), Some(vec![certificates()[certificate].to_vec()]));
    same!((made.format.as_str(), made.aaguid), ("packed", AAGUID));
    same!(made.enterprise, certificate == ENTERPRISE);
}

fn asking(rp_id: &str, value: u64) -> Request {
    make_credential(rp_id, b"1").with(mc::ENTERPRISE_ATTESTATION, value)
}

fn it_attests_by_the_certificate_of_its_batch(key: &Key) {
    let mut host = key.host();
    is_by(&host.register(&plain()), BATCH);
    same!(host.info()[&0x03], AAGUID.to_vec().into());
}

fn it_attests_every_algorithm_by_it(key: &Key) {
    let mut host = key.host();
    let listed = host.info()[&0x0A].items().clone();
    for entry in listed {
        for request in [plain(), make_discoverable("example.com", b"1")] {
            let made = host.register(&request.with(mc::PUB_KEY_CRED_PARAMS, array([entry.clone()])));
            is_by(&made, BATCH);
            same!(member(&entry, "alg"), &Value::from(made.public_key.algorithm));
        }
    }
}

fn fido_u2f_is_signed_by_it_too(key: &Key) {
    let request = plain().with(mc::ATTESTATION_FORMATS_PREFERENCE, array(["fido-u2f".into()]));
    let made = key.host().register(&request);
    same!(made.format, "fido-u2f");
    same!(made.certificates(), Some(vec![certificates()[BATCH].to_vec()]));
}

fn the_certificate_is_what_webauthn_asks_for(_: &Key) {
    for certificate in certificates() {
        is_of_a_packed_attestation(certificate, &AAGUID);
        // One of another model is none.
        assert!(caught(|| is_of_a_packed_attestation(certificate, &[7; 16])).is_err());
    }
}

fn u2f_attests_by_the_same_certificate(key: &Key) {
    let mut host = key.host();
    let application = [7; 32];
    let data = host.u2f_touched(&brasskey_conformance::host::u2f::register(&application));
    let certificate = certificates()[BATCH];
    assert!(data.windows(certificate.len()).any(|window| window == certificate));
}

fn enterprise_attestation_is_off_at_first(key: &Key) {
    let mut host = key.host();
    same!(host.option("ep"), Some(false));
    for value in [1, 2, 7] {
        host.denied(asking(RP_ID, value), status::INVALID_PARAMETER);
    }
    let listed = host.info()[&0x1F].clone();
    assert!(listed.items().contains(&1.into()));
}

fn a_listed_relying_party_gets_the_certificate_of_the_key(key: &Key) {
    is_by(&enabled(key).register(&asking(RP_ID, 1)), ENTERPRISE);
}

fn another_relying_party_gets_that_of_the_batch(key: &Key) {
    let mut host = enabled(key);
    for rp_id in ["example.com", &format!("x.{RP_ID}"), &RP_ID[1..], &RP_ID.to_uppercase()] {
        is_by(&host.register(&asking(rp_id, 1)), BATCH);
    }
    is_by(&host.register(&make_credential(RP_ID, b"1")), BATCH);
}

fn a_platform_gets_the_certificate_of_the_key(key: &Key) {
    is_by(&enabled(key).register(&asking("example.com", 2)), ENTERPRISE);
}

fn a_grant_comes_as_packed_whatever_else_is_preferred(key: &Key) {
    let preference = array(["fido-u2f".into()]);
    let request = asking("example.com", 2).with(mc::ATTESTATION_FORMATS_PREFERENCE, preference);
    is_by(&enabled(key).register(&request), ENTERPRISE);
}

fn a_reset_disables_it_and_leaves_the_certificates(key: &Key) {
    enabled(key);
    key.power_cycle();
    let mut host = key.host();
    same!(host.touched(RESET), Response::bare(status::OK));
    same!(host.option("ep"), Some(false));
    is_by(&host.register(&plain()), BATCH);
}
