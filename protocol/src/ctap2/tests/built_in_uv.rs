//! A key that verifies its user by itself (CTAP 2.3 §6.5.3.1).

use std::vec::Vec;

use super::power_cuts::at_every_cut;
use crate::ctap2::Status;
use crate::limits::UV_RETRIES;
use crate::platform::Verification;
use crate::testing::key::{CHANNEL, Key};
use crate::testing::pin::{ACFG, Agreement, BE, CM, GA, MC, PCMR, PIN, Protocol, Token, client_pin, cp};
use crate::testing::request::{
    GET_INFO, RESET, RP, Request, get_assertion, get_assertion_by, integer, make_credential, make_discoverable, map,
    option, toggle_always_uv,
};

const GET_UV_RETRIES: u8 = 0x07;

/// A key whose own verification has these outcomes in order, and then finds the user.
fn verifying(found: &[Verification]) -> Key {
    let mut key = Key::new();
    key.user().verifications = Some(found.iter().copied().collect());
    key
}

fn finds(key: &mut Key, found: &[Verification]) {
    key.user().verifications = Some(found.iter().copied().collect());
}

/// An option of getInfo; `None` where it is absent.
fn offers(key: &mut Key, name: &str) -> Option<bool> {
    let info = key.answer(GET_INFO).unwrap();
    let mut options = info[&4].as_map().unwrap().iter();
    let found = options.find(|(key, _)| key.as_text() == Some(name))?;
    found.1.as_bool()
}

fn uv_retries(key: &mut Key) -> u8 {
    let answer = key.answer(client_pin(GET_UV_RETRIES)).unwrap();
    assert!(answer.keys().eq(&[5]));
    integer(&answer[&5]).try_into().unwrap()
}

/// getPinUvAuthTokenUsingUvWithPermissions.
fn using_uv(agreement: &Agreement, permissions: u8, rp_id: Option<&str>) -> Request {
    let request = agreement.request(0x06).with(cp::PERMISSIONS, permissions);
    match rp_id {
        Some(rp_id) => request.with(cp::RP_ID, rp_id),
        None => request,
    }
}

fn token_by_uv(key: &mut Key, permissions: u8, rp_id: Option<&str>) -> Result<Token, Status> {
    let agreement = key.agree(Protocol::Two);
    let response = key.respond(CHANNEL, using_uv(&agreement, permissions, rp_id))?;
    Ok(agreement.token(&response))
}

fn with_uv(request: Request, member: u8) -> Request {
    request.with(member, option("uv", true))
}

/// A passkey's registration, verified by the key.
fn make_verified() -> Request {
    make_credential(RP, b"alice").with(7, map([("rk", true.into()), ("uv", true.into())]))
}

#[test]
fn a_key_with_a_button_alone_does_not_verify() {
    let mut key = Key::with_pin();
    assert_eq!(["uv", "uvAcfg"].map(|name| offers(&mut key, name)), [None; 2]);
    let agreement = key.agree(Protocol::Two);
    for request in [client_pin(GET_UV_RETRIES), using_uv(&agreement, CM, None)] {
        assert_eq!(key.refusal(&request), Status::InvalidSubcommand);
    }
    assert_eq!(key.refusal(make_verified()), Status::InvalidOption);
    assert_eq!(key.refusal(with_uv(get_assertion(RP), 5)), Status::InvalidOption);
}

#[test]
fn the_option_verifies_the_user_and_the_touch_is_asked_for_besides() {
    let mut key = verifying(&[]);
    assert_eq!(offers(&mut key, "uv"), Some(true));
    assert_eq!(offers(&mut key, "clientPin"), Some(false));
    let made = key.made(make_verified()).unwrap();
    assert_eq!(made.auth_data.flags, 0x45, "UP, UV and AT");
    let assertion = key.asserted(with_uv(get_assertion(RP), 5)).unwrap();
    assert_eq!(assertion.auth_data.flags, 0x05, "UP and UV");
    assert_eq!(key.user().prompts.len(), 2);
    // Without a request for it the user is not verified.
    assert_eq!(key.asserted(get_assertion(RP)).unwrap().auth_data.flags, 0x01);
    assert_eq!(uv_retries(&mut key), UV_RETRIES);
}

#[test]
fn a_protected_key_makes_no_passkey_unverified() {
    let mut key = verifying(&[]);
    assert_eq!(key.refusal(make_discoverable(RP, b"alice")), Status::PuatRequired);
    assert_eq!(key.register(RP).auth_data.flags, 0x41);
}

#[test]
fn always_uv_verifies_where_the_request_does_not_say_so() {
    let mut key = verifying(&[]);
    let token = token_by_uv(&mut key, ACFG, None).unwrap();
    assert_eq!(key.send(token.on(toggle_always_uv())), Ok(None));
    let made = key.made(make_discoverable(RP, b"alice")).unwrap();
    assert_eq!(made.auth_data.flags, 0x45);
    assert_eq!(key.asserted(get_assertion(RP)).unwrap().auth_data.flags, 0x05);
    let silent = get_assertion(RP).with(5, option("up", false));
    assert_eq!(key.asserted(&silent).unwrap().auth_data.flags, 0x00);
    finds(&mut key, &[Verification::Mismatch]);
    assert_eq!(key.refusal(get_assertion(RP)), Status::OperationDenied);
}

#[test]
fn a_token_by_verification_is_like_one_by_pin() {
    let mut key = verifying(&[]);
    let made = {
        let token = token_by_uv(&mut key, MC, Some(RP)).unwrap();
        key.made(token.on(make_discoverable(RP, b"alice"))).unwrap()
    };
    assert_eq!(made.auth_data.flags, 0x45);
    let token = token_by_uv(&mut key, GA, Some(RP)).unwrap();
    let asked = key.user().prompts.len();
    let request = token.on(get_assertion_by(RP, &[&made.id]));
    key.asserted(&request).unwrap().is_by(&made, RP);
    assert_eq!(key.user().prompts.len(), asked + 1, "to be verified is no touch");
    assert_eq!(key.refusal(&request), Status::PinAuthInvalid, "it is spent");
    let other = token_by_uv(&mut key, GA, Some("other.example")).unwrap();
    assert_eq!(key.refusal(other.on(get_assertion(RP))), Status::PinAuthInvalid);
    // Without a relying party the first use binds it.
    let token = token_by_uv(&mut key, MC | GA, None).unwrap();
    let silent = |rp_id| token.on(get_assertion(rp_id).with(5, option("up", false)));
    assert!(key.asserted(silent(RP)).is_ok());
    assert_eq!(key.refusal(silent("other.example")), Status::PinAuthInvalid);

    let token = token_by_uv(&mut key, CM, None).unwrap();
    assert!(key.send(token.metadata()).is_ok());
    let token = token_by_uv(&mut key, PCMR, None).unwrap();
    assert!(key.send(token.metadata()).is_ok());
    let mut key = key.restarted();
    assert!(
        key.send(token.metadata()).is_ok(),
        "the persistent token outlives a power cycle"
    );
}

#[test]
fn what_is_wrong_with_a_request_for_a_token_costs_no_attempt() {
    let mut key = verifying(&[Verification::Mismatch; 9]);
    let agreement = key.agree(Protocol::Two);
    let request = using_uv(&agreement, CM, None);
    for member in [1, 3, 9] {
        assert_eq!(key.refusal(request.clone().without(member)), Status::MissingParameter);
    }
    assert_eq!(key.refusal(request.clone().with(1, 3)), Status::InvalidParameter);
    assert_eq!(key.refusal(request.clone().with(9, 0x80)), Status::InvalidParameter);
    for permissions in [BE, PCMR | CM] {
        let answer = token_by_uv(&mut key, permissions, None);
        assert_eq!(answer, Err(Status::UnauthorizedPermission));
    }
    assert_eq!(uv_retries(&mut key), UV_RETRIES);
}

#[test]
fn failures_are_counted_across_power_cycles_until_it_is_blocked() {
    let mut key = verifying(&[]);
    for left in (0..UV_RETRIES).rev() {
        finds(&mut key, &[Verification::Mismatch]);
        let status = if left == 0 {
            Status::UvBlocked
        } else {
            Status::UvInvalid
        };
        assert_eq!(token_by_uv(&mut key, CM, None), Err(status));
        assert_eq!(uv_retries(&mut key), left);
        key = key.restarted();
        finds(&mut key, &[]);
    }
    // Blocked: the key verifies nobody any more.
    assert_eq!(token_by_uv(&mut key, CM, None), Err(Status::UvBlocked));
    assert_eq!(key.refusal(make_verified()), Status::PinBlocked);
    key.set_pin(PIN);
    assert_eq!(key.refusal(make_verified()), Status::PuatRequired);
    assert_eq!(uv_retries(&mut key), 0, "a new PIN alone is no proof of anything");
    assert_eq!(key.try_pin(PIN), Ok(()));
    assert_eq!(uv_retries(&mut key), UV_RETRIES);
    assert!(key.made(make_verified()).is_ok());
}

#[test]
fn a_success_or_a_reset_gives_all_attempts_back() {
    let mut key = verifying(&[Verification::Mismatch, Verification::Verified, Verification::Mismatch]);
    assert_eq!(token_by_uv(&mut key, CM, None), Err(Status::UvInvalid));
    assert!(token_by_uv(&mut key, CM, None).is_ok());
    assert_eq!(uv_retries(&mut key), UV_RETRIES);
    assert_eq!(key.refusal(make_verified()), Status::OperationDenied);
    assert_eq!(uv_retries(&mut key), UV_RETRIES - 1);
    assert_eq!(key.send(RESET), Ok(None));
    assert_eq!(uv_retries(&mut key), UV_RETRIES);
}

#[test]
fn how_it_ends_is_told() {
    for (found, option, token) in [
        (Verification::Mismatch, Status::OperationDenied, Status::UvInvalid),
        (
            Verification::TimedOut,
            Status::UserActionTimeout,
            Status::UserActionTimeout,
        ),
        (Verification::Aborted, Status::KeepaliveCancel, Status::KeepaliveCancel),
    ] {
        let mut key = verifying(&[found; 3]);
        let before = key.storage().records.len();
        assert_eq!(key.refusal(make_verified()), option);
        assert_eq!(key.refusal(with_uv(get_assertion(RP), 5)), option);
        assert_eq!(token_by_uv(&mut key, CM, None), Err(token));
        assert!(key.user().prompts.is_empty());
        assert_eq!(key.storage().records.len(), before);
    }
}

#[test]
fn a_pin_that_is_blocked_blocks_the_way_around_it() {
    let mut key = Key::with_pin();
    while key.retries() > 0 {
        assert!(key.try_pin("4321").is_err());
        key = key.restarted();
    }
    finds(&mut key, &[]);
    assert_eq!(uv_retries(&mut key), UV_RETRIES);
    assert_eq!(token_by_uv(&mut key, CM, None), Err(Status::UvBlocked));
    assert_eq!(uv_retries(&mut key), 0);
}

#[test]
fn whoever_cuts_the_power_has_no_attempt_more() {
    at_every_cut(
        &Key::new(),
        |key| {
            finds(key, &[Verification::Mismatch]);
            token_by_uv(key, CM, None)
        },
        |mut key, answer| {
            finds(&mut key, &[]);
            let left = uv_retries(&mut key);
            match answer {
                Err(Status::UvInvalid) => assert_eq!(left, UV_RETRIES - 1),
                Err(Status::Other) => assert!([UV_RETRIES - 1, UV_RETRIES].contains(&left)),
                other => panic!("{other:?}"),
            }
        },
    );
    let found: Vec<_> = [Verification::Mismatch].repeat(UV_RETRIES.into());
    let mut key = verifying(&found);
    key.storage_mut().forgets = true;
    for _ in 0..9 {
        assert_eq!(
            token_by_uv(&mut key, CM, None),
            Err(Status::Other),
            "an attempt that cannot be counted"
        );
    }
}
