use rcgen::{DnType, IsCa};

use super::key::{Attestation, statement};
use super::*;
use crate::webauthn::{AttestationResponse, CeremonyType, ClientData};

pub(super) fn verify(options: CreationOptions, answer: &AttestationResponse) -> (Report, Option<Credential>) {
    let expected = ExpectedRegistration::new(options, &origin()).aaguid(Some([7; 16]));
    let (report, credential) = verify_registration(expected, answer);
    assert_eq!(report.passed(), credential.is_some());
    (report, credential)
}

/// Which checks fail when a good key's answer, or what is expected of it, was changed.
fn failing(key: &Key, change: impl FnOnce(&mut CreationOptions, &mut AttestationResponse)) -> Vec<&'static str> {
    let mut options = creation_options();
    let mut answer = key.register(&options, ORIGIN);
    change(&mut options, &mut answer);
    failures(&verify(options, &answer).0)
}

pub(super) fn detail<'a>(report: &'a Report, name: &str) -> &'a str {
    &report.check(name).unwrap().detail
}

#[test]
fn packed_self_attestation_passes_with_every_algorithm() {
    for algorithm in [-7, -8] {
        let key = Key::new(algorithm, 1);
        let options = creation_options();
        let answer = key.register(&options, ORIGIN);
        let (report, credential) = verify(options, &answer);
        assert!(
            report.checks.iter().all(|check| check.outcome == Outcome::Passed),
            "{report:#?}"
        );
        let credential = credential.unwrap();
        assert_eq!((credential.id, credential.public_key), (key.id.clone(), key.cose_key()));
        assert_eq!(
            (credential.algorithm, credential.counter, credential.aaguid),
            (algorithm, 5, [7; 16])
        );
        assert_eq!(
            (credential.scope.as_str(), credential.scope_is_app_id),
            ("example.com", false)
        );
        assert!(credential.attestation.starts_with("self"));
    }
}

#[test]
fn certificates_are_verified_and_named_harmlessly() {
    let options = creation_options();
    let answer = Key::new(-8, 1).register_certified(&options, &Attestation::packed([7; 16]));
    let (report, credential) = verify(options, &answer);
    assert!(report.passed(), "{report:#?}");
    let attestation = credential.unwrap().attestation;
    assert!(attestation.contains("Test \\u{3c}key\\u{3e}\\u{202e}"), "{attestation}");
    assert!(attestation.contains("not chained to a root"), "{attestation}");
}

#[test]
fn certificates_that_are_not_for_this_are_refused() {
    let other_model = Attestation::packed([8; 16]);
    let other_unit = Attestation::new("Web Server", Some([7; 16]), IsCa::ExplicitNoCa);
    let unconstrained = Attestation::new("Authenticator Attestation", None, IsCa::NoCa);
    for attestation in [other_model, other_unit, unconstrained, Attestation::authority()] {
        let options = creation_options();
        let answer = Key::new(-7, 1).register_certified(&options, &attestation);
        assert!(failures(&verify(options, &answer).0).contains(&"attestation"));
    }
}

#[test]
fn a_certificate_names_country_organization_and_itself() {
    for (part, told) in [
        (DnType::CountryName, "country (C)"),
        (DnType::OrganizationName, "organization (O)"),
        (DnType::CommonName, "common name (CN)"),
        (DnType::OrganizationalUnitName, "not one for attestation"),
    ] {
        let attestation = Attestation::without(part, "Authenticator Attestation", None, IsCa::ExplicitNoCa);
        let options = creation_options();
        let answer = Key::new(-7, 1).register_certified(&options, &attestation);
        let (report, _) = verify(options, &answer);
        assert!(failures(&report).contains(&"attestation"));
        assert!(detail(&report, "attestation").contains(told), "{report:#?}");
    }
}

#[test]
fn none_passes_and_proves_nothing() {
    let options = creation_options();
    let answer = Key::new(-7, 1).register_as(&options, "none", b"\xa0");
    let (report, credential) = verify(options, &answer);
    assert!(report.passed(), "{report:#?}");
    assert_eq!(report.check("signature").unwrap().outcome, Outcome::Skipped);
    assert!(credential.unwrap().attestation.starts_with("none"));
}

#[test]
fn statements_that_do_not_fit_their_format_are_refused() {
    for (format, statement) in [
        ("none", &statement(-7, &[1; 64], None)[..]),
        ("packed", b"\xa0"),
        ("packed", b"\xa1\x63alg\x26"),
        ("packed", &statement(-8, &[1; 64], None)),
        ("fido-u2f", b"\xa2\x63sig\x41a\x63x5c\x80"),
        ("fido-u2f", &statement(-7, &[1; 64], None)),
        ("tpm", b"\xa0"),
        ("\x1b[2J", b"\xa0"),
    ] {
        let options = creation_options();
        let answer = Key::new(-7, 1).register_as(&options, format, statement);
        let (report, _) = verify(options, &answer);
        assert!(failures(&report).contains(&"attestation"), "{format:?} {report:#?}");
        assert!(!detail(&report, "attestation").contains('\x1b'));
    }
}

#[test]
fn u2f_registrations_pass() {
    let options = creation_options();
    let answer = Key::new(-7, 1).register_u2f(&options, ORIGIN);
    let (report, credential) = verify_registration(ExpectedRegistration::new(options, &origin()), &answer);
    assert!(report.passed(), "{report:#?}");
    assert_eq!(credential.unwrap().aaguid, [0; 16]);
}

#[test]
fn each_expectation_is_its_own_check() {
    let key = Key::new(-7, 1);
    let both = |name| vec![name, "second reader"];
    assert_eq!(failing(&key, |_, _| {}), Vec::<&str>::new());
    assert_eq!(
        failing(&key, |options, _| options.challenge = Challenge::issue().unwrap()),
        both("challenge")
    );
    assert_eq!(
        failing(&key, |options, _| options.rp.id = "login.example.com".to_owned()),
        both("RP ID hash")
    );
    assert_eq!(
        failing(&key, |options, _| options.algorithms = vec![-8]),
        both("algorithm")
    );
    assert_eq!(
        failing(&key, |options, _| options.user_verification = Requirement::Required),
        ["user verification"]
    );
    assert_eq!(failing(&key, |_, answer| answer.credential_id[0] ^= 1), ["credential"]);
    let verified = Key::new(-7, 1).with_flags(0x05);
    assert!(
        failing(&verified, |options, _| options.user_verification =
            Requirement::Required)
        .is_empty()
    );
    assert_eq!(
        failing(&Key::new(-7, 1).with_flags(0x00), |_, _| {}),
        both("user presence")
    );
    assert_eq!(failing(&Key::new(-7, 1).with_flags(0x11), |_, _| {})[0], "backup flags");
    assert!(failing(&Key::new(-7, 1).with_flags(0x09), |_, _| {}).is_empty());
    assert_eq!(
        failing(&Key::new(-7, 1).with_aaguid([8; 16]), |_, _| {}),
        ["credential"]
    );
}

#[test]
fn an_answer_made_elsewhere_is_refused() {
    for (kind, origin, check) in [
        (CeremonyType::Create, "https://evil.example", "origin"),
        (CeremonyType::Create, "https://login.example.com.evil.example", "origin"),
        (CeremonyType::Get, ORIGIN, "type"),
    ] {
        let options = creation_options();
        let data = ClientData::new(kind, options.challenge.bytes(), origin);
        let key = Key::new(-7, 1);
        let answer = key.response(data, "none", &key.auth_data("example.com", None), b"\xa0");
        assert_eq!(failures(&verify(options, &answer).0), [check, "second reader"]);
    }
}

#[test]
fn client_data_must_be_json_with_each_member_once_and_of_no_frame() {
    let good = |options: &CreationOptions| {
        let data = ClientData::new(CeremonyType::Create, options.challenge.bytes(), ORIGIN);
        String::from_utf8(data.json).unwrap()
    };
    for (from, to, failed) in [
        ("}", ",\"topOrigin\":\"x\",\"other\":1}", &[][..]),
        ("false", "true", &["origin", "second reader"]),
        (
            "}",
            ",\"origin\":\"https://login.example.com\"}",
            &["type", "challenge", "origin", "second reader"],
        ),
        ("{", "", &["type", "challenge", "origin", "second reader"]),
        ("}", "}}", &["type", "challenge", "origin", "second reader"]),
    ] {
        let options = creation_options();
        let mut answer = Key::new(-7, 1).register_as(&options, "none", b"\xa0");
        answer.client_data_json = good(&options).replace(from, to).into_bytes();
        assert_eq!(failures(&verify(options, &answer).0), failed, "{from} {to}");
    }
}

#[test]
fn an_expired_challenge_is_refused() {
    let key = Key::new(-7, 1);
    let names = failing(&key, |options, _| {
        let issued = options.challenge.issued() - Challenge::LIFETIME;
        options.challenge = Challenge::issued_at(options.challenge.bytes(), issued);
    });
    assert_eq!(names, ["challenge", "second reader"]);
}

#[test]
fn what_cannot_be_read_is_refused() {
    let key = Key::new(-7, 1);
    let data = || key.auth_data("example.com", Some(1));
    let with = |flags: u8, tail: &[u8]| {
        let mut data = [&data()[..], tail].concat();
        data[32] |= flags;
        data
    };
    let mut off_curve = data();
    let last = off_curve.len() - 1;
    off_curve[last] ^= 1;
    let padded_key = [&data()[..data().len() - 77], b"\xb8\x05", &key.cose_key()[1..]].concat();
    for (auth_data, check) in [
        (with(0, b"\x00"), "encoding"),
        (with(0x80, b""), "encoding"),
        (with(0x80, b"\xa0"), "encoding"),
        (with(0x80, b"\xa1\x61a\xf5\x00"), "encoding"),
        (with(0x80, b"\xa2\x61b\xf5\x61a\xf5"), "encoding"),
        (padded_key, "encoding"),
        (off_curve, "algorithm"),
        (data()[..data().len() - 1].to_vec(), "encoding"),
    ] {
        let options = creation_options();
        let client_data = ClientData::new(CeremonyType::Create, options.challenge.bytes(), ORIGIN);
        let answer = key.response(client_data, "none", &auth_data, b"\xa0");
        assert_eq!(failures(&verify(options, &answer).0)[0], check, "{auth_data:02x?}");
    }
    let extended = with(0x80, b"\xa1\x6bcredProtect\x02");
    let options = creation_options();
    let client_data = ClientData::new(CeremonyType::Create, options.challenge.bytes(), ORIGIN);
    let answer = key.response(client_data, "none", &extended, b"\xa0");
    assert!(verify(options, &answer).0.passed());
}

#[test]
fn a_certificate_that_did_not_sign_itself_as_it_claims_is_refused() {
    let mut attestation = Attestation::packed([7; 16]);
    *attestation.certificate.last_mut().unwrap() ^= 1;
    let options = creation_options();
    let answer = Key::new(-7, 1).register_certified(&options, &attestation);
    assert!(failures(&verify(options, &answer).0).contains(&"attestation"));
}

/// Where the attestation certificate is: without a trusted root it is a claim that nothing protects, so what it says
/// of its issuer can be changed; the report says so.
fn certificate(attestation_object: &[u8]) -> std::ops::Range<usize> {
    const HEAD: &[u8] = b"\x63x5c\x81\x59";
    match attestation_object.windows(HEAD.len()).position(|window| window == HEAD) {
        Some(position) => {
            let start = position + HEAD.len() + 2;
            let length = [attestation_object[start - 2], attestation_object[start - 1]];
            start..start + usize::from(u16::from_be_bytes(length))
        }
        None => 0..0,
    }
}

#[test]
fn any_changed_byte_is_noticed() {
    let certified = Attestation::packed([7; 16]);
    let answers: [&dyn Fn(&CreationOptions) -> AttestationResponse; 4] = [
        &|options| Key::new(-7, 1).register(options, ORIGIN),
        &|options| Key::new(-8, 1).register(options, ORIGIN),
        &|options| Key::new(-7, 1).register_certified(options, &certified),
        &|options| Key::new(-7, 1).register_u2f(options, ORIGIN),
    ];
    for make in answers {
        let options = creation_options();
        let answer = make(&options);
        let verify = |answer: &AttestationResponse| {
            let options = CreationOptions {
                challenge: same_challenge(&options.challenge),
                ..creation_options()
            };
            verify_registration(ExpectedRegistration::new(options, &origin()), answer).0
        };
        assert!(verify(&answer).passed(), "{:#?}", verify(&answer));
        let certificate = certificate(&answer.attestation_object);
        for position in (0..answer.attestation_object.len()).filter(|position| !certificate.contains(position)) {
            for bit in (0..8).map(|shift| 1 << shift) {
                let mut changed = answer.clone();
                changed.attestation_object[position] ^= bit;
                assert!(
                    !verify(&changed).passed(),
                    "attestation object, byte {position} ^ {bit}"
                );
            }
        }
        for position in 0..answer.client_data_json.len() {
            let mut changed = answer.clone();
            changed.client_data_json[position] ^= 1;
            assert!(!verify(&changed).passed(), "client data, byte {position}");
        }
        for length in 0..answer.attestation_object.len() {
            let mut changed = answer.clone();
            changed.attestation_object.truncate(length);
            assert!(!verify(&changed).passed(), "attestation object cut to {length}");
        }
    }
}
