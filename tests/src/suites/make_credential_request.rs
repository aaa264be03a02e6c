//! What this key refuses of authenticatorMakeCredential (CTAP 2.3 §6.1.1) where the standard leaves it a choice.

use brasskey_conformance::checks;
use brasskey_conformance::host::ctap2::{Request, descriptor, make_credential, mc, status};
use brasskey_conformance::key::Key;
use ciborium::Value;

checks! {
    "CTAP 2.3 §6.1.1":
        an_exclude_list_has_at_most_16_entries;
}

fn plain() -> Request {
    make_credential("example.com", b"1")
}

fn an_exclude_list_has_at_most_16_entries(key: &Key) {
    let mut host = key.host();
    let list = |length: u8| Value::Array((0..length).map(|id| descriptor(&[id; 59])).collect());
    host.denied(plain().with(mc::EXCLUDE_LIST, list(17)), status::LIMIT_EXCEEDED);
    host.make(&plain().with(mc::EXCLUDE_LIST, list(16)));
    host.make(&plain().with(mc::EXCLUDE_LIST, list(0)));
}
