//! What is refused, warned of or left open although a signature may be valid.

use super::key::statement;
use super::registration::{detail, verify};
use super::*;
use crate::webauthn::{CeremonyType, ClientData, Fault, FaultKind, Level};

#[test]
fn faults_of_the_whole_answer_are_judged() {
    let fault = |kind, level| Fault {
        command: "authenticatorMakeCredential",
        kind,
        level,
        section: "CTAP 2.3 §8",
        what: "it is odd".to_owned(),
    };
    for (kind, check) in [(FaultKind::Encoding, "encoding"), (FaultKind::Contents, "contents")] {
        for (level, outcome) in [(Level::Must, Outcome::Failed), (Level::Should, Outcome::Warned)] {
            let options = creation_options();
            let mut answer = Key::new(-7, 1).register(&options, ORIGIN);
            answer.faults = vec![fault(kind, Level::Should), fault(kind, level)];
            let (report, _) = verify(options, &answer);
            let found = report.check(check).unwrap();
            assert_eq!((found.outcome, report.passed()), (outcome, level == Level::Should));
            assert!(
                found
                    .detail
                    .starts_with("authenticatorMakeCredential: it is odd (CTAP 2.3 §8); "),
                "{}",
                found.detail
            );
            let others = report.checks.iter().filter(|other| other.name != check);
            assert!(others.into_iter().all(|other| other.outcome == Outcome::Passed));
        }
    }
}

#[test]
fn reserved_flags_and_outputs_that_nobody_asked_for_are_warned_of() {
    let key = Key::new(-7, 1);
    let extended = [&key.auth_data("example.com", Some(1))[..], b"\xA1\x61a\xF5"].concat();
    for (flags, auth_data, check) in [
        (0x22, key.auth_data("example.com", Some(1)), "contents"),
        (0x80, extended, "extensions"),
    ] {
        let mut auth_data = auth_data;
        auth_data[32] |= flags;
        let options = creation_options();
        let client_data = ClientData::new(CeremonyType::Create, options.challenge.bytes(), ORIGIN);
        let answer = key.response(client_data, "none", &auth_data, b"\xA0");
        let (report, _) = verify(options, &answer);
        let warned: Vec<_> = report.warnings().map(|check| check.name).collect();
        assert_eq!((warned, report.passed()), (vec![check], true), "{report:#?}");
    }
}

/// authData for a credential with this COSE key.
fn with_key(cose: &[u8]) -> Vec<u8> {
    let key = Key::new(-8, 1);
    let data = key.auth_data("example.com", Some(1));
    [&data[..data.len() - key.cose_key().len()], cose].concat()
}

#[test]
fn a_key_that_anybody_can_sign_for_is_refused() {
    // The neutral element of Ed25519, and a signature that fits every message.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let cose = [&b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20"[..], &neutral].concat();
    let mut signature = [0; 64];
    signature[0] = 1;
    for (format, statement) in [("packed", statement(-8, &signature, None)), ("none", b"\xa0".to_vec())] {
        let options = creation_options();
        let client_data = ClientData::new(CeremonyType::Create, options.challenge.bytes(), ORIGIN);
        let answer = Key::new(-8, 1).response(client_data, format, &with_key(&cose), &statement);
        let (report, _) = verify(options, &answer);
        assert_eq!(failures(&report)[0], "algorithm", "{report:#?}");
        assert!(detail(&report, "algorithm").contains("small order"));
    }
}

#[test]
fn algorithms_that_caden_does_not_know_are_judged_without() {
    let secret = k256::ecdsa::SigningKey::from_slice(&[1; 32]).unwrap();
    let point = secret.verifying_key().to_sec1_point(false);
    let (x, y) = point.as_bytes()[1..].split_at(32);
    let cose = [
        &b"\xa5\x01\x02\x03\x38\x2e\x20\x08\x21\x58\x20"[..],
        x,
        b"\x22\x58\x20",
        y,
    ]
    .concat();
    let options = CreationOptions {
        algorithms: vec![-47],
        ..creation_options()
    };
    let client_data = ClientData::new(CeremonyType::Create, options.challenge.bytes(), ORIGIN);
    let answer = Key::new(-8, 1).response(client_data, "none", &with_key(&cose), b"\xa0");
    let (report, credential) = verify(options, &answer);
    assert!(report.passed(), "{report:#?}");
    let check = report.check("second reader").unwrap();
    assert_eq!(
        (check.outcome, check.detail.as_str()),
        (Outcome::Skipped, "not available: caden does not know ES256K")
    );
    assert_eq!(credential.unwrap().algorithm, -47);
}
