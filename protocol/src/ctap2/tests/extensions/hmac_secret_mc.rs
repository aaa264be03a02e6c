use super::*;
use crate::testing::request::discover;

const SALTS: [u8; 64] = [0x33; 64];

fn with_salts(request: Request, salts: Value) -> Request {
    making(request, [("hmac-secret", TRUE), ("hmac-secret-mc", salts)])
}

/// What an answer says: that there are secrets, and the salted ones.
#[track_caller]
fn at_once(platform: &Platform, auth_data: &AuthData) -> Vec<u8> {
    let outputs = auth_data.extensions.as_ref().expect("ED is set");
    assert_eq!(outputs.keys(), ["hmac-secret", "hmac-secret-mc"].map(text));
    assert_eq!(outputs.member("hmac-secret"), &TRUE);
    platform.open(outputs.member("hmac-secret-mc"))
}

/// The same by getAssertion.
#[track_caller]
fn later(key: &mut Key, platform: &Platform, request: Request, salts: &[u8]) -> Vec<u8> {
    let request = getting(request, [("hmac-secret", platform.salts(salts))]);
    let assertion = key.asserted(&request).unwrap();
    platform.open(output(&assertion.auth_data, "hmac-secret"))
}

#[test]
fn it_tells_what_a_later_assertion_tells() {
    for protocol in Protocol::OFFERED {
        for request in [make_credential(RP, b"alice"), make_discoverable(RP, b"alice")] {
            for salts in [&SALTS[..32], &SALTS] {
                let mut key = Key::new();
                let platform = key.platform(protocol);
                let made = key.made(&with_salts(request.clone(), platform.salts(salts))).unwrap();
                let at_once = at_once(&platform, &made.auth_data);
                assert_eq!(at_once.len(), salts.len());
                let request = get_assertion(RP, &[&made.id]);
                assert_eq!(later(&mut key, &platform, request, salts), at_once);
            }
        }
    }
}

#[test]
fn user_verification_has_a_secret_of_its_own_here_too() {
    let mut key = Key::new();
    let platform = key.platform(Protocol::Two);
    let request = with_salts(make_discoverable(RP, b"alice"), platform.salts(&SALTS));
    let made = key.made(&request).unwrap();
    let without = at_once(&platform, &made.auth_data);
    let request = verified(&mut key, discover(RP));
    assert_ne!(later(&mut key, &platform, request, &SALTS), without);

    let request = with_salts(make_discoverable(RP, b"bob"), platform.salts(&SALTS));
    let request = verified(&mut key, request);
    let made = key.made(&request).unwrap();
    let with = at_once(&platform, &made.auth_data);
    let request = verified(&mut key, get_assertion(RP, &[&made.id]));
    assert_eq!(later(&mut key, &platform, request, &SALTS), with);
}

#[test]
fn it_goes_together_with_hmac_secret() {
    let mut key = Key::new();
    let salts = key.platform(Protocol::Two).salts(&SALTS);
    let alone = making(make_credential(RP, b"alice"), [("hmac-secret-mc", salts.clone())]);
    let with_false = [("hmac-secret", FALSE), ("hmac-secret-mc", salts)];
    let with_false = making(make_credential(RP, b"alice"), with_false);
    for request in [alone, with_false] {
        refused(&mut key, &request, Status::MissingParameter);
    }
}

#[test]
fn salts_that_are_refused_leave_no_credential() {
    let mut key = Key::new();
    let platform = key.platform(Protocol::Two);
    for (salts, status) in [
        (platform.salts(&SALTS[..16]), Status::InvalidParameter),
        (platform.salts(&SALTS[..48]), Status::InvalidParameter),
        (platform.input(&SALTS, &[0; 32]), Status::PinAuthInvalid),
        (TRUE, Status::CborUnexpectedType),
        (map([]), Status::MissingParameter),
    ] {
        let request = with_salts(make_discoverable(RP, b"alice"), salts);
        refused(&mut key, &request, status);
    }
    assert_eq!(key.refusal(&discover(RP)), Status::NoCredentials);
}
