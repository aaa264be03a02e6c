//! Whole messages as bytes that were written by hand, so that no code of ours had a part in them.

use crate::host::cbor::map;
use crate::host::ctap2::{GET_INFO, ga, get_assertion, make_discoverable, mc};
use crate::host::response::{Assertion, Made, Response};
use crate::host::{BROADCAST, command, packets};
use crate::key::{Key, Report};

checks! {
    "CTAP 2.3 §11.2.4":
        an_init_report_allocates_a_channel,
        a_get_info_report_is_answered,
        a_cancel_report_is_understood needs Rk;
    "CTAP 2.3 §8":
        a_registration_and_a_silent_assertion needs Rk;
}

/// SHA-256("clientData").
const CLIENT_DATA_HASH: [u8; 32] = *b"\x71\xd8\x81\xdb\x25\x7d\x76\xbf\x90\xdc\x96\x2c\xca\xc7\xd3\xd5\
    \x62\x6f\x6d\xbe\x88\xf6\x20\xdc\x4c\x9b\xac\xc4\x2c\x6d\x38\xae";

/// SHA-256("example.com").
const RP_ID_HASH: [u8; 32] = *b"\xa3\x79\xa6\xf6\xee\xaf\xb9\xa5\x5e\x37\x8c\x11\x80\x34\xe2\x75\
    \x1e\x68\x2f\xab\x9f\x2d\x30\xab\x13\xd2\x12\x55\x86\xce\x19\x47";

/// A report that begins so and ends in zeros.
fn report(begin: &[u8]) -> Report {
    let mut report = [0; 64];
    report[..begin.len()].copy_from_slice(begin);
    report
}

fn an_init_report_allocates_a_channel(key: &Key) {
    let init = report(b"\xff\xff\xff\xff\x86\x00\x08\x01\x02\x03\x04\x05\x06\x07\x08");
    same!(packets(BROADCAST, command::INIT, &[1, 2, 3, 4, 5, 6, 7, 8]), [init]);
    let mut host = key.host();
    host.send_report(&init);
    let answer = host.report();
    same!(
        answer[..15],
        *b"\xff\xff\xff\xff\x86\x00\x11\x01\x02\x03\x04\x05\x06\x07\x08"
    );
    host.channel = u32::from_be_bytes(answer[15..19].try_into().expect("four bytes"));
    host.ping();
}

fn a_get_info_report_is_answered(key: &Key) {
    same!(
        packets(0x0102_0304, command::CBOR, GET_INFO),
        [report(b"\x01\x02\x03\x04\x90\x00\x01\x04")]
    );
    let mut host = key.host();
    let mut get_info = report(b"\x00\x00\x00\x00\x90\x00\x01\x04");
    get_info[..4].copy_from_slice(&host.channel.to_be_bytes());
    host.send_report(&get_info);
    same!(host.answer().status, 0x00);
}

fn a_cancel_report_is_understood(key: &Key) {
    let mut host = key.host();
    host.asked(make_discoverable("example.com", b"1"));
    let mut cancel = report(b"\x00\x00\x00\x00\x91\x00\x00");
    cancel[..4].copy_from_slice(&host.channel.to_be_bytes());
    host.send_report(&cancel);
    same!(host.answer(), Response::bare(0x2D));
}

fn a_registration_and_a_silent_assertion(key: &Key) {
    let mut host = key.host();
    let registration = [
        b"\x01\xa5\x01\x58\x20",
        &CLIENT_DATA_HASH[..],
        b"\x02\xa2\x62id\x6bexample.com\x64name\x67Example",
        b"\x03\xa2\x62id\x42\x01\x02\x64name\x65alice",
        b"\x04\x81\xa2\x63alg\x26\x64type\x6apublic-key\x07\xa1\x62rk\xf5",
    ]
    .concat();
    let built = make_discoverable("example.com", &[1, 2]).with(mc::CLIENT_DATA_HASH, &CLIENT_DATA_HASH[..]);
    same!(built.encode(), registration);
    let made = Made::of(&host.touched(registration));
    same!(made.auth_data.rp_id_hash, RP_ID_HASH);

    let assertion = [
        b"\x02\xa3\x01\x6bexample.com\x02\x58\x20",
        &CLIENT_DATA_HASH[..],
        b"\x05\xa1\x62up\xf4",
    ]
    .concat();
    let built = get_assertion("example.com").with(ga::CLIENT_DATA_HASH, &CLIENT_DATA_HASH[..]);
    same!(built.with(ga::OPTIONS, map([("up", false.into())])).encode(), assertion);
    let assertion = Assertion::of(&host.ctap2(assertion));
    assertion.verify_over(&made.public_key, "example.com", 0, &CLIENT_DATA_HASH);
}
