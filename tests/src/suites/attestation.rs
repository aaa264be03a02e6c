//! The attestation format `fido-u2f` (WebAuthn Level 3 §8.6), which this key offers to those who prefer it.

use brasskey_conformance::host::cbor::array;
use brasskey_conformance::host::ctap2::{Request, algorithm, get_assertion_by, make_credential, mc, parameters};
use brasskey_conformance::host::response::flags;
use brasskey_conformance::key::Key;
use brasskey_conformance::{checks, same};
use ciborium::Value;

checks! {
    "WebAuthn Level 3 §8.6":
        a_credential_attested_as_u2f_signs_in_like_any_other,
        fido_u2f_is_passed_over_for_what_u2f_cannot_sign;
}

fn preferring(formats: &[&str]) -> Request {
    let formats: Vec<Value> = formats.iter().map(|format| (*format).into()).collect();
    make_credential("example.com", b"1").with(mc::ATTESTATION_FORMATS_PREFERENCE, formats)
}

fn a_credential_attested_as_u2f_signs_in_like_any_other(key: &Key) {
    let mut host = key.host();
    for preference in [&["fido-u2f"][..], &["fido-u2f", "packed"]] {
        let made = host.make(&preferring(preference));
        same!(made.format, "fido-u2f");
        let assertion = host.assert(&get_assertion_by("example.com", &[&made.id]));
        assertion.verify(&made.public_key, "example.com", flags::UP);
    }
}

fn fido_u2f_is_passed_over_for_what_u2f_cannot_sign(key: &Key) {
    let mut host = key.host();
    for (preference, format) in [(&["fido-u2f"][..], "packed"), (&["fido-u2f", "none"], "none")] {
        let eddsa = array([parameters(algorithm::EDDSA)]);
        let made = host.make(&preferring(preference).with(mc::PUB_KEY_CRED_PARAMS, eddsa));
        same!(made.format, format);
    }
}
