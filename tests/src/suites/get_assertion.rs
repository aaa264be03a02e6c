//! What this key signs (CTAP 2.3 §6.2) where the standard leaves it a choice.

use brasskey_conformance::checks;
use brasskey_conformance::host::ctap2::{get_assertion_by, make_credential, make_discoverable};
use brasskey_conformance::key::Key;

checks! {
    "WebAuthn Level 3 §6.1.1":
        there_is_a_counter;
}

fn there_is_a_counter(key: &Key) {
    let mut host = key.host();
    for request in [
        make_credential("example.com", b"1"),
        make_discoverable("example.com", b"1"),
    ] {
        let made = host.make(&request);
        let assertion = host.assert(&get_assertion_by("example.com", &[&made.id]));
        assert!(assertion.auth_data.sign_count > made.auth_data.sign_count);
    }
}
