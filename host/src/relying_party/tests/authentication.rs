use proptest::prelude::*;

use super::*;
use crate::webauthn::AssertionResponse;

/// A key and its registration, whose counter is 5.
fn registered(key: Key) -> (Key, Credential) {
    let options = creation_options();
    let answer = key.register(&options, ORIGIN);
    let expected = ExpectedRegistration::new(options, &origin());
    let credential = verify_registration(expected, &answer).1.unwrap();
    (key, credential)
}

fn verify(options: RequestOptions, credential: &Credential, answer: &AssertionResponse) -> Report {
    let expected = ExpectedAuthentication::new(options, &origin(), USER);
    let (report, authentication) = verify_authentication(expected, credential, answer);
    assert_eq!(report.passed(), authentication.is_some());
    report
}

/// Which checks fail when a good answer, what is expected of it, or what is stored was changed.
fn failing(
    key: Key,
    change: impl FnOnce(&mut RequestOptions, &mut Credential, &mut AssertionResponse),
) -> Vec<&'static str> {
    let (key, mut credential) = registered(key);
    let mut options = request_options(&[b"another", &key.id]);
    let mut answer = key.sign_in(&options, ORIGIN, 6);
    change(&mut options, &mut credential, &mut answer);
    failures(&verify(options, &credential, &answer))
}

fn key() -> Key {
    Key::new(-7, 1)
}

#[test]
fn assertions_pass_with_every_algorithm() {
    for algorithm in [-7, -8] {
        assert_eq!(failing(Key::new(algorithm, 1), |_, _, _| {}), Vec::<&str>::new());
    }
}

#[test]
fn each_expectation_is_its_own_check() {
    let both = |name| vec![name, "second reader"];
    assert_eq!(
        failing(key(), |options, _, _| options.challenge = Challenge::issue().unwrap()),
        both("challenge")
    );
    let other_rp = failing(key(), |options, _, _| options.rp_id = "example.org".to_owned());
    assert_eq!(other_rp, ["scope"]);
    let verified = failing(key(), |options, _, _| options.user_verification = Requirement::Required);
    assert_eq!(verified, both("user verification"));
    assert_eq!(
        failing(key(), |options, _, _| drop(options.allow.pop())),
        ["credential"]
    );
    assert_eq!(failing(key(), |_, credential, _| credential.id[0] ^= 1), ["credential"]);
    assert_eq!(
        failing(key(), |_, _, answer| answer.credential_id = b"another".to_vec()),
        ["credential"]
    );
    assert_eq!(
        failing(key(), |_, _, answer| answer.user_handle = Some(b"other".to_vec())),
        ["user handle"]
    );
    assert_eq!(
        failing(key(), |_, _, answer| answer.user_handle = Some(USER.to_vec())),
        Vec::<&str>::new()
    );
    assert_eq!(failing(key(), |options, _, _| options.allow.clear()), ["user handle"]);
    assert_eq!(failing(key(), |_, _, answer| answer.app_id_used = true), ["scope"]);
    assert_eq!(
        failing(key(), |_, _, answer| answer.signature.clear()),
        both("signature")
    );
    assert_eq!(
        failing(key(), |_, credential, _| credential.backup_eligible = true),
        both("backup flags")
    );
    let other_key = failing(key(), |_, credential, _| {
        credential.public_key = Key::new(-7, 2).cose_key();
    });
    assert_eq!(other_key, both("signature"));
    let damaged = failing(key(), |_, credential, _| credential.public_key.truncate(9));
    assert_eq!(damaged, both("signature"));
}

#[test]
fn flags_are_checked_although_they_are_signed() {
    for (flags, failed) in [
        (0x00, "user presence"),
        (0x11, "backup flags"),
        (0x41, "encoding"),
        (0x81, "encoding"),
    ] {
        let (good, credential) = registered(key());
        let options = request_options(&[&good.id]);
        let answer = key().with_flags(flags).sign_in(&options, ORIGIN, 6);
        assert!(
            failures(&verify(options, &credential, &answer)).contains(&failed),
            "{flags:02x}"
        );
    }
}

#[test]
fn attested_credential_data_and_trailing_bytes_are_refused() {
    let (key, credential) = registered(key());
    let options = request_options(&[&key.id]);
    let data = |tail: &[u8]| [&key.sign_in(&options, ORIGIN, 6).authenticator_data[..], tail].concat();
    for auth_data in [
        key.auth_data("example.com", Some(6)),
        data(&[0]),
        data(&[])[..36].to_vec(),
    ] {
        let answer = key.assert(&options, ORIGIN, auth_data);
        let again = RequestOptions {
            challenge: same_challenge(&options.challenge),
            ..request_options(&[&key.id])
        };
        assert!(failures(&verify(again, &credential, &answer)).contains(&"encoding"));
    }
}

#[test]
fn the_counter_must_go_up_or_stay_at_zero() {
    for (stored, received, passes, word) in [
        (5, 6, true, "went up"),
        (0, 1, true, "went up"),
        (0, 0, true, "stays at 0"),
        (5, u32::MAX, true, "went up"),
        (5, 5, false, "cloned"),
        (5, 4, false, "went back"),
        (5, 0, false, "went back"),
    ] {
        let (key, mut credential) = registered(key());
        credential.counter = stored;
        let options = request_options(&[&key.id]);
        let answer = key.sign_in(&options, ORIGIN, received);
        let report = verify(options, &credential, &answer);
        assert_eq!(report.passed(), passes, "{stored} {received}");
        assert!(report.check("counter").unwrap().detail.contains(word), "{report:#?}");
    }
}

#[test]
fn an_answer_cannot_be_replayed() {
    let (key, credential) = registered(key());
    let options = request_options(&[&key.id]);
    let answer = key.sign_in(&options, ORIGIN, 6);
    assert!(verify(options, &credential, &answer).passed());
    let replayed = verify(request_options(&[&key.id]), &credential, &answer);
    assert_eq!(failures(&replayed), ["challenge", "second reader"]);
}

#[test]
fn any_changed_byte_is_noticed() {
    for algorithm in [-7, -8] {
        let (key, credential) = registered(Key::new(algorithm, 1));
        let options = request_options(&[&key.id]);
        let answer = key.sign_in(&options, ORIGIN, 6);
        let passes = |answer: &AssertionResponse| {
            let challenge = same_challenge(&options.challenge);
            verify(
                RequestOptions {
                    challenge,
                    ..request_options(&[&key.id])
                },
                &credential,
                answer,
            )
            .passed()
        };
        assert!(passes(&answer));
        let fields: [fn(&mut AssertionResponse) -> &mut Vec<u8>; 4] = [
            |answer| &mut answer.credential_id,
            |answer| &mut answer.client_data_json,
            |answer| &mut answer.authenticator_data,
            |answer| &mut answer.signature,
        ];
        for field in fields {
            let length = field(&mut answer.clone()).len();
            for position in 0..length {
                for bit in (0..8).map(|shift| 1 << shift) {
                    let mut changed = answer.clone();
                    field(&mut changed)[position] ^= bit;
                    assert!(!passes(&changed), "byte {position} ^ {bit}");
                }
                let mut cut = answer.clone();
                field(&mut cut).truncate(position);
                assert!(!passes(&cut), "cut to {position}");
            }
            let mut longer = answer.clone();
            field(&mut longer).push(0);
            assert!(!passes(&longer));
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused(
        client_data_json in proptest::collection::vec(any::<u8>(), 0..64),
        authenticator_data in proptest::collection::vec(any::<u8>(), 0..128),
        signature in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let (key, credential) = registered(key());
        let answer = AssertionResponse {
            credential_id: key.id.clone(),
            client_data_json,
            authenticator_data,
            signature,
            user_handle: None,
            app_id_used: false,
            extensions: Default::default(),
            faults: Vec::new(),
        };
        prop_assert!(!verify(request_options(&[&key.id]), &credential, &answer).passed());
    }
}

#[test]
fn a_stored_key_that_anybody_can_sign_for_is_refused() {
    let (key, mut credential) = registered(key());
    let mut neutral = [0; 32];
    neutral[0] = 1;
    credential.public_key = [&b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20"[..], &neutral].concat();
    credential.algorithm = -8;
    let options = request_options(&[&key.id]);
    let mut answer = key.sign_in(&options, ORIGIN, 6);
    answer.signature = [&[1][..], &[0; 63]].concat();
    let report = verify(options, &credential, &answer);
    let check = report.check("signature").unwrap();
    assert_eq!(check.outcome, Outcome::Failed);
    assert!(check.detail.contains("small order"), "{}", check.detail);
}
