//! What tests in JavaScript send is a recording of the host of `brasskey_conformance`, which encodes all requests.

use std::path::Path;
use std::{env, fs};

use brasskey_conformance::host::ctap2::SELECTION;
use brasskey_conformance::host::oath::{Account, apdu, code_of, instruction, property, put, select};
use brasskey_conformance::host::{BROADCAST, command, packets};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

/// A message in reports, without the zeros at their ends.
fn message(channel: u32, command: u8, payload: &[u8]) -> Value {
    let reports = packets(channel, command, payload);
    let hex = |report: [u8; 64]| {
        let length = report.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        HEXLOWER.encode(&report[..length])
    };
    reports.into_iter().map(hex).collect()
}

fn recorded() -> Value {
    let pings = [9_u16, 0, 57, 58, 1000, 7609].map(|length| {
        let payload: Vec<u8> = (0..length).map(|index| (index * 7).to_be_bytes()[1]).collect();
        message(0, command::PING, &payload)
    });
    let touched = Account::totp("issuer:ada").with(property::TOUCH);
    let long = |letter: &str| put(&Account::totp(&letter.repeat(64)));
    let apdus = [
        ("select", select()),
        ("list", apdu(instruction::LIST, 0, 0, &[])),
        ("put", put(&Account::totp("untouched"))),
        ("calculate", code_of("untouched", 1)),
        ("put_touched", put(&touched)),
        ("calculate_touched", code_of(&touched.name, 1)),
        ("put_long", long("n")),
        ("put_as_long", long("m")),
    ];
    let apdus: serde_json::Map<String, Value> = apdus
        .into_iter()
        .map(|(name, apdu)| (name.to_owned(), HEXLOWER.encode(&apdu).into()))
        .collect();
    json!({
        "allocate": message(BROADCAST, command::INIT, b"a nonce."),
        "pings": pings,
        "selection": message(0, command::CBOR, SELECTION),
        "cancel": message(0, command::CANCEL, &[]),
        "apdus": apdus,
    })
}

#[test]
fn the_recording_is_what_the_host_sends() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("chip/suite/recorded.json");
    let recorded = format!("{:#}\n", recorded());
    if env::var_os("BRASSKEY_RECORD").is_some() {
        fs::write(&path, &recorded).expect("a recording");
    }
    let kept = fs::read_to_string(&path).expect("a recording");
    assert_eq!(kept, recorded, "set BRASSKEY_RECORD to record it anew");
}
