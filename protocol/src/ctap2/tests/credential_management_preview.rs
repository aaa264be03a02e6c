//! Credential management under the number that the preview of CTAP 2.1 had for it (CTAP 2.3 §6.4,
//! `credentialMgmtPreview`): for hosts that know no permissions.

use crate::ctap2::Status;
use crate::ctap2::command::CREDENTIAL_MANAGEMENT_PREVIEW;
use crate::limits::TOKEN_INITIAL_USAGE;
use crate::testing::key::{CHANNEL, Key};
use crate::testing::pin::{ACFG, CM, GA, LBW, MC, PCMR, PIN, PROTOCOLS, Protocol, Token};
use crate::testing::request::{RP, Request, get_assertion, make_credential, make_discoverable, manage, option, user};

const DONE: Result<(), Status> = Ok(());
const REFUSED: Result<(), Status> = Err(Status::PinAuthInvalid);

/// A key with a PIN and a credential of each of two relying parties, and the ID of that of [`RP`].
fn key_with_two() -> (Key, std::vec::Vec<u8>) {
    let mut key = Key::with_pin();
    let ids = [RP, "other.example"].map(|rp_id| {
        let token = key.token(MC, Some(rp_id));
        let request = token.on(make_discoverable(rp_id, b"alice"));
        key.made(&request).unwrap().id
    });
    let [id, _] = ids;
    (key, id)
}

/// getPinToken: the one way to a token that CTAP 2.0 has.
fn pin_token(key: &mut Key, protocol: Protocol) -> Token {
    let agreement = key.agree(protocol);
    let response = key.respond(CHANNEL, agreement.get_pin_token(PIN)).unwrap();
    agreement.token(&response)
}

/// The same request under the preview's number.
fn preview(mut request: Request) -> Request {
    request.command = CREDENTIAL_MANAGEMENT_PREVIEW;
    request
}

/// The outcomes of getCredsMetadata, both enumerations, an update and a deletion.
fn outcomes(key: &mut Key, token: &Token, id: &[u8], number: fn(Request) -> Request) -> [Result<(), Status>; 5] {
    let requests = [
        token.metadata(),
        token.relying_parties(),
        token.credentials(RP),
        token.update(id, user(b"alice")),
        token.delete(id),
    ];
    requests.map(|request| key.send(number(request)).map(drop))
}

#[test]
fn a_token_without_permissions_lists_and_deletes() {
    for protocol in PROTOCOLS {
        let (mut key, id) = key_with_two();
        let token = pin_token(&mut key, protocol);
        let parties = key.walk(&preview(token.relying_parties()), &preview(manage(0x03, None)), 0x05);
        assert_eq!(parties.len(), 2);
        let expected = [DONE, DONE, DONE, REFUSED, DONE];
        assert_eq!(outcomes(&mut key, &token, &id, preview), expected);
        // Listing is no ceremony: the token is still good for one.
        assert_eq!(
            key.asserted(token.on(get_assertion(RP))).map(drop),
            Err(Status::NoCredentials)
        );
        let request = token.on(make_credential(RP, b"alice"));
        assert_eq!(key.made(&request).unwrap().auth_data.flags, 0x45);
    }
}

#[test]
fn tokens_with_permissions_are_taken_by_their_permissions_alone() {
    for (permissions, rp_id, expected) in [
        (MC | GA, None, [REFUSED; 5]),
        (MC | GA, Some(RP), [REFUSED; 5]),
        (LBW | ACFG, None, [REFUSED; 5]),
        (CM, None, [DONE; 5]),
        (CM, Some(RP), [REFUSED, REFUSED, DONE, DONE, DONE]),
        (PCMR, None, [DONE, DONE, DONE, REFUSED, REFUSED]),
        // A bit that the standard does not define counts for nothing.
        (MC | GA | 0x80, None, [REFUSED; 5]),
    ] {
        for number in [preview, core::convert::identity] {
            let (mut key, id) = key_with_two();
            let token = key.token(permissions, rp_id);
            assert_eq!(
                outcomes(&mut key, &token, &id, number),
                expected,
                "{permissions:#x} {rp_id:?}"
            );
        }
    }
}

#[test]
fn a_ceremony_spends_a_token_without_permissions_here_too() {
    let (mut key, id) = key_with_two();
    let token = pin_token(&mut key, Protocol::Two);
    assert!(key.asserted(token.on(get_assertion(RP))).is_ok());
    assert_eq!(outcomes(&mut key, &token, &id, preview), [REFUSED; 5]);
}

#[test]
fn one_that_a_silent_question_has_bound_sees_its_relying_party_alone() {
    let (mut key, id) = key_with_two();
    let token = pin_token(&mut key, Protocol::Two);
    let silent = get_assertion("other.example").with(5, option("up", false));
    assert!(key.asserted(token.on(silent)).is_ok());
    assert_eq!(outcomes(&mut key, &token, &id, preview), [REFUSED; 5]);
    let other = token.credentials("other.example");
    assert!(key.answer(preview(other)).is_ok());
}

#[test]
fn one_that_is_not_used_expires() {
    let (mut key, id) = key_with_two();
    let token = pin_token(&mut key, Protocol::Two);
    key.at(TOKEN_INITIAL_USAGE + 1);
    assert_eq!(outcomes(&mut key, &token, &id, preview), [REFUSED; 5]);
}
