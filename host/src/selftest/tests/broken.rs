//! Keys with one fault each: it is found where it is, in words that name it, and nothing else is found.

use super::key::{Forward, Owner, PIN, Request, Value, assertion, edit, key, member_mut, not_passed, test};
use crate::client::{Key, Unwatched};
use crate::relying_party::Outcome;
use crate::selftest::{Group, Results};

fn tested(key: &mut Key) -> Results {
    test(key, &mut Owner::of(PIN))
}

fn assert_found(results: &Results, expected: &[&str]) {
    let found = not_passed(results);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\nis not\n{expected}");
    }
    assert!(!results.fit());
    let failed = results.steps.iter().filter(|step| step.outcome == Outcome::Failed);
    assert!(failed.count() > 0);
}

#[test]
fn a_key_whose_get_info_fails_is_not_fit() {
    let mut key = key(None, |request, forward| match request.is_get_info() {
        true => vec![0x00, 0xFF],
        false => forward(request),
    });
    let results = test(&mut key, &mut Unwatched);
    let found = not_passed(&results);
    let (first, rest) = found.split_first().unwrap();
    assert!(first.starts_with("SignIn: speaks CTAP2: it says that it speaks CTAP2, and getInfo failed: "));
    // As a U2F key it does all else.
    let failed = results.steps.iter().filter(|step| step.outcome == Outcome::Failed);
    assert_eq!(failed.count(), 1, "{rest:#?}");
    assert!(!results.fit());
    assert!(results.steps.iter().any(|step| step.name == "signs in"));
}

/// Answers with what was answered to the last registration.
fn again() -> impl FnMut(&Request, Forward<'_>, bool) -> Vec<u8> {
    let mut last = Vec::new();
    move |request, forward, repeat| {
        if repeat {
            return last.clone();
        }
        let answer = forward(request);
        if request.command() == Some(0x01) && answer[0] == 0 {
            last.clone_from(&answer);
        }
        answer
    }
}

#[test]
fn a_key_that_registers_twice_is_found() {
    let mut again = again();
    let mut key = key(Some(PIN), move |request, forward| {
        let excludes = request.command() == Some(0x01) && request.member(5).is_some();
        again(request, forward, excludes)
    });
    assert_found(
        &tested(&mut key),
        &["Protection: refuses to register twice: it made a second credential although the first was excluded"],
    );
}

#[test]
fn a_key_that_signs_for_strangers_is_found() {
    let mut key = key(Some(PIN), |request, forward| {
        let rp_id = request.member(1);
        let stranger = matches!(rp_id, Some(Value::Text(rp_id)) if rp_id.starts_with("stranger"));
        match request.is_silent() && stranger {
            true => assertion(request),
            false => forward(request),
        }
    });
    assert_found(
        &tested(&mut key),
        &["Protection: knows nothing for another website: it used the credential for a relying party"],
    );
}

#[test]
fn a_fault_in_one_group_ends_no_other() {
    // It fails at every second registration without passkeys.
    let mut key = key(Some(PIN), |request, forward| {
        let eddsa = request.command() == Some(0x01) && request.bytes.windows(5).any(|bytes| bytes == b"\x63alg\x27");
        match eddsa {
            true => vec![0x7F],
            false => forward(request),
        }
    });
    assert_found(
        &tested(&mut key),
        &["SignIn: registers: the security key answered authenticatorMakeCredential with"],
    );
}

#[test]
fn a_key_that_keeps_passkeys_without_the_pin_is_found() {
    let mut again = again();
    let mut key = key(Some(PIN), move |request, forward| {
        let unproved = request.keeps_passkey() && request.member(8).is_none();
        again(request, forward, unproved)
    });
    assert_found(
        &tested(&mut key),
        &["Passkeys: keeps none without the PIN: it made a passkey for somebody who did not give the PIN"],
    );
}

#[test]
fn a_key_that_ignores_cred_protect_is_found() {
    let mut passkeys = 0;
    let mut key = key(Some(PIN), move |request, forward| {
        passkeys += usize::from(request.keeps_passkey() && request.member(8).is_some());
        let open = request.is_silent() && request.member(6).is_none() && passkeys == 2;
        let answer = forward(request);
        match open && answer == [0x2E] {
            true => assertion(request),
            false => answer,
        }
    });
    let results = tested(&mut key);
    let found = not_passed(&results);
    assert!(
        found.contains(
            &"Passkeys: hides a protected one: it signs in without the PIN, although credProtect is 3".to_owned()
        ),
        "{found:#?}"
    );
}

#[test]
fn a_key_without_get_next_assertion_is_found() {
    let mut key = key(Some(PIN), |request, forward| match request.command() {
        Some(0x08) => vec![0x01],
        _ => forward(request),
    });
    let results = tested(&mut key);
    let found = not_passed(&results);
    assert!(found[0].starts_with("Passkeys: signs in: "), "{found:#?}");
    assert!(
        found.iter().all(|step| step.starts_with("Passkeys: signs in: ")),
        "{found:#?}"
    );
    assert_eq!(results.left, []);
}

#[test]
fn a_key_that_loses_large_blobs_is_found() {
    let mut key = key(Some(PIN), |request, forward| {
        // Writes are taken, and forgotten.
        match request.command() == Some(0x0C) && request.member(2).is_some() {
            true => vec![0x00],
            false => forward(request),
        }
    });
    assert_found(
        &tested(&mut key),
        &["Passkeys: reads a large blob: what was written did not come back"],
    );
}

#[test]
fn a_key_that_keeps_large_blobs_for_ever_is_found() {
    let mut writes = 0;
    let mut key = key(Some(PIN), move |request, forward| {
        let write = request.command() == Some(0x0C) && request.member(2).is_some();
        writes += u32::from(write);
        match write && writes > 1 {
            true => vec![0x00],
            false => forward(request),
        }
    });
    assert_found(
        &tested(&mut key),
        &["Passkeys: deletes the large blob: the large blobs are not as they were before"],
    );
}

#[test]
fn a_key_that_does_not_delete_passkeys_is_found_and_what_stays_is_told() {
    for (answer, words) in [
        (
            0x00,
            "Passkeys: deletes them: it says that it deleted them, and lists them still",
        ),
        (
            0x01,
            "Passkeys: deletes them: the security key answered authenticatorCredentialManagement with",
        ),
    ] {
        let mut key = key(Some(PIN), move |request, forward| {
            let deletes = request.is(0x0A, 6);
            match deletes {
                true => vec![answer],
                false => forward(request),
            }
        });
        let results = tested(&mut key);
        assert_found(&results, &[words]);
        let left: Vec<_> = results.left.iter().map(|passkey| passkey.user).collect();
        assert_eq!(left, ["alice", "bob"]);
    }
}

#[test]
fn a_key_that_lists_too_few_passkeys_is_found() {
    let mut key = key(Some(PIN), |request, forward| {
        let mut answer = forward(request);
        // enumerateCredentialsBegin
        if request.is(0x0A, 4) && answer[0] == 0 {
            edit(&mut answer, |members| *member_mut(members, 9) = Value::Integer(1));
        }
        answer
    });
    let results = tested(&mut key);
    let found = not_passed(&results);
    assert!(found[0].starts_with("Passkeys: lists them: credential management does not name each"));
    assert!(!results.fit());
}

#[test]
fn a_key_that_takes_a_forged_proof_is_found() {
    let mut key = key(Some(PIN), |request, forward| {
        let forged = matches!(request.member(6), Some(Value::Bytes(param)) if param == [0; 32]);
        match request.is_silent() && forged {
            true => assertion(request),
            false => forward(request),
        }
    });
    assert_found(
        &tested(&mut key),
        &["Pin: refuses a forged proof: it did not look at the proof"],
    );
}

#[test]
fn a_key_that_does_not_verify_its_user_is_found() {
    // It says in signed data that it did not; changed on the way, the signature is not valid either.
    let mut key = key(Some(PIN), |request, forward| {
        let mut answer = forward(request);
        let proved = request.command() == Some(0x02) && !request.is_silent() && request.member(6).is_some();
        if proved && answer[0] == 0 {
            edit(&mut answer, |members| {
                let Value::Bytes(data) = member_mut(members, 2) else {
                    panic!()
                };
                data[32] &= !0x04;
            });
        }
        answer
    });
    let results = tested(&mut key);
    let found = not_passed(&results);
    assert!(
        found.contains(
            &"Pin: signs in verified: not as it must be: user verification, signature, second reader".to_owned()
        ),
        "{found:#?}"
    );
}

#[test]
fn odd_answers_are_told_by_how_odd_they_are() {
    for (label, outcome) in [(0x7F, Outcome::Warned), (-1, Outcome::Failed)] {
        let mut key = key(None, move |request, forward| {
            let mut answer = forward(request);
            if request.is_get_info() {
                edit(&mut answer, |members| {
                    // A member that the standard does not know, or one in the wrong place.
                    match label {
                        0x7F => members.push((Value::Integer(label), Value::Bool(true))),
                        _ => members.swap(0, 1),
                    }
                });
            }
            answer
        });
        let results = test(&mut key, &mut Unwatched);
        let odd: Vec<_> = results
            .steps
            .iter()
            .filter(|step| step.group == Group::Answers)
            .collect();
        assert_eq!(odd.len(), 1, "{odd:#?}");
        assert_eq!((odd[0].name, odd[0].outcome), ("authenticatorGetInfo", outcome));
        assert_eq!(results.fit(), outcome == Outcome::Warned);
    }
}
