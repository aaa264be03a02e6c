//! What this key makes (CTAP 2.3 §6.1.2) where the standard leaves it a choice.

use brasskey_conformance::host::ctap2::{algorithm, make_credential, mc};
use brasskey_conformance::key::Key;
use brasskey_conformance::{checks, same};

checks! {
    "CTAP 2.3 §6.1.2 step 3":
        fully_specified_algorithms_attest_and_sign,
        large_algorithms_attest_and_sign needs EveryAlgorithm;
    "CTAP 2.3 §6.1.2 step 19":
        packed_is_the_default_format,
        packed_is_used_where_no_other_is_preferred;
}

/// What getInfo leaves unlisted for the sake of older hosts is there for those who ask.
fn fully_specified_algorithms_attest_and_sign(key: &Key) {
    let mut host = key.host();
    for algorithm in [algorithm::ESP256, algorithm::ED25519] {
        host.registers_and_signs_in(algorithm);
    }
}

fn large_algorithms_attest_and_sign(key: &Key) {
    let mut host = key.host();
    for algorithm in [
        algorithm::ES384,
        algorithm::ESP384,
        algorithm::ES512,
        algorithm::ESP512,
        algorithm::ES256K,
        algorithm::ML_DSA_44,
        algorithm::ML_DSA_65,
    ] {
        host.registers_and_signs_in(algorithm);
    }
}

fn packed_is_the_default_format(key: &Key) {
    let made = key.host().make(&make_credential("example.com", b"1"));
    same!(made.format, "packed");
}

fn packed_is_used_where_no_other_is_preferred(key: &Key) {
    let mut host = key.host();
    for preference in [&["packed"][..], &["zzz"], &[]] {
        let names: Vec<_> = preference.iter().copied().map(ciborium::Value::from).collect();
        let request = make_credential("example.com", b"1").with(mc::ATTESTATION_FORMATS_PREFERENCE, names);
        same!(host.make(&request).format, "packed", "{preference:?}");
    }
}
