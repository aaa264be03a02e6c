//! A key that is full (CTAP 2.3 §6.1.2 step 17).

use crate::host::Host;
use crate::host::client_pin::permission;
use crate::host::ctap2::{descriptor, get_assertion, get_assertion_by, make_credential, make_discoverable, status};
use crate::host::response::Response;
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.1.2 step 17":
        a_full_key_says_so_and_keeps_what_it_has needs LittleRoom and Rk,
        a_full_key_renews_an_account needs LittleRoom and Rk,
        a_full_key_makes_credentials_that_need_no_room needs LittleRoom and Rk;
    "CTAP 2.3 §6.5.5.5":
        a_full_key_still_takes_a_pin needs LittleRoom and Rk and Pin;
    "CTAP 2.3 §6.8.5":
        a_deleted_credential_makes_room needs LittleRoom and Rk and Tokens and CredMgmt;
}

fn full(key: &Key) -> Host {
    let mut host = key.host();
    for user in [b"1", b"2", b"3"] {
        assert!(host.info()[&0x14].as_integer() > Some(0.into()));
        host.make(&make_discoverable("example.com", user));
    }
    same!(host.info()[&0x14], 0.into(), "remainingDiscoverableCredentials");
    host
}

fn a_full_key_says_so_and_keeps_what_it_has(key: &Key) {
    let mut host = full(key);
    for request in [
        make_discoverable("example.com", b"4"),
        make_discoverable("example.org", b"1"),
    ] {
        same!(host.touched(request), Response::bare(status::KEY_STORE_FULL));
    }
    let assertion = host.assert(&get_assertion("example.com"));
    same!(assertion.number_of_credentials, Some(3));
    host.denied(get_assertion("example.org"), status::NO_CREDENTIALS);
}

fn a_full_key_renews_an_account(key: &Key) {
    let mut host = full(key);
    let made = host.make(&make_discoverable("example.com", b"2"));
    let assertion = host.assert(&get_assertion("example.com"));
    same!((assertion.id, assertion.number_of_credentials), (made.id, Some(3)));
}

fn a_full_key_makes_credentials_that_need_no_room(key: &Key) {
    let mut host = full(key);
    let made = host.make(&make_credential("example.org", b"1"));
    host.assert(&get_assertion_by("example.org", &[&made.id]));
}

fn a_full_key_still_takes_a_pin(key: &Key) {
    let mut host = full(key);
    host.set_pin(key.pin());
    status::is(host.try_pin(key.pin()), status::OK);
}

fn a_deleted_credential_makes_room(key: &Key) {
    let mut host = full(key);
    let made = host.make(&make_discoverable("example.com", b"2"));
    host.set_pin(key.pin());
    let token = host.token(permission::CM, None);
    same!(host.ctap2(token.manage(0x01, None)).ok()[&2], 0.into());
    let params = ciborium::Value::Map(vec![(2.into(), descriptor(&made.id))]);
    status::is(host.ctap2(token.manage(0x06, Some(params))).status, status::OK);
    let token = host.token(permission::MC, Some("example.org"));
    host.register(&token.on(make_discoverable("example.org", b"1")));
    same!(host.info()[&0x14], 0.into());
}
