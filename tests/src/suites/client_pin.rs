//! What this key takes for a PIN, and which permissions it finds in a number, where the standard leaves it open.

use brasskey_conformance::host::client_pin::{Protocol, client_pin, cp, padded};
use brasskey_conformance::host::ctap2::status;
use brasskey_conformance::host::response::Response;
use brasskey_conformance::key::Key;
use brasskey_conformance::{checks, same};

checks! {
    "CTAP 2.3 §6.5.5.2":
        there_are_eight_retries,
        nothing_but_the_retries_is_told;
    "CTAP 2.3 §6.5.5.5":
        a_pin_that_is_no_text_is_refused,
        a_padded_pin_that_is_too_long_is_refused;
    "CTAP 2.3 §6.5.5.6":
        the_pin_may_stay_the_same;
    "CTAP 2.3 §6.5.5.7.2":
        permissions_that_nobody_defined_are_none;
}

fn there_are_eight_retries(key: &Key) {
    let mut host = key.host();
    same!(host.pin_retries(), (8, false));
    host.set_pin(key.pin());
    same!(host.pin_retries(), (8, false));
}

fn nothing_but_the_retries_is_told(key: &Key) {
    let response = key.host().ctap2(client_pin(0x01));
    same!(response.ok().keys().collect::<Vec<_>>(), [&3]);
}

fn a_pin_that_is_no_text_is_refused(key: &Key) {
    let mut host = key.host();
    let mut pin = padded("12345");
    pin[4] = 0xFF;
    let agreement = host.agree(Protocol::Two);
    host.denied(agreement.set_padded_pin(&pin), status::PIN_POLICY_VIOLATION);
}

fn a_padded_pin_that_is_too_long_is_refused(key: &Key) {
    let mut host = key.host();
    let mut pin = padded(key.pin());
    pin.resize(80, 0);
    let agreement = host.agree(Protocol::Two);
    host.denied(agreement.set_padded_pin(&pin), status::PIN_POLICY_VIOLATION);
}

fn the_pin_may_stay_the_same(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    let agreement = host.agree(Protocol::Two);
    same!(
        host.ctap2(agreement.change_pin(key.pin(), key.pin())),
        Response::bare(status::OK)
    );
}

fn permissions_that_nobody_defined_are_none(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    let agreement = host.agree(Protocol::Two);
    for permissions in [0x80, 0x100_u64] {
        let request = agreement.get_token(key.pin(), 0, Some("example.com"));
        host.denied(request.with(cp::PERMISSIONS, permissions), status::INVALID_PARAMETER);
    }
}
