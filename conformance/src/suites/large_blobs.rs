//! authenticatorLargeBlobs (CTAP 2.3 §6.10).

use crate::host::Host;
use crate::host::client_pin::{configure, permission};
use crate::host::ctap2::{
    GET_INFO, GET_NEXT_ASSERTION, RESET, Request, SELECTION, blob_array, get_assertion, make_credential,
    make_discoverable, set_fragment, status,
};
use crate::host::read::Read as _;
use crate::host::response::Response;
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.10":
        a_fresh_key_holds_the_empty_array;
    "CTAP 2.3 §6.10.2":
        get_reads_a_window needs LargeBlobs,
        get_and_set_exclude_each_other needs LargeBlobs,
        get_has_no_other_parameters,
        wrong_types_are_named_so needs LargeBlobs,
        an_array_is_written_whole needs LargeBlobs,
        an_array_is_written_in_fragments needs LargeBlobs,
        fragments_come_in_order needs LargeBlobs,
        a_first_fragment_begins_anew needs LargeBlobs,
        lengths_are_checked needs LargeBlobs,
        a_large_array_fits_and_a_larger_one_does_not needs LargeBlobs,
        a_wrong_hash_leaves_the_old_array needs LargeBlobs,
        an_unfinished_array_leaves_the_old_one needs LargeBlobs,
        without_a_pin_a_parameter_is_not_looked_at needs LargeBlobs,
        with_a_pin_a_token_is_needed needs Tokens and LargeBlobs,
        every_fragment_is_authenticated needs Tokens and LargeBlobs,
        always_verifying_needs_a_token needs LargeBlobs and Config and AlwaysUv,
        another_command_ends_a_sequence [Should] needs LargeBlobs and Fido21,
        another_channel_cannot_continue [Should] needs LargeBlobs;
    "CTAP 2.3 §6.6":
        an_array_survives_a_power_cycle_and_not_a_reset needs Rk and LargeBlobs;
}

const EMPTY: &[u8] = b"\x80\x76\xbe\x8b\x52\x8d\x00\x75\xf7\xaa\xe9\x8d\x6f\xa5\x7a\x6d\x3c";

/// An array of this length with its hash; the key does not look inside.
fn array_of(length: usize) -> Vec<u8> {
    let bytes: Vec<u8> = (0..length - 16)
        .map(|n| u8::try_from(n % 251).expect("a byte"))
        .collect();
    blob_array(&bytes)
}

fn get(count: u64, offset: u64) -> Request {
    Request::new(0x0C).with(0x01, count).with(0x03, offset)
}

#[track_caller]
fn read(host: &mut Host) -> Vec<u8> {
    let mut array = Vec::new();
    let count = limits(host).0.min(1000) as u64;
    loop {
        let part = window(host, count, array.len() as u64);
        if part.is_empty() {
            return array;
        }
        array.extend(part);
    }
}

#[track_caller]
fn window(host: &mut Host, count: u64, offset: u64) -> Vec<u8> {
    let response = host.ctap2(get(count, offset));
    let members = response.ok();
    same!(members.keys().collect::<Vec<_>>(), [&1]);
    members[&1].bytes().clone()
}

/// Writes an array in as few fragments as the key takes, without a token.
#[track_caller]
fn write(host: &mut Host, array: &[u8]) {
    let (fragment, _) = limits(host);
    for (n, part) in array.chunks(fragment).enumerate() {
        let length = (n == 0).then_some(array.len());
        same!(
            host.ctap2(set_fragment(n * fragment, part, length)),
            Response::bare(status::OK)
        );
    }
}

/// maxFragmentLength, and maxSerializedLargeBlobArray.
fn limits(host: &mut Host) -> (usize, usize) {
    (host.longest_message() - 64, host.largest_blob_array())
}

fn a_fresh_key_holds_the_empty_array(key: &Key) {
    let mut host = key.host();
    same!(host.option("largeBlobs"), Some(true));
    assert!(limits(&mut host).1 >= 1024);
    same!(window(&mut host, 0, 0), b"");
    for count in [17, 18, 960] {
        same!(window(&mut host, count, 0), EMPTY);
    }
}

fn get_reads_a_window(key: &Key) {
    let mut host = key.host();
    let (fragment, maximum) = limits(&mut host);
    let length = maximum.min(3000);
    let array = array_of(length);
    write(&mut host, &array);
    for (offset, count) in [
        (0, 1),
        (0, length),
        (0, length + 1000),
        (1, 1023),
        (1024, 1),
        (1023, 2),
        (length - 1, 1),
        (length / 2, length + 2000),
    ] {
        let count = count.min(fragment);
        let end = array.len().min(offset + count);
        same!(window(&mut host, count as u64, offset as u64), array[offset..end]);
    }
    same!(window(&mut host, 10, length as u64), b"");
    host.denied(get(10, length as u64 + 1), status::INVALID_PARAMETER);
    host.denied(get(10, u64::MAX), status::INVALID_PARAMETER);
    host.denied(get(fragment as u64 + 1, 0), status::INVALID_LENGTH);
    host.denied(get(u64::MAX, 0), status::INVALID_LENGTH);
}

fn get_and_set_exclude_each_other(key: &Key) {
    let mut host = key.host();
    for fragment in [&[][..], &[0]] {
        host.denied(get(1, 0).with(0x02, fragment), status::INVALID_PARAMETER);
    }
    host.denied(get(1, 0).without(0x01), status::INVALID_PARAMETER);
    host.denied(get(1, 0).without(0x03), status::INVALID_PARAMETER);
    for member in [0x02, 0x03] {
        host.denied(
            set_fragment(0, EMPTY, Some(17)).without(member),
            status::INVALID_PARAMETER,
        );
    }
}

fn wrong_types_are_named_so(key: &Key) {
    let mut host = key.host();
    for member in 0x01..=0x06 {
        let request = set_fragment(0, EMPTY, Some(17)).with(member, "x");
        host.denied(request, status::CBOR_UNEXPECTED_TYPE);
    }
}

fn get_has_no_other_parameters(key: &Key) {
    let mut host = key.host();
    host.denied(get(1, 0).with(0x04, 1), status::INVALID_PARAMETER);
    host.denied(get(1, 0).with(0x05, vec![0; 32]), status::INVALID_PARAMETER);
    host.denied(get(1, 0).with(0x06, 2), status::INVALID_PARAMETER);
}

fn an_array_is_written_whole(key: &Key) {
    let mut host = key.host();
    let (fragment, maximum) = limits(&mut host);
    for length in [17, 1024, 1025, 4096, 100, 17] {
        let length = length.min(fragment).min(maximum);
        let array = array_of(length);
        same!(
            host.ctap2(set_fragment(0, &array, Some(length))),
            Response::bare(status::OK)
        );
        same!(read(&mut host), array);
    }
}

fn an_array_is_written_in_fragments(key: &Key) {
    let mut host = key.host();
    let (largest, maximum) = limits(&mut host);
    let length = maximum.min(4000);
    let array = array_of(length);
    for size in [1000, 999, 61, length - 1] {
        let size = size.min(largest);
        write(&mut host, EMPTY);
        for (n, fragment) in array.chunks(size).enumerate() {
            let length = (n == 0).then_some(array.len());
            same!(
                host.ctap2(set_fragment(n * size, fragment, length)),
                Response::bare(status::OK)
            );
        }
        same!(read(&mut host), array, "{size}");
    }
}

fn fragments_come_in_order(key: &Key) {
    let mut host = key.host();
    let array = array_of(100);
    host.denied(set_fragment(50, &array[50..], None), status::INVALID_SEQ);
    for wrong in [
        set_fragment(49, &array[49..], None),
        set_fragment(51, &array[51..], None),
        set_fragment(50, &array[50..], None).with(0x03, 1_u64 << 32 | 50),
    ] {
        status::is(host.ctap2(set_fragment(0, &array[..50], Some(100))).status, status::OK);
        host.denied(wrong, status::INVALID_SEQ);
        same!(read(&mut host), EMPTY);
    }
}

fn a_first_fragment_begins_anew(key: &Key) {
    let mut host = key.host();
    let (fragment, maximum) = limits(&mut host);
    let length = maximum.min(fragment).min(4000);
    let (long, short) = (array_of(length), array_of(100));
    status::is(
        host.ctap2(set_fragment(0, &long[..length - 100], Some(length))).status,
        status::OK,
    );
    status::is(host.ctap2(set_fragment(0, &short[..40], Some(100))).status, status::OK);
    status::is(host.ctap2(set_fragment(40, &short[40..], None)).status, status::OK);
    same!(read(&mut host), short);
}

fn lengths_are_checked(key: &Key) {
    let mut host = key.host();
    let array = array_of(100);
    host.denied(set_fragment(0, &array, None), status::INVALID_PARAMETER);
    for length in [0, 16] {
        host.denied(
            set_fragment(0, &array[..length], Some(length)),
            status::INVALID_PARAMETER,
        );
    }
    host.denied(set_fragment(0, &array, Some(99)), status::INVALID_PARAMETER);
    status::is(host.ctap2(set_fragment(0, &array[..50], Some(100))).status, status::OK);
    host.denied(set_fragment(50, &array[50..], Some(100)), status::INVALID_PARAMETER);
    status::is(host.ctap2(set_fragment(0, &array[..50], Some(100))).status, status::OK);
    host.denied(
        set_fragment(50, &[&array[50..], &[0]].concat(), None),
        status::INVALID_PARAMETER,
    );
    let (fragment, _) = limits(&mut host);
    let too_long = vec![0; fragment + 1];
    host.denied(set_fragment(0, &too_long, Some(too_long.len())), status::INVALID_LENGTH);
    same!(read(&mut host), EMPTY);
}

fn a_large_array_fits_and_a_larger_one_does_not(key: &Key) {
    let mut host = key.host();
    let (_, maximum) = limits(&mut host);
    let array = array_of(maximum);
    write(&mut host, &array);
    same!(read(&mut host), array);
    for length in [maximum as u64 + 1, u64::MAX] {
        let request = set_fragment(0, &array[..100], None).with(0x04, length);
        host.denied(request, status::LARGE_BLOB_STORAGE_FULL);
    }
    same!(read(&mut host), array);
}

fn a_wrong_hash_leaves_the_old_array(key: &Key) {
    let mut host = key.host();
    let mut array = array_of(100);
    for flipped in [0, 83, 84, 99] {
        array[flipped] ^= 0x40;
        host.denied(set_fragment(0, &array, Some(100)), status::INTEGRITY_FAILURE);
        same!(read(&mut host), EMPTY);
        array[flipped] ^= 0x40;
    }
    array[99] ^= 1;
    status::is(host.ctap2(set_fragment(0, &array[..50], Some(100))).status, status::OK);
    host.denied(set_fragment(50, &array[50..], None), status::INTEGRITY_FAILURE);
    host.denied(set_fragment(50, &array[50..], None), status::INVALID_SEQ);
    same!(read(&mut host), EMPTY);
}

fn an_unfinished_array_leaves_the_old_one(key: &Key) {
    let mut host = key.host();
    let (fragment, maximum) = limits(&mut host);
    let length = maximum.min(fragment).min(3000);
    let old = array_of(length * 2 / 3);
    write(&mut host, &old);
    let new = array_of(length);
    let (begin, last) = new.split_at(length - 1);
    status::is(host.ctap2(set_fragment(0, begin, Some(length))).status, status::OK);
    same!(read(&mut host), old);
    key.power_cycle();
    let mut host = key.host();
    same!(read(&mut host), old);
    host.denied(set_fragment(length - 1, last, None), status::INVALID_SEQ);
}

fn without_a_pin_a_parameter_is_not_looked_at(key: &Key) {
    let mut host = key.host();
    let array = array_of(100);
    let request = set_fragment(0, &array, Some(100)).with(0x05, vec![0; 16]).with(0x06, 1);
    same!(host.ctap2(request), Response::bare(status::OK));
    same!(read(&mut host), array);
}

fn with_a_pin_a_token_is_needed(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    let array = array_of(100);
    let request = set_fragment(0, &array, Some(100));
    host.denied(request.clone(), status::PUAT_REQUIRED);
    host.denied(request.clone().with(0x06, 2), status::PUAT_REQUIRED);
    let token = host.token(permission::LBW, None);
    let signed = token.set_blob(request.clone(), 0, &array);
    host.denied(signed.clone().without(0x06), status::MISSING_PARAMETER);
    host.denied(signed.clone().with(0x06, 3), status::INVALID_PARAMETER);
    for other in host.other_protocols(token.protocol) {
        host.denied(signed.clone().with(0x06, other as u8), status::PIN_AUTH_INVALID);
    }
    for wrong in [
        signed.clone().with(0x05, vec![0; 32]),
        signed.clone().with(0x05, Vec::<u8>::new()),
        token.set_blob(request.clone(), 1, &array),
        token.set_blob(request.clone(), 0, &array[1..]),
    ] {
        host.denied(wrong, status::PIN_AUTH_INVALID);
    }
    status::is(host.ctap2(&signed).status, status::OK);
    same!(read(&mut host), array);
    // The permission is not spent.
    status::is(host.ctap2(&signed).status, status::OK);
    let other = host.token(permission::CM, None);
    host.denied(other.set_blob(request, 0, &array), status::PIN_AUTH_INVALID);
}

fn every_fragment_is_authenticated(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    // Every key takes so many, in fragments of this length.
    let array = array_of(1000);
    let (begin, end) = array.split_at(500);
    let token = host.token(permission::LBW, None);
    let first = token.set_blob(set_fragment(0, begin, Some(1000)), 0, begin);
    let second = || set_fragment(500, end, None);
    status::is(host.ctap2(&first).status, status::OK);
    host.denied(second(), status::PUAT_REQUIRED);
    status::is(host.ctap2(&first).status, status::OK);
    host.denied(token.set_blob(second(), 499, end), status::PIN_AUTH_INVALID);
    status::is(host.ctap2(&first).status, status::OK);
    let signed = token.set_blob(second(), 500, end);
    status::is(host.ctap2(signed).status, status::OK);
    same!(read(&mut host), array);
}

fn always_verifying_needs_a_token(key: &Key) {
    let mut host = key.host();
    status::is(host.ctap2(configure(0x02, None)).status, status::OK);
    let array = array_of(100);
    host.denied(set_fragment(0, &array, Some(100)), status::PUAT_REQUIRED);
}

fn another_command_ends_a_sequence(key: &Key) {
    let mut host = key.host();
    let array = array_of(100);
    status::is(host.ctap2(set_fragment(0, &array[..50], Some(100))).status, status::OK);
    status::is(host.ctap2(GET_INFO).status, status::OK);
    same!(read(&mut host), EMPTY, "nor does reading");
    status::is(host.ctap2(set_fragment(50, &array[50..], None)).status, status::OK);
    for (other, touch) in [
        (make_credential("example.com", b"1").encode(), true),
        (SELECTION.to_vec(), true),
        (get_assertion("example.com").encode(), false),
        (GET_NEXT_ASSERTION.to_vec(), false),
        (vec![0x7E], false),
    ] {
        status::is(host.ctap2(set_fragment(0, &array[..50], Some(100))).status, status::OK);
        match touch {
            true => status::is(host.touched(other).status, status::OK),
            false => differ!(host.ctap2(other).status, status::OK),
        }
        host.denied(set_fragment(50, &array[50..], None), status::INVALID_SEQ);
        same!(read(&mut host), array);
    }
}

fn another_channel_cannot_continue(key: &Key) {
    let mut host = key.host();
    let array = array_of(100);
    status::is(host.ctap2(set_fragment(0, &array[..50], Some(100))).status, status::OK);
    key.host()
        .denied(set_fragment(50, &array[50..], None), status::INVALID_SEQ);
    // Nor does it end the sequence.
    status::is(host.ctap2(set_fragment(50, &array[50..], None)).status, status::OK);
    same!(read(&mut host), array);
}

fn an_array_survives_a_power_cycle_and_not_a_reset(key: &Key) {
    let mut host = key.host();
    let array = array_of(limits(&mut host).1.min(1500));
    let made = host.make(&make_discoverable("example.com", b"1"));
    write(&mut host, &array);
    same!(host.assert(&get_assertion("example.com")).id, made.id);
    key.power_cycle();
    let mut host = key.host();
    same!(read(&mut host), array);
    status::is(host.touched(RESET).status, status::OK);
    same!(read(&mut host), EMPTY);
}
