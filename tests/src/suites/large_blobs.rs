//! What this key makes of fragments of large blobs where the standard leaves it open.

use brasskey_conformance::host::Host;
use brasskey_conformance::host::ctap2::{GET_NEXT_ASSERTION, Request, get_assertion, make_discoverable, status};
use brasskey_conformance::host::verify::sha256;
use brasskey_conformance::key::Key;
use brasskey_conformance::{checks, same};

checks! {
    "CTAP 2.3 §6.10.2":
        a_request_without_parameters_misses_them,
        empty_fragments_change_nothing;
    "CTAP 2.3 §6":
        a_fragment_ends_a_walk_through_assertions;
}

/// An array of 100 bytes with its hash.
fn array() -> Vec<u8> {
    [&[7; 84], &sha256(&[7; 84])[..16]].concat()
}

fn first(fragment: &[u8], length: u64) -> Request {
    next(0, fragment).with(0x04, length)
}

fn next(offset: u64, fragment: &[u8]) -> Request {
    Request::new(0x0C).with(0x02, fragment).with(0x03, offset)
}

fn get() -> Request {
    Request::new(0x0C).with(0x01, 100).with(0x03, 0)
}

#[track_caller]
fn set(host: &mut Host, request: Request) {
    status::is(host.ctap2(request).status, status::OK);
}

fn a_request_without_parameters_misses_them(key: &Key) {
    key.host().denied([0x0C], status::MISSING_PARAMETER);
}

fn empty_fragments_change_nothing(key: &Key) {
    let mut host = key.host();
    let array = array();
    set(&mut host, first(&[], 100));
    set(&mut host, first(&array[..40], 100));
    set(&mut host, next(40, &[]));
    set(&mut host, next(40, &array[40..]));
    same!(host.ctap2(get()).ok()[&1], array.into());
}

fn a_fragment_ends_a_walk_through_assertions(key: &Key) {
    let mut host = key.host();
    for user in [b"1", b"2"] {
        host.make(&make_discoverable("example.com", user));
    }
    for request in [get(), first(&array()[..40], 100)] {
        host.assert(&get_assertion("example.com"));
        set(&mut host, request);
        host.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
    }
}
