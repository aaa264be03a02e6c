//! Whether the user is verified, as a program says.

use serde_json::json;

use super::*;
use crate::client::ctap2::Permissions;
use crate::client::{Key, Unwatched};
use crate::soft::UserVerification;

#[test]
fn the_user_is_verified_as_was_said_last() {
    const PATH: &str = "/v1/user-verification";
    let refused = Fixture::new();
    let (status, _, body) = refused.send(&refused.request("POST", PATH, r#"{"isUserVerified":true}"#));
    assert_eq!(status, 409, "{body}");
    assert!(
        body["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("user verification \"control\""))
    );

    let loopback = |_: &std::path::Path| ControlAddress::Tcp((Ipv4Addr::LOCALHOST, 0).into());
    let fixture = Fixture::of(
        SoftKey::builder().user_verification(UserVerification::Control),
        loopback,
    );
    let mut key = Key::open(Box::new(fixture.key.connect())).expect("a key");
    let mut verified = || {
        key.token(Permissions::CREDENTIAL_MANAGEMENT, None, &mut Unwatched)
            .is_ok()
    };
    assert!(!verified());
    for (body, expected) in [
        (r#"{"isUserVerified":true}"#, true),
        (r#"{"isUserVerified":false}"#, false),
    ] {
        let (status, _, answer) = fixture.send(&fixture.request("POST", PATH, body));
        assert_eq!((status, &answer["powered"]), (200, &json!(true)), "{answer}");
        assert_eq!(verified(), expected);
    }
    for body in ["{}", r#"{"isUserVerified":1}"#, r#"{"isUserVerified":true,"more":1}"#] {
        assert_eq!(fixture.send(&fixture.request("POST", PATH, body)).0, 400, "{body}");
    }
}
