use zeroize::Zeroizing;

use super::*;
use crate::relying_party::Outcome;
use crate::webauthn::{CredProtect, CredentialProtection, PrfResult, PrfValues};

/// Authenticator data with these outputs.
fn data(outputs: &[(&str, Value)]) -> AuthenticatorData<'static> {
    AuthenticatorData {
        rp_id_hash: &[0; 32],
        flags: 0,
        counter: 0,
        attested: None,
        extensions: outputs
            .iter()
            .map(|(name, value)| (Value::Text((*name).to_owned()), value.clone()))
            .collect(),
    }
}

fn registered(asked: &CreationExtensions, outputs: &[(&str, Value)], client: &ExtensionOutputs) -> Option<Outcome> {
    registration(asked, Some(&data(outputs)), client).map(|check| check.outcome)
}

fn signed_in(asked: &RequestExtensions, outputs: &[(&str, Value)], client: &ExtensionOutputs) -> Option<Outcome> {
    authentication(asked, Some(&data(outputs)), client).map(|check| check.outcome)
}

const PASSED: Option<Outcome> = Some(Outcome::Passed);
const FAILED: Option<Outcome> = Some(Outcome::Failed);

fn protect(enforce: bool) -> CreationExtensions {
    CreationExtensions {
        cred_protect: Some(CredProtect {
            policy: CredentialProtection::UserVerificationOptionalWithCredentialIdList,
            enforce,
        }),
        ..CreationExtensions::default()
    }
}

#[test]
fn nothing_asked_and_nothing_sent_is_no_check() {
    let none = ExtensionOutputs::default();
    assert_eq!(registered(&CreationExtensions::default(), &[], &none), None);
    assert_eq!(signed_in(&RequestExtensions::default(), &[], &none), None);
}

#[test]
fn what_nobody_asked_for_is_warned_of() {
    let outputs = data(&[("cred<Protect", Value::Integer(2))]);
    let none = ExtensionOutputs::default();
    let check = registration(&CreationExtensions::default(), Some(&outputs), &none).unwrap();
    assert_eq!(check.outcome, Outcome::Warned);
    assert!(
        check.detail.ends_with("what nobody asked for: cred\\u{3c}Protect"),
        "{}",
        check.detail
    );
    let check = authentication(&RequestExtensions::default(), Some(&outputs), &none).unwrap();
    assert_eq!(check.outcome, Outcome::Warned);
}

#[test]
fn a_credential_is_protected_at_least_as_asked() {
    let level = |level, enforce| {
        let outputs = [("credProtect", Value::Integer(level))];
        registered(&protect(enforce), &outputs, &ExtensionOutputs::default())
    };
    assert_eq!(
        [1, 2, 3, 4].map(|number| level(number, false)),
        [FAILED, PASSED, PASSED, FAILED]
    );
    let silent = |enforce| registered(&protect(enforce), &[], &ExtensionOutputs::default());
    assert_eq!((silent(false), silent(true)), (PASSED, FAILED));
}

#[test]
fn the_client_says_of_prf_what_the_key_says() {
    let asked = CreationExtensions {
        prf: Some(None),
        ..CreationExtensions::default()
    };
    let client = |enabled| ExtensionOutputs {
        prf: Some(PrfOutputs {
            enabled: Some(enabled),
            results: None,
        }),
        ..ExtensionOutputs::default()
    };
    let signed = [("hmac-secret", Value::Bool(true))];
    assert_eq!(registered(&asked, &signed, &client(true)), PASSED);
    assert_eq!(registered(&asked, &signed, &client(false)), FAILED);
    assert_eq!(registered(&asked, &[], &client(true)), FAILED);
    assert_eq!(registered(&asked, &[], &client(false)), FAILED);
}

#[test]
fn a_secret_is_there_on_both_sides() {
    let asked = RequestExtensions {
        prf: Some(PrfValues {
            first: vec![1],
            second: None,
        }),
        ..RequestExtensions::default()
    };
    let client = |results| ExtensionOutputs {
        prf: Some(PrfOutputs { enabled: None, results }),
        ..ExtensionOutputs::default()
    };
    let secret = || Some((PrfResult(Zeroizing::new([7; 32])), None));
    let signed = [("hmac-secret", Value::Bytes(vec![0; 48]))];
    assert_eq!(signed_in(&asked, &signed, &client(secret())), PASSED);
    assert_eq!(signed_in(&asked, &signed, &client(None)), FAILED);
    assert_eq!(signed_in(&asked, &[], &client(secret())), FAILED);
    assert_eq!(signed_in(&asked, &[], &client(None)), FAILED);
}

#[test]
fn a_large_blob_is_written_where_it_was_to_be() {
    let ask = |wanted| RequestExtensions {
        large_blob: Some(wanted),
        ..RequestExtensions::default()
    };
    let client = |blob, written| ExtensionOutputs {
        large_blob: Some(LargeBlobOutputs {
            blob,
            written,
            supported: None,
        }),
        ..ExtensionOutputs::default()
    };
    let write = ask(LargeBlobRequest::Write(vec![1]));
    assert_eq!(signed_in(&write, &[], &client(None, Some(true))), PASSED);
    assert_eq!(signed_in(&write, &[], &client(None, Some(false))), FAILED);
    assert_eq!(signed_in(&write, &[], &ExtensionOutputs::default()), FAILED);
    assert_eq!(
        signed_in(&ask(LargeBlobRequest::Read), &[], &client(None, None)),
        PASSED
    );
}

#[test]
fn a_secret_that_is_none_fails_at_registration_too() {
    let values = PrfValues {
        first: vec![1],
        second: None,
    };
    let asked = CreationExtensions {
        prf: Some(Some(values)),
        ..CreationExtensions::default()
    };
    let client = ExtensionOutputs {
        prf: Some(PrfOutputs {
            enabled: Some(true),
            results: None,
        }),
        ..ExtensionOutputs::default()
    };
    let enabled = ("hmac-secret", Value::Bool(true));
    assert_eq!(registered(&asked, std::slice::from_ref(&enabled), &client), PASSED);
    for output in [Value::Bytes(vec![1; 33]), Value::Bool(true)] {
        let outputs = [enabled.clone(), ("hmac-secret-mc", output)];
        assert_eq!(registered(&asked, &outputs, &client), FAILED);
    }
}
