//! Defects that take a sentence to say.

use std::sync::atomic::{AtomicU32, Ordering};

use ciborium::Value;

use crate::broken::defect::{Act, Defect, ctap2, oath, sub};
use crate::broken::innocent::backwards;
use crate::broken::path::Path;

/// A member of a CTAP2 message, behind its first byte.
pub(in crate::broken) fn member(message: &[u8], path: &'static str) -> Option<Value> {
    Path(path).of(message.get(1..)?)
}

/// Changes the map behind the first byte of a CTAP2 message.
pub(in crate::broken) fn change(message: &mut Vec<u8>, change: impl FnOnce(&mut Vec<u8>) -> bool) {
    let mut body = message.split_off(message.len().min(1));
    let _ = change(&mut body);
    message.extend(body);
}

/// Changes an array in a request.
pub(in crate::broken) fn change_list(message: &mut Vec<u8>, path: &'static str, edit: fn(&mut Vec<Value>)) {
    if let Some(Value::Array(mut items)) = member(message, path) {
        edit(&mut items);
        let list = brasskey_conformance::host::cbor::encode(&Value::Array(items));
        change(message, |body| Path(path).put(body, &list));
    }
}

/// An encIdentifier of zeros.
const ZEROS: &[u8] = &{
    let mut bytes = [0; 34];
    (bytes[0], bytes[1]) = (0x58, 32);
    bytes
};

/// In CBOR.
const FALSE: &[u8] = b"\xf4";
const TRUE: &[u8] = b"\xf5";

/// An AAGUID of zeros.
const NO_AAGUID: &[u8] = &{
    let mut bytes = [0; 17];
    bytes[0] = 0x50;
    bytes
};

pub(super) const TABLE: &[Defect] = &[
    // authenticatorMakeCredential
    ctap2(0x01).does(Act::CountsAHeldButton),
    ctap2(0x01).without("7").answered(0x00).does(Act::Repeats),
    ctap2(0x01).with("9").without("8").answered(0x00).answers(0x02),
    ctap2(0x01).answered(0x12).answers(0x7F),
    ctap2(0x01).does(Act::Takes("takes the last algorithm that it knows", |request| {
        change_list(request, "4", |entries| entries.reverse());
    })),
    ctap2(0x01).does(Act::Writes("has another unit in its certificate", |_, answer| {
        const UNIT: &[u8] = b"Authenticator Attestation";
        if let Some(at) = answer.windows(UNIT.len()).position(|window| window == UNIT) {
            answer[at] = b'a';
        }
    })),
    ctap2(0x01).does(Act::Takes(
        "takes an empty map of extensions for credProtect",
        |request| {
            if member(request, "6") == Some(Value::Map(Vec::new())) {
                change(request, |body| Path("6/credProtect").put(body, b"\x01"));
            }
        },
    )),
    ctap2(0x01).does(Act::Writes("signs nothing valid with ES384", |request, answer| {
        if member(request, "4/#0/alg") == Some((-35).into()) {
            change(answer, |body| Path("3/sig").alter(body));
        }
    })),
    ctap2(0x01).does(Act::Writes("refuses a user ID of 64 bytes", |request, answer| {
        if matches!(member(request, "3/id"), Some(Value::Bytes(id)) if id.len() == 64) {
            *answer = vec![0x03];
        }
    })),
    ctap2(0x01).without("8").does(Act::SignsFlags(0x04, 0)),
    ctap2(0x01).with("11").answered(0x00).answers(0x02),
    ctap2(0x01).with("10").answered(0x00).tells("4", TRUE),
    ctap2(0x01).with("7/rk").sees("7/rk", TRUE),
    // authenticatorGetAssertion
    ctap2(0x02).without("3").with("5").does(Act::SignsFlags(0x01, 0)),
    ctap2(0x02).does(Act::SignsCounter("all accounts share", |_| {
        static COUNT: AtomicU32 = AtomicU32::new(1000);
        COUNT.fetch_add(1, Ordering::Relaxed)
    })),
    ctap2(0x02).with("3").tells("4", b"\xa1\x62id\x41\x31"),
    ctap2(0x02).without("6").tells("4/name", b"\x65alice"),
    ctap2(0x02).alters("5"),
    ctap2(0x02).does(Act::SignsCounter("stands still", |_| 5)),
    ctap2(0x02).with("3").without("6").does(Act::SignsFlags(0x04, 0)),
    ctap2(0x02).does(Act::Takes("sees eight entries of allowList only", |request| {
        change_list(request, "3", |entries| entries.truncate(8));
    })),
    ctap2(0x02).does(Act::Takes(
        "compares RP IDs by their first eight characters",
        |request| {
            if member(request, "1") == Some("example.org".into()) {
                change(request, |body| Path("1").put(body, b"\x6bexample.com"));
            }
        },
    )),
    ctap2(0x02).does(Act::Writes("names the credential backwards", |_, answer| {
        backwards(answer, 0x01);
    })),
    ctap2(0x08).does(Act::Writes("names the credential backwards", |_, answer| {
        backwards(answer, 0x01);
    })),
    // authenticatorGetInfo
    ctap2(0x04).tells("14", b"\x61x"),
    ctap2(0x04).tells("9", b"\x82\x63usb\x63usb"),
    ctap2(0x04).tells("29", b"\x18\x40"),
    ctap2(0x04).tells("4/rk", FALSE),
    ctap2(0x04).leaves_out("4/ep"),
    ctap2(0x04).alters("20"),
    ctap2(0x04).alters("4/clientPin"),
    ctap2(0x04).does(Act::Writes("does not list hmac-secret", |_, answer| {
        change_list(answer, "2", |names| names.retain(|name| *name != "hmac-secret".into()));
    })),
    ctap2(0x04).alters("3"),
    ctap2(0x04).tells("3", NO_AAGUID),
    ctap2(0x04).tells("5", b"\x19\x03\xe8"),
    ctap2(0x04).alters("25"),
    ctap2(0x04).tells("25", ZEROS),
    ctap2(0x04).leaves_out("4/makeCredUvNotRqd"),
    ctap2(0x04).answered(0x00).answers(0x01),
    ctap2(0x04).does(Act::Writes("refuses bytes behind the command", |request, answer| {
        if request.len() > 1 {
            *answer = vec![0x12];
        }
    })),
    // authenticatorClientPIN
    sub(0x06, 6).answered(0x00).does(Act::Repeats),
    sub(0x06, 6).answered(0x14).answers(0x00),
    sub(0x06, 7).tells("3", b"\x08"),
    sub(0x06, 2).tells("3", b"\x08"),
    sub(0x06, 2).answered(0x00).does(Act::KeepsPower),
    sub(0x06, 9).does(Act::Writes(
        "gives no token for large blobs alone",
        |request, answer| {
            if (member(request, "9"), member(request, "10")) == (Some(0x10.into()), None) {
                *answer = vec![0x40];
            }
        },
    )),
    sub(0x06, 9).does(Act::Writes(
        "has another persistent token for protocol one",
        |request, answer| {
            if (member(request, "1"), member(request, "9")) == (Some(1.into()), Some(0x40.into())) {
                change(answer, |body| Path("2").alter(body));
            }
        },
    )),
    // What the standard does not have.
    // One-time codes
    oath(0xA5).answered(0x6985).answers(0x9000),
];
