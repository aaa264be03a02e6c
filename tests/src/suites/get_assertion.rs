//! What this key signs (CTAP 2.3 §6.2) where the standard leaves it a choice.

use brasskey_conformance::checks;
use brasskey_conformance::host::ctap2::{
    descriptors, ga, get_assertion, get_assertion_by, make_credential, make_discoverable, status,
};
use brasskey_conformance::key::Key;

checks! {
    "CTAP 2.3 §6.2.2":
        an_allow_list_has_at_most_16_entries;
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

fn an_allow_list_has_at_most_16_entries(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    let list = |length: usize| {
        let mut ids = vec![&[9; 59][..]; length];
        ids.push(&made.id);
        get_assertion("example.com").with(ga::ALLOW_LIST, descriptors(&ids))
    };
    host.assert(&list(15));
    host.denied(list(16), status::LIMIT_EXCEEDED);
}
